#include "answer_json.h"
#include "request_json.h"

#include "failing_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Each allocation for a body fails once: 503, never a word about what is wrong with the body. */
static size_t read_without_memory(const char *body, enum fault right)
{
	static struct evidence_octets octets;

	for (size_t n = 1;; n++) {
		struct evidence evidence = { .act = 99 };
		struct refusal refusal = { 0 };

		failing_memory_in(n);
		enum fault fault = request_json_read(bytes_of_string(body), ACT_CERTIFICATE, &octets,
			&evidence, &refusal);
		if (!failing_memory_has_failed()) {
			assert_int_equal(fault, right);
			return n - 1;
		}
		assert_int_equal(fault, FAULT_NO_MEMORY);
		assert_int_equal(refusal.check, CHECK_BACK_END);
		assert_int_equal(evidence.act, 99);
	}
}

static void test_bodies(void **state)
{
	(void)state;
	failing_memory_or_skip();
	print_message("# a sound body: %zu allocations, each failed once\n", read_without_memory(
		"{\"csr\":\"Y3Ny\",\"ikPublic\":\"aWs=\",\"ekPublic\":\"ZWs=\",\"ekCertificate\":\"ZWs=\","
		"\"ekChain\":[\"ZWs=\",\"ZWs=\"],\"profile\":\"dev\\u0069ce\",\"challenge\":\"YWFh\","
		"\"ticket\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}", FAULT_NONE));
	print_message("# one with a member too many: %zu\n",
		read_without_memory("{\"csr\":\"Y3Ny\",\"more\":[1,2.5,null]}", FAULT_INVALID));
	print_message("# one that is cut off: %zu\n",
		read_without_memory("{\"csr\":\"Y3Ny\",\"ikPublic\":\"a", FAULT_INVALID));
}

static void write_without_memory(const struct answer *answer)
{
	static struct answer_body body;

	for (size_t n = 1;; n++) {
		failing_memory_in(n);
		enum fault fault = answer_json_result(answer, &body);
		if (!failing_memory_has_failed()) {
			assert_int_equal(fault, FAULT_NONE);
			return;
		}
		assert_int_equal(fault, FAULT_NO_MEMORY);
	}
}

/* An answer that cannot be written is not the verifier's fault. */
static void test_answers(void **state)
{
	const struct answer challenge = { .kind = ANSWER_CHALLENGE,
		.credential = BYTES_OF_LITERAL("credential"), .challenge = BYTES_OF_LITERAL("header") };
	const struct answer certificate = { .kind = ANSWER_CERTIFICATE,
		.certificate_pem = BYTES_OF_LITERAL("-----BEGIN"), .chain_pem = { 0 } };

	(void)state;
	failing_memory_or_skip();
	write_without_memory(&challenge);
	write_without_memory(&certificate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_answers),
	};

	request_json_open(1);
	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
