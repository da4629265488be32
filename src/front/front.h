#ifndef FRONT_FRONT_H
#define FRONT_FRONT_H

#include "document.h"
#include "material.h"
#include "pending.h"
#include "quota.h"
#include "refusals.h"
#include "role.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

struct connection;

/*
 * front: all that the process has. One thread, one loop; every part is handed this struct and
 * touches only what its own header names.
 */
struct front {
	struct role role;
	struct event_base *base;

	/* control.h */
	struct event control;
	struct loading loading;
	struct material *prepared;
	bool is_stopping;
	struct event stop_timer;

	/* in force since the last MESSAGE_COMMIT; NULL before the first */
	struct material *in_force;
	struct document *crl; /* DER; NULL until the first one comes */
	uint64_t list_count;  /* lists that have come */

	/* upstream.h */
	struct event upstream;
	struct pending pending;

	/* listener.h */
	int listening; /* -1: none */
	struct event acceptance, acceptance_pause;

	/* connection.h */
	TAILQ_HEAD(connection_list, connection) connections; /* the one armed longest ago is first */
	size_t connection_count, connection_count_max;
	const struct timeval *connection_timeout, *answer_timeout;

	/* exchange.h */
	struct quota quota;
	struct refusals refusals;
};

#endif
