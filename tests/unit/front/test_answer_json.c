#include "answer_json.h"

#include "limits.h"

#include <jansson.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static struct answer_body body;

static json_t *parsed(void)
{
	json_t *object = json_loadb(body.text, body.len, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(object);
	return object;
}

static void assert_member(const json_t *object, const char *name, const char *text)
{
	assert_string_equal(json_string_value(json_object_get(object, name)), text);
}

static void test_challenge(void **state)
{
	const struct answer answer = { .kind = ANSWER_CHALLENGE,
		.credential = BYTES_OF_LITERAL("cred"),
		.challenge = BYTES_OF_LITERAL("header") };

	(void)state;
	assert_int_equal(answer_json_result(&answer, &body), FAULT_NONE);
	json_t *object = parsed();
	assert_int_equal(json_object_size(object), 2);
	assert_member(object, "credential", "Y3JlZA==");
	assert_member(object, "challenge", "aGVhZGVy");
	json_decref(object);
}

static void test_certificate(void **state)
{
	const struct answer answer = { .kind = ANSWER_CERTIFICATE,
		.certificate_pem = BYTES_OF_LITERAL("-----BEGIN\nAA==\n"), .chain_pem = { 0 } };

	(void)state;
	assert_int_equal(answer_json_result(&answer, &body), FAULT_NONE);
	json_t *object = parsed();
	assert_int_equal(json_object_size(object), 2);
	assert_member(object, "certificate", "-----BEGIN\nAA==\n");
	assert_member(object, "chain", "");
	json_decref(object);
}

static void test_no_text(void **state)
{
	struct answer answer = { .kind = ANSWER_CERTIFICATE,
		.certificate_pem = BYTES_OF_LITERAL("\xff"),
		.chain_pem = BYTES_OF_LITERAL("x") };

	(void)state;
	assert_int_equal(answer_json_result(&answer, &body), FAULT_INVALID);
	answer.certificate_pem = BYTES_OF_LITERAL("x");
	answer.chain_pem = BYTES_OF_LITERAL("\x80");
	assert_int_equal(answer_json_result(&answer, &body), FAULT_INVALID);
}

static void test_largest(void **state)
{
	static uint8_t own[CERTIFICATE_PEM_MAX], chain[CHAIN_MAX];
	const struct answer answer = { .kind = ANSWER_CERTIFICATE,
		.certificate_pem = BYTES_OF_ARRAY(own),
		.chain_pem = BYTES_OF_ARRAY(chain) };

	(void)state;
	memset(own, '\n', sizeof(own)); /* two octets each in JSON */
	memset(chain, '\n', sizeof(chain));
	assert_int_equal(answer_json_result(&answer, &body), FAULT_NONE);
	memset(own, 1, sizeof(own)); /* six octets each: no PEM, and over the limit */
	memset(chain, 1, sizeof(chain));
	assert_int_equal(answer_json_result(&answer, &body), FAULT_TOO_LONG);
}

/* Every check that is 403, whatever it saw: one body. */
static void test_403(void **state)
{
	struct answer_body first = { 0 };
	size_t count = 0;

	(void)state;
	for (unsigned number = 0; number < 256; number++) {
		const struct check_row *row = check_row((uint16_t)number);
		struct refusal refusal = { .serial = "SN-1", .has_ek_id = true,
			.retry_after_s = number };

		if (row == NULL || row->status != 403)
			continue;
		refusal_set(&refusal, row->check, "saw %u", number);
		assert_int_equal(answer_json_problem(&refusal, "0123456789abcdef", false, &body),
			FAULT_NONE);
		if (count++ == 0)
			first = body;
		assert_int_equal(first.len, body.len);
		assert_memory_equal(first.text, body.text, body.len);
	}
	assert_true(count > 40);
	assert_null(strstr(first.text, "E_"));
	json_t *object = parsed();
	assert_int_equal(json_object_size(object), 4);
	assert_member(object, "reference", "0123456789abcdef");
	assert_member(object, "title", "Forbidden");
	json_decref(object);
}

static void test_explaining(void **state)
{
	struct refusal refusal = { 0 };

	(void)state;
	refusal_set(&refusal, CHECK_CSR_KEY, "another key");
	assert_int_equal(answer_json_problem(&refusal, "00", true, &body), FAULT_NONE);
	json_t *object = parsed();
	assert_member(object, "reason", "E_CSR_KEY");
	assert_int_equal(json_object_size(object), 5);
	json_decref(object);
}

static void problem_of(enum check check, const char *saw, const char *reference)
{
	struct refusal refusal = { 0 };

	refusal_set(&refusal, check, "%s", saw);
	memset(&body, 0, sizeof(body)); /* text has no NUL of its own */
	assert_int_equal(answer_json_problem(&refusal, reference, false, &body), FAULT_NONE);
}

/* Only a 400, and what a wrong request gets before it, says what was seen. */
static void test_detail(void **state)
{
	(void)state;
	problem_of(CHECK_JSON_SCHEMA, "csr \"is\" missing", "00");
	json_t *object = parsed();
	assert_int_equal(json_integer_value(json_object_get(object, "status")), 400);
	assert_member(object, "detail",
		"csr \"is\" missing (the members are those of the endpoint, each of "
		"its type; PROTOCOL, HTTP)");
	json_decref(object);
	problem_of(CHECK_HEADER_LIFE, "seen", "00");
	assert_non_null(strstr(body.text, "start-again"));
	assert_null(strstr(body.text, "seen"));
	problem_of(CHECK_STORE_WORKS, "disk I/O error", "00");
	assert_null(strstr(body.text, "disk"));
	problem_of(CHECK_RATE, "seen", "00");
	assert_null(strstr(body.text, "seen"));
	problem_of(CHECK_HTTP_ROUTE, "nothing is at /x", NULL);
	assert_null(strstr(body.text, "reference"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_challenge), cmocka_unit_test(test_certificate),
		cmocka_unit_test(test_no_text), cmocka_unit_test(test_largest),
		cmocka_unit_test(test_403),
		cmocka_unit_test(test_explaining), cmocka_unit_test(test_detail),
	};

	return cmocka_run_group_tests_name("answer_json", tests, NULL, NULL);
}
