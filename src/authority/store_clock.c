#include "store_clock.h"

#include <assert.h>
#include <time.h>

static uint64_t read_ms(clockid_t id)
{
	struct timespec now;
	int result = clock_gettime(id, &now);

	assert(result == 0);
	return now.tv_sec < 0 ? 0 : (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t monotonic_now_ms(void)
{
	return read_ms(CLOCK_BOOTTIME);
}

void store_clock_learn(struct store_clock *clock, uint64_t store_ms)
{
	*clock = (struct store_clock){ .is_known = true, .store_ms = store_ms,
		.monotonic_ms = monotonic_now_ms() };
}

/*
 * The store has the system's clock where that is not behind, whatever else has passed. Where it is,
 * nobody but the store knows how far its own has gone on.
 */
uint64_t store_clock_at(const struct store_clock *clock, const struct clock_reading *now)
{
	uint64_t full_ms = clock->store_ms + (now->monotonic_ms - clock->monotonic_ms);

	if (now->realtime_ms < clock->store_ms)
		return clock->store_ms;
	return now->realtime_ms < full_ms ? now->realtime_ms : full_ms;
}

uint64_t store_clock_now_ms(const struct store_clock *clock)
{
	const struct clock_reading now = { monotonic_now_ms(), read_ms(CLOCK_REALTIME) };

	assert(clock->is_known);
	return store_clock_at(clock, &now);
}

uint64_t seconds_before(uint64_t now_s, uint64_t back_s)
{
	return now_s > back_s ? now_s - back_s : 0;
}
