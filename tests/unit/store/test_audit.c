#include "audit.h"
#include "kit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The audit chain (S8): every tampering is found, and so is a database that is too old. */

static void some_acts(struct kit *kit)
{
	assert_true(kit_import(kit, "SN-1", 1, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "ban add", "serial", "SN-9", "a \"reason\"", NULL));
	assert_true(kit_operate(kit, "ban remove", "serial", "SN-9", NULL));
}

static void a_whole_chain_verifies(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_operate(kit, "audit verify", NULL));
	assert_true(kit_has(kit, "whole=1 entries=0"));
	some_acts(kit);
	assert_true(kit_operate(kit, "audit verify", NULL));
	assert_true(kit_has(kit, "whole=1 entries=5"));
	kit_stop(kit);
	kit_start(kit);
	assert_true(kit_operate(kit, "audit verify", NULL));
	assert_true(kit_operate(kit, "audit list", NULL));
	assert_int_equal(kit->row_count, 5);
	assert_true(kit_has(kit, "act=ban add detail={\"kind\":\"serial\",\"value\":\"SN-9\",\"reason\":\"a \\\"reason\\\"\"}"));
	assert_true(kit_operate(kit, "audit list", "4", NULL));
	assert_int_equal(kit->row_count, 2);
	assert_false(kit_operate(kit, "audit list", "four", NULL));
}

/* What the supervisor did: its facts become the detail's members, escaped like any other. */
static void a_record_of_the_supervisors_is_an_entry(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_operate(kit, "audit add", "server start", "version=1.0", "name=a \"b\"=c",
		"by=supervisor", NULL));
	assert_true(kit_operate(kit, "audit add", "server stop", NULL));
	assert_true(kit_operate(kit, "audit list", NULL));
	assert_int_equal(kit->row_count, 2);
	assert_true(kit_has(kit, "actor=supervisor act=server start"
		" detail={\"version\":\"1.0\",\"name\":\"a \\\"b\\\"=c\"}"));
	assert_true(kit_has(kit, "actor=operator act=server stop detail={}"));
	assert_true(kit_operate(kit, "audit verify", NULL));
}

static void a_record_that_is_no_record_is_refused(void **state)
{
	struct kit *kit = *state;
	char long_act[AUDIT_NAME_MAX + 2] = "";

	(void)memset(long_act, 'a', sizeof(long_act) - 1);
	assert_false(kit_operate(kit, "audit add", NULL));
	assert_false(kit_operate(kit, "audit add", long_act, NULL));
	assert_false(kit_operate(kit, "audit add", "a\nb", NULL));
	assert_false(kit_operate(kit, "audit add", "act", "version", NULL));
	assert_false(kit_operate(kit, "audit add", "act", "=1", NULL));
	assert_false(kit_operate(kit, "audit add", "act", "ver\"sion=1", NULL));
	assert_false(kit_operate(kit, "audit add", "act", "version=1\n", NULL));
	assert_true(kit_operate(kit, "audit list", NULL));
	assert_int_equal(kit->row_count, 0);
}

/* Never with a piece missing: then the act is not done either. */
static void an_entry_that_is_too_long_is_not_written(void **state)
{
	struct kit *kit = *state;
	struct audit_entry entry = audit_entry_of("act");

	for (int i = 0; i < AUDIT_DETAIL_MAX / 10; i++)
		audit_text(&entry, "name", "value");
	store_group_begin(kit->store);
	store_act_begin(kit->store);
	audit_append(kit->store, "operator", &entry);
	assert_int_equal(store_act_end(kit->store), FAULT_TOO_LONG);
	assert_int_equal(store_group_commit(kit->store), FAULT_NONE);
	assert_true(kit_operate(kit, "audit verify", NULL));
	assert_true(kit_has(kit, "entries=0"));
}

static void expect_broken(struct kit *kit, const char *sql)
{
	some_acts(kit);
	kit_sql(kit, sql);
	assert_false(kit_operate(kit, "audit verify", NULL));
	assert_non_null(strstr(kit->result.text, "broken"));
	assert_true(kit_has(kit, "whole=0"));
}

#define TAMPERING(name, sql) \
	static void name(void **state) \
	{ \
		expect_broken(*state, sql); \
	}

TAMPERING(a_changed_detail_is_found, "UPDATE audit SET detail = '{}' WHERE seq = 2")
TAMPERING(a_changed_actor_is_found, "UPDATE audit SET actor = 'nobody' WHERE seq = 4")
TAMPERING(a_changed_act_is_found, "UPDATE audit SET act = 'renew' WHERE act = 'bind'")
TAMPERING(a_changed_time_is_found, "UPDATE audit SET at_ms = at_ms + 1 WHERE seq = 5")
TAMPERING(a_changed_hash_is_found, "UPDATE audit SET hash = zeroblob(32) WHERE seq = 3")
TAMPERING(a_deleted_entry_is_found, "DELETE FROM audit WHERE seq = 3")
TAMPERING(a_deleted_first_entry_is_found, "DELETE FROM audit WHERE seq = 1")
TAMPERING(a_cut_end_is_found, "DELETE FROM audit WHERE seq = 5")
TAMPERING(an_emptied_chain_is_found, "DELETE FROM audit")
TAMPERING(an_added_entry_is_found, "INSERT INTO audit SELECT 6, at_ms, actor, act, detail, hash FROM audit WHERE seq = 5")
TAMPERING(a_swapped_pair_is_found, "UPDATE audit SET seq = CASE seq WHEN 4 THEN -5 ELSE -4 END WHERE seq IN (4, 5)")
TAMPERING(a_changed_head_is_found, "UPDATE state SET audit_head = zeroblob(32)")
/* Moved between two fields: the lengths are part of what is hashed. */
TAMPERING(a_moved_octet_is_found, "UPDATE audit SET actor = actor || 'i', act = substr(act, 2) WHERE act = 'intent'")

/* A chain rewritten as a whole is consistent; only what was kept elsewhere tells. */
static void a_kept_hash_is_compared(void **state)
{
	struct kit *kit = *state;
	char kept[65];

	some_acts(kit);
	assert_true(kit_operate(kit, "audit list", "3", NULL));
	(void)snprintf(kept, sizeof(kept), "%.64s", strstr(kit->rows, "hash=") + 5);
	assert_true(kit_operate(kit, "audit verify", "3", kept, NULL));
	assert_false(kit_operate(kit, "audit verify", "4", kept, NULL));
	assert_false(kit_operate(kit, "audit verify", "9", kept, NULL));
	assert_false(kit_operate(kit, "audit verify", "3", NULL));
}

static void copy(const struct kit *kit, const char *from, const char *to)
{
	char command[512];

	(void)snprintf(command, sizeof(command), "cd %s && cp %s %s", kit->directory, from, to);
	assert_int_equal(system(command), 0);
}

static enum fault open_again(struct kit *kit, struct store_error *error)
{
	const struct store_options options = { .path = kit->path, .clock = clock_source_system() };
	struct store *store = NULL;
	enum fault fault = store_open(&options, &store, error);

	store_close(store);
	return fault;
}

/* A backup put back: bindings are missing, and the first comer would get a serial again. */
static void an_old_database_is_not_opened(void **state)
{
	struct kit *kit = *state;
	struct store_error error;
	char mark[160];

	some_acts(kit);
	kit_stop(kit);
	copy(kit, "genuine.db", "backup.db");
	kit_start(kit);
	assert_true(kit_operate(kit, "ban add", "serial", "SN-8", NULL));
	kit_stop(kit);
	copy(kit, "backup.db", "genuine.db");
	assert_int_equal(open_again(kit, &error), FAULT_INVALID);
	assert_non_null(strstr(error.text, "older"));
	assert_int_equal(open_again(kit, &error), FAULT_INVALID); /* trying does not help */
	(void)snprintf(mark, sizeof(mark), "%s.mark", kit->path);
	assert_int_equal(unlink(mark), 0);
	assert_int_equal(open_again(kit, &error), FAULT_NONE);
	kit_start(kit);
}

/* As many entries as there were, but others. */
static void another_history_is_not_opened(void **state)
{
	struct kit *kit = *state;
	struct store_error error;

	some_acts(kit);
	kit_stop(kit);
	copy(kit, "genuine.db", "backup.db");
	kit_start(kit);
	assert_true(kit_operate(kit, "ban add", "serial", "SN-8", NULL));
	kit_stop(kit);
	copy(kit, "genuine.db.mark", "kept.mark");
	copy(kit, "backup.db", "genuine.db");
	copy(kit, "/dev/null", "genuine.db.mark");
	kit_start(kit);
	assert_true(kit_operate(kit, "ban add", "serial", "SN-7", NULL));
	kit_stop(kit);
	copy(kit, "kept.mark", "genuine.db.mark");
	assert_int_equal(open_again(kit, &error), FAULT_INVALID);
	assert_non_null(strstr(error.text, "another history"));
	copy(kit, "/dev/null", "genuine.db.mark");
	kit_start(kit);
}

/* What cannot be read says nothing of the database's age: a FIFO here, a bad block elsewhere. */
static void an_unreadable_mark_is_no_mark(void **state)
{
	struct kit *kit = *state;
	struct store_error error;
	char mark[160];

	some_acts(kit);
	kit_stop(kit);
	(void)snprintf(mark, sizeof(mark), "%s.mark", kit->path);
	assert_int_equal(unlink(mark), 0);
	assert_int_equal(mkfifo(mark, 0600), 0);
	assert_int_equal(open_again(kit, &error), FAULT_SYSTEM);
	assert_non_null(strstr(error.text, "genuine.db.mark"));
	assert_int_equal(unlink(mark), 0);
	kit_start(kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(a_whole_chain_verifies),
		KIT_TEST(a_record_of_the_supervisors_is_an_entry),
		KIT_TEST(a_record_that_is_no_record_is_refused),
		KIT_TEST(an_entry_that_is_too_long_is_not_written),
		KIT_TEST(a_changed_detail_is_found),
		KIT_TEST(a_changed_actor_is_found),
		KIT_TEST(a_changed_act_is_found),
		KIT_TEST(a_changed_time_is_found),
		KIT_TEST(a_changed_hash_is_found),
		KIT_TEST(a_deleted_entry_is_found),
		KIT_TEST(a_deleted_first_entry_is_found),
		KIT_TEST(a_cut_end_is_found),
		KIT_TEST(an_emptied_chain_is_found),
		KIT_TEST(an_added_entry_is_found),
		KIT_TEST(a_swapped_pair_is_found),
		KIT_TEST(a_changed_head_is_found),
		KIT_TEST(a_moved_octet_is_found),
		KIT_TEST(a_kept_hash_is_compared),
		KIT_TEST(an_old_database_is_not_opened),
		KIT_TEST(another_history_is_not_opened),
		KIT_TEST(an_unreadable_mark_is_no_mark),
	};

	return cmocka_run_group_tests_name("store_audit", tests, NULL, NULL);
}
