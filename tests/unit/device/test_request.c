#include "request.h"

#include <jansson.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint8_t octets[] = { 1, 2, 3 };

static struct evidence evidence_of_octets(void)
{
	return (struct evidence){ .csr = BYTES_OF_ARRAY(octets), .ik_public = BYTES_OF_ARRAY(octets),
		.ek_public = BYTES_OF_ARRAY(octets), .profile = "" };
}

static void test_least(void **state)
{
	static struct request request;
	struct evidence evidence = evidence_of_octets();

	(void)state;
	assert_int_equal(request_for_challenge(&request, &evidence), FAULT_NONE);
	assert_string_equal(
		request.text, "{\"csr\":\"AQID\",\"ikPublic\":\"AQID\",\"ekPublic\":\"AQID\"}");
	assert_int_equal(request.len, strlen(request.text));
}

/* jansson reads what we wrote by hand, and finds all members. */
static void test_most(void **state)
{
	static struct request request;
	const struct bytes chain[] = { BYTES_OF_ARRAY(octets), BYTES_OF_ARRAY(octets) };
	struct evidence evidence = evidence_of_octets();
	struct secret ticket = secret_of(BYTES_OF_ARRAY(octets));

	(void)state;
	evidence.ek_certificate = BYTES_OF_ARRAY(octets);
	evidence.ek_chain = chain;
	evidence.ek_chain_count = 2;
	evidence.profile = "server";
	assert_int_equal(request_for_certificate(&request, &evidence, BYTES_OF_ARRAY(octets), &ticket),
		FAULT_NONE);
	json_t *root = json_loadb(request.text, request.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_int_equal(json_object_size(root), 8);
	assert_int_equal(json_array_size(json_object_get(root, "ekChain")), 2);
	assert_string_equal(json_string_value(json_object_get(root, "profile")), "server");
	assert_string_equal(json_string_value(json_object_get(root, "challenge")), "AQID");
	assert_string_equal(json_string_value(json_object_get(root, "ticket")), "AQID");
	json_decref(root);
}

static void test_too_long(void **state)
{
	static struct request request;
	static const uint8_t large[BODY_MAX];
	struct evidence evidence = evidence_of_octets();

	(void)state;
	evidence.csr = BYTES_OF_ARRAY(large);
	assert_int_equal(request_for_challenge(&request, &evidence), FAULT_TOO_LONG);
	evidence.csr = bytes_of(large, BODY_MAX / 4 * 3 - 12);
	assert_int_equal(request_for_challenge(&request, &evidence), FAULT_TOO_LONG);
	evidence.csr = bytes_of(large, 1000);
	assert_int_equal(request_for_challenge(&request, &evidence), FAULT_NONE);
}

static void test_wipe(void **state)
{
	static struct request request;
	static const struct request nothing;
	struct evidence evidence = evidence_of_octets();

	(void)state;
	assert_int_equal(request_for_challenge(&request, &evidence), FAULT_NONE);
	request_wipe(&request);
	assert_memory_equal(request.text, nothing.text, sizeof(request.text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_most),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_wipe),
	};
	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
