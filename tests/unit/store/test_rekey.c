#include "kit.h"

/* Another IK of the same device (docs/PROTOCOL.md, "Who may be whom", rekey). */

static const uint64_t day_ms = 86400000;

static void bound(struct kit *kit)
{
	assert_true(kit_import(kit, "SN-1", 1, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
}

static void the_former_keys_certificates_end_after_the_overlap(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	const struct intent second = kit_provision(kit, "SN-1", 1, 100);
	const struct intent rekeyed = kit_provision(kit, "SN-1", 1, 101);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM audit WHERE act = 'rekey'"), 1);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM revocation WHERE reason = 4"),
		2);
	assert_false(kit_is_revoked(kit, &second));
	kit_advance(kit, day_ms - 1000);
	assert_false(kit_is_revoked(kit, &second));
	kit_advance(kit, 1000);
	assert_true(kit_is_revoked(kit, &second));
	assert_false(kit_is_revoked(kit, &rekeyed));
}

static void the_overlap_is_the_configurations(void **state)
{
	struct kit *kit = *state;

	kit->policy.overlap_s = 60;
	bound(kit);
	const struct intent former = kit_provision(kit, "SN-1", 1, 100);
	(void)kit_provision(kit, "SN-1", 1, 101);
	kit_advance(kit, 60000);
	assert_true(kit_is_revoked(kit, &former));
}

static void a_second_rekey_in_a_day_is_refused(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	(void)kit_provision(kit, "SN-1", 1, 101);
	const struct intent again = kit_intent(kit, "SN-1", 1, 102);
	assert_int_equal(kit_verdict(kit, &again), CHECK_REKEY);
	/* Back to the former key is another key as well. */
	const struct intent back = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &back), CHECK_REKEY);
	/* A renewal is none. */
	(void)kit_provision(kit, "SN-1", 1, 101);
	kit_advance(kit, day_ms);
	(void)kit_provision(kit, "SN-1", 1, 102);
}

static void a_sixth_rekey_in_a_year_is_refused(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	for (uint8_t ik = 101; ik <= 105; ik++) {
		kit_advance(kit, 2 * day_ms);
		(void)kit_provision(kit, "SN-1", 1, ik);
	}
	kit_advance(kit, 2 * day_ms);
	const struct intent sixth = kit_intent(kit, "SN-1", 1, 106);
	assert_int_equal(kit_verdict(kit, &sixth), CHECK_REKEY);
	kit_advance(kit, 360 * day_ms);
	(void)kit_provision(kit, "SN-1", 1, 106);
}

static void the_operator_lets_the_next_one_pass(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	(void)kit_provision(kit, "SN-1", 1, 101);
	assert_true(kit_operate(kit, "device rekey", "SN-1", NULL));
	/* A renewal does not use the permission up. */
	(void)kit_provision(kit, "SN-1", 1, 101);
	(void)kit_provision(kit, "SN-1", 1, 102);
	const struct intent third = kit_intent(kit, "SN-1", 1, 103);
	assert_int_equal(kit_verdict(kit, &third), CHECK_REKEY);
}

static void with_rekey_operator_none_passes_by_itself(void **state)
{
	struct kit *kit = *state;

	kit->policy.rekey = REKEY_OPERATOR;
	bound(kit);
	const struct intent intent = kit_intent(kit, "SN-1", 1, 101);
	assert_int_equal(kit_verdict(kit, &intent), CHECK_REKEY);
	assert_true(kit_operate(kit, "device rekey", "SN-1", NULL));
	(void)kit_provision(kit, "SN-1", 1, 101);
}

/* A permission is no change: the ticket that is under way stays good. */
static void a_permission_does_not_send_the_device_back(void **state)
{
	struct kit *kit = *state;

	kit->policy.rekey = REKEY_OPERATOR;
	bound(kit);
	const struct intent intent = kit_intent(kit, "SN-1", 1, 101);
	assert_true(kit_operate(kit, "device rekey", "SN-1", NULL));
	assert_int_equal(kit_verdict(kit, &intent), KIT_OPENS);
}

/* The intent asks, but only the record counts: an intent that came to nothing is no rekey. */
static void only_a_record_counts(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	const struct intent lost = kit_intent(kit, "SN-1", 1, 101);
	assert_int_equal(kit_verdict(kit, &lost), KIT_OPENS);
	kit_advance(kit, 60000);
	(void)kit_provision(kit, "SN-1", 1, 102);
}

static void an_unknown_device_cannot_be_permitted(void **state)
{
	struct kit *kit = *state;

	assert_false(kit_operate(kit, "device rekey", "SN-9", NULL));
	assert_true(kit->result.is_not_found);
	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_false(kit_operate(kit, "device rekey", "SN-1", NULL));
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM binding"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(the_former_keys_certificates_end_after_the_overlap),
		KIT_TEST(the_overlap_is_the_configurations),
		KIT_TEST(a_second_rekey_in_a_day_is_refused),
		KIT_TEST(a_sixth_rekey_in_a_year_is_refused),
		KIT_TEST(the_operator_lets_the_next_one_pass),
		KIT_TEST(with_rekey_operator_none_passes_by_itself),
		KIT_TEST(a_permission_does_not_send_the_device_back),
		KIT_TEST(only_a_record_counts),
		KIT_TEST(an_unknown_device_cannot_be_permitted),
	};

	return cmocka_run_group_tests_name("store_rekey", tests, NULL, NULL);
}
