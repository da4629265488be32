#include "refusals.h"

#include "owned.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static const struct refused refused = { .source = "192.0.2.1", .act = 1, .now_ms = 1795392000000 };

static struct refusal refusal_of(enum check check)
{
	struct refusal refusal = { .serial = "SN-1" };

	refusal_set(&refusal, check, "what it saw");
	return refusal;
}

static void note(struct refusals *refusals, enum check check, char reference[REFERENCE_TEXT])
{
	const struct refusal refusal = refusal_of(check);

	refusals_note(refusals, &refused, &refusal, reference);
}

static void test_noted(void **state)
{
	owned_descriptor ring = memfd_create("ring", 0);
	struct refusals refusals;
	char reference[REFERENCE_TEXT], other[REFERENCE_TEXT];
	uint8_t octets[REFERENCE_SIZE];
	struct ring_entry entry;

	(void)state;
	refusals_open(&refusals, ring);
	note(&refusals, CHECK_CSR_KEY, reference);
	note(&refusals, CHECK_CSR_KEY, other);
	assert_string_not_equal(reference, other);
	assert_int_equal(hex_decode(bytes_of_string(reference), octets, sizeof(octets)),
		FAULT_NONE);
	assert_int_equal(ring_find(ring, octets, &entry), FAULT_NONE);
	assert_int_equal(entry.refusal.check, CHECK_CSR_KEY);
	assert_string_equal(entry.refusal.saw, "what it saw");
	assert_string_equal(entry.refusal.serial, "SN-1");
	assert_string_equal(entry.source, "192.0.2.1");
	assert_int_equal(entry.time_ms, refused.now_ms);
	assert_int_equal(ring_next(ring), 2);
}

static void test_which_have_a_reference(void **state)
{
	struct refusals refusals;
	char reference[REFERENCE_TEXT];

	(void)state;
	refusals_open(&refusals, -1);
	static const enum check with[] = { CHECK_JSON_FORM, CHECK_CSR_KEY, CHECK_HEADER_LIFE,
		CHECK_RATE,
		CHECK_BACK_END };
	static const enum check without[] = { CHECK_HTTP_ROUTE, CHECK_HTTP_METHOD,
		CHECK_HTTP_LENGTH,
		CHECK_HTTP_TYPE, CHECK_HTTP_CODING };
	for (size_t i = 0; i < 5; i++) {
		note(&refusals, with[i], reference);
		assert_int_equal(strlen(reference), 16);
		note(&refusals, without[i], reference);
		assert_string_equal(reference, "");
	}
}

/* A flood of 429 leaves in the ring what was there; a flood of others goes on being written. */
static void test_flood(void **state)
{
	owned_descriptor ring = memfd_create("ring", 0);
	struct refusals refusals;
	char reference[REFERENCE_TEXT];

	(void)state;
	refusals_open(&refusals, ring);
	for (int i = 0; i < 1000; i++)
		note(&refusals, CHECK_RATE, reference);
	assert_true(ring_next(ring) <= 100);
	for (int i = 0; i < 1000; i++)
		note(&refusals, CHECK_CSR_KEY, reference);
	assert_true(ring_next(ring) >= 1000);
}

static void test_goes_on(void **state)
{
	owned_descriptor ring = memfd_create("ring", 0);
	struct refusals refusals;
	char reference[REFERENCE_TEXT];

	(void)state;
	refusals_open(&refusals, ring);
	note(&refusals, CHECK_CSR_KEY, reference);
	refusals_open(&refusals, ring);
	assert_int_equal(refusals.next, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_noted),
		cmocka_unit_test(test_which_have_a_reference), cmocka_unit_test(test_flood),
		cmocka_unit_test(test_goes_on) };
	/* The lines of the log are not the test's. */
	int nowhere = open("/dev/null", O_WRONLY);

	(void)dup2(nowhere, STDERR_FILENO);
	return cmocka_run_group_tests_name("refusals", tests, NULL, NULL);
}
