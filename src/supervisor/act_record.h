#ifndef SUPERVISOR_ACT_RECORD_H
#define SUPERVISOR_ACT_RECORD_H

#include "bytes.h"
#include "server.h"
#include "trouble.h"

/*
 * act_record: what the supervisor itself does, for the audit chain: its start and end, a reload, a
 * rotation, what came into trust and what left it. The store writes the record ("audit add" of
 * store/operator.h), and takes that verb from the supervisor alone: operator_socket.c passes it on
 * for nobody. Never give it a secret.
 */
enum { RECORD_FACTS_MAX = 6, RECORD_FACT_MAX = 400 };

/* Who acts where no operator does: at start and end, upon SIGHUP, at a renewal for TLS. */
#define ACTOR_SUPERVISOR "by=supervisor"

struct act_record {
	const char *act;
	const char *actor; /* "by=NAME" */
	size_t count;
	char facts[RECORD_FACTS_MAX][RECORD_FACT_MAX + 1]; /* "name=value" */
};

struct act_record act_record_of(const char *act, const char *actor);
void act_record_text(struct act_record *, const char *name, const char *text);
void act_record_octets(struct act_record *, const char *name, struct bytes octets); /* at most 32 */

/*
 * Gives it to the store, which must run, and waits until it is durable. Any fault: it was not
 * recorded, and what it tells of must not be done where it is not done yet.
 */
enum fault act_record_send(struct server *, const struct act_record *, struct trouble *);

/* "server start" and "server stop", with the version and what is in force. */
enum fault act_record_server(struct server *, const char *act, struct trouble *);

/* What a reload by actor is about to change: trust's files one by one, then the whole. */
enum fault act_record_reload(struct server *, const struct load_set *next, const char *actor,
	struct trouble *);

#endif
