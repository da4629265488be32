#include "kit.h"

#include <sqlite3.h>

/* The operator's acts on devices, and what the listings say (docs/PROTOCOL.md, "Operator's acts"). */

static void bound(struct kit *kit)
{
	assert_true(kit_import(kit, "SN-1", 1, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
}

static void a_device_goes_through_its_states(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_true(kit_operate(kit, "device list", NULL));
	assert_int_equal(kit->row_count, 1);
	assert_true(kit_has(kit, "serial=SN-1 state=listed eks=1 ek_id=0101"));
	assert_true(kit_has(kit, "group=line-1 certificate=- not_after=-"));
	(void)kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "device list", NULL));
	assert_true(kit_has(kit, "state=bound"));
	assert_true(kit_has(kit, "not_after=2028-01-15T08:00:0"));
	assert_true(kit_operate(kit, "device suspend", "SN-1", NULL));
	assert_true(kit_has(kit, "serial=SN-1 state=suspended"));
	assert_true(kit_operate(kit, "device list", NULL));
	assert_true(kit_has(kit, "state=suspended"));
	assert_true(kit_operate(kit, "ban add", "ek", kit_hex(1), NULL));
	assert_true(kit_operate(kit, "device list", NULL));
	assert_true(kit_has(kit, "state=banned"));
	assert_true(kit_operate(kit, "ban remove", "ek", kit_hex(1), NULL));
	assert_true(kit_operate(kit, "device restore", "SN-1", NULL));
	assert_true(kit_has(kit, "state=bound"));
	assert_true(kit_operate(kit, "device release", "SN-1", NULL));
	assert_true(kit_has(kit, "state=released revoked=1"));
	assert_true(kit_operate(kit, "device list", NULL));
	assert_int_equal(kit->row_count, 1);
	assert_true(kit_has(kit, "state=released"));
	assert_true(kit_import(kit, "SN-1", 1, "again"));
	assert_true(kit_operate(kit, "device list", NULL));
	assert_int_equal(kit->row_count, 1);
	assert_true(kit_has(kit, "state=listed"));
}

static void bans_show_by_serial_ek_and_ik(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	assert_true(kit_operate(kit, "ban add", "ik", kit_hex(100), "lost", NULL));
	assert_true(kit_operate(kit, "device list", NULL));
	assert_true(kit_has(kit, "state=banned"));
	assert_true(kit_operate(kit, "ban list", NULL));
	assert_true(kit_has(kit, "kind=ik value=6464"));
	assert_true(kit_has(kit, "reason=lost since=2027-01-15T"));
	assert_true(kit_operate(kit, "ban remove", "ik", kit_hex(100), NULL));
	assert_true(kit_operate(kit, "ban add", "serial", "SN-1", NULL));
	assert_true(kit_operate(kit, "device show", "SN-1", NULL));
	assert_true(kit_has(kit, "kind=device serial=SN-1 state=banned"));
	assert_true(kit_operate(kit, "ban remove", "serial", "SN-1", NULL));
	assert_true(kit_operate(kit, "ban list", NULL));
	assert_int_equal(kit->row_count, 0);
}

static void a_ban_is_checked(void **state)
{
	struct kit *kit = *state;
	uint64_t before = kit_dump(kit);

	assert_false(kit_operate(kit, "ban add", "tpm", kit_hex(1), NULL));
	assert_false(kit_operate(kit, "ban add", "ek", "0101", NULL));
	assert_false(kit_operate(kit, "ban add", "serial", "sn-1", NULL));
	assert_false(kit_operate(kit, "ban add", "ek", NULL));
	assert_false(kit_operate(kit, "ban add", "serial", "SN-1", "two\nlines", NULL));
	assert_false(kit_operate(kit, "ban remove", "serial", "SN-1", NULL));
	assert_true(kit->result.is_not_found);
	assert_true(before == kit_dump(kit));
	assert_true(kit_operate(kit, "ban add", "serial", "SN-1", NULL));
	assert_false(kit_operate(kit, "ban add", "serial", "SN-1", NULL));
	assert_string_equal(kit->result.text, "it is banned already");
}

static void a_ban_outlives_the_binding(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	assert_true(kit_operate(kit, "ban add", "ek", kit_hex(1), NULL));
	assert_true(kit_operate(kit, "device release", "SN-1", NULL));
	assert_true(kit_import(kit, "SN-1", 1, "again"));
	const struct intent intent = kit_intent(kit, "SN-1", 1, 101);
	assert_int_equal(kit_verdict(kit, &intent), CHECK_NOT_BANNED);
}

static void show_tells_all_of_a_device(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	assert_true(kit_import(kit, "SN-1", 2, "add"));
	(void)kit_provision(kit, "SN-1", 1, 101);
	assert_true(kit_operate(kit, "device show", "SN-1", NULL));
	assert_int_equal(kit->row_count, 1 + 2 + 2 + 2);
	assert_true(kit_has(kit, "kind=device serial=SN-1 state=bound"));
	assert_true(kit_has(kit, "listed=1 profiles=device group=line-1 bound=1"));
	assert_true(kit_has(kit, "listed=1 profiles=device group=line-1 bound=0"));
	assert_true(kit_has(kit, "current=0"));
	assert_true(kit_has(kit, "current=1"));
	assert_true(kit_has(kit, "reason=superseded"));
	assert_false(kit_operate(kit, "device show", "SN-9", NULL));
	assert_true(kit->result.is_not_found);
}

static void a_release_ends_all(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	assert_true(kit_import(kit, "SN-1", 2, "add")); /* listed, never came */
	const struct intent renewed = kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "device release", "SN-1", NULL));
	assert_true(kit_has(kit, "revoked=2"));
	assert_true(kit_is_revoked(kit, &renewed));
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM manifest_row"
		" WHERE struck_at_ms IS NULL"), 0);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM manifest_row"), 2); /* nothing is wiped */
	/* The one that never came does not come back by itself either. */
	assert_false(kit_import(kit, "SN-1", 2, ""));
	const struct intent back = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &back), CHECK_NOT_RELEASED);
	assert_false(kit_operate(kit, "device release", "SN-1", NULL));
	assert_true(kit->result.is_not_found);
}

static void what_was_revoked_stays_revoked_after_a_restoration(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	const struct intent intent = kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "certificate revoke", "SN-1", NULL));
	assert_true(kit_operate(kit, "device restore", "SN-1", NULL));
	assert_true(kit_is_revoked(kit, &intent));
	(void)kit_provision(kit, "SN-1", 1, 100);
}

static void acts_out_of_place_change_nothing(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	uint64_t before = kit_dump(kit);
	assert_false(kit_operate(kit, "device restore", "SN-1", NULL));
	assert_false(kit_operate(kit, "device suspend", "SN-9", NULL));
	assert_true(kit->result.is_not_found);
	assert_false(kit_operate(kit, "device suspend", "sn;1", NULL));
	assert_false(kit_operate(kit, "device suspend", NULL));
	assert_false(kit_operate(kit, "device suspend", "SN-1", "SN-2", NULL));
	assert_false(kit_operate(kit, "device wipe", "SN-1", NULL));
	assert_true(before == kit_dump(kit));
	assert_true(kit_operate(kit, "device suspend", "SN-1", NULL));
	assert_false(kit_operate(kit, "device suspend", "SN-1", NULL));
}

static void the_actor_is_audited(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	assert_true(kit_operate(kit, "device suspend", "SN-1", "by=Ada \"A\" L.", NULL));
	assert_true(kit_operate(kit, "device restore", "SN-1", NULL));
	assert_int_equal(kit_sql_number(kit,
		"SELECT count(*) FROM audit WHERE act = 'device suspend' AND actor = 'Ada \"A\" L.'"), 1);
	assert_int_equal(kit_sql_number(kit,
		"SELECT count(*) FROM audit WHERE act = 'device restore' AND actor = 'operator'"),
		1);
	assert_false(kit_operate(kit, "device suspend", "SN-1", "by=a\nb", NULL));
}

/* Each act is a change of the serial, of the EK and of the IK (S5). */
static void expect_stamped(struct kit *kit)
{
	int64_t now_ms = (int64_t)kit->realtime_ms;

	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM change"), 3);
	assert_int_equal(kit_sql_number(kit, "SELECT min(changed_at_ms) FROM change"), now_ms);
}

static void every_act_stamps_serial_ek_and_ik(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	expect_stamped(kit);
	assert_true(kit_operate(kit, "device suspend", "SN-1", NULL));
	expect_stamped(kit);
	assert_true(kit_operate(kit, "device restore", "SN-1", NULL));
	expect_stamped(kit);
	assert_true(kit_operate(kit, "certificate revoke", "SN-1", NULL));
	expect_stamped(kit);
	assert_true(kit_operate(kit, "device release", "SN-1", NULL));
	expect_stamped(kit);
}

/* ---- certificates ---- */

static void revoking_a_serial_revokes_and_suspends(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	const struct intent intent = kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "certificate revoke", "SN-1", "keyCompromise", NULL));
	assert_true(kit_has(kit, "serial=SN-1 revoked=2 suspended=1"));
	assert_true(kit_is_revoked(kit, &intent));
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM revocation WHERE reason = 1"),
		2);
	const struct intent next = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &next), CHECK_NOT_SUSPENDED);
}

static const char *number_text(const struct intent *intent)
{
	static char text[33];

	for (size_t i = 0; i < sizeof(intent->number); i++)
		(void)sqlite3_snprintf(3, text + 2 * i, "%02x", intent->number[i]);
	return text;
}

static void revoking_the_current_one_revokes_all(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	const struct intent former = kit_provision(kit, "SN-1", 1, 100);
	const struct intent current = kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "certificate revoke", number_text(&current), NULL));
	assert_true(kit_has(kit, "revoked=3 suspended=1"));
	assert_true(kit_is_revoked(kit, &former));
	assert_false(kit_operate(kit, "certificate revoke", number_text(&current), NULL));
}

static void revoking_a_former_one_touches_it_alone(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	const struct intent former = kit_provision(kit, "SN-1", 1, 100);
	const struct intent current = kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "certificate revoke", number_text(&former), NULL));
	assert_true(kit_has(kit, "revoked=1 suspended=0"));
	assert_true(kit_is_revoked(kit, &former));
	assert_false(kit_is_revoked(kit, &current));
	(void)kit_provision(kit, "SN-1", 1, 100);
}

/* An operator's revocation overtakes one that is yet to come. */
static void a_date_may_come_nearer(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	const struct intent former = kit_provision(kit, "SN-1", 1, 100);
	(void)kit_provision(kit, "SN-1", 1, 101);
	assert_false(kit_is_revoked(kit, &former));
	assert_true(kit_operate(kit, "certificate revoke", number_text(&former), "keyCompromise",
		NULL));
	assert_true(kit_is_revoked(kit, &former));
}

/* It may not have ended: the clock may be ahead just now. */
static void an_ended_certificate_is_revoked_as_well(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	kit_advance(kit, UINT64_C(366) * 86400000);
	assert_true(kit_operate(kit, "certificate revoke", "SN-1", NULL));
	assert_true(kit_has(kit, "revoked=1 suspended=1"));
	assert_true(kit_operate(kit, "audit list", NULL));
	assert_true(kit_has(kit, "\"revoked\":1,\"suspended\":\"yes\""));
}

static void a_former_certificate_alone_suspends_nobody(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent former = kit_provision(kit, "SN-1", 1, 100);
	(void)kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "certificate revoke", number_text(&former), NULL));
	assert_true(kit_has(kit, "revoked=1 suspended=0"));
	assert_true(kit_operate(kit, "audit list", NULL));
	assert_true(kit_has(kit, "\"revoked\":1,\"suspended\":\"no\""));
}

static void show_gives_pem(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	const struct intent intent = kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "certificate show", number_text(&intent), NULL));
	assert_true(kit_has(kit, "-----BEGIN CERTIFICATE-----\nY2VydGlmaWNhdGU=\n-----END"
		" CERTIFICATE-----\n"));
	assert_true(kit_has(kit, "chain=chain"));
	assert_true(kit_has(kit, "ek_id=0101"));
	assert_false(kit_operate(kit, "certificate show", "41000000000000000000000000000000",
		NULL));
	assert_true(kit->result.is_not_found);
	assert_false(kit_operate(kit, "certificate show", "41", NULL));
	assert_false(kit->result.is_not_found);
	assert_false(kit_operate(kit, "certificate revoke", "SN-9", NULL));
	assert_true(kit->result.is_not_found);
	assert_false(kit_operate(kit, "certificate revoke", "SN-1", "boredom", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(a_device_goes_through_its_states),
		KIT_TEST(bans_show_by_serial_ek_and_ik),
		KIT_TEST(a_ban_is_checked),
		KIT_TEST(a_ban_outlives_the_binding),
		KIT_TEST(show_tells_all_of_a_device),
		KIT_TEST(a_release_ends_all),
		KIT_TEST(what_was_revoked_stays_revoked_after_a_restoration),
		KIT_TEST(acts_out_of_place_change_nothing),
		KIT_TEST(the_actor_is_audited),
		KIT_TEST(every_act_stamps_serial_ek_and_ik),
		KIT_TEST(revoking_a_serial_revokes_and_suspends),
		KIT_TEST(revoking_the_current_one_revokes_all),
		KIT_TEST(revoking_a_former_one_touches_it_alone),
		KIT_TEST(a_date_may_come_nearer),
		KIT_TEST(an_ended_certificate_is_revoked_as_well),
		KIT_TEST(a_former_certificate_alone_suspends_nobody),
		KIT_TEST(show_gives_pem),
	};

	return cmocka_run_group_tests_name("store_device_acts", tests, NULL, NULL);
}
