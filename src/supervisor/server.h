#ifndef SUPERVISOR_SERVER_H
#define SUPERVISOR_SERVER_H

#include "folder.h"
#include "load_set.h"
#include "role_process.h"
#include "trouble.h"
#include "wiring.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * server: the roles, what joins them and what they work with. `serve` runs all of them; a command
 * without a server runs store and authority alone, by the same code (local_act.h).
 *
 * The supervisor waits for its roles where it starts and loads them, each time at most
 * FRAME_WAIT_MS; requests go on meanwhile, they do not pass through here.
 */
enum { ROLE_COUNT_MAX = 2 * WORKERS_MAX + 2 };

/*
 * The lower half of the numbers of the supervisor's own requests to the store; no client's becomes
 * this one. The upper half counts: an answer that comes too late is none to the next request.
 */
#define REQUEST_OF_SUPERVISOR 0xffffffffull

struct server {
	const struct folder *folder;
	struct wiring wiring;
	size_t role_count;
	struct role_process roles[ROLE_COUNT_MAX]; /* store, authority, verifiers, fronts */
	struct load_set *set;         /* in force */
	bool is_reloaded;    /* since the TLS certificate was last looked at: it may want another host */
	int store_directory;
	int listening;                /* -1 without fronts */
	int refusals[WORKERS_MAX];    /* each front's ring */

	/* What the authority gave last: a revocation list; a TLS key and certificate. */
	size_t crl_frame_len;
	uint8_t crl_frame[128];
	int crl;
	int tls;
	bool has_new_tls;    /* the folder's TLS certificate is new, and not taken by all roles */

	/* The store's answer to the supervisor's own record (act_record.h). */
	uint64_t record_request; /* the last one's number */
	enum role_reply record_reply;
	char record_why[256];

	/* Given to the store for an operator, and not ended: of any client, gone or not. */
	size_t acts_under_way;
	uint64_t act_heard_ms; /* when one was given, or something of one came back */

	/* Called with each frame that the store sends in answer to an operator's act. */
	void (*on_operator_answer)(void *context, struct bytes frame);
	void *operator_context;
};

/*
 * Reads the folder, makes wiring and the list of roles; starts nothing. worker_count is how many
 * fronts and verifiers there will be; 0 for none, which has a wiring all the same.
 */
enum fault server_open(const struct folder *, bool has_workers, struct server *out,
	struct trouble *);
void server_close(struct server *);

/* Starts, loads and commits every role of that kind. */
enum fault server_start_kind(struct server *, enum role_kind, struct trouble *);

/*
 * FAULT_BUSY while the store is at work for an operator: until that has ended it neither prepares nor
 * records, and would be taken for one that hangs.
 */
enum fault server_check_store_is_free(const struct server *, struct trouble *);

/*
 * Reads the folder anew and gives it to all roles that run: all of them prepare it and the store
 * records it, or none takes it and the former one stays in force. is_now: the former fingerprint
 * excuses nothing. actor, "by=NAME", is who wants it. FAULT_BUSY where the store is not free.
 */
enum fault server_reload(struct server *, bool is_now, const char *actor, struct trouble *);

/*
 * These give all roles what is in force with the TLS key and certificate, or the ticket keys, that the
 * folder has now: nobody asked for a reload, so what somebody is writing into genuine.conf or trust/
 * does not count yet. On a fault the former ones stay in force; but where no front runs, those that
 * start begin with the TLS key and certificate that the folder has, and has_new_tls stays. The store
 * must be free.
 */
enum fault server_renew_tls(struct server *, const char *actor, struct trouble *);
enum fault server_renew_ticket_keys(struct server *, const char *actor, struct trouble *);

/* Collects children that have ended, then starts again those whose time has come. */
void server_collect(struct server *);
void server_restart_due(struct server *);

/* Milliseconds until a role's time comes; -1 where all of them run. */
int server_restart_wait_ms(const struct server *);

/* Takes one message of a role's, if there is one. */
void server_take(struct server *, struct role_process *);

/* The first role of that kind. */
struct role_process *server_role(struct server *, enum role_kind);

/* MESSAGE_TICK to the authority. */
void server_tick(struct server *);

/*
 * Waits until the authority has handed over a revocation list; ticks while it waits. FAULT_TIMEOUT
 * where it works and has none; FAULT_CLOSED where it has ended.
 */
enum fault server_await_crl(struct server *, struct trouble *);

/* Asks the authority for a TLS key and certificate; server.tls is its file then. */
enum fault server_ask_tls(struct server *, struct trouble *);

/* Ends all roles but the store, fronts first: each finishes what is in hand. */
void server_stop_requests(struct server *);

/* The same, and then the store. */
void server_stop(struct server *);

#endif
