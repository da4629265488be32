#ifndef FRONT_UPSTREAM_H
#define FRONT_UPSTREAM_H

#include "fault.h"
#include "message.h"

struct connection;
struct front;

/*
 * upstream: the channel to this front's verifier. What comes back is believed in its form alone,
 * and only there: a frame that does not read, or an answer that the request cannot have, means
 * that the verifier is taken; the process ends and the supervisor starts it anew.
 */

/* Begins to listen on ROLE_UPSTREAM. FAULT_NO_MEMORY. */
enum fault upstream_open(struct front *);

/*
 * Sends evidence; the answer will come to the connection through exchange_answered. FAULT_BUSY
 * where PENDING_MAX are in flight or the channel is full, FAULT_CLOSED where nobody listens.
 */
enum fault upstream_ask(struct front *, struct connection *, const struct evidence *);

/* The connection does not wait any more. */
void upstream_forget(struct front *, const struct connection *);

#endif
