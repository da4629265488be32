#ifndef FRONT_REFUSALS_H
#define FRONT_REFUSALS_H

#include "check.h"
#include "encoding.h"
#include "refusal_ring.h"

#include <stdint.h>

/*
 * refusals: what becomes of each request that is refused: a random reference, which the device
 * shows, a line in the log and a slot in the ring, which `genuine-ca explain` reads.
 *
 * Log lines are limited, so that a stranger cannot fill the journal either: LOG_BURST at once, then
 * LOG_RATE a second; how many were left out is said with the next line. What is left out of the log
 * is still in the ring, but for 429 and for what has no reference: those are many and say of
 * themselves what they are.
 */
enum { REFERENCE_TEXT = HEX_CAPACITY(REFERENCE_SIZE) };

struct refusals {
	int ring;             /* -1: there is none */
	uint64_t next;
	uint64_t log_level;   /* thousandths of a line */
	uint64_t log_at_ms;
	uint64_t log_left_out;
};

/* Takes the ring over; goes on after its youngest entry. */
void refusals_open(struct refusals *, int ring);

/* Who was refused, and when. */
struct refused {
	const char *source;  /* address in words */
	uint8_t act;         /* enum act; 0: none */
	uint64_t now_ms;     /* since 1970 UTC */
};

/*
 * Notes a refusal, whose check must have a row. reference is empty afterwards where its status has
 * none (docs/PROTOCOL.md: 400, 403, 409, 429 and 503 have one).
 */
void refusals_note(struct refusals *, const struct refused *, const struct refusal *,
	char reference[REFERENCE_TEXT]);

#endif
