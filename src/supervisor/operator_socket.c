#include "operator_socket.h"

#include "channel.h"
#include "encoding.h"
#include "frame.h"
#include "log.h"
#include "operator_client.h"
#include "operator_name.h"
#include "owned.h"
#include "rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 16, SESSION_SHIFT = 32 };
#define REQUEST_MASK 0xffffffffull

/* ---- opening ---- */

/*
 * Unix addresses are short and folders' paths may be long, so the name is taken from within the
 * folder. Not through /proc/self/fd: to a process that nobody may trace, that is closed.
 */
static bool bind_in_folder(int listening, const struct folder *folder)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "control" };
	owned_descriptor here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (here < 0 || fchdir(folder->descriptor) != 0)
		return false;
	mode_t mask = umask(S_IRWXG | S_IRWXO | S_IXUSR);
	bool is_bound = bind(listening, (const struct sockaddr *)&address, sizeof(address)) == 0;
	(void)umask(mask);
	return fchdir(here) == 0 && is_bound;
}

enum fault operator_socket_open(struct server *server, struct operator_socket *out,
	struct trouble *trouble)
{
	owned_descriptor listening =
		socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	/* We hold the folder's lock: whoever made this one has gone. */
	(void)unlinkat(server->folder->descriptor, "control", 0);
	if (listening < 0 || !bind_in_folder(listening, server->folder) ||
			listen(listening, BACKLOG) != 0)
		return trouble_say(trouble, FAULT_SYSTEM, "%s/control: %s", server->folder->path,
			strerror(errno));
	*out = (struct operator_socket){ .server = server, .listening = listening, .client = -1 };
	listening = -1;
	return FAULT_NONE;
}

static void hang_up(struct operator_socket *operators)
{
	owned_close_descriptor(&operators->client);
	operators->client = -1;
	operators->owed_count = 0;
	operators->session++;
}

void operator_socket_close(struct operator_socket *operators)
{
	if (operators->listening < 0)
		return;
	hang_up(operators);
	(void)unlinkat(operators->server->folder->descriptor, "control", 0);
	owned_close_descriptor(&operators->listening);
	operators->listening = -1;
}

/* ---- answers ---- */

static void answer(struct operator_socket *operators, struct bytes frame)
{
	if (operators->client < 0)
		return;
	enum fault fault = channel_send(operators->client, frame);
	if (fault == FAULT_BUSY) {
		struct pollfd room = { .fd = operators->client, .events = POLLOUT };

		/* Its program takes answers as they come; one that is stopped must not stop us. */
		fault = poll(&room, 1, OPERATOR_TAKE_MS) == 1 ?
			channel_send(operators->client, frame) : FAULT_TIMEOUT;
	}
	if (fault != FAULT_NONE)
		hang_up(operators);
}

static void answer_end(struct operator_socket *operators, uint64_t request, enum fault fault,
	const char *text)
{
	uint8_t buffer[1024];
	const struct operator_end end = { .is_done = fault == FAULT_NONE,
		.is_not_found = fault == FAULT_NOT_FOUND, .text = bytes_of_string(text) };
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_OPERATOR_END, request);

	operator_end_write(&w, &end);
	answer(operators, writer_written(&w));
}

static void on_store_end(struct operator_socket *operators)
{
	if (operators->owed_count > 0)
		operators->owed_count--; /* none: it was hung up on just now */
	operators->silent_since_ms = monotonic_ms();
	/* What was changed may be a revocation: the authority asks the store at once. */
	server_tick(operators->server);
}

/* A frame of the store's: for the client that asked, under the number that it gave. */
static void on_store_answer(void *context, struct bytes frame)
{
	static uint8_t buffer[FRAME_MAX];
	struct operator_socket *operators = context;
	struct message message;

	if (message_read(frame, &message) != FAULT_NONE ||
			message.request >> SESSION_SHIFT != operators->session)
		return;
	struct writer w = message_begin(buffer, sizeof(buffer), (enum message_type)message.type,
		message.request & REQUEST_MASK);
	writer_bytes(&w, message.body);
	answer(operators, writer_written(&w));
	if (message.type == MESSAGE_OPERATOR_END)
		on_store_end(operators);
}

/* ---- the supervisor's own verbs ---- */

static bool has_argument(const struct operator_request *request, const char *argument)
{
	return request->count > 0 && bytes_equal(request->arguments[0], bytes_of_string(argument));
}

static enum fault do_reload(struct server *server, const struct operator_request *request,
	struct trouble *trouble)
{
	enum fault fault = server_reload(server, has_argument(request, "now"),
		operator_name_of(request), trouble);

	if (fault == FAULT_NONE)
		log_notice("reloaded, by the operator");
	else
		log_error("not reloaded, all stays as it was: %s", trouble->text);
	return fault;
}

static enum fault do_rotate(struct server *server, const struct operator_request *request,
	struct trouble *trouble)
{
	const char *actor = operator_name_of(request);
	struct trouble why = { "" };
	enum fault fault = rotate_ticket_keys(server, has_argument(request, "now"), actor, trouble);

	if (fault != FAULT_NONE)
		return fault;
	fault = server_renew_ticket_keys(server, actor, &why);
	if (fault != FAULT_NONE)
		return trouble_say(trouble, fault, "the keys in the folder are new, but not in force: "
			"%.300s; genuine-ca reload tries it again", why.text);
	log_notice("ticket keys rotated, by the operator");
	return FAULT_NONE;
}

static struct operator_field text_field(const char *name, const char *text)
{
	return (struct operator_field){ .name = bytes_of_string(name), .kind = FIELD_TEXT,
		.text = bytes_of_string(text) };
}

static struct operator_field number_field(const char *name, size_t number)
{
	return (struct operator_field){ .name = bytes_of_string(name), .kind = FIELD_NUMBER,
		.number = (int64_t)number };
}

static size_t count_running(const struct server *server)
{
	size_t count = 0;

	for (size_t i = 0; i < server->role_count; i++)
		count += server->roles[i].is_in_force;
	return count;
}

static void answer_status(struct operator_socket *operators, uint64_t request)
{
	const struct server *server = operators->server;
	char fingerprint[HEX_CAPACITY(32)];
	uint8_t buffer[1024];
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_OPERATOR_ROW, request);

	hex_encode(BYTES_OF_ARRAY(server->set->fingerprint), fingerprint, sizeof(fingerprint));
	const struct operator_row row = { .count = 7, .fields = {
		{ .name = BYTES_OF_LITERAL("running"), .kind = FIELD_TRUTH, .number = 1 },
		text_field("name", server->set->configuration.name),
		number_field("roles", server->role_count),
		number_field("roles_working", count_running(server)),
		number_field("workers", server->wiring.worker_count),
		number_field("anchors", server->set->anchors.count),
		text_field("fingerprint", fingerprint),
	} };
	operator_row_write(&w, &row);
	answer(operators, writer_written(&w));
	answer_end(operators, request, FAULT_NONE, "");
}

/* Whether the verb was one of ours, and is done. */
static bool act_here(struct operator_socket *operators, uint64_t number,
	const struct operator_request *request)
{
	struct trouble trouble = { "" };
	enum fault fault;

	if (bytes_equal(request->verb, BYTES_OF_LITERAL("status"))) {
		answer_status(operators, number);
		return true;
	}
	if (bytes_equal(request->verb, BYTES_OF_LITERAL("reload")))
		fault = do_reload(operators->server, request, &trouble);
	else if (bytes_equal(request->verb, BYTES_OF_LITERAL("rotate")))
		fault = do_rotate(operators->server, request, &trouble);
	else if (bytes_equal(request->verb, BYTES_OF_LITERAL("audit add")))
		fault = trouble_say(&trouble, FAULT_DENIED, "audit add is the supervisor's own");
	else
		return false;
	answer_end(operators, number, fault, trouble.text);
	return true;
}

/* ---- the client ---- */

static void relay(struct operator_socket *operators, const struct message *message)
{
	static uint8_t buffer[FRAME_MAX];
	const struct role_process *store = server_role(operators->server, KIND_STORE);
	uint64_t number = (uint64_t)operators->session << SESSION_SHIFT | message->request;
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_OPERATOR, number);

	writer_bytes(&w, message->body);
	if (!store->is_in_force || frame_send(store->control, writer_written(&w), -1) != FAULT_NONE) {
		answer_end(operators, message->request, FAULT_BUSY,
			"the store does not answer just now; nothing was changed by this");
		return;
	}
	operators->owed_count++;
	operators->server->acts_under_way++;
	operators->server->act_heard_ms = monotonic_ms();
}

static bool take_client_frame(struct operator_socket *operators, struct bytes frame)
{
	struct message message;
	struct operator_request request;

	if (message_read(frame, &message) != FAULT_NONE || message.type != MESSAGE_OPERATOR ||
			message.request >= REQUEST_MASK ||
			operator_request_read(message.body, &request) != FAULT_NONE)
		return false;
	operators->silent_since_ms = monotonic_ms();
	if (!act_here(operators, message.request, &request))
		relay(operators, &message);
	return true;
}

static void take_client(struct operator_socket *operators)
{
	static uint8_t buffer[FRAME_MAX];
	struct bytes frame;
	enum fault fault = channel_receive(operators->client, buffer, sizeof(buffer), &frame, NULL);

	if (fault == FAULT_BUSY)
		return;
	if (fault != FAULT_NONE || !take_client_frame(operators, frame))
		hang_up(operators);
}

static void accept_client(struct operator_socket *operators)
{
	operators->client = accept4(operators->listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	operators->silent_since_ms = monotonic_ms();
	if (operators->client >= 0 || errno == EAGAIN)
		return;
	log_warning("no command can be taken: %s", strerror(errno));
	operators->is_at_rest = true;
}

int operator_socket_awaited(const struct operator_socket *operators)
{
	/* The next client waits until the one before has gone. */
	if (operators->client >= 0)
		return operators->client;
	return operators->is_at_rest ? -1 : operators->listening;
}

void operator_socket_serve(struct operator_socket *operators)
{
	operators->server->on_operator_answer = on_store_answer;
	operators->server->operator_context = operators;
	if (operators->client < 0)
		accept_client(operators);
	if (operators->client >= 0)
		take_client(operators);
}

static void end_silent_store(struct server *server)
{
	struct role_process *store = server_role(server, KIND_STORE);

	if (server->acts_under_way == 0 || store->control < 0 ||
			monotonic_ms() - server->act_heard_ms <= OPERATOR_ANSWER_WAIT_MS)
		return;
	log_error("the store does not end an operator's command: it is ended and started again");
	role_cut_off(store);
}

void operator_socket_tick(struct operator_socket *operators)
{
	/* It is owed more than there is: a store that owed it has ended. */
	bool is_lost = operators->owed_count > operators->server->acts_under_way;
	bool is_silent = operators->owed_count == 0 &&
		monotonic_ms() - operators->silent_since_ms > OPERATOR_SILENCE_MS;

	operators->is_at_rest = false;
	if (operators->client >= 0 && (is_lost || is_silent))
		hang_up(operators);
	end_silent_store(operators->server);
}
