#include "server.h"

#include "channel.h"
#include "frame.h"
#include "log.h"
#include "message.h"
#include "owned.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* PROTOCOL, The ticket: a former fingerprint excuses a header for as long as a ticket may live. */
enum { FORMER_FINGERPRINT_MS = 11 * 60 * 1000 };
enum { CRL_WAIT_MS = 30000, STOP_WAIT_MS = 30000, TICK_MS = 200 };

/* ---- opening ---- */

static void add_role(struct server *server, enum role_kind kind, unsigned number)
{
	/* The order of the user ids (README of the folder): front, verifier, authority, store. */
	unsigned uid = geteuid() == 0 ? server->set->configuration.uid_base + (unsigned)kind : 0;

	server->roles[server->role_count++] =
		(struct role_process){ .kind = kind, .number = number, .uid = uid, .control = -1 };
}

static unsigned worker_count(const struct configuration *configuration)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (configuration->workers > 0)
		return configuration->workers;
	return cores < 1 ? 1 : cores > WORKERS_MAX ? WORKERS_MAX : (unsigned)cores;
}

static enum fault open_wiring(struct server *server, bool has_workers, struct trouble *trouble)
{
	/* Without workers the authority has one channel all the same, and nobody at its end. */
	unsigned count = has_workers ? worker_count(&server->set->configuration) : 1;

	if (wiring_open(count, &server->wiring) != FAULT_NONE)
		return trouble_say(trouble, FAULT_SYSTEM, "socketpair: %s", strerror(errno));
	add_role(server, KIND_STORE, 0);
	add_role(server, KIND_AUTHORITY, 0);
	for (unsigned i = 0; has_workers && i < count; i++)
		add_role(server, KIND_VERIFIER, i);
	for (unsigned i = 0; has_workers && i < count; i++)
		add_role(server, KIND_FRONT, i);
	return FAULT_NONE;
}

enum fault server_open(const struct folder *folder, bool has_workers, struct server *out,
	struct trouble *trouble)
{
	*out = (struct server){ .folder = folder, .store_directory = -1, .listening = -1, .crl = -1,
		.tls = -1, .wiring.authority_store = { -1, -1 } };
	for (size_t i = 0; i < WORKERS_MAX; i++)
		out->refusals[i] = -1;
	enum fault fault = load_set_read(folder, &out->set, trouble);
	if (fault == FAULT_NONE)
		fault = open_wiring(out, has_workers, trouble);
	if (fault == FAULT_NONE)
		fault = folder_open_store(folder, server_role(out, KIND_STORE)->uid != 0 ?
			server_role(out, KIND_STORE)->uid : geteuid(), &out->store_directory, trouble);
	if (fault != FAULT_NONE)
		server_close(out);
	return fault;
}

void server_close(struct server *server)
{
	for (size_t i = 0; i < server->role_count; i++)
		role_kill(&server->roles[i]);
	wiring_close(&server->wiring);
	load_set_close(server->set);
	owned_close_descriptor(&server->store_directory);
	owned_close_descriptor(&server->listening);
	for (size_t i = 0; i < WORKERS_MAX; i++)
		owned_close_descriptor(&server->refusals[i]);
	owned_close_descriptor(&server->crl);
	owned_close_descriptor(&server->tls);
	server->role_count = 0;
	server->set = NULL;
}

struct role_process *server_role(struct server *server, enum role_kind kind)
{
	for (size_t i = 0; i < server->role_count; i++) {
		if (server->roles[i].kind == kind)
			return &server->roles[i];
	}
	return NULL;
}

/* ---- messages of the roles ---- */

/* To every front that works: the list that is in force. */
static void send_crl(const struct server *server, const struct role_process *front)
{
	struct bytes frame = bytes_of(server->crl_frame, server->crl_frame_len);

	if (server->crl < 0 || front->kind != KIND_FRONT || !front->is_in_force)
		return;
	if (frame_send(front->control, frame, server->crl) != FAULT_NONE)
		log_warning("front %u does not take the revocation list", front->number);
}

static bool take_crl(struct server *server, struct bytes frame, int *descriptor)
{
	if (frame.len > sizeof(server->crl_frame) || *descriptor < 0)
		return false;
	memcpy(server->crl_frame, frame.data, frame.len);
	server->crl_frame_len = frame.len;
	owned_close_descriptor(&server->crl);
	server->crl = *descriptor;
	*descriptor = -1;
	for (size_t i = 0; i < server->role_count; i++)
		send_crl(server, &server->roles[i]);
	return true;
}

static bool take_tls(struct server *server, int *descriptor)
{
	if (*descriptor < 0)
		return false;
	owned_close_descriptor(&server->tls);
	server->tls = *descriptor;
	*descriptor = -1;
	return true;
}

static bool take_refusal(struct role_process *role, struct bytes why)
{
	role->reply = REPLY_REFUSED;
	log_escape(why, role->why, sizeof(role->why));
	return true;
}

/* False where no honest role sends that. */
static bool take_message(struct server *server, struct role_process *role, struct bytes frame,
	int *descriptor)
{
	struct message message;

	if (message_read(frame, &message) != FAULT_NONE)
		return false;
	switch (message.type) {
	case MESSAGE_LOADED:
		role->reply = REPLY_LOADED;
		return true;
	case MESSAGE_LOAD_REFUSED:
		return take_refusal(role, message.body);
	case MESSAGE_CRL:
		return role->kind == KIND_AUTHORITY && take_crl(server, frame, descriptor);
	case MESSAGE_TLS:
		return role->kind == KIND_AUTHORITY && take_tls(server, descriptor);
	case MESSAGE_OPERATOR_ROW:
	case MESSAGE_OPERATOR_END:
		if (role->kind != KIND_STORE || server->on_operator_answer == NULL)
			return false;
		server->on_operator_answer(server->operator_context, frame);
		return true;
	default:
		return false;
	}
}

/* Nothing more is heard of it; server_collect finds it ended. */
static void end_taken(struct role_process *role)
{
	log_error("%s %u is taken: it sent what no honest role sends", role_kind_name(role->kind),
		role->number);
	(void)kill(role->pid, SIGKILL);
	owned_close_descriptor(&role->control);
	role->control = -1;
}

void server_take(struct server *server, struct role_process *role)
{
	static uint8_t buffer[FRAME_MAX];
	owned_descriptor descriptor = -1;
	struct bytes frame;

	if (role->control < 0)
		return;
	enum fault fault = channel_receive(role->control, buffer, sizeof(buffer), &frame, &descriptor);
	if (fault == FAULT_BUSY)
		return;
	if (fault == FAULT_CLOSED) {
		owned_close_descriptor(&role->control);
		role->control = -1;
		return;
	}
	if (fault != FAULT_NONE || !take_message(server, role, frame, &descriptor))
		end_taken(role);
}

/* ---- loading ---- */

/* What a front is given once, at its start. */
static enum fault send_once(const struct server *server, const struct role_process *role)
{
	if (role->kind != KIND_FRONT || role->is_in_force)
		return FAULT_NONE;
	enum fault fault = load_item_send(role->control, LOAD_REFUSALS, bytes_of(NULL, 0),
		server->refusals[role->number]);
	if (fault == FAULT_NONE)
		fault = load_item_send(role->control, LOAD_LISTEN, bytes_of(NULL, 0), server->listening);
	return fault;
}

static enum fault send_set(const struct server *server, struct role_process *role,
	const struct load_set *set)
{
	role->reply = REPLY_NONE;
	enum fault fault = load_set_send(set, role->kind, role->control);
	if (fault == FAULT_NONE)
		fault = send_once(server, role);
	return fault != FAULT_NONE ? fault : frame_send_empty(role->control, MESSAGE_LOAD_END);
}

static enum fault await_reply(struct server *server, struct role_process *role,
	struct trouble *trouble)
{
	uint64_t end_ms = monotonic_ms() + FRAME_WAIT_MS;

	while (role->reply == REPLY_NONE && role->control >= 0 && monotonic_ms() < end_ms) {
		if (frame_wait(role->control, (int)(end_ms - monotonic_ms())) == FAULT_NONE)
			server_take(server, role);
	}
	if (role->reply == REPLY_LOADED)
		return FAULT_NONE;
	if (role->reply == REPLY_REFUSED)
		return trouble_say(trouble, FAULT_INVALID, "%s", role->why);
	return trouble_say(trouble, FAULT_CLOSED, "the %s %s; its log says why",
		role_kind_name(role->kind), role->control < 0 ? "ended" : "does not answer");
}

static enum fault prepare(struct server *server, struct role_process *role,
	const struct load_set *set, struct trouble *trouble)
{
	enum fault fault = send_set(server, role, set);

	if (fault != FAULT_NONE)
		return trouble_say(trouble, fault, "the %s does not take what it is given: %s",
			role_kind_name(role->kind), fault_text(fault));
	return await_reply(server, role, trouble);
}

static enum fault commit(struct server *server, struct role_process *role)
{
	enum fault fault = frame_send_empty(role->control, MESSAGE_COMMIT);

	if (fault != FAULT_NONE)
		return fault;
	bool was_in_force = role->is_in_force;
	role->is_in_force = true;
	if (!was_in_force)
		send_crl(server, role);
	return FAULT_NONE;
}

static bool is_running(const struct role_process *role)
{
	return role->pid != 0 && role->control >= 0;
}

static void abandon(struct server *server)
{
	for (size_t i = 0; i < server->role_count; i++) {
		if (is_running(&server->roles[i]))
			(void)frame_send_empty(server->roles[i].control, MESSAGE_ABANDON);
	}
}

enum fault server_load(struct server *server, struct load_set *set, struct trouble *trouble)
{
	for (size_t i = 0; i < server->role_count; i++) {
		enum fault fault = is_running(&server->roles[i]) ?
			prepare(server, &server->roles[i], set, trouble) : FAULT_NONE;

		if (fault != FAULT_NONE) {
			abandon(server);
			return fault;
		}
	}
	for (size_t i = 0; i < server->role_count; i++) {
		/* One that cannot be told has just ended; it starts again with the new set. */
		if (is_running(&server->roles[i]))
			(void)commit(server, &server->roles[i]);
	}
	load_set_close(server->set);
	server->set = set;
	return FAULT_NONE;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A reload that changes no policy leaves what excuses as it is. */
static void remember_former(const struct load_set *former, struct load_set *set, bool is_now)
{
	bool is_same = memcmp(former->fingerprint, set->fingerprint, sizeof(set->fingerprint)) == 0;

	if (is_now)
		return;
	set->has_former = is_same ? former->has_former : true;
	memcpy(set->former_fingerprint, is_same ? former->former_fingerprint : former->fingerprint,
		sizeof(set->former_fingerprint));
	set->former_until_ms = is_same ? former->former_until_ms : now_ms() + FORMER_FINGERPRINT_MS;
}

enum fault server_reload(struct server *server, bool is_now, struct trouble *trouble)
{
	struct load_set *set;
	enum fault fault = load_set_read(server->folder, &set, trouble);

	if (fault != FAULT_NONE)
		return fault;
	remember_former(server->set, set, is_now);
	fault = server_load(server, set, trouble);
	if (fault != FAULT_NONE)
		load_set_close(set);
	return fault;
}

/* ---- starting ---- */

/* A front's ring lives in the folder, so that `explain` finds it; the front is given it opened. */
static enum fault open_refusals(struct server *server, unsigned number, struct trouble *trouble)
{
	char name[32];

	if (server->refusals[number] >= 0)
		return FAULT_NONE;
	(void)snprintf(name, sizeof(name), "refusals.%u", number);
	server->refusals[number] = openat(server->folder->descriptor, name,
		O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (server->refusals[number] < 0)
		return trouble_say(trouble, FAULT_SYSTEM, "%s/%s: %s", server->folder->path, name,
			strerror(errno));
	return FAULT_NONE;
}

static enum fault start_role(struct server *server, struct role_process *role,
	struct trouble *trouble)
{
	unsigned argument = role->kind == KIND_AUTHORITY ? server->wiring.worker_count : role->number;
	int directory = role->kind == KIND_STORE ? server->store_directory : -1;
	enum fault fault = role->kind == KIND_FRONT ? open_refusals(server, role->number, trouble) :
		FAULT_NONE;

	if (fault != FAULT_NONE)
		return fault;
	wiring_drain(&server->wiring, role->kind, role->number);
	fault = role_start(role, &server->wiring, argument, directory, trouble);
	if (fault == FAULT_NONE)
		fault = prepare(server, role, server->set, trouble);
	if (fault == FAULT_NONE)
		fault = commit(server, role);
	return fault;
}

enum fault server_start_kind(struct server *server, enum role_kind kind, struct trouble *trouble)
{
	for (size_t i = 0; i < server->role_count; i++) {
		enum fault fault = server->roles[i].kind == kind ?
			start_role(server, &server->roles[i], trouble) : FAULT_NONE;

		if (fault != FAULT_NONE)
			return fault;
	}
	return FAULT_NONE;
}

void server_collect(struct server *server)
{
	for (size_t i = 0; i < server->role_count; i++) {
		struct role_process *role = &server->roles[i];
		int status;

		if (role->pid != 0 && waitpid(role->pid, &status, WNOHANG) == role->pid)
			role_ended(role, status);
	}
}

void server_restart_due(struct server *server)
{
	for (size_t i = 0; i < server->role_count; i++) {
		struct role_process *role = &server->roles[i];
		struct trouble trouble = { "" };

		if (role->pid != 0 || monotonic_ms() < role->restart_ms)
			continue;
		if (start_role(server, role, &trouble) == FAULT_NONE) {
			log_notice("%s %u was started again", role_kind_name(role->kind), role->number);
			continue;
		}
		log_error("%s %u: %s", role_kind_name(role->kind), role->number, trouble.text);
		if (role->pid != 0)
			(void)kill(role->pid, SIGKILL); /* collected as any other end, with its back-off */
	}
}

int server_restart_wait_ms(const struct server *server)
{
	uint64_t now = monotonic_ms(), first = UINT64_MAX;

	for (size_t i = 0; i < server->role_count; i++) {
		if (server->roles[i].pid == 0 && server->roles[i].restart_ms < first)
			first = server->roles[i].restart_ms;
	}
	if (first == UINT64_MAX)
		return -1;
	return first > now ? (int)(first - now) : 0;
}

/* ---- asking the authority ---- */

void server_tick(struct server *server)
{
	struct role_process *authority = server_role(server, KIND_AUTHORITY);
	uint8_t buffer[16];
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_TICK, REQUEST_NONE);

	/* A busy authority needs no tick; the next second brings another. */
	if (is_running(authority) && authority->is_in_force &&
			channel_send(authority->control, writer_written(&w)) == FAULT_CLOSED)
		log_warning("the authority takes no tick");
}

/* Listens to store and authority for a while: an answer of the one may hang on the other. */
static void listen_for(struct server *server, struct role_process *role, int timeout_ms)
{
	if (role->control >= 0 && frame_wait(role->control, timeout_ms) == FAULT_NONE)
		server_take(server, role);
}

enum fault server_await_crl(struct server *server, struct trouble *trouble)
{
	struct role_process *authority = server_role(server, KIND_AUTHORITY);
	uint64_t end_ms = monotonic_ms() + CRL_WAIT_MS;

	while (server->crl < 0 && authority->control >= 0 && monotonic_ms() < end_ms) {
		server_tick(server);
		listen_for(server, authority, TICK_MS);
	}
	if (server->crl >= 0)
		return FAULT_NONE;
	return trouble_say(trouble, FAULT_TIMEOUT,
		"the authority made no revocation list; its log and the store's say why");
}

enum fault server_ask_tls(struct server *server, struct trouble *trouble)
{
	struct role_process *authority = server_role(server, KIND_AUTHORITY);
	uint64_t end_ms = monotonic_ms() + FRAME_WAIT_MS;

	owned_close_descriptor(&server->tls);
	server->tls = -1;
	if (!is_running(authority) || frame_send_empty(authority->control, MESSAGE_TLS) != FAULT_NONE)
		return trouble_say(trouble, FAULT_CLOSED, "the authority does not run");
	while (server->tls < 0 && authority->control >= 0 && monotonic_ms() < end_ms)
		listen_for(server, authority, TICK_MS);
	if (server->tls >= 0)
		return FAULT_NONE;
	return trouble_say(trouble, FAULT_TIMEOUT, "the authority made no TLS certificate");
}

/* ---- stopping ---- */

static void send_stop(struct server *server, enum role_kind kind)
{
	for (size_t i = 0; i < server->role_count; i++) {
		if (server->roles[i].kind == kind && is_running(&server->roles[i]))
			(void)frame_send_empty(server->roles[i].control, MESSAGE_STOP);
	}
}

/* Whether it has ended; one that has not by end_ms is killed. */
static bool has_stopped(struct role_process *role, uint64_t end_ms)
{
	int status;

	if (role->pid == 0)
		return true;
	if (waitpid(role->pid, &status, WNOHANG) == role->pid) {
		if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
			log_warning("%s %u did not end in order", role_kind_name(role->kind), role->number);
		role->pid = 0;
		return true;
	}
	if (monotonic_ms() < end_ms)
		return false;
	log_warning("%s %u did not stop in time and is killed", role_kind_name(role->kind), role->number);
	role_kill(role);
	return true;
}

static void stop_kind(struct server *server, enum role_kind kind)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	uint64_t end_ms = monotonic_ms() + STOP_WAIT_MS;

	send_stop(server, kind);
	for (size_t i = 0; i < server->role_count;) {
		struct role_process *role = &server->roles[i];

		if (role->kind != kind || has_stopped(role, end_ms)) {
			i++;
			continue;
		}
		/* What it still says is heard, so that it does not wait for us. */
		server_take(server, role);
		(void)nanosleep(&pause, NULL);
	}
}

void server_stop(struct server *server)
{
	stop_kind(server, KIND_FRONT);
	stop_kind(server, KIND_VERIFIER);
	stop_kind(server, KIND_AUTHORITY);
	stop_kind(server, KIND_STORE);
}
