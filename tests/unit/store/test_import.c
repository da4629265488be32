#include "kit.h"

/* The manifest's import: all or nothing, and what needs --add, --replace, --again. */

static void bound(struct kit *kit)
{
	assert_true(kit_import(kit, "SN-1", 1, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
}

static void an_import_counts(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_operate(kit, "device import begin", NULL));
	assert_true(kit_operate(kit, "device import row", "SN-1", kit_hex(1), "", "line-1", NULL));
	assert_true(kit_operate(kit, "device import row", "SN-1", kit_hex(2), "", "line-1", NULL));
	assert_true(kit_operate(kit, "device import row", "SN-2", kit_hex(3), "device;vpn", "",
		NULL));
	assert_true(kit_operate(kit, "device import end", NULL));
	assert_true(kit_has(kit, "rows=3 added=3 changed=0 unchanged=0"));
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM audit"
		" WHERE act = 'device import add'"), 3);
	assert_true(kit_operate(kit, "device import begin", NULL));
	assert_true(kit_operate(kit, "device import row", "SN-1", kit_hex(1), "device", "line-1",
		NULL));
	assert_true(kit_operate(kit, "device import row", "SN-2", kit_hex(3), "device", "", NULL));
	assert_true(kit_operate(kit, "device import end", NULL));
	assert_true(kit_has(kit, "rows=2 added=0 changed=1 unchanged=1"));
}

/* An import of what is there already is no change: tickets under way stay good. */
static void an_unchanged_row_is_no_change(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_int_equal(kit_verdict(kit, &intent), KIT_OPENS);
}

/*
 * An import acts on what is being signed as well (S5): a certificate for a profile that the row has
 * no more, or for a serial that the EK has no more, must not be recorded after it.
 */
static void an_import_ends_what_is_being_signed(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_operate(kit, "device import begin", NULL));
	assert_true(kit_operate(kit, "device import row", "SN-1", kit_hex(1), "device;vpn", "", NULL));
	assert_true(kit_operate(kit, "device import end", NULL));
	struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	(void)strcpy(intent.profile, "vpn");
	assert_int_equal(kit_verdict(kit, &intent), KIT_OPENS);
	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_true(kit_has(kit, "changed=1"));
	assert_false(kit_record(kit, &intent).is_recorded);
	assert_true(kit_is_revoked(kit, &intent));
}

/* Else the EK would be bound to one serial and listed with another, which nobody could release. */
static void a_serial_given_ends_the_one_being_signed(void **state)
{
	struct kit *kit = *state;

	kit->policy.binding = BINDING_ENDORSEMENT;
	assert_true(kit_import(kit, "", 1, ""));
	const struct intent intent =
		kit_intent(kit, "0101010101010101010101010101010101010101", 1, 100);
	assert_int_equal(kit_verdict(kit, &intent), KIT_OPENS);
	assert_true(kit_import(kit, "SN-2", 1, ""));
	assert_false(kit_record(kit, &intent).is_recorded);
	assert_true(kit_operate(kit, "device release", "SN-2", NULL));
}

/* A row for another EK: the serial's own signature under way ends too, as its tickets do. */
static void a_further_ek_ends_what_is_signed_for_the_serial(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &intent), KIT_OPENS);
	assert_true(kit_import(kit, "SN-1", 2, ""));
	assert_false(kit_record(kit, &intent).is_recorded);
}

static void one_bad_row_refuses_all(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	uint64_t before = kit_dump(kit);
	assert_true(kit_operate(kit, "device import begin", NULL));
	assert_true(kit_operate(kit, "device import row", "SN-5", kit_hex(5), "", "", NULL));
	assert_true(kit_operate(kit, "device import row", "SN-1", kit_hex(6), "", "", NULL));
	assert_false(kit_operate(kit, "device import end", NULL));
	assert_non_null(strstr(kit->result.text, "row 2: SN-1"));
	assert_true(before == kit_dump(kit));
	/* And nothing of it is left for the next end. */
	assert_false(kit_operate(kit, "device import end", NULL));
	assert_true(kit_operate(kit, "device import begin", NULL));
	assert_true(kit_operate(kit, "device import end", NULL));
	assert_true(kit_has(kit, "rows=0"));
}

static void a_further_ek_of_a_bound_serial_needs_add(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	assert_false(kit_import(kit, "SN-1", 2, ""));
	assert_false(kit_import(kit, "SN-1", 2, "replace again"));
	assert_true(kit_import(kit, "SN-1", 2, "add"));
	(void)kit_provision(kit, "SN-1", 2, 100);
}

static void a_further_ek_of_a_suspended_serial_needs_add(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_true(kit_operate(kit, "device suspend", "SN-1", NULL));
	assert_false(kit_import(kit, "SN-1", 2, ""));
	assert_true(kit_import(kit, "SN-1", 2, "add"));
}

/* To the device that has the serial it is as new as one that nobody has listed. */
static void an_ek_listed_without_a_serial_needs_add_as_well(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	kit->policy.binding = BINDING_FIRST; /* else each row has a serial */
	assert_true(kit_import(kit, "", 2, ""));
	assert_false(kit_import(kit, "SN-1", 2, ""));
	assert_non_null(strstr(kit->result.text, "--add"));
	assert_true(kit_import(kit, "SN-1", 2, "add"));
	assert_true(kit_import(kit, "SN-1", 2, "")); /* its own row, again */
}

static void a_further_ek_of_a_listed_serial_needs_nothing(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_true(kit_import(kit, "SN-1", 2, ""));
}

static void an_ek_of_another_serial_is_refused(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_false(kit_import(kit, "SN-2", 1, ""));
	assert_false(kit_import(kit, "SN-2", 1, "add replace again"));
	assert_non_null(strstr(kit->result.text, "SN-1"));
}

/* Bound without a row (binding = first): its serial stands all the same. */
static void an_ek_bound_without_a_row_is_refused_for_another_serial(void **state)
{
	struct kit *kit = *state;

	kit->policy.trust = TRUST_VENDOR;
	kit->policy.binding = BINDING_ENDORSEMENT;
	(void)kit_provision(kit, "0101010101010101010101010101010101010101", 1, 100);
	assert_false(kit_import(kit, "SN-2", 1, "add replace again"));
}

static void a_released_ek_needs_again(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	assert_true(kit_operate(kit, "device release", "SN-1", NULL));
	assert_false(kit_import(kit, "SN-1", 1, ""));
	assert_false(kit_import(kit, "SN-1", 1, "add replace"));
	assert_true(kit_import(kit, "SN-1", 1, "again"));
	(void)kit_provision(kit, "SN-1", 1, 101);
}

static void a_released_ek_for_another_serial_needs_both(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	assert_true(kit_operate(kit, "device release", "SN-1", NULL));
	assert_false(kit_import(kit, "SN-2", 1, "replace"));
	assert_false(kit_import(kit, "SN-2", 1, "again"));
	assert_true(kit_import(kit, "SN-2", 1, "again replace"));
	(void)kit_provision(kit, "SN-2", 1, 101);
}

static void another_ek_for_a_released_serial_needs_replace(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	assert_true(kit_operate(kit, "device release", "SN-1", NULL));
	assert_false(kit_import(kit, "SN-1", 2, ""));
	assert_false(kit_import(kit, "SN-1", 2, "add again"));
	assert_true(kit_import(kit, "SN-1", 2, "replace"));
	(void)kit_provision(kit, "SN-1", 2, 101);
}

/* Whichever row comes first: the other one lists the serial only in this import. */
static void the_order_of_rows_decides_nothing(void **state)
{
	struct kit *kit = *state;

	bound(kit);
	assert_true(kit_operate(kit, "device release", "SN-1", NULL));
	for (uint8_t first = 1; first <= 2; first++) {
		assert_true(kit_operate(kit, "device import begin", "again", NULL));
		assert_true(kit_operate(kit, "device import row", "SN-1", kit_hex(first), "", "",
			NULL));
		assert_true(kit_operate(kit, "device import row", "SN-1",
			kit_hex((uint8_t)(3 - first)), "", "", NULL));
		assert_false(kit_operate(kit, "device import end", NULL));
		assert_non_null(strstr(kit->result.text, "--replace"));
	}
}

static void a_row_without_serial_needs_another_binding(void **state)
{
	struct kit *kit = *state;

	assert_false(kit_import(kit, "", 1, ""));
	kit->policy.binding = BINDING_ENDORSEMENT;
	assert_true(kit_import(kit, "", 1, ""));
	assert_true(kit_operate(kit, "device list", NULL));
	assert_true(kit_has(kit, "serial=- state=listed eks=1 ek_id=0101"));
	/* It may get a serial later. */
	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_true(kit_has(kit, "changed=1"));
}

static void an_ek_stands_once_in_a_file(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_operate(kit, "device import begin", NULL));
	assert_true(kit_operate(kit, "device import row", "SN-1", kit_hex(1), "", "", NULL));
	assert_true(kit_operate(kit, "device import row", "SN-2", kit_hex(1), "", "", NULL));
	assert_false(kit_operate(kit, "device import end", NULL));
	/* Also with the same serial: which of the two rows would count? */
	assert_true(kit_operate(kit, "device import begin", NULL));
	assert_true(kit_operate(kit, "device import row", "SN-1", kit_hex(1), "", "", NULL));
	assert_true(kit_operate(kit, "device import row", "SN-1", kit_hex(1), "vpn", "", NULL));
	assert_false(kit_operate(kit, "device import end", NULL));
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM manifest_row"), 0);
}

/* A row that is refused ends its import: the rows before it are not taken over alone. */
static void expect_bad_row(struct kit *kit, const char *serial, const char *ek,
	const char *profiles,
	const char *group)
{
	assert_true(kit_operate(kit, "device import begin", NULL));
	assert_true(kit_operate(kit, "device import row", "SN-7", kit_hex(7), "", "", NULL));
	assert_false(kit_operate(kit, "device import row", serial, ek, profiles, group, NULL));
	assert_false(kit_operate(kit, "device import end", NULL));
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM manifest_row"), 0);
}

static void a_row_is_checked(void **state)
{
	struct kit *kit = *state;

	assert_false(kit_operate(kit, "device import row", "SN-1", kit_hex(1), "", "", NULL));
	assert_false(kit_operate(kit, "device import begin", "force", NULL));
	expect_bad_row(kit, "sn-1", kit_hex(1), "", "");
	expect_bad_row(kit, "-SN", kit_hex(1), "", "");
	expect_bad_row(kit, "SN-1", "00", "", "");
	expect_bad_row(kit, "SN-1", kit_hex(1), "a;;b", "");
	expect_bad_row(kit, "SN-1", kit_hex(1), "a b", "");
	expect_bad_row(kit, "SN-1", kit_hex(1), "Device", "");
	expect_bad_row(kit, "SN-1", kit_hex(1), "a_b", "");
	expect_bad_row(kit, "SN-1", kit_hex(1), "device;a.b", "");
	expect_bad_row(kit, "SN-1", kit_hex(1), "", "a\tb");
	expect_bad_row(kit, "SN-1", kit_hex(1), "", "\xff");
	expect_bad_row(kit, "SN-1", kit_hex(1), "", NULL);
	assert_true(kit_operate(kit, "device import begin", NULL));
	assert_true(kit_operate(kit, "device import row", "SN-1", kit_hex(1), "",
		"Stra\xc3\x9f" "e", NULL));
	assert_true(kit_operate(kit, "device import end", NULL));
	assert_true(kit_has(kit, "rows=1"));
}

/* A restart in the middle forgets what was staged. */
static void a_staged_import_does_not_survive(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_operate(kit, "device import begin", NULL));
	assert_true(kit_operate(kit, "device import row", "SN-1", kit_hex(1), "", "", NULL));
	kit_stop(kit);
	kit_start(kit);
	assert_false(kit_operate(kit, "device import end", NULL));
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM manifest_row"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(an_import_counts),
		KIT_TEST(an_unchanged_row_is_no_change),
		KIT_TEST(an_import_ends_what_is_being_signed),
		KIT_TEST(a_serial_given_ends_the_one_being_signed),
		KIT_TEST(a_further_ek_ends_what_is_signed_for_the_serial),
		KIT_TEST(one_bad_row_refuses_all),
		KIT_TEST(a_further_ek_of_a_bound_serial_needs_add),
		KIT_TEST(a_further_ek_of_a_suspended_serial_needs_add),
		KIT_TEST(an_ek_listed_without_a_serial_needs_add_as_well),
		KIT_TEST(a_further_ek_of_a_listed_serial_needs_nothing),
		KIT_TEST(an_ek_of_another_serial_is_refused),
		KIT_TEST(an_ek_bound_without_a_row_is_refused_for_another_serial),
		KIT_TEST(a_released_ek_needs_again),
		KIT_TEST(a_released_ek_for_another_serial_needs_both),
		KIT_TEST(another_ek_for_a_released_serial_needs_replace),
		KIT_TEST(the_order_of_rows_decides_nothing),
		KIT_TEST(a_row_without_serial_needs_another_binding),
		KIT_TEST(an_ek_stands_once_in_a_file),
		KIT_TEST(a_row_is_checked),
		KIT_TEST(a_staged_import_does_not_survive),
	};

	return cmocka_run_group_tests_name("store_import", tests, NULL, NULL);
}
