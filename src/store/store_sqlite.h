#ifndef STORE_STORE_SQLITE_H
#define STORE_STORE_SQLITE_H

#include "database.h"
#include "store.h"

/*
 * store_sqlite: what the acts of store.h share: the database, the clock, the rules in force. Only
 * the store's own files include it.
 */

/* What a change is stamped on and a ban names. In the database: never renumber. */
enum subject { SUBJECT_SERIAL = 1, SUBJECT_EK = 2, SUBJECT_IK = 3 };

enum { ALERT_MAX = 600 };

struct store {
	struct database database;
	struct clock clock;
	bool is_open;         /* opened wholly: only then closing writes anything */
	uint64_t reserved_ms; /* no time later than this was given out; as in the database */
	uint64_t group_reserved_ms; /* … as it will be when the group in hand is committed */
	uint64_t act_reserved_ms;   /* … as it was before the act in hand */
	int audit_mark;             /* audit.h's file beside the database */
	int64_t marked_changes;     /* the connection's changes when it was last written */
	const struct policy *policy;
	uint64_t now_ms; /* of the act in hand */
	char alert[ALERT_MAX + 1]; /* of the last act; empty: none */

	bool is_importing;
	bool import_adds, import_replaces, import_returns; /* --add, --replace, --again */

	uint64_t list_began_ms; /* when the reading of revoked numbers began; 0: it has not */
	uint64_t reading_ended_s; /* what ended before is left out in it */
	uint64_t list_number, list_ended_s; /* the same of the last list that was to be kept */

	/* What INTENT_REPEAT sends again. */
	uint8_t repeat_certificate[CERTIFICATE_MAX];
	uint8_t repeat_chain[CHAIN_MAX];
};

/* Begins an act of the group: its time is in now_ms. */
void store_act_begin(struct store *);

/* Takes back what the act has done so far: an operator's act that is refused changes nothing. */
void store_act_undo(struct store *);

/* The act's first fault; nothing of it remains then. */
enum fault store_act_end(struct store *);

/* The state that an answer carries. */
struct store_state store_state(struct store *);

#endif
