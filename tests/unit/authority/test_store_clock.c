#include "store_clock.h"

#include "clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What the authority takes for the store's time is the store's, and never later than that. */

enum { LEARNED_MS = 1000000 };

static struct clock_reading machine;

static void read_machine(void *context, uint64_t *realtime_ms, uint64_t *monotonic_ms)
{
	(void)context;
	*realtime_ms = machine.realtime_ms;
	*monotonic_ms = machine.monotonic_ms;
}

static void test_carries_on(void **state)
{
	const struct store_clock clock = { true, LEARNED_MS, 5000 };

	(void)state;
	assert_int_equal(store_clock_at(&clock, &(struct clock_reading){ 5000, LEARNED_MS }),
		LEARNED_MS);
	assert_int_equal(store_clock_at(&clock, &(struct clock_reading){ 6000, LEARNED_MS + 1000 }),
		LEARNED_MS + 1000);
	/* Set ahead: not at once, the store has not said so. */
	assert_int_equal(store_clock_at(&clock, &(struct clock_reading){ 6000, LEARNED_MS * 9 }),
		LEARNED_MS + 1000);
	/* Set back by less than has passed, and by more: then it stands. */
	assert_int_equal(store_clock_at(&clock, &(struct clock_reading){ 6000, LEARNED_MS + 500 }),
		LEARNED_MS + 500);
	assert_int_equal(store_clock_at(&clock, &(struct clock_reading){ 6000, 0 }), LEARNED_MS);
}

/* Against the store's own clock, while the system's is set back, stands, goes on and is set ahead. */
static void test_never_ahead(void **state)
{
	const struct clock_source source = { read_machine, NULL };
	const int64_t steps[] = { 1, 3, 0, 5, -4000, 7, 8, 9, 100, -1, 1, 3000, 60000, -90000, 2 };
	uint64_t monotonic_ms = 77;

	(void)state;
	machine = (struct clock_reading){ monotonic_ms, UINT64_C(1800000000000) };
	struct clock store = clock_open(source, 0);
	for (size_t i = 0; i < 3000; i++) {
		struct clock_reading before = machine;
		const struct store_clock clock = { true, clock_now(&store), before.monotonic_ms };
		int64_t step_ms = steps[i % (sizeof(steps) / sizeof(steps[0]))];

		machine.monotonic_ms += i % 41;
		machine.realtime_ms = (uint64_t)((int64_t)machine.realtime_ms + step_ms);
		uint64_t carried_ms = store_clock_at(&clock, &machine);
		assert_true(carried_ms >= clock.store_ms);
		assert_true(carried_ms <= clock_now(&store));
	}
}

static void assert_not_ahead(uint64_t elapsed_ms, int64_t step_ms)
{
	machine = (struct clock_reading){ 77, UINT64_C(1800000000000) };
	struct clock store = clock_open((struct clock_source){ read_machine, NULL }, 0);
	const struct store_clock clock = { true, clock_now(&store), machine.monotonic_ms };

	machine.monotonic_ms += elapsed_ms;
	machine.realtime_ms = (uint64_t)((int64_t)(machine.realtime_ms + elapsed_ms) + step_ms);
	uint64_t carried_ms = store_clock_at(&clock, &machine);
	assert_true(carried_ms >= clock.store_ms);
	assert_true(carried_ms <= clock_now(&store));
}

/* A store that was busy for long, and the system's clock set back by less, or more, than that. */
static void test_never_ahead_after_a_step(void **state)
{
	static const int64_t steps_ms[] = { 0, -1, -20, -100, -500, -30000, -90000, 3000 };

	(void)state;
	for (size_t i = 0; i < sizeof(steps_ms) / sizeof(steps_ms[0]); i++) {
		for (uint64_t elapsed_ms = 0; elapsed_ms <= 40; elapsed_ms++)
			assert_not_ahead(elapsed_ms, steps_ms[i]);
		assert_not_ahead(950, steps_ms[i]);
		assert_not_ahead(60000, steps_ms[i]);
	}
}

static void test_seconds_before(void **state)
{
	(void)state;
	assert_int_equal(seconds_before(1000, 300), 700);
	assert_int_equal(seconds_before(300, 300), 0);
	assert_int_equal(seconds_before(10, 300), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_carries_on),
		cmocka_unit_test(test_never_ahead),
		cmocka_unit_test(test_never_ahead_after_a_step),
		cmocka_unit_test(test_seconds_before),
	};

	return cmocka_run_group_tests_name("store_clock", tests, NULL, NULL);
}
