#include "database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A fault sticks, an act is all or nothing, and no row is taken for what it is not. */

static struct database database;

static void insert(int64_t number)
{
	(void)database_run(&database, "INSERT INTO t (number) VALUES (?1)",
		VALUES(value_number(number)));
}

static int64_t row_count(void)
{
	return database_number(&database, "SELECT count(*) FROM t", NO_VALUES, -1);
}

static int setup(void **state)
{
	(void)state;
	if (database_open(":memory:", 0, &database) != FAULT_NONE)
		return -1;
	database_run_text(&database, "CREATE TABLE t (number INTEGER UNIQUE, value ANY)");
	database_group_begin(&database);
	database_act_begin(&database);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	database_close(&database);
	return 0;
}

static void the_first_fault_sticks(void **state)
{
	(void)state;
	insert(1);
	database_fail(&database, FAULT_INVALID, "the first");
	database_fail(&database, FAULT_NO_MEMORY, "the second");
	assert_int_equal(database.fault, FAULT_INVALID);
	assert_string_equal(database.error, "the first");
	insert(1); /* Would be another fault. */
	database_run_text(&database, "no SQL");
	assert_int_equal(database.fault, FAULT_INVALID);
	assert_string_equal(database.error, "the first");
}

static void after_a_fault_nothing_is_found_and_nothing_changed(void **state)
{
	(void)state;
	insert(1);
	assert_true(database_has(&database, "SELECT 1 FROM t", NO_VALUES));
	database_fail(&database, FAULT_INVALID, "a fault");
	assert_false(database_has(&database, "SELECT 1 FROM t", NO_VALUES));
	assert_int_equal(row_count(), -1);
	assert_int_equal(database_run(&database, "DELETE FROM t", NO_VALUES), 0);
	database_run_text(&database, "DROP TABLE t");
	database.fault = FAULT_NONE;
	assert_int_equal(row_count(), 1);
}

static void an_act_that_failed_leaves_nothing(void **state)
{
	(void)state;
	insert(1);
	assert_int_equal(database_act_end(&database), FAULT_NONE);
	database_act_begin(&database);
	insert(2);
	insert(1);
	assert_int_equal(database.fault, FAULT_EXISTS);
	assert_int_equal(database_act_end(&database), FAULT_EXISTS);
	database_act_begin(&database);
	assert_int_equal(row_count(), 1);
	insert(3);
	assert_int_equal(database_act_end(&database), FAULT_NONE);
	assert_int_equal(database_group_commit(&database), FAULT_NONE);
	assert_int_equal(database_number(&database, "SELECT sum(number) FROM t", NO_VALUES, -1), 4);
}

static void an_act_that_is_undone_may_go_on(void **state)
{
	(void)state;
	insert(1);
	database_act_undo(&database);
	insert(2);
	assert_int_equal(database_act_end(&database), FAULT_NONE);
	assert_int_equal(database_group_commit(&database), FAULT_NONE);
	assert_int_equal(database_number(&database, "SELECT sum(number) FROM t", NO_VALUES, -1), 2);
}

static void a_transaction_that_is_gone_takes_the_group_along(void **state)
{
	(void)state;
	insert(1);
	/* As SQLite does where the disk is full. */
	assert_int_equal(sqlite3_exec(database.handle, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	assert_int_not_equal(database_act_end(&database), FAULT_NONE);
	database_act_begin(&database);
	insert(2);
	assert_int_not_equal(database_act_end(&database), FAULT_NONE);
	assert_int_not_equal(database_group_commit(&database), FAULT_NONE);
	database_group_begin(&database);
	assert_int_equal(row_count(), 0);
}

static void what_is_absent_is_said(void **state)
{
	(void)state;
	assert_int_equal(database_number(&database, "SELECT number FROM t", NO_VALUES, 7), 7);
	assert_int_equal(database_number(&database, "SELECT max(number) FROM t", NO_VALUES, 7), 7);
	insert(0);
	assert_int_equal(database_number(&database, "SELECT number FROM t", NO_VALUES, 7), 0);
}

static void an_empty_view_is_not_nothing(void **state)
{
	(void)state;
	assert_true(database_has(&database, "SELECT 1 WHERE ?1 IS NOT NULL AND ?2 IS NOT NULL",
		VALUES(value_octets(bytes_of(NULL, 0)), value_text(""))));
	assert_false(database_has(&database, "SELECT 1 WHERE ?1 IS NOT NULL",
		VALUES(value_nothing())));
}

static enum fault fault_of(void (*take)(struct query *), struct value value)
{
	database.fault = FAULT_NONE;
	owned_query query = query_of(&database, "SELECT ?1", VALUES(value));

	assert_true(query_next(&query));
	take(&query);
	return database.fault;
}

static void take_id(struct query *query)
{
	uint8_t id[32] = { 0 };

	query_copy(query, id, sizeof(id));
}

static void take_text(struct query *query)
{
	char text[4] = "....";

	query_text(query, text, sizeof(text));
	assert_non_null(memchr(text, '\0', sizeof(text)));
}

static void take_u64(struct query *query)
{
	uint64_t number = query_u64(query);

	assert_true(number <= INT64_MAX);
}

static void a_row_that_is_not_what_it_must_be_is_a_fault(void **state)
{
	static const uint8_t octets[33] = { 1 };

	(void)state;
	assert_int_equal(fault_of(take_id, value_octets(bytes_of(octets, 32))), FAULT_NONE);
	assert_int_equal(fault_of(take_id, value_octets(bytes_of(octets, 31))), FAULT_INVALID);
	assert_int_equal(fault_of(take_id, value_octets(bytes_of(octets, 33))), FAULT_INVALID);
	assert_int_equal(fault_of(take_id, value_nothing()), FAULT_INVALID);
	assert_int_equal(fault_of(take_text, value_text("")), FAULT_NONE);
	assert_int_equal(fault_of(take_text, value_text("abc")), FAULT_NONE);
	assert_int_equal(fault_of(take_text, value_text("abcd")), FAULT_INVALID);
	assert_int_equal(fault_of(take_text, value_octets(BYTES_OF_LITERAL("a\0c"))), FAULT_INVALID);
	assert_int_equal(fault_of(take_u64, value_number(0)), FAULT_NONE);
	assert_int_equal(fault_of(take_u64, value_number(-1)), FAULT_INVALID);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_fault_sticks),
		TEST(after_a_fault_nothing_is_found_and_nothing_changed),
		TEST(an_act_that_failed_leaves_nothing),
		TEST(an_act_that_is_undone_may_go_on),
		TEST(a_transaction_that_is_gone_takes_the_group_along),
		TEST(what_is_absent_is_said),
		TEST(an_empty_view_is_not_nothing),
		TEST(a_row_that_is_not_what_it_must_be_is_a_fault),
	};

	return cmocka_run_group_tests_name("database", tests, NULL, NULL);
}
