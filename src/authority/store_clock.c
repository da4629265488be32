#include "store_clock.h"

#include <assert.h>
#include <time.h>

uint64_t monotonic_now_ms(void)
{
	struct timespec now;
	int result = clock_gettime(CLOCK_BOOTTIME, &now);

	assert(result == 0);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void store_clock_learn(struct store_clock *clock, uint64_t store_ms)
{
	*clock = (struct store_clock){ .is_known = true, .store_ms = store_ms,
		.monotonic_ms = monotonic_now_ms() };
}

uint64_t store_clock_now_ms(const struct store_clock *clock)
{
	assert(clock->is_known);
	return clock->store_ms + (monotonic_now_ms() - clock->monotonic_ms);
}
