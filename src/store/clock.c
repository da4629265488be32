#include "clock.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

/* While the system's clock is behind: 7 ms of ours for 8 ms of true time. */
enum { STEP_MS = 8 };

static uint64_t milliseconds_of(clockid_t id)
{
	struct timespec time = { 0 };

	(void)clock_gettime(id, &time);
	if (time.tv_sec < 0)
		return 0;
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static void read_system(void *context, uint64_t *realtime_ms, uint64_t *monotonic_ms)
{
	(void)context;
	*realtime_ms = milliseconds_of(CLOCK_REALTIME);
	*monotonic_ms = milliseconds_of(CLOCK_BOOTTIME);
}

struct clock_source clock_source_system(void)
{
	return (struct clock_source){ .read = read_system, .context = NULL };
}

struct clock clock_open(struct clock_source source, uint64_t reserved_ms)
{
	struct clock clock = { .source = source, .now_ms = reserved_ms };
	uint64_t realtime_ms;

	source.read(source.context, &realtime_ms, &clock.monotonic_ms);
	(void)clock_now(&clock);
	return clock;
}

uint64_t clock_now(struct clock *clock)
{
	uint64_t realtime_ms, monotonic_ms;

	clock->source.read(clock->source.context, &realtime_ms, &monotonic_ms);
	if (realtime_ms >= clock->now_ms) {
		clock->now_ms = realtime_ms;
		clock->monotonic_ms = monotonic_ms;
		clock->behind_ms = 0;
		return clock->now_ms;
	}
	/* Whole steps only, so that frequent readings do not stop the clock. */
	uint64_t steps = (monotonic_ms - clock->monotonic_ms) / STEP_MS;
	clock->now_ms += steps * (STEP_MS - 1);
	clock->monotonic_ms += steps * STEP_MS;
	clock->behind_ms = clock->now_ms - realtime_ms;
	return clock->now_ms;
}

bool clock_is_wrong(const struct clock *clock)
{
	return clock->behind_ms > CLOCK_BEHIND_MAX_MS;
}

struct span {
	uint64_t ms;
	const char *name;
};

/* The largest unit of which there are two. */
static struct span unit_of(uint64_t ms)
{
	static const struct span units[] = { { 86400000, "days" }, { 3600000, "hours" } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (ms >= 2 * units[i].ms)
			return units[i];
	}
	return (struct span){ 60000, "minutes" };
}

void clock_say(const struct clock *clock, char out[CLOCK_TEXT_MAX + 1])
{
	uint64_t ahead_ms = clock->behind_ms;
	uint64_t wait_ms = !clock_is_wrong(clock) ? 0 : (ahead_ms - CLOCK_BEHIND_MAX_MS) * STEP_MS;
	struct span ahead = unit_of(ahead_ms), wait = unit_of(wait_ms);

	(void)snprintf(out, CLOCK_TEXT_MAX + 1, "the store's clock is %" PRIu64 " %s ahead of the "
		"system's: nothing is signed for %" PRIu64 " %s", ahead_ms / ahead.ms, ahead.name,
		wait_ms / wait.ms, wait.name);
}
