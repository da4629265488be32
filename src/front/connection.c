#include "connection.h"

#include "connection_step.h"
#include "front.h"
#include "upstream.h"

#include <assert.h>
#include <event2/event.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- time and room ---- */

void connection_arm(struct connection *c, const struct timeval *timeout)
{
	(void)event_add(&c->timer, timeout);
	TAILQ_REMOVE(&c->front->connections, c, links);
	TAILQ_INSERT_TAIL(&c->front->connections, c, links);
}

static void on_timer(evutil_socket_t descriptor, short what, void *context)
{
	struct connection *c = context;

	(void)descriptor;
	(void)what;
	if (c->state != CONNECTION_WAIT) {
		connection_close(c);
		return;
	}
	upstream_forget(c->front, c);
	exchange_refuse_now(c, "the verifier did not answer in time");
	connection_run(c);
}

/* ---- the loop ---- */

static void on_readiness(evutil_socket_t descriptor, short what, void *context)
{
	(void)descriptor;
	(void)what;
	connection_run(context);
}

static void set_interest(struct connection *c, short interest)
{
	if (interest == c->interest)
		return;
	if (c->interest != 0)
		(void)event_del(&c->readiness);
	c->interest = interest;
	if (interest == 0)
		return;
	(void)event_assign(&c->readiness, c->front->base, c->descriptor,
		(short)(interest | EV_PERSIST), on_readiness, c);
	(void)event_add(&c->readiness, NULL);
}

void connection_run(struct connection *c)
{
	enum step step;

	do {
		step = connection_step(c);
	} while (step == STEP_AGAIN);
	switch (step) {
	case STEP_WAIT_READ:
		set_interest(c, EV_READ);
		return;
	case STEP_WAIT_WRITE:
		set_interest(c, EV_WRITE);
		return;
	case STEP_WAIT_ANSWER:
		set_interest(c, 0);
		return;
	case STEP_AGAIN:
	case STEP_CLOSE:
		connection_close(c);
		return;
	}
}

void connection_answer(struct connection *c, struct document *output, struct document *rest)
{
	assert(c->output == NULL && (output != NULL || c->exchange.is_last));
	c->output = output;
	c->output_rest = rest;
	c->output_sent = 0;
	c->state = CONNECTION_WRITE;
	connection_arm(c, c->front->connection_timeout);
}

void connection_close(struct connection *c)
{
	struct front *front = c->front;

	set_interest(c, 0);
	(void)event_del(&c->timer);
	upstream_forget(front, c);
	TAILQ_REMOVE(&front->connections, c, links);
	front->connection_count--;
	SSL_free(c->tls);
	(void)close(c->descriptor);
	document_release(c->output);
	document_release(c->output_rest);
	OPENSSL_clear_free(c->body, c->body_size);
	free(c);
	if (front->is_stopping && front->connection_count == 0)
		(void)event_base_loopbreak(front->base);
}

void connection_stop(struct connection *c)
{
	bool is_in_hand = c->state == CONNECTION_WAIT || c->state == CONNECTION_WRITE ||
		c->state == CONNECTION_READ_BODY ||
		(c->state == CONNECTION_READ_HEAD && c->input_len > 0);

	if (!is_in_hand)
		connection_close(c);
}

static SSL *tls_of(const struct front *front, int descriptor)
{
	SSL *tls = SSL_new(front->in_force->tls);

	if (tls != NULL && SSL_set_fd(tls, descriptor) == 1)
		return tls;
	SSL_free(tls);
	return NULL;
}

void connection_open(struct front *front, int descriptor, const struct source *source)
{
	struct connection *c = calloc(1, sizeof(*c));
	SSL *tls = tls_of(front, descriptor);

	if (c == NULL || tls == NULL) {
		free(c);
		SSL_free(tls);
		(void)close(descriptor);
		return;
	}
	if (front->connection_count >= front->connection_count_max)
		connection_close(TAILQ_FIRST(&front->connections));
	c->front = front;
	c->source = *source;
	c->descriptor = descriptor;
	c->tls = tls;
	(void)event_assign(&c->timer, front->base, -1, 0, on_timer, c);
	TAILQ_INSERT_TAIL(&front->connections, c, links);
	front->connection_count++;
	connection_arm(c, front->connection_timeout);
	connection_run(c);
}
