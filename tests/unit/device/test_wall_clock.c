#include "wall_clock.h"

#include <stdint.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { DAY = 86400 };

static void test_right_clock(void **state)
{
	struct wall_clock clock = wall_clock_of_system();

	(void)state;
	assert_false(clock.is_wrong);
	assert_in_range(wall_clock_now(&clock), time(NULL) - 1, time(NULL) + 1);
}

static void test_corrected(void **state)
{
	struct wall_clock clock = { .is_wrong = true };
	time_t date = wall_clock_build_time() + 10 * DAY;

	(void)state;
	assert_int_equal(wall_clock_correct(&clock, date, date - DAY, date + DAY), FAULT_NONE);
	assert_false(clock.is_wrong);
	assert_in_range(wall_clock_now(&clock), date, date + 1);
}

static void test_not_corrected(void **state)
{
	struct wall_clock clock = { .is_wrong = true };
	time_t build = wall_clock_build_time();

	(void)state;
	assert_int_equal(wall_clock_correct(&clock, -1, 0, build + DAY), FAULT_INVALID);
	assert_int_equal(wall_clock_correct(&clock, build - 1, 0, build + DAY), FAULT_INVALID);
	assert_int_equal(wall_clock_correct(&clock, build + 1, build + 2, build + DAY), FAULT_INVALID);
	assert_int_equal(wall_clock_correct(&clock, build + 2, 0, build + 1), FAULT_INVALID);
	assert_int_equal(wall_clock_correct(&clock, build + 2, 0, -1), FAULT_INVALID);
	assert_true(clock.is_wrong);
	assert_int_equal(clock.offset_s, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right_clock),
		cmocka_unit_test(test_corrected),
		cmocka_unit_test(test_not_corrected),
	};
	return cmocka_run_group_tests_name("wall_clock", tests, NULL, NULL);
}
