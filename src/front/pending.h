#ifndef FRONT_PENDING_H
#define FRONT_PENDING_H

#include "fault.h"
#include "limits.h"

#include <stdint.h>

struct connection;

/*
 * pending: the requests that the verifier has and has not answered, at most PENDING_MAX. A request
 * number is never used twice: they start at random and count on, so that an answer to a request
 * that nobody waits for any more, or that a front before us made, finds nobody.
 */
struct pending_entry {
	uint64_t request;
	struct connection *connection; /* NULL: the place is free */
};

struct pending {
	uint64_t next;
	struct pending_entry entries[PENDING_MAX];
};

/* first is random. */
void pending_open(struct pending *, uint64_t first);

/* Takes a place; out is the request's number. FAULT_BUSY where there is none free. */
enum fault pending_add(struct pending *, struct connection *, uint64_t *out);

/* Gives the place back; out is who waits. FAULT_NOT_FOUND where nobody waits for it. */
enum fault pending_take(struct pending *, uint64_t request, struct connection **out);

/* Nobody waits for this connection's request any more. Harmless where it has none. */
void pending_forget(struct pending *, const struct connection *);

#endif
