#ifndef SUPERVISOR_WIRING_H
#define SUPERVISOR_WIRING_H

#include "configuration.h"
#include "fault.h"

#include <stddef.h>

/*
 * wiring: the channels between the roles:
 *
 *	front i ─── verifier i ─── authority ─── store        i from 0 to worker_count - 1
 *
 * Both ends of each pair stay open here, so that a role that is started again gets the very same
 * ends and its peers never see one of theirs closed: a request that was in hand times out at the
 * front, and nothing else happens.
 */
enum role_kind { KIND_FRONT, KIND_VERIFIER, KIND_AUTHORITY, KIND_STORE, KIND_COUNT };

struct wiring {
	unsigned worker_count; /* 0: a command without a server, authority and store alone */
	int front_verifier[WORKERS_MAX][2];
	int verifier_authority[WORKERS_MAX][2];
	int authority_store[2];
};

enum fault wiring_open(unsigned worker_count, struct wiring *out);
void wiring_close(struct wiring *);

enum { WIRING_ENDS_MAX = 1 + WORKERS_MAX };

/*
 * The ends that a role is started with, in the order of process/role.h: ROLE_UPSTREAM, ROLE_NEXT,
 * …. Returns how many.
 */
size_t wiring_ends(const struct wiring *, enum role_kind, unsigned number,
	int out[WIRING_ENDS_MAX]);

/* Throws away what waits for a role that has died: its successor knows nothing of it. */
void wiring_drain(const struct wiring *, enum role_kind, unsigned number);

#endif
