#include "kit.h"

#include <stdio.h>

/* Row 114: many at one time for one name: one wins, whether in one group or in several (S2). */

enum { CROWD = 64 };

static struct expected *expect_crowd(void)
{
	struct expected *expected = NULL;
	FILE *file = tmpfile();
	size_t line;

	assert_non_null(file);
	for (int i = 0; i < CROWD; i++)
		assert_true(fprintf(file, "SN-%d\n", i) > 0);
	assert_int_equal(fflush(file), 0);
	assert_int_equal(expected_read(fileno(file), &expected, &line), FAULT_NONE);
	(void)fclose(file);
	return expected;
}

/* What differs in the crowd: the serial, the EK, the IK. */
static void expect_one_winner(struct kit *kit, bool has_serials, bool has_eks, bool has_iks,
	bool is_one_group)
{
	int open_count = 0, recorded_count = 0;
	struct intent intents[CROWD];
	struct intent_answer answer;
	char serial[16];

	kit->policy = (struct policy){ .trust = TRUST_VENDOR, .binding = BINDING_FIRST,
		.rekey = REKEY_SUPERSEDE, .overlap_s = 60, .expected = expect_crowd() };
	for (int i = 0; i < CROWD; i++) {
		(void)snprintf(serial, sizeof(serial), "SN-%d", has_serials ? i : 0);
		intents[i] = kit_intent(kit, serial, (uint8_t)(has_eks ? i : 0),
			(uint8_t)(has_iks ? 100 + i : 100));
	}
	if (is_one_group)
		store_group_begin(kit->store);
	for (int i = 0; i < CROWD; i++) {
		if (!is_one_group)
			store_group_begin(kit->store);
		store_intent(kit->store, &intents[i], &answer);
		open_count += answer.verdict == INTENT_OPEN;
		if (!is_one_group)
			assert_int_equal(store_group_commit(kit->store), FAULT_NONE);
	}
	if (is_one_group)
		assert_int_equal(store_group_commit(kit->store), FAULT_NONE);
	for (int i = 0; i < CROWD; i++)
		recorded_count += kit_record(kit, &intents[i]).is_recorded;
	assert_int_equal(open_count, 1);
	assert_int_equal(recorded_count, 1);
	for (int i = 0; i < CROWD; i++)
		assert_int_not_equal(kit_verdict(kit, &intents[i]), KIT_OPENS);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM certificate"), 1);
	expected_close(kit->policy.expected);
}

#define RACE(name, has_serials, has_eks, has_iks) \
	static void name##_in_one_group(void **state) \
	{ \
		expect_one_winner(*state, has_serials, has_eks, has_iks, true); \
	} \
	static void name##_in_turn(void **state) \
	{ \
		expect_one_winner(*state, has_serials, has_eks, has_iks, false); \
	}

RACE(one_serial_many_eks, false, true, true)
RACE(one_ek_many_serials, true, false, true)
RACE(one_ik_many_devices, true, true, false)
RACE(one_device_many_tickets, false, false, false)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(one_serial_many_eks_in_one_group),
		KIT_TEST(one_serial_many_eks_in_turn),
		KIT_TEST(one_ek_many_serials_in_one_group),
		KIT_TEST(one_ek_many_serials_in_turn),
		KIT_TEST(one_ik_many_devices_in_one_group),
		KIT_TEST(one_ik_many_devices_in_turn),
		KIT_TEST(one_device_many_tickets_in_one_group),
		KIT_TEST(one_device_many_tickets_in_turn),
	};

	return cmocka_run_group_tests_name("store_races", tests, NULL, NULL);
}
