#include "server.h"

#include "channel.h"
#include "frame.h"
#include "log.h"
#include "message.h"
#include "owned.h"
#include "server_load.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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
		fault = folder_open_store(folder,
			server_role(out, KIND_STORE)->uid != 0 ? server_role(out, KIND_STORE)->uid
							       : geteuid(),
			&out->store_directory, trouble);
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
void server_send_crl(const struct server *server, const struct role_process *front)
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
		server_send_crl(server, &server->roles[i]);
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

static void end_taken(struct role_process *role)
{
	log_error("%s %u is taken: it sent what no honest role sends", role_kind_name(role->kind),
		role->number);
	role_cut_off(role);
}

/* The authority names a verifier that sent it what does not read. */
static bool take_taken(struct server *server, struct bytes body)
{
	struct reader r = reader_of(body);
	uint16_t number = reader_u16(&r);

	if (reader_end(&r) != FAULT_NONE)
		return false;
	for (size_t i = 0; i < server->role_count; i++) {
		struct role_process *role = &server->roles[i];

		if (role->kind != KIND_VERIFIER || role->number != number)
			continue;
		if (role_is_running(role))
			end_taken(role);
		return true;
	}
	return false;
}

static bool take_refusal(struct role_process *role, struct bytes why)
{
	role->reply = REPLY_REFUSED;
	log_escape(why, role->why, sizeof(role->why));
	return true;
}

/* Whether the supervisor's own record was written. */
static bool take_record_end(struct server *server, const struct message *message)
{
	struct operator_end end;

	if (message->type != MESSAGE_OPERATOR_END ||
			operator_end_read(message->body, &end) != FAULT_NONE)
		return false;
	if (message->request != server->record_request)
		return true; /* given up since */
	server->record_reply = end.is_done ? REPLY_COMMITTED : REPLY_REFUSED;
	log_escape(end.text, server->record_why, sizeof(server->record_why));
	return true;
}

static bool take_operator_answer(struct server *server, const struct role_process *role,
	struct bytes frame, const struct message *message)
{
	if (role->kind != KIND_STORE)
		return false;
	if ((message->request & REQUEST_OF_SUPERVISOR) == REQUEST_OF_SUPERVISOR)
		return take_record_end(server, message);
	if (server->on_operator_answer == NULL || server->acts_under_way == 0)
		return false;
	server->act_heard_ms = monotonic_ms();
	if (message->type == MESSAGE_OPERATOR_END)
		server->acts_under_way--;
	server->on_operator_answer(server->operator_context, frame);
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
	case MESSAGE_COMMITTED:
		role->reply = REPLY_COMMITTED;
		return true;
	case MESSAGE_LOAD_REFUSED:
		return take_refusal(role, message.body);
	case MESSAGE_CRL:
		return role->kind == KIND_AUTHORITY && take_crl(server, frame, descriptor);
	case MESSAGE_TAKEN:
		return role->kind == KIND_AUTHORITY && take_taken(server, message.body);
	case MESSAGE_TLS:
		return role->kind == KIND_AUTHORITY && take_tls(server, descriptor);
	case MESSAGE_OPERATOR_ROW:
	case MESSAGE_OPERATOR_END:
		return take_operator_answer(server, role, frame, &message);
	default:
		return false;
	}
}

void server_take(struct server *server, struct role_process *role)
{
	static uint8_t buffer[FRAME_MAX];
	owned_descriptor descriptor = -1;
	struct bytes frame;

	if (role->control < 0)
		return;
	enum fault fault =
		channel_receive(role->control, buffer, sizeof(buffer), &frame, &descriptor);
	if (fault == FAULT_BUSY)
		return;
	if (fault == FAULT_CLOSED) {
		role_cut_off(role);
		return;
	}
	if (fault != FAULT_NONE || !take_message(server, role, frame, &descriptor))
		end_taken(role);
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
	unsigned argument =
		role->kind == KIND_AUTHORITY ? server->wiring.worker_count : role->number;
	int directory = role->kind == KIND_STORE ? server->store_directory : -1;
	enum fault fault = role->kind == KIND_FRONT ? open_refusals(server, role->number, trouble) :
		FAULT_NONE;

	if (fault != FAULT_NONE)
		return fault;
	if (role->kind == KIND_STORE)
		server->acts_under_way = 0; /* the former one's ended with it */
	wiring_drain(&server->wiring, role->kind, role->number);
	fault = role_start(role, &server->wiring, argument, directory, trouble);
	if (fault == FAULT_NONE)
		fault = server_prepare(server, role, server->set, trouble);
	if (fault == FAULT_NONE)
		fault = server_commit(server, role, trouble);
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
			log_notice("%s %u was started again", role_kind_name(role->kind),
				role->number);
			continue;
		}
		log_error("%s %u: %s", role_kind_name(role->kind), role->number, trouble.text);
		if (role->pid == 0)
			role_back_off(role); /* there is no end of it to collect */
		else
			(void)kill(role->pid,
				SIGKILL); /* collected as any other end, with its back-off */
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
