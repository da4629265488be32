#include "welch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void add_all(struct welch *w, unsigned class, const double *samples, size_t count)
{
	for (size_t i = 0; i < count; i++)
		welch_add(w, class, samples[i]);
}

/* Means 3 and 6, variances 2.5 and 10 of five each: t = -3 / sqrt(2.5 / 5 + 10 / 5). */
static void test_known(void **state)
{
	static const double a[] = { 1, 2, 3, 4, 5 }, b[] = { 2, 4, 6, 8, 10 };
	struct welch w = { 0 };

	(void)state;
	add_all(&w, 0, a, 5);
	add_all(&w, 1, b, 5);
	assert_float_equal(welch_t(&w), -1.8973665961, 1e-9);
}

/* Classes of different sizes, far from zero: means 1000000002 and 1000000005, variances 1 and 3. */
static void test_far_from_zero(void **state)
{
	static const double a[] = { 1e9 + 1, 1e9 + 2, 1e9 + 3 };
	static const double b[] = { 1e9 + 3.5, 1e9 + 6.5, 1e9 + 3.5, 1e9 + 6.5 };
	struct welch w = { 0 };

	(void)state;
	add_all(&w, 0, a, 3);
	add_all(&w, 1, b, 4);
	assert_float_equal(welch_t(&w), -2.8823, 1e-4); /* -3 / sqrt(1 / 3 + 3 / 4) */
}

static void test_nothing_to_say(void **state)
{
	static const double same[] = { 7, 7, 7 };
	struct welch w = { 0 };

	(void)state;
	assert_float_equal(welch_t(&w), 0, 0);
	welch_add(&w, 0, 5);
	welch_add(&w, 1, 9);
	assert_float_equal(welch_t(&w), 0, 0);
	w = (struct welch){ 0 };
	add_all(&w, 0, same, 3);
	add_all(&w, 1, same, 3);
	assert_float_equal(welch_t(&w), 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_known),
		cmocka_unit_test(test_far_from_zero), cmocka_unit_test(test_nothing_to_say) };

	return cmocka_run_group_tests_name("welch", tests, NULL, NULL);
}
