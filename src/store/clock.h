#ifndef STORE_CLOCK_H
#define STORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * clock: the store's own time, in milliseconds since 1970 UTC, which never goes back: not when the
 * system's clock is set back, and not over a restart. Tickets, changes and leases are all in it.
 *
 * It is the system's clock where that is ahead. Where the system's has fallen behind what was
 * given out before, it goes on a little slower than true time until it has been overtaken.
 *
 * Over a restart: no time is given out later than what the database has as reserved. A clock that
 * is opened starts at that mark, so the mark is kept only a little ahead.
 */
enum { CLOCK_RESERVE_MS = 10000 };

/* How far the system's clock may be behind before nothing is signed: steps back are small. */
enum { CLOCK_BEHIND_MAX_MS = 300000 };

struct clock_source {
	/* Both in milliseconds: since 1970 UTC, and since some moment without ever being set. */
	void (*read)(void *context, uint64_t *realtime_ms, uint64_t *monotonic_ms);
	void *context;
};

/* CLOCK_REALTIME and CLOCK_BOOTTIME. */
struct clock_source clock_source_system(void);

struct clock {
	struct clock_source source;
	uint64_t now_ms;
	uint64_t monotonic_ms; /* when now_ms was right */
	uint64_t behind_ms;    /* how far the system's clock was behind at the last reading */
};

struct clock clock_open(struct clock_source, uint64_t reserved_ms);

uint64_t clock_now(struct clock *);

/* Whether the system's clock is so far back that it must be wrong, or was wrong before. */
bool clock_is_wrong(const struct clock *);

/*
 * That it is wrong, in one sentence: how far, and for how long nothing will be signed, where neither
 * clock is set again and the store goes on running. (Closed, its time stands still, and the system's
 * catches up eight times as fast.)
 */
enum { CLOCK_TEXT_MAX = 112 };
void clock_say(const struct clock *, char out[CLOCK_TEXT_MAX + 1]);

#endif
