#include "operator_client.h"

#include "channel.h"
#include "frame.h"
#include "owned.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { TEXT_OCTETS_MAX = 400 };

/* ---- to a running server ---- */

/* -1 where nobody listens. */
static int connect_to_server(const struct folder *folder)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	owned_descriptor channel = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	/* Unix addresses are short, folders' paths may be long: hence through the descriptor. */
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/control",
		folder->descriptor);
	if (channel < 0 ||
			connect(channel, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
			fcntl(channel, F_SETFL, O_NONBLOCK) != 0)
		return -1;
	int connected = channel;
	channel = -1;
	return connected;
}

enum fault operator_open_running(const char *directory, struct operator_client *out,
	bool *is_running, struct trouble *trouble)
{
	struct operator_client client = { .channel = -1, .lock = -1, .next_request = 1 };
	enum fault fault = folder_open(directory, &client.folder, trouble);

	if (fault != FAULT_NONE)
		return fault;
	client.channel = connect_to_server(&client.folder);
	*is_running = client.channel >= 0;
	if (*is_running)
		*out = client;
	else
		folder_close(&client.folder);
	return FAULT_NONE;
}

/* ---- without a server ---- */

static enum fault start_store(struct operator_client *client, struct trouble *trouble)
{
	enum fault fault = folder_lock(&client->folder, &client->lock, trouble);

	if (fault == FAULT_NONE)
		fault = role_program_find(trouble);
	if (fault == FAULT_NONE)
		fault = server_open(&client->folder, false, client->server, trouble);
	if (fault == FAULT_NONE)
		fault = server_start_kind(client->server, KIND_STORE, trouble);
	return fault;
}

static void forget(struct operator_client *client)
{
	if (client->server != NULL && client->server->folder != NULL)
		server_close(client->server);
	free(client->server);
	owned_close_descriptor(&client->lock);
	folder_close(&client->folder);
}

static enum fault open_local(const char *directory, struct operator_client *out,
	struct trouble *trouble)
{
	struct operator_client client = { .channel = -1, .is_local = true, .lock = -1,
		.next_request = 1, .server = calloc(1, sizeof(*client.server)) };
	enum fault fault = client.server == NULL ?
		trouble_say(trouble, FAULT_NO_MEMORY, "out of memory") :
		folder_open(directory, &client.folder, trouble);

	if (fault == FAULT_NONE) {
		client.server->folder = NULL;
		fault = start_store(&client, trouble);
	}
	if (fault != FAULT_NONE) {
		forget(&client);
		return fault;
	}
	client.channel = server_role(client.server, KIND_STORE)->control;
	*out = client;
	/* The server looks into the folder again when it reloads: into the one that stays. */
	out->server->folder = &out->folder;
	return FAULT_NONE;
}

enum fault operator_open(
	const char *directory, struct operator_client *out, struct trouble *trouble)
{
	bool is_running = false;
	enum fault fault = operator_open_running(directory, out, &is_running, trouble);

	if (fault != FAULT_NONE || is_running)
		return fault;
	return open_local(directory, out, trouble);
}

/* The authority makes a list at its start in any case, and hands it over once the store has it. */
static enum fault make_list(struct server *server, struct trouble *trouble)
{
	enum fault fault = server_start_kind(server, KIND_AUTHORITY, trouble);

	return fault != FAULT_NONE ? fault : server_await_crl(server, trouble);
}

enum fault operator_close(struct operator_client *client, struct trouble *trouble)
{
	enum fault fault = FAULT_NONE;

	if (!client->is_local) {
		owned_close_descriptor(&client->channel);
		folder_close(&client->folder);
		return FAULT_NONE;
	}
	if (client->needs_list)
		fault = make_list(client->server, trouble);
	server_stop(client->server);
	forget(client);
	return fault;
}

/* ---- acts ---- */

enum fault operator_send(struct operator_client *client, const struct order *order,
	struct trouble *trouble)
{
	static uint8_t buffer[FRAME_MAX];
	struct operator_request request = { .verb = bytes_of_string(order->verb),
		.count = order->count };
	struct writer w =
		message_begin(buffer, sizeof(buffer), MESSAGE_OPERATOR, client->next_request);
	struct bytes frame;

	for (size_t i = 0; i < order->count; i++) {
		request.arguments[i] = bytes_of_string(order->arguments[i]);
		if (request.arguments[i].len > OPERATOR_ARGUMENT_MAX)
			return trouble_say(trouble, FAULT_INVALID, "%.40s…: longer than %d octets",
				order->arguments[i], OPERATOR_ARGUMENT_MAX);
	}
	operator_request_write(&w, &request);
	enum fault fault = writer_end(&w, &frame);
	if (fault == FAULT_NONE)
		fault = frame_send(client->channel, frame, -1);
	if (fault != FAULT_NONE)
		return trouble_say(trouble, FAULT_SYSTEM, "%s: the %s does not take it: %s",
			order->verb, client->is_local ? "store" : "server", fault_text(fault));
	client->next_request++;
	return FAULT_NONE;
}

static enum fault take_row(struct bytes body, const struct row_sink *sink, struct trouble *trouble)
{
	struct operator_row row;

	if (operator_row_read(body, &row) != FAULT_NONE)
		return trouble_say(trouble, FAULT_SYSTEM, "the answer does not read");
	if (sink != NULL)
		sink->take(sink->context, &row);
	return FAULT_NONE;
}

static enum fault take_end(struct operator_client *client, struct bytes body,
	struct trouble *trouble)
{
	struct operator_end end;

	client->after[0] = '\0';
	if (operator_end_read(body, &end) != FAULT_NONE || (end.is_done && end.text.len > SERIAL_MAX))
		return trouble_say(trouble, FAULT_SYSTEM, "the answer does not read");
	if (end.is_done && end.text.len > 0)
		(void)snprintf(client->after, sizeof(client->after), "after=%.*s",
			(int)end.text.len, (const char *)end.text.data);
	if (end.is_done)
		return FAULT_NONE;
	size_t len = end.text.len < TEXT_OCTETS_MAX ? end.text.len : TEXT_OCTETS_MAX;
	return trouble_say(trouble, end.is_not_found ? FAULT_NOT_FOUND : FAULT_DENIED, "%.*s",
		(int)len, (const char *)end.text.data);
}

static enum fault receive(struct operator_client *client, struct message *out, uint8_t *buffer,
	struct trouble *trouble)
{
	struct bytes frame;
	enum fault fault;

	while ((fault = channel_receive(client->channel, buffer, FRAME_MAX, &frame, NULL)) ==
			FAULT_BUSY) {
		fault = frame_wait(client->channel, OPERATOR_ANSWER_WAIT_MS);
		if (fault != FAULT_NONE)
			break;
	}
	if (fault == FAULT_NONE)
		fault = message_read(frame, out);
	if (fault == FAULT_NONE)
		return FAULT_NONE;
	return trouble_say(trouble, FAULT_SYSTEM,
		"the %s has gone before it answered (%s); ask again what is so now",
		client->is_local ? "store" : "server", fault_text(fault));
}

enum fault operator_await(struct operator_client *client, const struct row_sink *sink,
	struct trouble *trouble)
{
	static uint8_t buffer[FRAME_MAX];

	for (;;) {
		struct message message;
		enum fault fault = receive(client, &message, buffer, trouble);

		if (fault != FAULT_NONE)
			return fault;
		if (message.type == MESSAGE_OPERATOR_END)
			return take_end(client, message.body, trouble);
		if (message.type != MESSAGE_OPERATOR_ROW)
			return trouble_say(trouble, FAULT_SYSTEM, "the answer does not read");
		fault = take_row(message.body, sink, trouble);
		if (fault != FAULT_NONE)
			return fault;
	}
}

enum fault operator_ask(struct operator_client *client, const struct order *order,
	const struct row_sink *sink, struct trouble *trouble)
{
	struct order page = *order;
	enum fault fault;

	do {
		fault = operator_send(client, &page, trouble);
		if (fault == FAULT_NONE)
			fault = operator_await(client, sink, trouble);
		page.arguments[order->count] = client->after;
		page.count = order->count + 1;
	} while (fault == FAULT_NONE && client->after[0] != '\0');
	return fault;
}
