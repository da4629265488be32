#ifndef AUTHORITY_STORE_CLOCK_H
#define AUTHORITY_STORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * store_clock: the store's clock as the authority last learned it, carried on by the machine's
 * monotonic clock between answers. One clock for tickets and records, so that no ticket overtakes
 * a later act because two clocks disagree.
 */
struct store_clock {
	bool is_known;
	uint64_t store_ms;     /* what the store said … */
	uint64_t monotonic_ms; /* … at this reading of CLOCK_BOOTTIME */
};

void store_clock_learn(struct store_clock *, uint64_t store_ms);

/* Milliseconds since 1970 UTC. The clock must be known. */
uint64_t store_clock_now_ms(const struct store_clock *);

/* CLOCK_BOOTTIME in milliseconds: for time limits. */
uint64_t monotonic_now_ms(void);

#endif
