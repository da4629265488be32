#include "quota.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

static const uint64_t key[2] = { 0x0123456789abcdef, 0xfedcba9876543210 };
static struct quota quota;

static int open_quota(void **state)
{
	(void)state;
	quota_open(&quota, key);
	quota_set_rates(&quota, 60, 1000);
	return 0;
}

/* How many of count requests pass at now_ms. */
static unsigned passed(uint64_t prefix, uint64_t now_ms, unsigned count)
{
	uint64_t wait_ms;
	unsigned result = 0;

	for (unsigned i = 0; i < count; i++)
		result += quota_take(&quota, prefix, now_ms, &wait_ms);
	return result;
}

static void test_burst_and_refill(void **state)
{
	uint64_t wait_ms = 0;

	(void)state;
	assert_int_equal(passed(1, 1000, 100), 60);
	assert_false(quota_take(&quota, 1, 1000, &wait_ms));
	assert_int_equal(wait_ms, 1000);
	assert_int_equal(passed(1, 1999, 1), 0);
	assert_int_equal(passed(1, 2000, 5), 1);
	assert_int_equal(passed(1, 12000, 100), 10);
	assert_int_equal(passed(1, 9000000, 100), 60);
}

static void test_prefixes_are_apart(void **state)
{
	(void)state;
	assert_int_equal(passed(1, 1000, 100), 60);
	assert_int_equal(passed(2, 1000, 100), 60);
}

/* What is refused for the one quota is not counted by the other. */
static void test_all(void **state)
{
	uint64_t wait_ms;

	(void)state;
	quota_set_rates(&quota, 60, 90);
	assert_int_equal(passed(1, 1000, 60), 60);
	assert_int_equal(passed(2, 1000, 60), 30);
	assert_false(quota_take(&quota, 2, 1000, &wait_ms));
	assert_int_equal(wait_ms, 667);
	assert_int_equal(passed(1, 1000, 60), 0);
	/* 20 s later: 30 for all; the refused ones of prefix 2 have cost it nothing. */
	assert_int_equal(passed(2, 21000, 60), 30);
}

static void test_rates_change(void **state)
{
	(void)state;
	assert_int_equal(passed(1, 1000, 10), 10);
	quota_set_rates(&quota, 20, 1000);
	assert_int_equal(passed(1, 1000, 60), 20);
	quota_set_rates(&quota, 0, 0);
	assert_int_equal(passed(3, 1000, 60), 1);
}

/* Row 108: however many prefixes ask, the table is what it is, and the whole keeps its rate. */
static void test_many_prefixes(void **state)
{
	unsigned result = 0;

	(void)state;
	for (uint64_t prefix = 0; prefix < 100000; prefix++)
		result += passed(prefix << 24, 1000, 1);
	assert_int_equal(result, 1000);
}

/* A prefix that is over its quota is not forgotten because others come. */
static void test_eviction(void **state)
{
	(void)state;
	quota_set_rates(&quota, 60, 4000000000);
	assert_int_equal(passed(7, 1000, 60), 60);
	for (uint64_t prefix = 100; prefix < 50000; prefix++)
		(void)passed(prefix, 1000, 1);
	assert_int_equal(passed(7, 1000, 1), 0);
}

/* Prefixes that differ in one of their 56 bits alone do not all share a set. */
static void test_sets_by_every_bit(void **state)
{
	(void)state;
	quota_set_rates(&quota, 60, 4000000000);
	for (unsigned bit = 0; bit < 56; bit++)
		assert_int_equal(passed(UINT64_C(1) << bit, 1000, 100), 60);
	for (unsigned bit = 0; bit < 56; bit++)
		assert_int_equal(passed(UINT64_C(1) << bit, 1000, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_burst_and_refill, open_quota),
		cmocka_unit_test_setup(test_prefixes_are_apart, open_quota),
		cmocka_unit_test_setup(test_all, open_quota),
		cmocka_unit_test_setup(test_rates_change, open_quota),
		cmocka_unit_test_setup(test_many_prefixes, open_quota),
		cmocka_unit_test_setup(test_eviction, open_quota),
		cmocka_unit_test_setup(test_sets_by_every_bit, open_quota),
	};

	return cmocka_run_group_tests_name("quota", tests, NULL, NULL);
}
