#include "upstream.h"

#include "channel.h"
#include "connection.h"
#include "front.h"
#include "log.h"

#include <stdlib.h>

static void take_answer(struct front *front, struct bytes frame)
{
	struct message message;
	struct answer answer;
	struct connection *connection;

	if (message_read(frame, &message) != FAULT_NONE || message.type != MESSAGE_ANSWER ||
			answer_read(message.body, &answer) != FAULT_NONE)
		role_peer_is_taken("the verifier sent a frame that is no answer");
	/* Nobody waits: it came too late, or was for a front before this one. */
	if (pending_take(&front->pending, message.request, &connection) != FAULT_NONE)
		return;
	if (exchange_answered(connection, &answer) != FAULT_NONE)
		role_peer_is_taken("the verifier sent an answer that the request cannot have");
	connection_run(connection);
}

static void on_frames(evutil_socket_t channel, short what, void *context)
{
	static uint8_t buffer[FRAME_MAX];
	struct front *front = context;
	struct bytes frame;
	enum fault fault;

	(void)what;
	while ((fault = channel_receive(channel, buffer, sizeof(buffer), &frame,
			NULL)) == FAULT_NONE)
		take_answer(front, frame);
	if (fault == FAULT_BUSY)
		return;
	if (fault != FAULT_CLOSED)
		role_peer_is_taken("the verifier's channel: %s", fault_text(fault));
	log_error("the verifier has gone");
	exit(EXIT_FAILURE);
}

enum fault upstream_open(struct front *front)
{
	if (event_assign(&front->upstream, front->base, ROLE_UPSTREAM, EV_READ | EV_PERSIST,
			on_frames, front) != 0 || event_add(&front->upstream, NULL) != 0)
		return FAULT_NO_MEMORY;
	return FAULT_NONE;
}

enum fault upstream_ask(struct front *front, struct connection *connection,
	const struct evidence *evidence)
{
	static uint8_t buffer[FRAME_MAX];
	uint64_t request;
	struct bytes frame;

	enum fault fault = pending_add(&front->pending, connection, &request);
	if (fault != FAULT_NONE)
		return fault;
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_EVIDENCE, request);
	evidence_write(&w, evidence);
	fault = writer_end(&w, &frame);
	if (fault == FAULT_NONE)
		fault = channel_send(ROLE_UPSTREAM, frame);
	if (fault != FAULT_NONE)
		pending_forget(&front->pending, connection);
	return fault;
}

void upstream_forget(struct front *front, const struct connection *connection)
{
	pending_forget(&front->pending, connection);
}
