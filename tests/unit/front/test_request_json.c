#include "request_json.h"

#include "encoding.h"
#include "limits.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>

#include <cmocka.h>

#define KEYS "\"ikPublic\":\"aWs=\",\"ekPublic\":\"ZWs=\""
#define BASE "\"csr\":\"Y3Ny\"," KEYS
#define COMMAS ",,,,,,,,,,,,,,,,"

static struct evidence_octets octets;

static enum fault read_body(const char *body, uint8_t act, struct evidence *out,
	struct refusal *refusal)
{
	*refusal = (struct refusal){ 0 };
	return request_json_read(bytes_of_string(body), act, &octets, out, refusal);
}

static void accepts(const char *body, uint8_t act, struct evidence *out)
{
	struct refusal refusal;

	if (read_body(body, act, out, &refusal) != FAULT_NONE)
		fail_msg("refused: %s: %s", refusal.saw, body);
}

/* Refused by that check; words are in what it saw; nothing is handed out. */
static void refuses_act(const char *body, uint8_t act, unsigned check, const char *words)
{
	struct evidence evidence = { .act = 99 };
	struct refusal refusal;

	if (read_body(body, act, &evidence, &refusal) != FAULT_INVALID)
		fail_msg("accepted: %s", body);
	assert_int_equal(refusal.check, check);
	if (strstr(refusal.saw, words) == NULL)
		fail_msg("saw \"%s\", not \"%s\"", refusal.saw, words);
	assert_int_equal(evidence.act, 99);
}

static void refuses(const char *body, unsigned check, const char *words)
{
	refuses_act(body, ACT_CHALLENGE, check, words);
}

static void test_least(void **state)
{
	struct evidence evidence;

	(void)state;
	accepts("{" BASE "}", ACT_CHALLENGE, &evidence);
	assert_int_equal(evidence.act, ACT_CHALLENGE);
	assert_true(bytes_equal(evidence.csr, BYTES_OF_LITERAL("csr")));
	assert_true(bytes_equal(evidence.ik_public, BYTES_OF_LITERAL("ik")));
	assert_true(bytes_equal(evidence.ek_public, BYTES_OF_LITERAL("ek")));
	assert_true(bytes_equal(evidence.profile, BYTES_OF_LITERAL("device")));
	assert_false(evidence.has_ek_certificate);
	assert_int_equal(evidence.ek_chain_count + evidence.challenge.len + evidence.ticket.len, 0);
}

static void test_all(void **state)
{
	struct evidence evidence;

	(void)state;
	accepts("{" BASE ",\"ekCertificate\":\"Yw==\",\"ekChain\":[\"YQ==\",\"YmI=\"],\"profile\":\"p-1\","
		"\"challenge\":\"aGVhZGVy\",\"ticket\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}",
		ACT_CERTIFICATE, &evidence);
	assert_true(evidence.has_ek_certificate);
	assert_true(bytes_equal(evidence.ek_certificate, BYTES_OF_LITERAL("c")));
	assert_int_equal(evidence.ek_chain_count, 2);
	assert_true(bytes_equal(evidence.ek_chain[0], BYTES_OF_LITERAL("a")));
	assert_true(bytes_equal(evidence.ek_chain[1], BYTES_OF_LITERAL("bb")));
	assert_true(bytes_equal(evidence.profile, BYTES_OF_LITERAL("p-1")));
	assert_true(bytes_equal(evidence.challenge, BYTES_OF_LITERAL("header")));
	assert_int_equal(evidence.ticket.len, TICKET_SIZE);
}

static void test_form(void **state)
{
	static const char *const bodies[] = { "", " ", "{", "}", "[]", "null", "1", "\"x\"", "{}{}",
		"{" BASE "} x", "{" BASE ",}", "{'csr':1}", "{csr:1}", "{\"csr\":NaN}",
		"{\"csr\":1e400}",
		"{\"csr\":01}", "{\"csr\":\"\\ud800\"}", "{\"csr\":\"\\udc00\\ud800\"}",
		"{\"csr\":\"\\u0000\"}",
		"{\"cs\\u0000r\":1}", "{\"csr\":\"\xff\"}", "{\"csr\":\"\xc0\x80\"}",
		"{\"csr\":\"\xed\xa0\x80\"}",
		"{\"csr\":\"\n\"}", "{\"csr\":\"\\x\"}", "\xef\xbb\xbf{" BASE "}",
		"{\"csr\":tru}" };

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		refuses(bodies[i], CHECK_JSON_FORM, "");
}

/* An octet of 0 is none of JSON's, wherever it stands: behind a number the library reads over it. */
static void test_nul(void **state)
{
	const struct bytes bodies[] = { BYTES_OF_LITERAL("\0"),
		BYTES_OF_LITERAL("{" BASE "}\0"), BYTES_OF_LITERAL("\0{" BASE "}"),
		BYTES_OF_LITERAL("{" KEYS ",\"csr\":1\0}"), BYTES_OF_LITERAL("{" KEYS ",\"csr\":true\0}"),
		BYTES_OF_LITERAL("{" KEYS ",\"csr\":\"a\0\"}") };

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct evidence evidence;
		struct refusal refusal;

		assert_int_equal(request_json_read(bodies[i], ACT_CHALLENGE, &octets, &evidence,
			&refusal), FAULT_INVALID);
		assert_int_equal(refusal.check, CHECK_JSON_FORM);
	}
}

static void test_depth(void **state)
{
	static char body[BODY_MAX + 1];

	(void)state;
	memset(body, '[', BODY_MAX);
	refuses(body, CHECK_JSON_FORM, "depth");
	refuses("{" KEYS ",\"csr\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}", CHECK_JSON_FORM, "depth");
	refuses("{" KEYS ",\"\\\"[\":{\"[[[[[[[[[[[[[[[[[[[[\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}}",
		CHECK_JSON_FORM, "depth");
	refuses("{" KEYS ",\"[[[[[[[[[[[[[[[[[[[[\":1}", CHECK_JSON_SCHEMA, "not a member");
	refuses("{" KEYS ",\"csr\":[[[[[[[[]]]]]]]]}", CHECK_JSON_SCHEMA, "csr is not a string");
}

/* A comma in a string is none; one too many is refused whatever else is wrong. */
static void test_commas(void **state)
{
	static char body[BODY_MAX + 1];
	static const char begin[] = "{" BASE ",\"ekChain\":[1";

	(void)state;
	memset(body, ',', BODY_MAX);
	refuses(body, CHECK_JSON_FORM, "commas");
	memset(body, '\0', sizeof(body));
	memcpy(body, begin, sizeof(begin) - 1);
	for (size_t commas = 3; commas < JSON_COMMA_COUNT_MAX; commas++)
		strcat(body, ",1");
	strcat(body, "]}");
	refuses(body, CHECK_MEMBER_SIZE, "ekChain has 62 entries");
	body[strlen(body) - 2] = '\0';
	strcat(body, ",1]}");
	refuses(body, CHECK_JSON_FORM, "more than 64 commas");
	refuses("{" BASE ",\"profile\":\"" COMMAS COMMAS COMMAS COMMAS COMMAS "\"}",
		CHECK_MEMBER_SIZE, "profile has 80 octets");
}

static void test_duplicates(void **state)
{
	(void)state;
	refuses("{" BASE ",\"csr\":\"Y3Ny\"}", CHECK_JSON_FORM, "duplicate");
	refuses("{" BASE ",\"\\u0063sr\":\"Y3Ny\"}", CHECK_JSON_FORM, "duplicate");
}

static void test_unknown(void **state)
{
	(void)state;
	refuses("{" BASE ",\"serial\":\"x\"}", CHECK_JSON_SCHEMA,
		"serial is not a member of this request");
	refuses("{" BASE ",\"\":0}", CHECK_JSON_SCHEMA, "is not a member");
	refuses("{" BASE ",\"CSR\":0}", CHECK_JSON_SCHEMA, "CSR is not a member");
	refuses("{" BASE ",\"challenge\":\"YQ==\"}", CHECK_JSON_SCHEMA,
		"challenge is not a member");
	refuses("{" BASE ",\"\\u001b[2J\":0}", CHECK_JSON_SCHEMA, "\\x1b[2J is not a member");
}

static void test_types(void **state)
{
	static const char *const values[] = { "null", "1", "true", "{}", "[]", "1.5" };
	static const char *const names[] = { "csr", "ikPublic", "ekPublic", "ekCertificate",
		"profile" };
	char body[256], words[64];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
			/* The member in question first: the others may be missing, it is asked before them. */
			(void)snprintf(body, sizeof(body), "{%s\"%s\":%s}",
				i == 0 ? KEYS "," : i == 1
				? "\"csr\":\"Y3Ny\",\"ekPublic\":\"ZWs=\"," : i == 2
				? "\"csr\":\"Y3Ny\",\"ikPublic\":\"aWs=\"," : BASE ",", names[i],
				values[j]);
			(void)snprintf(words, sizeof(words), "%s is not a string", names[i]);
			refuses(body, CHECK_JSON_SCHEMA, words);
		}
	}
	refuses("{" BASE ",\"ekChain\":\"YQ==\"}", CHECK_JSON_SCHEMA, "ekChain is not an array");
	refuses("{" BASE ",\"ekChain\":{}}", CHECK_JSON_SCHEMA, "ekChain is not an array");
	refuses("{" BASE ",\"ekChain\":[\"YQ==\",[]]}", CHECK_JSON_SCHEMA,
		"ekChain[1] is not a string");
}

static void test_missing(void **state)
{
	(void)state;
	refuses("{}", CHECK_JSON_SCHEMA, "csr is missing");
	refuses("{" KEYS "}", CHECK_JSON_SCHEMA, "csr is missing");
	refuses("{\"csr\":\"Y3Ny\",\"ekPublic\":\"ZWs=\"}", CHECK_JSON_SCHEMA,
		"ikPublic is missing");
	refuses("{\"csr\":\"Y3Ny\",\"ikPublic\":\"ZWs=\"}", CHECK_JSON_SCHEMA,
		"ekPublic is missing");
	refuses_act("{" BASE "}", ACT_CERTIFICATE, CHECK_JSON_SCHEMA, "challenge is missing");
	refuses_act("{" BASE ",\"challenge\":\"YQ==\"}", ACT_CERTIFICATE, CHECK_JSON_SCHEMA,
		"ticket is missing");
}

static void test_base64(void **state)
{
	static const char *const rows[][2] = { { "Y3N", "padding is missing" }, { "YQ",
		"padding is missing" },
		{ "YQ=", "padding is missing" }, { "YQ==\\n", "white space" }, { "Y Q=",
		"white space" },
		{ "YR==", "trailing bits" }, { "YWF=", "trailing bits" }, { "_-8=",
		"URL alphabet" },
		{ "Y*==", "no base64 digit" }, { "YQ==YQ==", "no base64 digit" }, { "====",
		"padding" },
		{ "A===", "padding" }, { "\\u00e9AAA", "no base64 digit" } };
	char body[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(body, sizeof(body), "{\"csr\":\"%s\"," KEYS "}", rows[i][0]);
		refuses(body, CHECK_JSON_BASE64, rows[i][1]);
	}
	refuses("{" BASE ",\"ekChain\":[\"YQ\"]}", CHECK_JSON_BASE64,
		"ekChain[0] is not canonical base64");
}

/* {BASE,"NAME":"base64 of len zeros"} */
static void body_of_size(const char *name, size_t len, char *out, size_t capacity)
{
	static const uint8_t zeros[EK_CHAIN_MAX + 1];
	static char text[BASE64_CAPACITY(EK_CHAIN_MAX + 1)];

	base64_encode(bytes_of(zeros, len), text, sizeof(text));
	(void)snprintf(out, capacity, "{%s\"%s\":\"%s\"}", strcmp(name, "csr") == 0 ? KEYS "," :
		strcmp(name, "ikPublic") == 0 ? "\"csr\":\"Y3Ny\",\"ekPublic\":\"ZWs=\"," :
		strcmp(name,
			"ekPublic") == 0 ? "\"csr\":\"Y3Ny\",\"ikPublic\":\"aWs=\"," : BASE ",", name, text);
}

static void test_sizes(void **state)
{
	static const struct {
		const char *name;
		size_t max;
	} rows[] = { { "csr", CSR_MAX }, { "ikPublic", TPM2B_PUBLIC_MAX }, { "ekPublic",
		TPM2B_PUBLIC_MAX },
		{ "ekCertificate", EK_CERTIFICATE_MAX } };
	static char body[BODY_MAX];
	struct evidence evidence;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		body_of_size(rows[i].name, rows[i].max, body, sizeof(body));
		accepts(body, ACT_CHALLENGE, &evidence);
		body_of_size(rows[i].name, rows[i].max + 1, body, sizeof(body));
		refuses(body, CHECK_MEMBER_SIZE, rows[i].name);
		body_of_size(rows[i].name, 0, body, sizeof(body));
		refuses(body, CHECK_MEMBER_SIZE, rows[i].name);
	}
}

static void test_chain_sizes(void **state)
{
	struct evidence evidence;

	(void)state;
	accepts("{" BASE ",\"ekChain\":[]}", ACT_CHALLENGE, &evidence);
	assert_int_equal(evidence.ek_chain_count, 0);
	accepts("{" BASE ",\"ekChain\":[\"YQ==\",\"YQ==\",\"YQ==\",\"YQ==\",\"YQ==\",\"YQ==\",\"YQ==\",\"YQ==\"]}",
		ACT_CHALLENGE, &evidence);
	refuses("{" BASE ",\"ekChain\":[\"YQ==\",\"YQ==\",\"YQ==\",\"YQ==\",\"YQ==\",\"YQ==\",\"YQ==\",\"YQ==\","
		"\"YQ==\"]}", CHECK_MEMBER_SIZE, "ekChain has 9 entries");
	refuses("{" BASE ",\"ekChain\":[\"\"]}", CHECK_MEMBER_SIZE, "ekChain[0] has 0 octets");
}

/* Two entries, each within its size, together over EK_CHAIN_MAX. */
static void test_chain_total(void **state)
{
	static const uint8_t zeros[EK_CHAIN_MAX / 2 + 1];
	static char text[BASE64_CAPACITY(sizeof(zeros))], body[BODY_MAX];

	(void)state;
	base64_encode(BYTES_OF_ARRAY(zeros), text, sizeof(text));
	(void)snprintf(body, sizeof(body), "{" BASE ",\"ekChain\":[\"%s\",\"%s\"]}", text, text);
	refuses(body, CHECK_MEMBER_SIZE, "ekChain has 24578 octets");
}

static void test_profile(void **state)
{
	struct evidence evidence;

	(void)state;
	accepts("{" BASE ",\"profile\":\"abcdefghijabcdefghijabcdefghij12\"}", ACT_CHALLENGE,
		&evidence);
	assert_int_equal(evidence.profile.len, PROFILE_NAME_MAX);
	refuses("{" BASE ",\"profile\":\"abcdefghijabcdefghijabcdefghij123\"}", CHECK_MEMBER_SIZE,
		"profile");
	refuses("{" BASE ",\"profile\":\"\"}", CHECK_MEMBER_SIZE, "profile");
}

static void test_ticket_size(void **state)
{
	static const char *const tickets[] = { "", "AAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
	char body[256];

	(void)state;
	for (size_t i = 0; i < sizeof(tickets) / sizeof(tickets[0]); i++) {
		(void)snprintf(body, sizeof(body),
			"{" BASE ",\"challenge\":\"YQ==\",\"ticket\":\"%s\"}", tickets[i]);
		refuses_act(body, ACT_CERTIFICATE, CHECK_MEMBER_SIZE, "ticket has");
	}
}

/* Views into the octets, each within its size: what the verifier's side relies on. */
static void assert_within(struct bytes view, size_t max)
{
	assert_true(view.len <= max);
	if (view.len > 0)
		assert_in_range((uintptr_t)view.data, (uintptr_t)octets.data,
			(uintptr_t)octets.data + sizeof(octets.data) - view.len);
}

/* Whatever a mutated body becomes, it is refused with a sentence or within all sizes. */
static void test_mutations(void **state)
{
	static const char body[] = "{" BASE ",\"ekCertificate\":\"Yw==\",\"ekChain\":[\"YQ==\",\"YmI=\"],"
		"\"profile\":\"p\\u0031\"}";
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 50000; round++) {
		char copy[sizeof(body)];
		struct evidence evidence;
		struct refusal refusal = { 0 };

		memcpy(copy, body, sizeof(body));
		for (int i = 0; i < 2; i++) {
			seed = seed * 1664525 + 1013904223;
			copy[(seed >> 8) % (sizeof(body) - 1)] = body[(seed >> 20) % (sizeof(body) - 1)];
		}
		if (request_json_read(bytes_of(copy, sizeof(body) - 1), ACT_CHALLENGE, &octets,
			&evidence,
				&refusal) != FAULT_NONE) {
			assert_non_null(check_row(refusal.check));
			assert_true(refusal.saw[0] != '\0');
			continue;
		}
		assert_within(evidence.csr, CSR_MAX);
		assert_within(evidence.ek_certificate, EK_CERTIFICATE_MAX);
		assert_true(evidence.ek_chain_count <= EK_CHAIN_COUNT_MAX);
		for (size_t i = 0; i < evidence.ek_chain_count; i++)
			assert_within(evidence.ek_chain[i], EK_CHAIN_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_least), cmocka_unit_test(test_all),
			cmocka_unit_test(test_form), cmocka_unit_test(test_nul),
		cmocka_unit_test(test_depth), cmocka_unit_test(test_commas),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_types), cmocka_unit_test(test_missing),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_sizes), cmocka_unit_test(test_chain_sizes),
		cmocka_unit_test(test_chain_total), cmocka_unit_test(test_profile),
		cmocka_unit_test(test_ticket_size), cmocka_unit_test(test_mutations),
	};

	request_json_open(1);
	return cmocka_run_group_tests_name("request_json", tests, NULL, NULL);
}
