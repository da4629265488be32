#include "exchange.h"

#include "answer_json.h"
#include "connection.h"
#include "front.h"
#include "http.h"
#include "http_answer.h"
#include "log.h"
#include "random.h"
#include "request_json.h"
#include "routes.h"
#include "upstream.h"

#include <string.h>
#include <time.h>

enum { RETRY_AFTER_S = 2 /* where whoever refused has named no time */, SPREAD_MAX_S = 60 };

static uint64_t clock_ms(clockid_t clock)
{
	struct timespec now = { 0 };

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- answers ---- */

/*
 * Sends head and body as one document, so that an answer is one write; rest, which others hold as
 * well, follows as it is. Without memory for the answer the connection ends.
 */
static void send_answer(struct connection *c, struct http_answer *answer, struct bytes body,
	struct document *rest)
{
	char head[ANSWER_HEAD_MAX];

	answer->content_length = body.len + (rest == NULL ? 0 : rest->len);
	answer->is_last = c->exchange.is_last;
	answer->now_s = (int64_t)(clock_ms(CLOCK_REALTIME) / 1000);
	size_t head_len = http_answer_head(answer, head);
	if (c->exchange.is_head) {
		body.len = 0;
		rest = NULL;
	}
	struct document *output = document_make(head_len + body.len);
	if (output == NULL) {
		c->exchange.is_last = true;
		connection_answer(c, NULL, NULL);
		return;
	}
	memcpy(output->data, head, head_len);
	if (body.len > 0)
		memcpy(output->data + head_len, body.data, body.len);
	connection_answer(c, output, document_hold(rest));
}

static bool may_come_later(uint16_t status)
{
	return status == 429 || status == 503;
}

/* Spread over half the time again, a minute at most: a refused crowd does not come back as one. */
static uint32_t retry_after(const struct refusal *refusal, uint16_t status)
{
	uint32_t base = refusal->retry_after_s > 0 ? refusal->retry_after_s : RETRY_AFTER_S;
	uint32_t spread = base / 2 < SPREAD_MAX_S ? base / 2 : SPREAD_MAX_S;

	return may_come_later(status) ? base + random_below(spread + 2) : 0;
}

/* Notes the refusal and sends its problem document. */
static void send_refusal(struct connection *c, const struct refusal *refusal)
{
	static struct answer_body body;
	const struct check_row *row = check_row(refusal->check);
	const struct route *route = c->exchange.route;
	const struct refused refused = { c->source.text, route == NULL ? 0 : route->act,
		clock_ms(CLOCK_REALTIME) };
	struct http_answer answer = { .status = row->status,
		.content_type = "application/problem+json",
		.retry_after_s = retry_after(refusal, row->status),
		.allow = row->status == 405 ? route->allow : NULL };
	char reference[REFERENCE_TEXT];

	refusals_note(&c->front->refusals, &refused, refusal, reference);
	if (answer_json_problem(refusal, reference[0] == '\0' ? NULL : reference,
			c->front->in_force->configuration.is_explaining, &body) != FAULT_NONE)
		body.len = 0;
	send_answer(c, &answer, bytes_of(body.text, body.len), NULL);
}

/* ---- what needs no verifier ---- */

static void send_crl(struct connection *c)
{
	struct http_answer answer = { .status = 200, .content_type = "application/pkix-crl" };
	struct refusal refusal = { 0 };

	if (c->front->crl == NULL) {
		refusal_set(&refusal, CHECK_BACK_END, "there is no revocation list yet");
		send_refusal(c, &refusal);
		return;
	}
	send_answer(c, &answer, (struct bytes){ 0 }, c->front->crl);
}

static void send_ca(struct connection *c)
{
	struct http_answer answer = { .status = 200,
		.content_type = "application/pem-certificate-chain" };

	send_answer(c, &answer, (struct bytes){ 0 }, c->front->in_force->ca);
}

/* That this front answers over TLS is what it says; whether certificates are issued, 503 says. */
static void send_health(struct connection *c)
{
	struct http_answer answer = { .status = 200, .content_type = "application/json" };

	send_answer(c, &answer, BYTES_OF_LITERAL("{\"status\":\"ok\"}"), NULL);
}

/* ---- the request ---- */

/* Counts the request, whatever it is: the handshake before it was the dearest part. */
static enum fault check_quota(struct connection *c, struct refusal *refusal)
{
	uint64_t wait_ms;

	if (quota_take(&c->front->quota, c->source.prefix, clock_ms(CLOCK_MONOTONIC), &wait_ms))
		return FAULT_NONE;
	refusal_set(refusal, CHECK_RATE, "too many requests of this source or in all");
	refusal->retry_after_s = (uint32_t)(wait_ms / 1000) + 1;
	return FAULT_BUSY;
}

void exchange_refuse_head(struct connection *c, const char *saw)
{
	struct refusal uncounted = { 0 }, refusal = { 0 };

	/* Malformed requests use up the quota too; being over it changes nothing for them. */
	(void)check_quota(c, &uncounted);
	refusal_set(&refusal, CHECK_HTTP_HEAD, "%s", saw);
	/* Where this request ends cannot be known: nothing after it is read. */
	c->exchange.is_last = true;
	send_refusal(c, &refusal);
}

/* All that a well-formed head can be refused for, in the order of cost. */
static enum fault judge_request(struct connection *c, const struct http_request *request,
	struct refusal *refusal)
{
	enum fault fault = check_quota(c, refusal);

	if (fault == FAULT_NONE)
		fault = routes_find(request, &c->exchange.route, refusal);
	if (fault == FAULT_NONE && c->exchange.route->method == HTTP_POST)
		fault = routes_check_body(request, refusal);
	return fault;
}

static void send_route(struct connection *c, enum route_name name)
{
	if (name == ROUTE_CA)
		send_ca(c);
	else if (name == ROUTE_CRL)
		send_crl(c);
	else
		send_health(c);
}

enum exchange_step exchange_begin(struct connection *c, struct bytes head, size_t *body_size)
{
	struct http_request request;
	struct refusal refusal = { 0 };

	if (http_parse_head(head, &request, &refusal) != FAULT_NONE) {
		exchange_refuse_head(c, refusal.saw);
		return EXCHANGE_ANSWERED;
	}
	c->exchange.is_head = request.method == HTTP_HEAD;
	c->exchange.is_last |= request.is_last;
	if (judge_request(c, &request, &refusal) != FAULT_NONE) {
		/* A body that is not read ends the connection. */
		c->exchange.is_last |= request.content_length > 0 || request.has_transfer_encoding;
		send_refusal(c, &refusal);
		return EXCHANGE_ANSWERED;
	}
	if (c->exchange.route->method == HTTP_POST) {
		*body_size = (size_t)request.content_length;
		return EXCHANGE_WANTS_BODY;
	}
	send_route(c, c->exchange.route->name);
	return EXCHANGE_ANSWERED;
}

void exchange_refuse_now(struct connection *c, const char *saw)
{
	struct refusal refusal = { 0 };

	refusal_set(&refusal, CHECK_BACK_END, "%s", saw);
	send_refusal(c, &refusal);
}

enum exchange_step exchange_body(struct connection *c, struct bytes body)
{
	static struct evidence_octets octets;
	struct evidence evidence;
	struct refusal refusal = { 0 };

	enum fault fault = request_json_read(body, c->exchange.route->act, &octets, &evidence,
		&refusal);
	if (fault != FAULT_NONE) {
		if (fault == FAULT_NO_MEMORY)
			log_warning("%s; the device will ask again", refusal.saw);
		send_refusal(c, &refusal);
		return EXCHANGE_ANSWERED;
	}
	fault = upstream_ask(c->front, c, &evidence);
	if (fault != FAULT_NONE) {
		exchange_refuse_now(c, fault_text(fault));
		return EXCHANGE_ANSWERED;
	}
	return EXCHANGE_WAITS;
}

static bool is_answer_of(uint8_t act, uint8_t kind)
{
	return kind == ANSWER_REFUSED || (act == ACT_CHALLENGE && kind == ANSWER_CHALLENGE) ||
		(act == ACT_CERTIFICATE && kind == ANSWER_CERTIFICATE);
}

enum fault exchange_answered(struct connection *c, const struct answer *received)
{
	static struct answer_body body;
	struct http_answer answer = { .status = 200, .content_type = "application/json" };

	if (!is_answer_of(c->exchange.route->act, received->kind))
		return FAULT_INVALID;
	if (received->kind == ANSWER_REFUSED) {
		send_refusal(c, &received->refusal);
		return FAULT_NONE;
	}
	enum fault fault = answer_json_result(received, &body);
	if (fault == FAULT_NO_MEMORY) {
		/* Whoever asks again with the same ticket gets the same certificate. */
		exchange_refuse_now(c, "the front had no memory");
		return FAULT_NONE;
	}
	if (fault != FAULT_NONE)
		return fault;
	if (received->kind == ANSWER_CERTIFICATE)
		log_info("a certificate goes to %s", c->source.text);
	send_answer(c, &answer, bytes_of(body.text, body.len), NULL);
	return FAULT_NONE;
}
