#include "check.h"

#include "fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *name;
	int number;
} listed[] = {
#define LISTED(name, number, reason, status, clause, rule) { #name, number },
	CHECK_LIST(LISTED)
#undef LISTED
};
enum { LISTED_COUNT = sizeof(listed) / sizeof(listed[0]) };

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < LISTED_COUNT; i++) {
		const struct check_row *row = check_row((uint16_t)listed[i].number);

		/* Where two rows had one number, one of them would be found under the other's name. */
		assert_non_null(row);
		assert_string_equal(row->name, listed[i].name);
		assert_int_equal(row->check, listed[i].number);
		assert_true(strncmp(row->reason, "E_", 2) == 0);
		assert_true(strlen(row->clause) > 0 && strlen(row->rule) > 0);
	}
	for (unsigned number = 0; number <= UINT16_MAX; number++) {
		const struct check_row *row = check_row((uint16_t)number);

		assert_true(row == NULL || row->check == number);
	}
}

/* docs/PROTOCOL.md, HTTP: the statuses that a device knows what to do with, and those of a client
 * that speaks no protocol of ours. */
static void test_statuses(void **state)
{
	static const uint16_t known[] = { 400, 403, 404, 405, 409, 413, 415, 429, 501, 503 };

	(void)state;
	for (size_t i = 0; i < LISTED_COUNT; i++) {
		const struct check_row *row = check_row((uint16_t)listed[i].number);
		size_t found = 0;

		for (size_t j = 0; j < sizeof(known) / sizeof(known[0]); j++)
			found += known[j] == row->status;
		if (found != 1)
			fail_msg("%s has status %d", row->name, row->status);
	}
}

/* One status for each code, wherever it stands; E_HTTP and E_LIMIT have
 * one for each way in which HTTP itself is used wrongly or too much. */
static void test_one_status_for_a_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < LISTED_COUNT; i++) {
		const struct check_row *a = check_row((uint16_t)listed[i].number);

		if (strcmp(a->reason, "E_HTTP") == 0 || strcmp(a->reason, "E_LIMIT") == 0)
			continue;
		for (size_t j = i + 1; j < LISTED_COUNT; j++) {
			const struct check_row *b = check_row((uint16_t)listed[j].number);

			if (strcmp(a->reason, b->reason) == 0 && a->status != b->status)
				fail_msg("%s: %s and %s differ", a->reason, a->name, b->name);
		}
	}
}

static void test_evidence_mask(void **state)
{
	uint64_t mask = 0;

	(void)state;
	for (size_t i = 0; i < LISTED_COUNT; i++) {
		if (listed[i].number < 64)
			mask |= UINT64_C(1) << listed[i].number;
	}
	assert_true(mask == EVIDENCE_MASK_FULL);
	/* All of them: one that is gone from the list would be missed by nobody else. */
	assert_true(EVIDENCE_MASK_FULL == (UINT64_C(1) << 42) - 1);
	assert_true((EVIDENCE_MASK_FULL & (UINT64_C(1) << CHECK_CSR_SIGNATURE)) != 0);
}

static void test_refusal(void **state)
{
	struct refusal refusal = { .retry_after_s = 7, .serial = "SN-1", .has_ek_id = true };
	char text[4 * SAW_MAX];

	(void)state;
	refusal_set(&refusal, CHECK_CSR_KEY, "%d of %s", 3, "a\nb\x1b");
	assert_int_equal(refusal.check, CHECK_CSR_KEY);
	assert_string_equal(refusal.saw, "3 of a\\x0ab\\x1b");
	assert_int_equal(refusal.retry_after_s, 7);
	assert_string_equal(refusal.serial, "SN-1");
	assert_true(refusal.has_ek_id);

	memset(text, '\n', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	refusal_set(&refusal, CHECK_TICKET, "%s", text);
	assert_int_equal(strlen(refusal.saw), SAW_MAX);
}

static void test_fault_texts(void **state)
{
	(void)state;
	for (int i = 0; i < FAULT_COUNT; i++) {
		assert_true(strlen(fault_text((enum fault)i)) > 0);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(fault_text((enum fault)i), fault_text((enum fault)j));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows), cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_one_status_for_a_reason), cmocka_unit_test(test_evidence_mask),
		cmocka_unit_test(test_refusal), cmocka_unit_test(test_fault_texts) };

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
