#include "control.h"

#include "channel.h"
#include "connection.h"
#include "descriptor.h"
#include "front.h"
#include "front_sandbox.h"
#include "listener.h"
#include "log.h"
#include "owned.h"

#include <stdlib.h>

static void reply(enum message_type type, uint64_t request, const char *text)
{
	uint8_t buffer[512];
	struct writer w = message_begin(buffer, sizeof(buffer), type, request);
	struct bytes frame;

	writer_bytes(&w, bytes_of_string(text));
	if (writer_end(&w, &frame) == FAULT_NONE && channel_send(ROLE_CONTROL, frame) == FAULT_NONE)
		return;
	log_error("the supervisor does not take an answer");
	exit(EXIT_FAILURE);
}

/* ---- loads ---- */

/* Items that come once, at the start, and are descriptors to be kept. */
static bool take_descriptor(struct front *front, uint8_t kind, int *descriptor)
{
	if (kind == LOAD_LISTEN && front->listening < 0 && *descriptor >= 0) {
		front->listening = *descriptor;
	} else if (kind == LOAD_REFUSALS && front->refusals.ring < 0 && *descriptor >= 0) {
		refusals_open(&front->refusals, *descriptor);
	} else {
		return false;
	}
	*descriptor = -1;
	return true;
}

static void take_item(struct front *front, const struct message *message, int *descriptor)
{
	struct load load;

	if (load_read(message->body, &load) != FAULT_NONE)
		role_peer_is_taken("the supervisor sent an item that does not read");
	if (take_descriptor(front, load.kind, descriptor))
		return;
	if (loading_take(&front->loading, &load, *descriptor) != FAULT_NONE)
		role_peer_is_taken("the supervisor sent item %u, which is not a front's", load.kind);
}

static void drop_prepared(struct front *front)
{
	material_free(front->prepared);
	front->prepared = NULL;
}

static void prepare(struct front *front, uint64_t request)
{
	drop_prepared(front);
	if (front->listening < 0)
		reply(MESSAGE_LOAD_REFUSED, request, "there is no listening socket");
	else if (loading_prepare(&front->loading, &front->prepared) != FAULT_NONE)
		reply(MESSAGE_LOAD_REFUSED, request, front->loading.reason);
	else
		reply(MESSAGE_LOADED, request, "");
	loading_end(&front->loading);
}

/* Connections that are open keep the certificate that they began with. */
static void commit(struct front *front)
{
	bool is_first = front->in_force == NULL;

	if (front->prepared == NULL)
		role_peer_is_taken("the supervisor commits what was never prepared");
	material_free(front->in_force);
	front->in_force = front->prepared;
	front->prepared = NULL;
	quota_set_rates(&front->quota, front->in_force->configuration.rate_per_prefix,
		front->in_force->configuration.rate_all);
	if (is_first) {
		front_sandbox_enter(&front->role);
		if (listener_start(front) != FAULT_NONE) {
			log_error("the listening socket cannot be watched");
			exit(EXIT_FAILURE);
		}
	}
	reply(MESSAGE_COMMITTED, REQUEST_NONE, "");
}

/* ---- revocation lists ---- */

static bool is_of_list_before(const struct document *document, uint64_t list)
{
	return document != NULL && document->list != 0 && document->list < list;
}

/* Who is still reading a list older than that one goes: else many would be held, for as many readers. */
static void close_readers_before(struct front *front, uint64_t list)
{
	struct connection *connection = TAILQ_FIRST(&front->connections);

	while (connection != NULL) {
		struct connection *next = TAILQ_NEXT(connection, links);

		if (is_of_list_before(connection->output, list) ||
				is_of_list_before(connection->output_rest, list))
			connection_close(connection);
		connection = next;
	}
}

static void take_crl(struct front *front, struct bytes body, int descriptor)
{
	struct crl_notice notice;
	size_t len;

	if (crl_notice_read(body, &notice) != FAULT_NONE || descriptor < 0)
		role_peer_is_taken("the supervisor sent a revocation list that does not read");
	struct document *crl = document_make(notice.size);
	if (crl == NULL || descriptor_read(descriptor, crl->data, crl->len, &len) != FAULT_NONE ||
			len != crl->len) {
		log_error("the revocation list of %u octets cannot be read; the former one stays",
			notice.size);
		document_release(crl);
		return;
	}
	crl->list = ++front->list_count;
	close_readers_before(front, crl->list - 1);
	document_release(front->crl);
	front->crl = crl;
}

/* ---- the end ---- */

static void on_stop_timer(evutil_socket_t descriptor, short what, void *context)
{
	struct front *front = context;

	(void)descriptor;
	(void)what;
	log_warning("%zu connections are cut off at the end", front->connection_count);
	(void)event_base_loopbreak(front->base);
}

static void stop(struct front *front)
{
	const struct timeval timeout = { .tv_sec = STOP_TIMEOUT_S };
	struct connection *connection = TAILQ_FIRST(&front->connections);

	if (front->is_stopping)
		return;
	front->is_stopping = true;
	listener_stop(front);
	while (connection != NULL) {
		struct connection *next = TAILQ_NEXT(connection, links);

		connection_stop(connection);
		connection = next;
	}
	if (front->connection_count == 0)
		(void)event_base_loopbreak(front->base);
	(void)event_assign(&front->stop_timer, front->base, -1, 0, on_stop_timer, front);
	(void)event_add(&front->stop_timer, &timeout);
}

/* ---- the channel ---- */

static void take_message(struct front *front, const struct message *message, int *descriptor)
{
	switch (message->type) {
	case MESSAGE_LOAD:
		take_item(front, message, descriptor);
		return;
	case MESSAGE_LOAD_END:
		prepare(front, message->request);
		return;
	case MESSAGE_COMMIT:
		commit(front);
		return;
	case MESSAGE_ABANDON:
		drop_prepared(front);
		loading_end(&front->loading);
		return;
	case MESSAGE_CRL:
		take_crl(front, message->body, *descriptor);
		return;
	case MESSAGE_STOP:
		stop(front);
		return;
	default:
		role_peer_is_taken("the supervisor sent a message of type %u", message->type);
	}
}

/* Takes one frame; FAULT_BUSY where there is none now. */
static enum fault take_frame(struct front *front, int channel)
{
	static uint8_t buffer[FRAME_MAX];
	owned_descriptor descriptor = -1;
	struct bytes frame;
	struct message message;

	enum fault fault = channel_receive(channel, buffer, sizeof(buffer), &frame, &descriptor);
	if (fault != FAULT_NONE)
		return fault;
	if (message_read(frame, &message) != FAULT_NONE)
		role_peer_is_taken("the supervisor sent a frame that does not read");
	take_message(front, &message, &descriptor);
	return FAULT_NONE;
}

static void on_frames(evutil_socket_t channel, short what, void *context)
{
	enum fault fault;

	(void)what;
	do {
		fault = take_frame(context, channel);
	} while (fault == FAULT_NONE);
	if (fault == FAULT_BUSY)
		return;
	log_error("the supervisor's channel: %s", fault_text(fault));
	exit(EXIT_FAILURE);
}

enum fault control_open(struct front *front)
{
	if (event_assign(&front->control, front->base, ROLE_CONTROL, EV_READ | EV_PERSIST,
			on_frames, front) != 0 || event_add(&front->control, NULL) != 0)
		return FAULT_NO_MEMORY;
	return FAULT_NONE;
}
