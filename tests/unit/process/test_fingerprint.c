#include "configuration.h"
#include "encoding.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct fingerprint_entry entry_of(uint8_t kind, struct bytes input)
{
	struct fingerprint_entry entry = { .kind = kind };

	assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, input.data, input.len, entry.digest, NULL), 1);
	return entry;
}

static void assert_fingerprint(struct fingerprint_entry *entries, size_t count, const char *expected)
{
	uint8_t digest[32];
	char hex[HEX_CAPACITY(32)];

	assert_int_equal(fingerprint_of(entries, count, digest), FAULT_NONE);
	hex_encode(BYTES_OF_ARRAY(digest), hex, sizeof(hex));
	assert_string_equal(hex, expected);
}

/* docs/PROTOCOL.md, "The ticket". */
static const char known_answer[] =
	"a70932a245d67f1119fa1e92b4d8a46aa2714b7d37ae017487960ef9702da0ac";

static void test_known_answer(void **state)
{
	static const uint8_t rules[4] = { 0, 0, 0, 1 };
	struct fingerprint_entry entries[] = {
		entry_of(FINGERPRINT_RULES, BYTES_OF_ARRAY(rules)),
		entry_of(FINGERPRINT_ANCHOR, BYTES_OF_LITERAL("anchor")),
		entry_of(FINGERPRINT_SECTION, BYTES_OF_LITERAL("endorsement")),
	};

	(void)state;
	assert_fingerprint(entries, 3, known_answer);
}

static void test_doubles_count_once(void **state)
{
	static const uint8_t rules[4] = { 0, 0, 0, 1 };
	struct fingerprint_entry entries[] = {
		entry_of(FINGERPRINT_ANCHOR, BYTES_OF_LITERAL("anchor")),
		entry_of(FINGERPRINT_SECTION, BYTES_OF_LITERAL("endorsement")),
		entry_of(FINGERPRINT_ANCHOR, BYTES_OF_LITERAL("anchor")),
		entry_of(FINGERPRINT_RULES, BYTES_OF_ARRAY(rules)),
		entry_of(FINGERPRINT_RULES, BYTES_OF_ARRAY(rules)),
	};

	(void)state;
	assert_fingerprint(entries, 5, known_answer);
}

static struct configuration configuration_of(const char *text)
{
	struct configuration configuration;
	struct configuration_error error;

	if (configuration_read(bytes_of_string(text), &configuration, &error) != FAULT_NONE)
		fail_msg("%s", error.text);
	return configuration;
}

static void fingerprint_text(const char *text, uint8_t expected_octet, char hex[HEX_CAPACITY(32)])
{
	struct configuration configuration = configuration_of(text);
	struct fingerprint_entry entries[16];
	uint8_t expected_digest[32], digest[32];
	size_t count = 0;

	memset(expected_digest, expected_octet, sizeof(expected_digest));
	assert_int_equal(configuration_fingerprint_entries(&configuration, expected_digest, entries, 16,
		&count), FAULT_NONE);
	assert_int_equal(count, 3 + configuration.profile_count);
	assert_int_equal(fingerprint_of(entries, count, digest), FAULT_NONE);
	hex_encode(BYTES_OF_ARRAY(digest), hex, HEX_CAPACITY(32));
}

static void assert_same(bool is_same, const char *a, const char *b)
{
	char hex_a[HEX_CAPACITY(32)], hex_b[HEX_CAPACITY(32)];

	fingerprint_text(a, 0, hex_a);
	fingerprint_text(b, 0, hex_b);
	if ((strcmp(hex_a, hex_b) == 0) != is_same)
		fail_msg("%s: %s and %s", is_same ? "differ" : "do not differ", a, b);
}

#define CA "[ca]\nname = A\n"

static void test_defaults_are_written_out(void **state)
{
	(void)state;
	assert_same(true, CA, CA "[endorsement]\ntrust = both\nexpiry = ignore\n");
	assert_same(true, CA, CA "[identity]\noverlap = 86400s\nbinding = manifest\n");
	assert_same(true, CA, CA "[profile device]\norganization = A\n");
	assert_same(true, CA "[endorsement]\naccept = L-1, L-2\n", CA "[endorsement]\naccept = L-2,L-1\n");
}

static void test_policy_changes_it(void **state)
{
	static const char *const changes[] = {
		"[endorsement]\ntrust = vendor\n", "[endorsement]\nexpiry = warn\n",
		"[endorsement]\naccept = L-1\n", "[identity]\nbinding = endorsement\n",
		"[identity]\nserial_pattern = S.*\n", "[identity]\nrekey = operator\n",
		"[identity]\noverlap = 1h\n", "[identity-key]\naccept = p256\n",
		"[profile device]\norganization = B\n", "[profile device]\norganizational_unit = B\n",
		"[profile device]\nvalidity_days = 1\n", "[profile device]\nhardware_module_type = 1.2\n",
		"[profile device]\nuri = urn:x:{serial}\n", "[profile device]\ndns = {serial}.x\n",
		"[profile other]\n",
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		(void)snprintf(text, sizeof(text), CA "%s", changes[i]);
		assert_same(false, CA, text);
	}
}

static void test_what_is_no_policy_does_not(void **state)
{
	(void)state;
	assert_same(true, CA, CA "crl_days = 9\n[front]\nworkers = 3\nexplain = yes\n");
}

static void test_expected_file_by_digest(void **state)
{
	char a[HEX_CAPACITY(32)], b[HEX_CAPACITY(32)], c[HEX_CAPACITY(32)];

	(void)state;
	fingerprint_text(CA "[identity]\nbinding = first\nexpected = one\n", 1, a);
	fingerprint_text(CA "[identity]\nbinding = first\nexpected = two\n", 1, b);
	fingerprint_text(CA "[identity]\nbinding = first\nexpected = two\n", 2, c);
	assert_string_equal(a, b);
	assert_string_not_equal(b, c);
}

static void test_capacity(void **state)
{
	struct configuration configuration = configuration_of(CA);
	struct fingerprint_entry entries[4];
	uint8_t digest[32] = { 0 };
	size_t count = 1;

	(void)state;
	assert_int_equal(configuration_fingerprint_entries(&configuration, digest, entries, 4, &count),
		FAULT_TOO_LONG);
	assert_int_equal(count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_answer),
		cmocka_unit_test(test_doubles_count_once),
		cmocka_unit_test(test_defaults_are_written_out),
		cmocka_unit_test(test_policy_changes_it),
		cmocka_unit_test(test_what_is_no_policy_does_not),
		cmocka_unit_test(test_expected_file_by_digest),
		cmocka_unit_test(test_capacity),
	};

	return cmocka_run_group_tests_name("fingerprint", tests, NULL, NULL);
}
