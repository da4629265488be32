#ifndef AUTHORITY_HEADER_CHECK_H
#define AUTHORITY_HEADER_CHECK_H

#include "materials.h"
#include "ticket.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * header_check: whether a challenge header is acceptable now: the first thing decided about
 * getCertificate, before evidence and ticket. What is not acceptable is 409 start-again.
 */

/* Milliseconds: a ticket's life, and how far ahead of the clock it may be (S6). */
enum { TICKET_LIFE_MS = 600000, TICKET_AHEAD_MS = 60000 };

bool header_ca_id_is_current(const struct materials *, const struct ticket_header *);
bool header_fingerprint_is_current(const struct materials *, const struct ticket_header *);

/* True where all hold; else out says which did not. */
bool header_check(const struct materials *, const struct ticket_header *, uint64_t now_ms,
	struct refusal *out);

#endif
