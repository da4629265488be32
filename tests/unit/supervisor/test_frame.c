#include "channel.h"
#include "frame.h"
#include "role_process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static int ends[2];

static int setup(void **state)
{
	(void)state;
	return channel_pair(ends) == FAULT_NONE ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	(void)close(ends[0]);
	(void)close(ends[1]);
	return 0;
}

static void test_wait_ends_in_time(void **state)
{
	uint64_t begin_ms = monotonic_ms();

	(void)state;
	assert_int_equal(frame_wait_until(ends[0], begin_ms + 100), FAULT_TIMEOUT);
	assert_in_range(monotonic_ms() - begin_ms, 100, 10000);
}

/* A negative time would be waited for without end. */
static void test_end_may_be_over(void **state)
{
	(void)state;
	(void)alarm(10);
	assert_int_equal(frame_wait_until(ends[0], monotonic_ms() - 1000), FAULT_TIMEOUT);
	(void)alarm(0);
}

/* One that talks without end is not listened to without end. */
static void test_frame_is_seen_until_the_end(void **state)
{
	(void)state;
	assert_int_equal(frame_send_empty(ends[1], MESSAGE_LOADED), FAULT_NONE);
	assert_int_equal(frame_wait_until(ends[0], monotonic_ms() + 10000), FAULT_NONE);
	assert_int_equal(frame_wait_until(ends[0], monotonic_ms()), FAULT_TIMEOUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_wait_ends_in_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end_may_be_over, setup, teardown),
		cmocka_unit_test_setup_teardown(test_frame_is_seen_until_the_end, setup, teardown),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
