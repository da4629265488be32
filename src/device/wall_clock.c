#include "wall_clock.h"

time_t wall_clock_build_time(void)
{
	return GENUINE_BUILD_TIME;
}

struct wall_clock wall_clock_of_system(void)
{
	return (struct wall_clock){ .is_wrong = time(NULL) < wall_clock_build_time() };
}

time_t wall_clock_now(const struct wall_clock *clock)
{
	return time(NULL) + clock->offset_s;
}

enum fault wall_clock_correct(
	struct wall_clock *clock, time_t date, time_t first, time_t last)
{
	if (date < wall_clock_build_time() || date < first || date > last)
		return FAULT_INVALID;
	clock->offset_s = date - time(NULL);
	clock->is_wrong = false;
	return FAULT_NONE;
}
