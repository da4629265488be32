#include "loop.h"

#include "authority_acts.h"
#include "channel.h"
#include "log.h"
#include "operator.h"
#include "outbox.h"
#include "owned.h"
#include "policy_draft.h"
#include "role.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

struct loop {
	const struct loop_options *options;
	struct store *store; /* NULL until the first load has ended */
	struct policy_draft draft;
	struct policy policy; /* in force */
	bool is_in_force;
	bool is_stopping;
	bool has_authority; /* its end of the channel is open */
	struct outbox outbox;
	uint8_t received[FRAME_MAX];
	uint8_t sent[FRAME_MAX];
};

/* A sync that failed: what the disk holds is unknown, so nobody is answered any more. */
static void end_where_lost(const struct loop *loop)
{
	if (!store_is_lost(loop->store))
		return;
	log_error("the disk did not take what it was given: %s", store_failure(loop->store));
	exit(EXIT_FAILURE);
}

/* ---- the supervisor ---- */

static void wait_until_writable(int channel)
{
	struct pollfd entry = { .fd = channel, .events = POLLOUT };

	(void)poll(&entry, 1, -1);
}

/* The supervisor takes every row, however slowly; without it there is nothing left to do. */
static void tell_supervisor(const struct loop *loop, const struct writer *writer)
{
	struct bytes frame;
	enum fault fault = writer_end(writer, &frame);

	if (fault == FAULT_NONE)
		fault = channel_send(loop->options->control, frame);
	while (fault == FAULT_BUSY) {
		wait_until_writable(loop->options->control);
		fault = channel_send(loop->options->control, frame);
	}
	if (fault != FAULT_NONE) {
		log_error("the supervisor cannot be answered: %s", fault_text(fault));
		exit(EXIT_FAILURE);
	}
}

static void answer_load(struct loop *loop, uint64_t request, enum message_type type,
	const char *text)
{
	struct writer writer = message_begin(loop->sent, sizeof(loop->sent), type, request);

	writer_bytes(&writer, bytes_of_string(text));
	tell_supervisor(loop, &writer);
}

static enum fault open_store(struct loop *loop, struct store_error *error)
{
	const struct store_options options = { .path = loop->options->database,
		.clock = clock_source_system() };

	return loop->store != NULL ? FAULT_NONE : store_open(&options, &loop->store, error);
}

static void prepare(struct loop *loop, uint64_t request)
{
	struct store_error error;

	if (policy_draft_finish(&loop->draft) != FAULT_NONE) {
		answer_load(loop, request, MESSAGE_LOAD_REFUSED, loop->draft.why);
		policy_draft_close(&loop->draft);
	} else if (open_store(loop, &error) != FAULT_NONE) {
		answer_load(loop, request, MESSAGE_LOAD_REFUSED, error.text);
		policy_draft_close(&loop->draft);
	} else {
		answer_load(loop, request, MESSAGE_LOADED, "");
	}
}

static void commit(struct loop *loop)
{
	if (!loop->draft.is_complete)
		role_peer_is_taken("the supervisor committed what was not prepared");
	policy_draft_commit(&loop->draft, &loop->policy);
	store_use(loop->store, &loop->policy);
	loop->is_in_force = true;
	answer_load(loop, REQUEST_NONE, MESSAGE_COMMITTED, "");
}

static void load(struct loop *loop, struct bytes body, int descriptor)
{
	struct load item;

	if (load_read(body, &item) != FAULT_NONE ||
			policy_draft_load(&loop->draft, &item, descriptor) != FAULT_NONE)
		role_peer_is_taken("the supervisor sent an item that is not the store's");
}

/* Where the rows of an operator's act go. */
struct row_context {
	struct loop *loop;
	uint64_t request;
};

static void send_row(void *context, const struct operator_row *row)
{
	const struct row_context *to = context;
	struct loop *loop = to->loop;
	struct writer writer =
		message_begin(loop->sent, sizeof(loop->sent), MESSAGE_OPERATOR_ROW, to->request);

	operator_row_write(&writer, row);
	tell_supervisor(loop, &writer);
}

static void operate(struct loop *loop, const struct message *message)
{
	struct row_context context = { loop, message->request };
	const struct operator_sink sink = { .row = send_row, .context = &context };
	struct operator_result result = { .is_done = false, .text = "the store is not ready yet" };
	struct operator_request request;

	if (operator_request_read(message->body, &request) != FAULT_NONE)
		role_peer_is_taken("the supervisor sent an operator's act that does not read");
	if (loop->is_in_force) {
		store_operate(loop->store, &request, &sink, &result);
		end_where_lost(loop);
	}
	const struct operator_end end = { .is_done = result.is_done,
		.is_not_found = result.is_not_found,
		.text = bytes_of_string(result.text) };
	struct writer writer =
		message_begin(loop->sent, sizeof(loop->sent), MESSAGE_OPERATOR_END,
		message->request);
	operator_end_write(&writer, &end);
	tell_supervisor(loop, &writer);
}

static void take_control(struct loop *loop, struct bytes frame, int descriptor)
{
	struct message message;

	if (message_read(frame, &message) != FAULT_NONE)
		role_peer_is_taken("the supervisor sent a frame that does not read");
	switch (message.type) {
	case MESSAGE_LOAD:
		load(loop, message.body, descriptor);
		return;
	case MESSAGE_LOAD_END:
		prepare(loop, message.request);
		return;
	case MESSAGE_COMMIT:
		commit(loop);
		return;
	case MESSAGE_ABANDON:
		policy_draft_close(&loop->draft);
		return;
	case MESSAGE_OPERATOR:
		operate(loop, &message);
		return;
	case MESSAGE_STOP:
		loop->is_stopping = true;
		return;
	default:
		role_peer_is_taken("the supervisor sent a message of type %u", message.type);
	}
}

/* One at a time, so that a long import holds up no device for longer than a row takes. */
static void read_control(struct loop *loop)
{
	owned_descriptor descriptor = -1;
	struct bytes frame;
	enum fault fault = channel_receive(loop->options->control, loop->received,
		sizeof(loop->received),
		&frame, &descriptor);

	if (fault == FAULT_NONE)
		take_control(loop, frame, descriptor);
	else if (fault == FAULT_CLOSED)
		loop->is_stopping = true;
	else if (fault != FAULT_BUSY)
		role_peer_is_taken("the supervisor's channel: %s", fault_text(fault));
}

/* ---- the authority ---- */

static void send_answers(struct loop *loop)
{
	enum fault fault = outbox_send(&loop->outbox, loop->options->upstream);

	if (fault == FAULT_CLOSED)
		loop->has_authority = false;
	else if (fault != FAULT_NONE && fault != FAULT_BUSY)
		role_peer_is_taken("the authority's channel: %s", fault_text(fault));
}

/* Takes one of the authority's messages into the group; false: there are none now. */
static bool read_one(struct loop *loop)
{
	owned_descriptor descriptor = -1;
	struct bytes frame;
	enum fault fault = channel_receive(loop->options->upstream, loop->received,
		sizeof(loop->received),
		&frame, &descriptor);

	if (fault == FAULT_NONE) {
		authority_act(loop->store, &loop->outbox, frame, descriptor);
		return true;
	}
	if (fault == FAULT_CLOSED)
		loop->has_authority = false;
	else if (fault != FAULT_BUSY)
		role_peer_is_taken("the authority's channel: %s", fault_text(fault));
	return false;
}

/* One group: what is readable now, up to what the outbox holds. */
static void read_authority(struct loop *loop)
{
	size_t count = 0;

	store_group_begin(loop->store);
	while (count < OUTBOX_MAX && read_one(loop))
		count++;
	enum fault fault = store_group_commit(loop->store);
	end_where_lost(loop);
	if (fault != FAULT_NONE) {
		const struct store_state state = store_state_unknown(loop->store);

		log_error("%zu acts were not done: %s", count, store_failure(loop->store));
		outbox_refuse_all(&loop->outbox, &state, "the database did not take the commit");
	}
	send_answers(loop);
}

/* ---- both ---- */

/* While answers wait for the authority to take them, it is asked for nothing new. */
static void wait_and_serve(struct loop *loop)
{
	bool is_sending = !outbox_is_empty(&loop->outbox);
	struct pollfd entries[2] = {
		{ .fd = loop->options->control, .events = POLLIN },
		{ .fd = loop->is_in_force && loop->has_authority ? loop->options->upstream : -1,
			.events = is_sending ? POLLOUT : POLLIN },
	};

	if (poll(entries, 2, -1) < 0) {
		if (errno != EINTR)
			loop->is_stopping = true;
		return;
	}
	if (entries[0].revents != 0)
		read_control(loop);
	if (entries[1].revents == 0 || loop->is_stopping)
		return;
	if (is_sending)
		send_answers(loop);
	else
		read_authority(loop);
}

int loop_run(const struct loop_options *options)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL) {
		log_error("out of memory");
		return EXIT_FAILURE;
	}
	loop->options = options;
	loop->has_authority = true;
	while (!loop->is_stopping)
		wait_and_serve(loop);
	policy_draft_close(&loop->draft);
	store_close(loop->store);
	expected_close(loop->policy.expected);
	free(loop);
	return EXIT_SUCCESS;
}
