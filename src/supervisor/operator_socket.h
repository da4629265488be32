#ifndef SUPERVISOR_OPERATOR_SOCKET_H
#define SUPERVISOR_OPERATOR_SOCKET_H

#include "server.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * operator_socket: the Unix socket DIR/control of a running server. Whoever may open it (mode 0600,
 * in a folder that is not writable by others) is the operator. One client at a time; the next one
 * waits. Frames are ipc/message.h's: MESSAGE_OPERATOR in, MESSAGE_OPERATOR_ROW and _END out.
 *
 * Verbs `reload [now]`, `rotate [now]` and `status` are the supervisor's own; `audit add` is
 * refused, so that no client forges what the supervisor records; every other frame goes on to the
 * store as it is and its answers come back as they are. Hung up on is a client that does not take its
 * answers, one whose answers the store took along when it ended, and one that is owed none and is
 * silent for OPERATOR_SILENCE_MS. A store that is silent at an act for longer than any client waits is
 * ended and started again: nothing could be loaded meanwhile.
 */
enum { OPERATOR_SILENCE_MS = 30000, OPERATOR_TAKE_MS = 2000 };

struct operator_socket {
	struct server *server;
	int listening;          /* -1: closed */
	int client;             /* -1: none */
	uint32_t session;       /* which client: answers to a former one are dropped */
	size_t owed_count;      /* its requests that the store has and has not ended */
	uint64_t silent_since_ms; /* its last request, or the end of the last answer */
	bool is_at_rest;        /* no client could be taken: until the next tick */
};

/* Binds DIR/control, in place of one that a former server left, and listens. */
enum fault operator_socket_open(struct server *, struct operator_socket *out, struct trouble *);

/* Takes the socket's name away, so that nobody waits for a server that has gone. */
void operator_socket_close(struct operator_socket *);

/* The descriptor to poll for reading; -1 where there is nothing to wait for now. */
int operator_socket_awaited(const struct operator_socket *);

/* Takes what is there: a new client where there is none, then one frame of the client's. */
void operator_socket_serve(struct operator_socket *);

/* Hangs up on a client that has been silent for too long, or whose answers will not come. */
void operator_socket_tick(struct operator_socket *);

#endif
