#include "kit.h"

/* How many certificates an EK or a binding may have in a time (docs/PROTOCOL.md, "Quotas"). */

static void the_eleventh_in_ten_minutes_waits(void **state)
{
	struct kit *kit = *state;
	struct intent first = { .serial = "" };

	assert_true(kit_import(kit, "SN-1", 1, ""));
	for (int i = 0; i < 10; i++) {
		const struct intent intent = kit_provision(kit, "SN-1", 1, 100);
		if (i == 0)
			first = intent;
	}
	const struct intent eleventh = kit_intent(kit, "SN-1", 1, 100);
	const struct intent_answer answer = kit_ask(kit, &eleventh);
	assert_int_equal(answer.refusal.check, CHECK_QUOTA);
	assert_in_range(answer.refusal.retry_after_s, 580, 600);
	/* A repeat is not counted, and is still answered. */
	assert_int_equal(kit_verdict(kit, &first), KIT_REPEATS);
	kit_advance(kit, (uint64_t)answer.refusal.retry_after_s * 1000);
	(void)kit_provision(kit, "SN-1", 1, 100);
}

/* As many as a day has hours, however they are spread. */
static void the_twenty_fifth_in_a_day_waits(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	for (int i = 0; i < 24; i++) {
		(void)kit_provision(kit, "SN-1", 1, 100);
		kit_advance(kit, 600000);
	}
	const struct intent next = kit_intent(kit, "SN-1", 1, 100);
	const struct intent_answer answer = kit_ask(kit, &next);
	assert_int_equal(answer.refusal.check, CHECK_QUOTA);
	assert_non_null(strstr(answer.refusal.saw, "24 certificates in a day"));
	/* 24 times ten minutes are four hours. */
	assert_in_range(answer.refusal.retry_after_s, 20 * 3600 - 120, 20 * 3600);
	kit_advance(kit, (uint64_t)answer.refusal.retry_after_s * 1000);
	(void)kit_provision(kit, "SN-1", 1, 100);
}

/* Ten by one EK count for the serial, also when the eleventh comes with another EK. */
static void the_quota_counts_the_serial(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_true(kit_import(kit, "SN-1", 2, ""));
	for (int i = 0; i < 10; i++)
		(void)kit_provision(kit, "SN-1", 1, 100);
	const struct intent eleventh = kit_intent(kit, "SN-1", 2, 100);
	assert_int_equal(kit_verdict(kit, &eleventh), CHECK_QUOTA);
}

/* What a released device had does not count against the one that comes after it. */
static void the_quota_does_not_count_a_former_device(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	for (int i = 0; i < 10; i++)
		(void)kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "device release", "SN-1", NULL));
	assert_true(kit_import(kit, "SN-1", 2, "replace"));
	(void)kit_provision(kit, "SN-1", 2, 101);
}

/* Ten as one serial count for the EK, also when it comes back as another. */
static void the_quota_counts_the_ek(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	for (int i = 0; i < 10; i++)
		(void)kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "device release", "SN-1", NULL));
	assert_true(kit_import(kit, "SN-2", 1, "again replace"));
	const struct intent eleventh = kit_intent(kit, "SN-2", 1, 101);
	assert_int_equal(kit_verdict(kit, &eleventh), CHECK_QUOTA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(the_eleventh_in_ten_minutes_waits),
		KIT_TEST(the_twenty_fifth_in_a_day_waits),
		KIT_TEST(the_quota_counts_the_serial),
		KIT_TEST(the_quota_does_not_count_a_former_device),
		KIT_TEST(the_quota_counts_the_ek),
	};

	return cmocka_run_group_tests_name("store_certificate_quota", tests, NULL, NULL);
}
