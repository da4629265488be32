#include "server_load.h"

#include "act_record.h"
#include "frame.h"
#include "log.h"
#include "message.h"
#include "owned.h"

#include <string.h>
#include <time.h>

/* PROTOCOL, The ticket: a former fingerprint excuses a header for as long as a ticket may live. */
enum { FORMER_FINGERPRINT_MS = 11 * 60 * 1000 };

/* What a front is given once, at its start. */
static enum fault send_once(const struct server *server, const struct role_process *role)
{
	if (role->kind != KIND_FRONT || role->is_in_force)
		return FAULT_NONE;
	enum fault fault = load_item_send(role->control, LOAD_REFUSALS, bytes_of(NULL, 0),
		server->refusals[role->number]);
	if (fault == FAULT_NONE)
		fault = load_item_send(
			role->control, LOAD_LISTEN, bytes_of(NULL, 0), server->listening);
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
	enum role_reply wanted, struct trouble *trouble)
{
	uint64_t end_ms = monotonic_ms() + FRAME_WAIT_MS;

	while (role->reply == REPLY_NONE && role->control >= 0 &&
			frame_wait_until(role->control, end_ms) == FAULT_NONE)
		server_take(server, role);
	if (role->reply == wanted)
		return FAULT_NONE;
	if (role->reply == REPLY_REFUSED)
		return trouble_say(trouble, FAULT_INVALID, "%s", role->why);
	const char *what = role->control < 0 ? "ended" : "does not answer";
	role_cut_off(role);
	return trouble_say(trouble, FAULT_CLOSED, "the %s %s; its log says why",
		role_kind_name(role->kind), what);
}

enum fault server_prepare(struct server *server, struct role_process *role,
	const struct load_set *set, struct trouble *trouble)
{
	enum fault fault = send_set(server, role, set);

	if (fault != FAULT_NONE)
		return trouble_say(trouble, fault, "the %s does not take what it is given: %s",
			role_kind_name(role->kind), fault_text(fault));
	return await_reply(server, role, REPLY_LOADED, trouble);
}

static enum fault send_commit(struct role_process *role)
{
	role->reply = REPLY_NONE;
	return frame_send_empty(role->control, MESSAGE_COMMIT);
}

/* It works with the new set from here on, and, the first time, stands in its sandbox. */
static enum fault await_commit(struct server *server, struct role_process *role,
	struct trouble *trouble)
{
	enum fault fault = await_reply(server, role, REPLY_COMMITTED, trouble);
	bool was_in_force = role->is_in_force;

	if (fault != FAULT_NONE)
		return fault;
	role->is_in_force = true;
	if (!was_in_force)
		server_send_crl(server, role);
	return FAULT_NONE;
}

enum fault server_commit(struct server *server, struct role_process *role, struct trouble *trouble)
{
	enum fault fault = send_commit(role);

	if (fault != FAULT_NONE)
		return trouble_say(trouble, fault, "the %s does not take its commit: %s",
			role_kind_name(role->kind), fault_text(fault));
	return await_commit(server, role, trouble);
}

static void abandon(struct server *server)
{
	for (size_t i = 0; i < server->role_count; i++) {
		if (role_is_running(&server->roles[i]))
			(void)frame_send_empty(server->roles[i].control, MESSAGE_ABANDON);
	}
}

/*
 * Nobody may refuse any more. One that cannot be told, or does not confirm, is ended: it starts
 * again with the new set.
 */
static void commit_all(struct server *server)
{
	for (size_t i = 0; i < server->role_count; i++) {
		if (role_is_running(&server->roles[i]))
			(void)send_commit(&server->roles[i]);
	}
	for (size_t i = 0; i < server->role_count; i++) {
		struct role_process *role = &server->roles[i];
		struct trouble trouble = { "" };

		if (!role_is_running(role) || await_commit(server, role, &trouble) == FAULT_NONE)
			continue;
		log_error("reload: %s", trouble.text);
		role_cut_off(role);
	}
}

/* Each role that runs prepares it, and then it is recorded; what is in force stays so. */
static enum fault prepare_all(struct server *server, const struct load_set *set, const char *actor,
	struct trouble *trouble)
{
	for (size_t i = 0; i < server->role_count; i++) {
		enum fault fault = role_is_running(&server->roles[i]) ?
			server_prepare(server, &server->roles[i], set, trouble) : FAULT_NONE;

		if (fault != FAULT_NONE)
			return fault;
	}
	return act_record_reload(server, set, actor, trouble);
}

/* On success the server owns the set and the former one is closed; else it stays the caller's. */
static enum fault load(struct server *server, struct load_set *set, const char *actor,
	struct trouble *trouble)
{
	enum fault fault = prepare_all(server, set, actor, trouble);

	if (fault != FAULT_NONE) {
		abandon(server);
		return fault;
	}
	commit_all(server);
	load_set_close(server->set);
	server->set = set;
	server->is_reloaded = true;
	server->has_new_tls = false;
	return FAULT_NONE;
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
	set->former_until_ms = is_same ? former->former_until_ms : realtime_ms() + FORMER_FINGERPRINT_MS;
}

static void swap(int *one, int *other)
{
	int kept = *one;

	*one = *other;
	*other = kept;
}

enum fault server_check_store_is_free(const struct server *server, struct trouble *trouble)
{
	if (server->acts_under_way == 0)
		return FAULT_NONE;
	return trouble_say(trouble, FAULT_BUSY,
		"the store is at work on an operator's command; try again when that has ended");
}

enum fault server_reload(struct server *server, bool is_now, const char *actor,
	struct trouble *trouble)
{
	struct load_set *set;
	enum fault fault = server_check_store_is_free(server, trouble);

	if (fault == FAULT_NONE)
		fault = load_set_read(server->folder, &set, trouble);
	if (fault != FAULT_NONE)
		return fault;
	remember_former(server->set, set, is_now);
	fault = load(server, set, actor, trouble);
	if (fault != FAULT_NONE)
		load_set_close(set);
	return fault;
}

/* The set in force, of which a part was exchanged: all take it, or the caller puts the part back. */
static enum fault load_again(struct server *server, const char *actor, struct trouble *trouble)
{
	enum fault fault = prepare_all(server, server->set, actor, trouble);

	if (fault == FAULT_NONE)
		commit_all(server);
	else
		abandon(server);
	return fault;
}

static bool has_front(const struct server *server)
{
	for (size_t i = 0; i < server->role_count; i++) {
		if (server->roles[i].kind == KIND_FRONT && role_is_running(&server->roles[i]))
			return true;
	}
	return false;
}

enum fault server_renew_tls(struct server *server, const char *actor, struct trouble *trouble)
{
	struct load_set *set = server->set;
	owned_descriptor former_key = set->tls_key, former_certificate = set->tls_certificate;
	bool had_front = has_front(server);

	set->tls_key = set->tls_certificate = -1;
	enum fault fault = load_set_open_tls(server->folder, set, trouble);
	bool is_open = fault == FAULT_NONE;
	if (is_open)
		fault = load_again(server, actor, trouble);
	if (fault == FAULT_NONE) {
		server->has_new_tls = false;
		return FAULT_NONE;
	}
	/* Only fronts are given it: there is nobody who has the former one, which may have ended. */
	if (is_open && !had_front)
		return fault;
	swap(&set->tls_key, &former_key);
	swap(&set->tls_certificate, &former_certificate);
	return fault;
}

enum fault server_renew_ticket_keys(struct server *server, const char *actor,
	struct trouble *trouble)
{
	struct load_set *set = server->set;
	owned_descriptor former = set->ticket_keys;

	set->ticket_keys = -1;
	enum fault fault = load_set_open_ticket_keys(server->folder, set, trouble);
	if (fault == FAULT_NONE)
		fault = load_again(server, actor, trouble);
	if (fault != FAULT_NONE)
		swap(&set->ticket_keys, &former);
	return fault;
}
