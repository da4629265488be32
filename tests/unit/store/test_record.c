#include "kit.h"

#include <sqlite3.h>
#include <stdio.h>

/* The record transaction, leases, and what a crash between the two leaves (S3, S7). */

static void listed(struct kit *kit)
{
	assert_true(kit_import(kit, "SN-1", 1, ""));
}

static void a_record_makes_the_binding(void **state)
{
	struct kit *kit = *state;

	listed(kit);
	const struct intent intent = kit_provision(kit, "SN-1", 1, 100);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM binding WHERE serial = 'SN-1'"
		" AND state = 1"), 1);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM certificate WHERE is_current = 1"), 1);
	assert_int_equal(kit_sql_number(kit, "SELECT state FROM intent"), 2);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM audit WHERE act = 'bind'"
		" AND actor = 'authority'"), 1);
	assert_false(kit_is_revoked(kit, &intent));
}

static void a_renewal_lets_the_former_one_run_out(void **state)
{
	struct kit *kit = *state;

	listed(kit);
	const struct intent former = kit_provision(kit, "SN-1", 1, 100);
	(void)kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "certificate list", NULL));
	assert_int_equal(kit->row_count, 2);
	assert_true(kit_has(kit, "state=former"));
	assert_true(kit_has(kit, "state=current"));
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM certificate WHERE is_current = 1"), 1);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM revocation"), 0);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM audit WHERE act = 'renew'"), 1);
	kit_advance(kit, UINT64_C(366) * 86400000);
	assert_false(kit_is_revoked(kit, &former));
	assert_true(kit_operate(kit, "certificate list", "SN-1", NULL));
	assert_false(kit_has(kit, "state=former"));
	assert_true(kit_has(kit, "state=ended"));
}

static void each_profile_has_its_current_certificate(void **state)
{
	struct kit *kit = *state;
	struct intent vpn;

	assert_true(kit_operate(kit, "device import begin", NULL));
	assert_true(kit_operate(kit, "device import row", "SN-1", kit_hex(1), "device;vpn", "",
		NULL));
	assert_true(kit_operate(kit, "device import end", NULL));
	(void)kit_provision(kit, "SN-1", 1, 100);
	vpn = kit_intent(kit, "SN-1", 1, 100);
	(void)snprintf(vpn.profile, sizeof(vpn.profile), "vpn");
	kit_issue(kit, &vpn);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM certificate WHERE is_current = 1"), 2);
}

static void only_an_open_intent_is_recorded(void **state)
{
	struct kit *kit = *state;

	listed(kit);
	const struct intent never_asked = kit_intent(kit, "SN-1", 1, 100);
	uint64_t before = kit_dump(kit);
	const struct record_answer answer = kit_record(kit, &never_asked);
	assert_false(answer.is_recorded);
	assert_int_equal(answer.refusal.check, CHECK_INTENT_OURS);
	assert_true(before == kit_dump(kit));
	const struct intent intent = kit_provision(kit, "SN-1", 1, 100);
	assert_false(kit_record(kit, &intent).is_recorded); /* a second time */
}

static void only_our_intent_is_recorded(void **state)
{
	struct kit *kit = *state;
	struct intent intent, other_owner, other_number;

	listed(kit);
	intent = other_owner = other_number = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &intent), KIT_OPENS);
	other_owner.owner[0] ^= 1;
	assert_int_equal(kit_record(kit, &other_owner).refusal.check, CHECK_INTENT_OURS);
	other_number.number[5] ^= 1;
	assert_int_equal(kit_record(kit, &other_number).refusal.check, CHECK_INTENT_OURS);
	assert_true(kit_record(kit, &intent).is_recorded);
}

/* Each of the operator's acts between intent and record: the certificate never becomes one. */
static void expect_closed(struct kit *kit, const char *verb, const char *one, const char *two)
{
	listed(kit);
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &intent), KIT_OPENS);
	assert_true(kit_operate(kit, verb, one, two, NULL));
	assert_int_equal(kit_record(kit, &intent).refusal.check, CHECK_INTENT_OURS);
	assert_true(kit_is_revoked(kit, &intent));
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM certificate"), 0);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM audit WHERE act = 'intent close'"), 1);
}

static void a_suspension_closes_the_open_intent(void **state)
{
	expect_closed(*state, "device suspend", "SN-1", NULL);
}

static void a_release_closes_the_open_intent(void **state)
{
	expect_closed(*state, "device release", "SN-1", NULL);
}

static void a_ban_of_the_serial_closes_the_open_intent(void **state)
{
	expect_closed(*state, "ban add", "serial", "SN-1");
}

static void a_ban_of_the_ek_closes_the_open_intent(void **state)
{
	expect_closed(*state, "ban add", "ek", kit_hex(1));
}

static void a_ban_of_the_ik_closes_the_open_intent(void **state)
{
	expect_closed(*state, "ban add", "ik", kit_hex(100));
}

static void a_revocation_closes_the_open_intent(void **state)
{
	struct kit *kit = *state;

	listed(kit);
	(void)kit_provision(kit, "SN-1", 1, 100);
	const struct intent renewal = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &renewal), KIT_OPENS);
	assert_true(kit_operate(kit, "certificate revoke", "SN-1", NULL));
	assert_int_equal(kit_record(kit, &renewal).refusal.check, CHECK_INTENT_OURS);
	assert_true(kit_is_revoked(kit, &renewal));
}

/* An act on one device leaves the others' intents open. */
static void an_act_closes_nobody_elses_intent(void **state)
{
	struct kit *kit = *state;

	listed(kit);
	assert_true(kit_import(kit, "SN-2", 2, ""));
	const struct intent other = kit_intent(kit, "SN-2", 2, 101);
	assert_int_equal(kit_verdict(kit, &other), KIT_OPENS);
	assert_true(kit_operate(kit, "device suspend", "SN-1", NULL));
	assert_true(kit_operate(kit, "ban add", "ek", kit_hex(7), NULL));
	assert_true(kit_record(kit, &other).is_recorded);
}

/* kill -9 between intent and record: the number is revoked, the device comes again. */
static void a_crash_after_the_intent_blocks_nobody(void **state)
{
	struct kit *kit = *state;

	listed(kit);
	const struct intent lost = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &lost), KIT_OPENS);
	kit_crash(kit);
	kit_start(kit);
	assert_false(kit_is_revoked(kit, &lost));
	const struct intent early = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &early), CHECK_NO_OPEN_INTENT);
	kit_advance(kit, 61000);
	const struct tidy_answer answer = kit_tidy(kit);
	assert_true(answer.state.crl_is_due);
	assert_true(kit_is_revoked(kit, &lost));
	(void)kit_provision(kit, "SN-1", 1, 100);
}

/* kill -9 after the record and before the answer: the same ticket gives the same octets. */
static void a_crash_after_the_record_loses_nothing(void **state)
{
	struct kit *kit = *state;

	listed(kit);
	const struct intent intent = kit_provision(kit, "SN-1", 1, 100);
	kit_crash(kit);
	kit_start(kit);
	assert_int_equal(kit_verdict(kit, &intent), KIT_REPEATS);
}

static void a_tidy_leaves_running_leases(void **state)
{
	struct kit *kit = *state;

	listed(kit);
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &intent), KIT_OPENS);
	kit_advance(kit, 59000);
	(void)kit_tidy(kit);
	assert_true(kit_record(kit, &intent).is_recorded);
}

/* S2, below all rules: the database itself takes no second. */
static bool is_refused_by_index(struct kit *kit, const char *sql)
{
	sqlite3 *handle = NULL;

	assert_int_equal(sqlite3_open(kit->path, &handle), SQLITE_OK);
	int code = sqlite3_exec(handle, sql, NULL, NULL, NULL);
	(void)sqlite3_close(handle);
	return code == SQLITE_CONSTRAINT;
}

#define COPY_OF(table, columns, values) \
	"INSERT INTO " table " (" columns ") SELECT " values " FROM " table " LIMIT 1"
#define COPY_INTENT(serial, ek, ik, ticket) \
	COPY_OF("intent", "state, ticket_hash, serial, profile, ek_id, ik_id, number," \
	" tbs_digest, owner," \
		" opened_at_ms, lease_until_ms", "1, " ticket ", " serial ", profile, " ek ", " ik \
		", randomblob(16), tbs_digest, owner, 0, 0")

static void the_database_takes_no_second_open_intent(void **state)
{
	struct kit *kit = *state;

	listed(kit);
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &intent), KIT_OPENS);
	assert_true(is_refused_by_index(kit, COPY_INTENT("serial", "randomblob(32)",
		"randomblob(32)", "randomblob(32)")));
	assert_true(is_refused_by_index(kit, COPY_INTENT("'X'", "ek_id", "randomblob(32)",
		"randomblob(32)")));
	assert_true(is_refused_by_index(kit, COPY_INTENT("'X'", "randomblob(32)", "ik_id",
		"randomblob(32)")));
	assert_true(is_refused_by_index(kit, COPY_INTENT("'X'", "randomblob(32)", "randomblob(32)",
		"ticket_hash")));
	assert_false(is_refused_by_index(kit,
		COPY_INTENT("'X'", "randomblob(32)", "randomblob(32)", "randomblob(32)")));
}

static void the_database_takes_no_second_binding(void **state)
{
	struct kit *kit = *state;

	listed(kit);
	assert_true(kit_import(kit, "SN-2", 2, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
	(void)kit_provision(kit, "SN-2", 2, 101);
	assert_true(is_refused_by_index(kit, "INSERT INTO binding (serial, state, made_at_ms)"
		" VALUES ('SN-1', 1, 0)"));
	assert_true(is_refused_by_index(kit, "INSERT INTO binding_ek (binding, ek_id, joined_at_ms)"
		" SELECT 2, ek_id, 0 FROM binding_ek WHERE binding = 1"));
	assert_true(is_refused_by_index(kit, "INSERT INTO binding_ik (binding, ik_id, joined_at_ms)"
		" SELECT 2, ik_id, 0 FROM binding_ik WHERE binding = 1"));
	assert_true(is_refused_by_index(kit, "UPDATE certificate SET binding = 1"));
	assert_true(is_refused_by_index(kit, "UPDATE certificate SET ticket_hash = zeroblob(32)"));
	assert_true(is_refused_by_index(kit, "UPDATE manifest_row SET ek_id = zeroblob(32)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(a_record_makes_the_binding),
		KIT_TEST(a_renewal_lets_the_former_one_run_out),
		KIT_TEST(each_profile_has_its_current_certificate),
		KIT_TEST(only_an_open_intent_is_recorded),
		KIT_TEST(only_our_intent_is_recorded),
		KIT_TEST(a_suspension_closes_the_open_intent),
		KIT_TEST(a_release_closes_the_open_intent),
		KIT_TEST(a_ban_of_the_serial_closes_the_open_intent),
		KIT_TEST(a_ban_of_the_ek_closes_the_open_intent),
		KIT_TEST(a_ban_of_the_ik_closes_the_open_intent),
		KIT_TEST(a_revocation_closes_the_open_intent),
		KIT_TEST(an_act_closes_nobody_elses_intent),
		KIT_TEST(a_crash_after_the_intent_blocks_nobody),
		KIT_TEST(a_crash_after_the_record_loses_nothing),
		KIT_TEST(a_tidy_leaves_running_leases),
		KIT_TEST(the_database_takes_no_second_open_intent),
		KIT_TEST(the_database_takes_no_second_binding),
	};

	return cmocka_run_group_tests_name("store_record", tests, NULL, NULL);
}
