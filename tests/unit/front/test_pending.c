#include "pending.h"

#include "message.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

static struct pending pending;
static char places[PENDING_MAX + 1];

/* The table never looks into a connection: any address stands for one. */
static struct connection *connection(size_t i)
{
	return (struct connection *)(void *)&places[i];
}

static void test_take(void **state)
{
	uint64_t first = 0, second = 0;
	struct connection *out = NULL;

	(void)state;
	pending_open(&pending, 41);
	assert_int_equal(pending_add(&pending, connection(0), &first), FAULT_NONE);
	assert_int_equal(pending_add(&pending, connection(1), &second), FAULT_NONE);
	assert_int_equal(first, 42);
	assert_int_equal(second, 43);
	assert_int_equal(pending_take(&pending, second, &out), FAULT_NONE);
	assert_ptr_equal(out, connection(1));
	assert_int_equal(pending_take(&pending, second, &out), FAULT_NOT_FOUND);
	assert_int_equal(pending_take(&pending, 44, &out), FAULT_NOT_FOUND);
	assert_int_equal(pending_take(&pending, REQUEST_NONE, &out), FAULT_NOT_FOUND);
	assert_int_equal(pending_take(&pending, first, &out), FAULT_NONE);
	assert_ptr_equal(out, connection(0));
}

static void test_full(void **state)
{
	uint64_t request;
	struct connection *out;

	(void)state;
	pending_open(&pending, 0);
	for (size_t i = 0; i < PENDING_MAX; i++)
		assert_int_equal(pending_add(&pending, connection(i), &request), FAULT_NONE);
	assert_int_equal(pending_add(&pending, connection(PENDING_MAX), &request), FAULT_BUSY);
	assert_int_equal(pending_take(&pending, 1, &out), FAULT_NONE);
	assert_int_equal(pending_add(&pending, connection(PENDING_MAX), &request), FAULT_NONE);
	assert_int_equal(request, PENDING_MAX + 1);
}

static void test_forget(void **state)
{
	uint64_t request;
	struct connection *out;

	(void)state;
	pending_open(&pending, 0);
	assert_int_equal(pending_add(&pending, connection(3), &request), FAULT_NONE);
	pending_forget(&pending, connection(4));
	pending_forget(&pending, connection(3));
	assert_int_equal(pending_take(&pending, request, &out), FAULT_NOT_FOUND);
	pending_forget(&pending, connection(3));
}

/* 0 is REQUEST_NONE: nobody's number, not even after 2^64 requests. */
static void test_wrap(void **state)
{
	uint64_t request = 1;

	(void)state;
	pending_open(&pending, UINT64_MAX);
	assert_int_equal(pending_add(&pending, connection(0), &request), FAULT_NONE);
	assert_int_equal(request, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_take),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_forget), cmocka_unit_test(test_wrap) };

	return cmocka_run_group_tests_name("pending", tests, NULL, NULL);
}
