#include "connection_step.h"

#include "connection.h"
#include "front.h"
#include "http.h"

#include <assert.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>
#include <unistd.h>

/* After a call of OpenSSL's that did not succeed: what the socket has to become ready for. */
static enum step step_of_failure(const struct connection *c, int result)
{
	switch (SSL_get_error(c->tls, result)) {
	case SSL_ERROR_WANT_READ:
		return STEP_WAIT_READ;
	case SSL_ERROR_WANT_WRITE:
		return STEP_WAIT_WRITE;
	default:
		return STEP_CLOSE;
	}
}

static enum step do_handshake(struct connection *c)
{
	ERR_clear_error();
	int result = SSL_accept(c->tls);

	if (result != 1)
		return step_of_failure(c, result);
	c->state = CONNECTION_READ_HEAD;
	return STEP_AGAIN;
}

/*
 * Takes up to capacity octets; STEP_AGAIN where there were some. A record costs the same with one
 * octet or with none (a key update) as with thousands: so records are counted, not octets alone.
 */
static enum step take_octets(struct connection *c, uint8_t *out, size_t capacity, size_t *len)
{
	size_t got = 0;

	if (++c->reads > REQUEST_READS_MAX)
		return STEP_CLOSE;
	ERR_clear_error();
	int result = SSL_read_ex(c->tls, out, capacity, &got);
	if (result != 1)
		return step_of_failure(c, result);
	*len += got;
	return STEP_AGAIN;
}

/* Takes octets off the front of the input. */
static void consume_input(struct connection *c, size_t len)
{
	assert(len <= c->input_len);
	memmove(c->input, c->input + len, c->input_len - len);
	c->input_len -= len;
	c->scan = 0;
}

static void after_exchange(struct connection *c, enum exchange_step step)
{
	switch (step) {
	case EXCHANGE_ANSWERED: /* connection_answer has set the state */
		return;
	case EXCHANGE_WAITS:
		c->state = CONNECTION_WAIT;
		connection_arm(c, c->front->answer_timeout);
		return;
	case EXCHANGE_WANTS_BODY:
		c->state = CONNECTION_READ_BODY;
		return;
	}
}

/* Makes room for the body, whose first octets may have come with the head. */
static enum exchange_step begin_body(struct connection *c, size_t size)
{
	size_t here = c->input_len < size ? c->input_len : size;

	c->body = OPENSSL_malloc(size + 1); /* one more, so that no body is no NULL */
	if (c->body == NULL) {
		c->exchange.is_last = true;
		exchange_refuse_now(c, "there is no memory for the body");
		return EXCHANGE_ANSWERED;
	}
	memcpy(c->body, c->input, here);
	c->body_len = here;
	c->body_size = size;
	consume_input(c, here);
	return EXCHANGE_WANTS_BODY;
}

static void begin_exchange(struct connection *c, size_t head_len)
{
	size_t body_size = 0;

	c->exchange = (struct exchange){ .is_last = ++c->requests >= CONNECTION_REQUESTS_MAX ||
		c->front->is_stopping };
	enum exchange_step step = exchange_begin(c, bytes_of(c->input, head_len), &body_size);
	consume_input(c, head_len);
	if (step == EXCHANGE_WANTS_BODY)
		step = begin_body(c, body_size);
	after_exchange(c, step);
}

static enum step refuse_head(struct connection *c, const char *saw)
{
	c->exchange = (struct exchange){ .is_last = true };
	exchange_refuse_head(c, saw);
	return STEP_AGAIN;
}

static enum step do_read_head(struct connection *c)
{
	size_t head_len;
	enum fault fault = http_find_end(bytes_of(c->input, c->input_len), &c->scan, &head_len);

	if (fault == FAULT_TRUNCATED)
		return take_octets(c, c->input + c->input_len, sizeof(c->input) - c->input_len,
			&c->input_len);
	if (fault == FAULT_TOO_LONG)
		return refuse_head(c, "the head is over 4096 octets");
	if (fault != FAULT_NONE)
		return refuse_head(c, "a line does not end with CR LF");
	begin_exchange(c, head_len);
	return STEP_AGAIN;
}

static enum step do_read_body(struct connection *c)
{
	if (c->body_len < c->body_size)
		return take_octets(c, c->body + c->body_len, c->body_size - c->body_len,
			&c->body_len);

	enum exchange_step step = exchange_body(c, bytes_of(c->body, c->body_len));
	/* A ticket may have been in it. */
	OPENSSL_clear_free(c->body, c->body_size);
	c->body = NULL;
	after_exchange(c, step);
	return STEP_AGAIN;
}

static enum step do_wait(struct connection *c)
{
	(void)c;
	return STEP_WAIT_ANSWER;
}

/* The answer is out: the next request, or the end. */
static enum step finish_answer(struct connection *c)
{
	if (!c->exchange.is_last && !c->front->is_stopping) {
		c->state = CONNECTION_READ_HEAD;
		c->reads = 0;
		connection_arm(c, c->front->connection_timeout);
		return STEP_AGAIN;
	}
	/* Once, without waiting for the peer's: it may never come. */
	ERR_clear_error();
	(void)SSL_shutdown(c->tls);
	c->state = CONNECTION_DRAIN;
	return STEP_AGAIN;
}

static void next_output(struct connection *c)
{
	document_release(c->output);
	c->output = c->output_rest;
	c->output_rest = NULL;
	c->output_sent = 0;
}

/* Where a call could not write all, the next one has the same arguments, as OpenSSL demands. */
static enum step do_write(struct connection *c)
{
	if (c->output == NULL)
		return finish_answer(c);

	size_t left = c->output->len - c->output_sent, sent = 0;
	ERR_clear_error();
	int result = SSL_write_ex(c->tls, c->output->data + c->output_sent,
		left < OUTPUT_STEP ? left : OUTPUT_STEP, &sent);
	if (result != 1)
		return step_of_failure(c, result);
	c->output_sent += sent;
	if (sent == OUTPUT_STEP)
		connection_arm(c, c->front->connection_timeout);
	if (c->output_sent == c->output->len)
		next_output(c);
	return STEP_AGAIN;
}

/*
 * Closing with octets unread would reset the connection, and the peer might lose the answer. So
 * they are read, undeciphered, until the peer closes too, or has sent too much.
 */
static enum step do_drain(struct connection *c)
{
	ssize_t got = read(c->descriptor, c->input, sizeof(c->input));

	if (got <= 0)
		return got < 0 && errno == EAGAIN ? STEP_WAIT_READ : STEP_CLOSE;
	c->drained += (size_t)got;
	return c->drained > DRAIN_MAX || c->front->is_stopping ? STEP_CLOSE : STEP_AGAIN;
}

static enum step (*const steps[])(struct connection *) = {
	[CONNECTION_HANDSHAKE] = do_handshake,
	[CONNECTION_READ_HEAD] = do_read_head,
	[CONNECTION_READ_BODY] = do_read_body,
	[CONNECTION_WAIT] = do_wait,
	[CONNECTION_WRITE] = do_write,
	[CONNECTION_DRAIN] = do_drain,
};

enum step connection_step(struct connection *c)
{
	return steps[c->state](c);
}
