#ifndef FRONT_EXCHANGE_H
#define FRONT_EXCHANGE_H

#include "bytes.h"
#include "fault.h"
#include "message.h"

#include <stdbool.h>
#include <stddef.h>

struct connection;
struct route;

/*
 * exchange: one request and its answer. It decides in this order, cheap before dear: head, quota,
 * route, form of the body; then the body is read; JSON, then the verifier. Every way ends in
 * exactly one answer; every refusal is noted once (refusals.h).
 */
struct exchange {
	const struct route *route; /* NULL until the head was read */
	bool is_head;              /* HEAD: the answer's head without its body */
	bool is_last;              /* the connection ends with this answer */
};

/* What the connection does next. */
enum exchange_step {
	EXCHANGE_ANSWERED,   /* connection_answer was called */
	EXCHANGE_WANTS_BODY,
	EXCHANGE_WAITS,      /* for the verifier */
};

/* A whole head is there; its octets are not needed afterwards. body_size, where one is wanted. */
enum exchange_step exchange_begin(struct connection *, struct bytes head, size_t *body_size);

/* The whole body is there. */
enum exchange_step exchange_body(struct connection *, struct bytes body);

/* A head without end, or with a broken line end: answers 400. */
void exchange_refuse_head(struct connection *, const char *saw);

/* There is no room for body or answer, or the verifier did not answer in time: answers 503. */
void exchange_refuse_now(struct connection *, const char *saw);

/* The verifier's answer. FAULT_INVALID where it is none that this request can have. */
enum fault exchange_answered(struct connection *, const struct answer *);

#endif
