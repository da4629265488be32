#ifndef FRONT_CONNECTION_H
#define FRONT_CONNECTION_H

#include "document.h"
#include "exchange.h"
#include "limits.h"
#include "source.h"

#include <event2/event_struct.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct front;

/*
 * connection: one TLS connection, from accept to close: a small machine of states, each a function
 * that does what it can without waiting and says what it waits for. One request at a time: while
 * one is judged or its answer is on its way out, nothing is read, so that pipelined requests wait
 * in the peer's own buffers.
 *
 * Time: one timer, absolute: it is set when a state of affairs begins (accepted; whole request in;
 * answer out) and not by each octet, so that dribbling gains nothing. Whoever takes over
 * CONNECTION_TIMEOUT_MS is closed; the verifier has ANSWER_TIMEOUT_MS, then the answer is 503. Only
 * a long answer (a revocation list) earns time anew by every OUTPUT_STEP octets that are taken.
 *
 * Work: a request comes in at most REQUEST_READS_MAX pieces, and nothing that a peer can send keeps
 * the loop from the other connections.
 *
 * Room: where CONNECTION_COUNT_MAX are open, a new one takes the place of the one whose timer was
 * set longest ago. Those are slow ones; a good client is through long before.
 */
enum connection_state {
	CONNECTION_HANDSHAKE = 0,
	CONNECTION_READ_HEAD,
	CONNECTION_READ_BODY,
	CONNECTION_WAIT,  /* for the verifier */
	CONNECTION_WRITE,
	CONNECTION_DRAIN, /* after the last answer, until the peer closes: else it might not see it */
};

struct connection {
	TAILQ_ENTRY(connection) links;
	struct front *front;
	struct source source;
	int descriptor;
	SSL *tls;
	enum connection_state state;
	struct event readiness; /* of the descriptor */
	short interest;         /* for what readiness is set: EV_READ, EV_WRITE or 0 */
	struct event timer;

	size_t reads;           /* of this request */
	size_t input_len;       /* octets of the head, and of what follows it */
	size_t scan;            /* http_find_end's */
	uint8_t input[HEAD_MAX];
	uint8_t *body;
	size_t body_len, body_size;

	struct exchange exchange;
	unsigned requests;
	struct document *output; /* head and, mostly, body of the answer */
	struct document *output_rest; /* its body where others may hold it too; else NULL */
	size_t output_sent;      /* of the one being written */
	size_t drained;
};

/* Takes the descriptor over, which is closed where there is no memory for a connection. */
void connection_open(struct front *, int descriptor, const struct source *);

/* Closes at once, wherever it stands. */
void connection_close(struct connection *);

/* Goes as far as it can without waiting; afterwards the connection may be gone. */
void connection_run(struct connection *);

/*
 * Gives the answer, whose documents it takes over: it goes out at the next connection_run. rest may
 * be NULL; where output is, there is no memory for an answer and the connection ends. The exchange
 * says whether it is the last one.
 */
void connection_answer(struct connection *, struct document *output, struct document *rest);

/* A state of affairs begins: the timer is set anew, and the connection is the youngest again. */
void connection_arm(struct connection *, const struct timeval *timeout);

/* Nothing new is taken from it: closed when its request, if it has one in hand, is answered. */
void connection_stop(struct connection *);

#endif
