#ifndef DEVICE_WALL_CLOCK_H
#define DEVICE_WALL_CLOCK_H

#include "bytes.h"
#include "fault.h"

#include <stdbool.h>
#include <time.h>

/*
 * wall_clock: what time it is, for certificates. A device may start with a clock that was never
 * set. One that stands before the program's own build date is wrong beyond doubt: then the time is
 * taken from the CA (docs/PROTOCOL.md, What the device checks), as an offset that lasts for this
 * run. The system's clock is left alone.
 */
struct wall_clock {
	time_t offset_s;
	bool is_wrong; /* before the build date, and not yet corrected */
};

struct wall_clock wall_clock_of_system(void);

time_t wall_clock_now(const struct wall_clock *);

/* When this program was built, seconds since 1970. */
time_t wall_clock_build_time(void);

/*
 * Sets the clock by the CA's Date (RFC 9110, 5.6.7), in seconds since 1970; -1 where there was
 * none. FAULT_INVALID where it is before the build date or outside first to last, the validity of
 * the chain that the CA showed: the clock stays wrong.
 */
enum fault wall_clock_correct(struct wall_clock *, time_t date, time_t first, time_t last);

#endif
