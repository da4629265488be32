#ifndef SUPERVISOR_OPERATOR_CLIENT_H
#define SUPERVISOR_OPERATOR_CLIENT_H

#include "folder.h"
#include "message.h"
#include "server.h"
#include "trouble.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * operator_client: the way of a command to the store. Where a server runs, through its socket
 * DIR/control; where none does, by taking the folder's lock and starting the store itself, as a
 * child in its sandbox, just as `serve` does. Either way it is the store that acts, and what it is
 * asked and answers is the same.
 */
enum {
	OPERATOR_AFTER_MAX = 100, /* "after=" and the name of a row */
	/* An import of a million rows is one transaction: its end takes its time. */
	OPERATOR_ANSWER_WAIT_MS = 10 * 60 * 1000,
};

struct operator_client {
	struct folder folder;
	int channel;           /* to the server's socket, or to the store that we started */
	bool is_local;
	bool needs_list;       /* local: something was done that the revocation list must tell */
	int lock;
	uint64_t next_request;
	char after[OPERATOR_AFTER_MAX + 1]; /* where a listing goes on; "": it has ended */
	struct server *server; /* local */
};

/* FAULT_NOT_FOUND: no such folder; and the faults of server_open. */
enum fault operator_open(const char *directory, struct operator_client *out, struct trouble *);

/*
 * Only to a running server: is_running says whether there is one. On FAULT_NONE and not running,
 * there is nothing to close.
 */
enum fault operator_open_running(const char *directory, struct operator_client *out,
	bool *is_running, struct trouble *);

/*
 * Ends the store that was started; before that, where needs_list, lets the authority make and the
 * store keep a new revocation list. A fault says that the list was not made; the acts stand.
 */
enum fault operator_close(struct operator_client *, struct trouble *);

/* What the store is to do: verb and arguments of store/operator.h. */
struct order {
	const char *verb;
	size_t count;
	const char *arguments[OPERATOR_ARGUMENTS_MAX];
};

struct row_sink {
	void (*take)(void *context, const struct operator_row *);
	void *context;
};

/*
 * Asks and waits for the end, of a listing for each of its pages: what is done between two of them
 * may be in the second. Rows go to sink (NULL: none are expected and they are dropped).
 * FAULT_DENIED where it was not done, FAULT_NOT_FOUND where there is no such thing: trouble has the
 * sentence.
 */
enum fault operator_ask(struct operator_client *, const struct order *, const struct row_sink *,
	struct trouble *);

/* The two halves of it, for many acts in a row: at most OPERATOR_WINDOW may be without an end. */
enum { OPERATOR_WINDOW = 32 };
enum fault operator_send(struct operator_client *, const struct order *, struct trouble *);
enum fault operator_await(struct operator_client *, const struct row_sink *, struct trouble *);

#endif
