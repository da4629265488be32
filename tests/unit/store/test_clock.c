#include "kit.h"

/* The store's clock never goes back (S5): not by the system's, not over a restart. */

struct times {
	uint64_t realtime_ms, monotonic_ms;
};

static void read_times(void *context, uint64_t *realtime_ms, uint64_t *monotonic_ms)
{
	const struct times *times = context;

	*realtime_ms = times->realtime_ms;
	*monotonic_ms = times->monotonic_ms;
}

static void advance(struct times *times, uint64_t milliseconds)
{
	times->realtime_ms += milliseconds;
	times->monotonic_ms += milliseconds;
}

static void it_is_the_systems_clock(void **state)
{
	struct times times = { 1000000, 50 };
	struct clock clock = clock_open((struct clock_source){ read_times, &times }, 0);

	(void)state;
	assert_int_equal(clock_now(&clock), 1000000);
	advance(&times, 1234);
	assert_int_equal(clock_now(&clock), 1001234);
	times.realtime_ms += 86400000; /* set forward */
	assert_int_equal(clock_now(&clock), 87401234);
}

static void it_goes_on_slowly_when_the_systems_is_set_back(void **state)
{
	struct times times = { 1000000, 50 };
	struct clock clock = clock_open((struct clock_source){ read_times, &times }, 0);
	uint64_t last = 1000000;

	(void)state;
	times.realtime_ms -= 8000;
	for (int i = 0; i < 64000; i++) { /* read at every millisecond, for a minute */
		advance(&times, 1);
		uint64_t now = clock_now(&clock);
		assert_true(now >= last && now <= last + 8);
		last = now;
	}
	/* 8 s behind are made up in 64 s at seven eighths of the pace. */
	assert_int_equal(clock_now(&clock), times.realtime_ms);
	advance(&times, 1000);
	assert_int_equal(clock_now(&clock), times.realtime_ms);
}

static void it_begins_where_the_last_one_may_have_been(void **state)
{
	struct times times = { 1000000, 50 };
	struct clock clock = clock_open((struct clock_source){ read_times, &times }, 1005000);

	(void)state;
	assert_int_equal(clock_now(&clock), 1005000);
	assert_false(clock_is_wrong(&clock));
}

static void a_clock_that_is_far_behind_is_wrong(void **state)
{
	struct times times = { 10000000, 50 };
	struct clock clock = clock_open((struct clock_source){ read_times, &times }, 0);

	(void)state;
	times.realtime_ms -= CLOCK_BEHIND_MAX_MS;
	(void)clock_now(&clock);
	assert_false(clock_is_wrong(&clock));
	times.realtime_ms -= 1;
	(void)clock_now(&clock);
	assert_true(clock_is_wrong(&clock));
	times.realtime_ms += 400000;
	(void)clock_now(&clock);
	assert_false(clock_is_wrong(&clock));
}

static void it_is_said_how_wrong_it_is(void **state)
{
	static const struct {
		uint64_t behind_ms;
		const char *says;
	} rows[] = {
		{ 420000, "7 minutes ahead of the system's: nothing is signed for 16 minutes" },
		{ UINT64_C(3) * 3600000, "3 hours ahead of the system's: nothing is signed for 23 hours" },
		{ UINT64_C(365) * 86400000,
			"365 days ahead of the system's: nothing is signed for 2919 days" },
		{ UINT64_MAX / 16, "13343998895 days ahead of the system's: nothing is signed for "
			"106751991167 days" },
	};
	char text[CLOCK_TEXT_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct clock clock = { .behind_ms = rows[i].behind_ms };

		clock_say(&clock, text);
		assert_string_equal(text + strlen("the store's clock is "), rows[i].says);
	}
}

/* ---- in the store ---- */

static void nothing_is_signed_by_a_wrong_clock(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	uint64_t before_ms = kit_tidy(kit).state.now_ms;
	kit->realtime_ms -= 86405000;
	const struct intent_answer answer = kit_ask(kit, &intent);
	assert_int_equal(answer.refusal.check, CHECK_STORE_WORKS);
	assert_true(answer.state.now_ms >= before_ms);
	assert_string_equal(answer.refusal.saw,
		"the store's clock is 24 hours ahead of the system's: nothing is signed for 7 days");
	assert_true(kit_operate(kit, "store status", NULL));
	assert_true(kit_has(kit, "clock_ahead_s=8640"));
	assert_true(kit_has(kit, "warning=the store's clock is 24 hours ahead"));
	kit->realtime_ms += 86405000;
	assert_int_equal(kit_verdict(kit, &intent), KIT_OPENS);
	assert_true(kit_operate(kit, "store status", NULL));
	assert_true(kit_has(kit, "clock_ahead_s=0"));
	assert_false(kit_has(kit, "warning=the"));
}

/* Every time that was ever given out is before every time given out after a crash. */
static void a_crash_does_not_set_it_back(void **state)
{
	struct kit *kit = *state;
	uint64_t last_ms = 0;

	for (int i = 0; i < 40; i++) {
		uint64_t now_ms = kit_tidy(kit).state.now_ms;
		assert_true(now_ms >= last_ms);
		last_ms = now_ms;
		kit_advance(kit, 700);
		if (i % 4 == 3) {
			kit_crash(kit);
			kit->realtime_ms -= 100000; /* and the system's clock has lost its battery */
			kit_start(kit);
		}
	}
}

/* An act that fails takes its reserve of time back with it: the next one must write its own. */
static void a_failed_act_reserves_nothing(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent first = kit_provision(kit, "SN-1", 1, 100);
	struct intent second = kit_intent(kit, "SN-1", 1, 100);
	memcpy(second.number, first.number, sizeof(second.number));
	kit_advance(kit, 2 * CLOCK_RESERVE_MS);
	second.issued_at_ms = kit->realtime_ms;
	assert_int_equal(kit_verdict(kit, &second), CHECK_STORE_WORKS);
	uint64_t now_ms = kit_tidy(kit).state.now_ms;
	assert_true((uint64_t)kit_sql_number(kit, "SELECT clock_reserved_ms FROM state") >= now_ms);
}

/* The same of an act that is refused: it is taken back, the reserve of its answer is not. */
static void a_refused_act_has_reserved(void **state)
{
	struct kit *kit = *state;

	kit_advance(kit, 2 * CLOCK_RESERVE_MS);
	assert_false(kit_operate(kit, "device suspend", "SN-9", NULL));
	uint64_t now_ms = kit_tidy(kit).state.now_ms;
	assert_true((uint64_t)kit_sql_number(kit, "SELECT clock_reserved_ms FROM state") >= now_ms);
}

/* A clean end keeps the exact time, so that the next start is not ahead of the system's clock. */
static void a_clean_restart_is_not_ahead(void **state)
{
	struct kit *kit = *state;

	(void)kit_tidy(kit);
	kit_stop(kit);
	kit_advance(kit, 10);
	kit_start(kit);
	assert_int_equal(kit_tidy(kit).state.now_ms, kit->realtime_ms);
}

/* Few writes for the clock's sake: an idle CA must not wear out a flash disk. */
static void an_idle_store_seldom_writes(void **state)
{
	struct kit *kit = *state;
	int64_t writes = 0, last = 0;

	for (int i = 0; i < 60; i++) {
		(void)kit_tidy(kit);
		int64_t reserved = kit_sql_number(kit, "SELECT clock_reserved_ms FROM state");
		writes += reserved != last;
		last = reserved;
		assert_true((uint64_t)reserved >= kit->realtime_ms);
		kit_advance(kit, 1000);
	}
	assert_true(writes <= 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_systems_clock),
		cmocka_unit_test(it_goes_on_slowly_when_the_systems_is_set_back),
		cmocka_unit_test(it_begins_where_the_last_one_may_have_been),
		cmocka_unit_test(a_clock_that_is_far_behind_is_wrong),
		cmocka_unit_test(it_is_said_how_wrong_it_is),
		KIT_TEST(nothing_is_signed_by_a_wrong_clock),
		KIT_TEST(a_crash_does_not_set_it_back),
		KIT_TEST(a_failed_act_reserves_nothing),
		KIT_TEST(a_refused_act_has_reserved),
		KIT_TEST(a_clean_restart_is_not_ahead),
		KIT_TEST(an_idle_store_seldom_writes),
	};

	return cmocka_run_group_tests_name("store_clock", tests, NULL, NULL);
}
