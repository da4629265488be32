#include "kit.h"

#include "schema.h"

#include <stdio.h>

/* Which databases are opened, and that what is missing or corrupt is never taken for "nothing". */

static enum fault open_again(struct kit *kit, struct store_error *error)
{
	const struct store_options options = { .path = kit->path, .clock = clock_source_system() };
	struct store *store = NULL;
	enum fault fault = store_open(&options, &store, error);

	store_close(store);
	return fault;
}

static void a_fresh_database_has_our_version(void **state)
{
	struct kit *kit = *state;

	assert_int_equal(kit_sql_number(kit, "PRAGMA user_version"), SCHEMA_VERSION);
	assert_int_equal(kit_sql_number(kit, "PRAGMA application_id"), 0x47454e55);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM pragma_journal_mode"
		" WHERE journal_mode = 'wal'"), 1);
}

static void opening_again_changes_nothing(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	uint64_t before = kit_dump(kit);
	kit_stop(kit);
	kit_start(kit);
	assert_true(before == kit_dump(kit));
}

static void a_later_versions_database_is_refused(void **state)
{
	struct kit *kit = *state;
	struct store_error error;

	kit_stop(kit);
	kit_sql(kit, "PRAGMA user_version = 2");
	assert_int_equal(open_again(kit, &error), FAULT_UNSUPPORTED);
	assert_non_null(strstr(error.text, "version 2"));
	assert_int_equal(kit_sql_number(kit, "PRAGMA user_version"), 2);
	kit_sql(kit, "PRAGMA user_version = 1");
	kit_start(kit);
}

static void another_programs_database_is_refused(void **state)
{
	struct kit *kit = *state;
	struct store_error error;

	kit_stop(kit);
	kit_sql(kit, "PRAGMA application_id = 5");
	assert_int_equal(open_again(kit, &error), FAULT_UNSUPPORTED);
	kit_sql(kit, "PRAGMA user_version = 0");
	assert_int_equal(open_again(kit, &error), FAULT_UNSUPPORTED);
	kit_sql(kit, "PRAGMA user_version = 1");
	kit_sql(kit, "PRAGMA application_id = 1195724373");
	kit_start(kit);
}

static void what_is_no_database_is_refused(void **state)
{
	struct kit *kit = *state;
	struct store_error error;

	kit_stop(kit);
	FILE *file = fopen(kit->path, "w");
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		assert_true(fputs("not a database ", file) >= 0);
	(void)fclose(file);
	assert_true(open_again(kit, &error) != FAULT_NONE);
	assert_true(error.text[0] != '\0');
	assert_int_equal(remove(kit->path), 0);
	(void)snprintf(error.text, sizeof(error.text), "%s.mark", kit->path);
	assert_int_equal(remove(error.text), 0);
	kit_start(kit);
}

/* Row 118: a table that is gone is a failure, and never "not found, so first enrolment". */
static void expect_works_not(struct kit *kit, const char *sql)
{
	assert_true(kit_import(kit, "SN-1", 1, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	kit_sql(kit, sql);
	assert_int_equal(kit_verdict(kit, &intent), CHECK_STORE_WORKS);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM intent WHERE state = 1"), 0);
}

#define DAMAGE(name, sql) \
	static void name(void **state) \
	{ \
		expect_works_not(*state, sql); \
	}

DAMAGE(without_bans_nothing_is_signed, "ALTER TABLE ban RENAME TO gone")
DAMAGE(without_manifest_nothing_is_signed, "ALTER TABLE manifest_row RENAME TO gone")
DAMAGE(without_bindings_nothing_is_signed, "ALTER TABLE binding_ik RENAME TO gone")
DAMAGE(without_changes_nothing_is_signed, "ALTER TABLE change RENAME TO gone")
DAMAGE(without_certificates_nothing_is_signed, "ALTER TABLE certificate RENAME TO gone")
DAMAGE(without_audit_nothing_is_signed, "ALTER TABLE audit RENAME TO gone")
DAMAGE(without_state_nothing_is_signed, "DELETE FROM state")
DAMAGE(a_row_with_a_long_text_is_corrupt, "UPDATE manifest_row SET profiles = printf('device;%5000d', 1)")

/* Without the count of former ones, another key might be the second today. */
static void without_rekeys_a_key_is_not_replaced(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
	const struct intent intent = kit_intent(kit, "SN-1", 1, 101);
	kit_sql(kit, "ALTER TABLE rekey RENAME TO gone");
	assert_int_equal(kit_verdict(kit, &intent), CHECK_STORE_WORKS);
}

/* Without the revocations, a revoked certificate might be given out again. */
static void without_revocations_nothing_is_repeated(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent intent = kit_provision(kit, "SN-1", 1, 100);
	kit_sql(kit, "ALTER TABLE revocation RENAME TO gone");
	assert_int_equal(kit_verdict(kit, &intent), CHECK_STORE_WORKS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(a_fresh_database_has_our_version),
		KIT_TEST(opening_again_changes_nothing),
		KIT_TEST(a_later_versions_database_is_refused),
		KIT_TEST(another_programs_database_is_refused),
		KIT_TEST(what_is_no_database_is_refused),
		KIT_TEST(without_bans_nothing_is_signed),
		KIT_TEST(without_manifest_nothing_is_signed),
		KIT_TEST(without_bindings_nothing_is_signed),
		KIT_TEST(without_changes_nothing_is_signed),
		KIT_TEST(without_certificates_nothing_is_signed),
		KIT_TEST(without_rekeys_a_key_is_not_replaced),
		KIT_TEST(without_revocations_nothing_is_repeated),
		KIT_TEST(without_audit_nothing_is_signed),
		KIT_TEST(without_state_nothing_is_signed),
		KIT_TEST(a_row_with_a_long_text_is_corrupt),
	};

	return cmocka_run_group_tests_name("store_schema", tests, NULL, NULL);
}
