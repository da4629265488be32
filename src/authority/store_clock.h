#ifndef AUTHORITY_STORE_CLOCK_H
#define AUTHORITY_STORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * store_clock: the store's clock as the authority last learned it, carried on between answers. One
 * clock for tickets and records, so that no ticket overtakes a later act because two clocks disagree:
 * what is carried on is never ahead of what the store makes of the same reading of the machine's
 * clocks (src/store/clock.h). While the system's is behind, it stands until the store's next answer.
 */
struct store_clock {
	bool is_known;
	uint64_t store_ms;     /* what the store said … */
	uint64_t monotonic_ms; /* … at this reading of CLOCK_BOOTTIME */
};

/* Now: two readings of the machine's clocks, in milliseconds. */
struct clock_reading {
	uint64_t monotonic_ms; /* CLOCK_BOOTTIME */
	uint64_t realtime_ms;  /* CLOCK_REALTIME */
};

void store_clock_learn(struct store_clock *, uint64_t store_ms);

/* Milliseconds since 1970 UTC. The clock must be known. */
uint64_t store_clock_now_ms(const struct store_clock *);
uint64_t store_clock_at(const struct store_clock *, const struct clock_reading *);

/* So much earlier, for those whose clock is behind; not before 1970. */
uint64_t seconds_before(uint64_t now_s, uint64_t back_s);

/* CLOCK_BOOTTIME in milliseconds: for time limits. */
uint64_t monotonic_now_ms(void);

#endif
