#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "store_sqlite.h"

/*
 * audit: the record of every act, written in the act's own transaction. Each entry's hash covers
 * the one before, so that none can be changed, left out, moved or put in between without all later
 * ones changing:
 *
 *	hash = SHA-256(hash before ‖ u64 seq ‖ u64 at_ms ‖ field(actor) ‖ field(act) ‖ field(detail))
 *	field(text) = u32 length ‖ octets
 *
 * seq counts from 1; before the first stand 32 octets of 0. The last entry's seq and hash stand in
 * the state row as well, so that cutting off the end is seen; who can rewrite the whole database
 * is found out by a seq and hash that the operator has kept elsewhere (`audit verify SEQ HASH`).
 *
 * Beside the database lies its mark (PATH.mark: u64 seq ‖ hash): the last entry that was answered
 * for. A database that is older than its mark was restored from a backup: bindings are missing in
 * it, and it is not opened until the operator takes the mark away.
 */
enum { AUDIT_DETAIL_MAX = 4096, AUDIT_NAME_MAX = 64 };

/* One entry while it is made: detail is a JSON object. */
struct audit_entry {
	const char *act;
	size_t len;
	bool is_cut;
	char detail[AUDIT_DETAIL_MAX + 1];
};

struct audit_entry audit_entry_of(const char *act);
void audit_text(struct audit_entry *, const char *name, const char *text);
void audit_octets(struct audit_entry *, const char *name, struct bytes octets); /* as hexadecimal */
void audit_number(struct audit_entry *, const char *name, uint64_t number);

/* Writes the entry; actor is the operator's name, or "authority". */
void audit_append(struct store *, const char *actor, const struct audit_entry *);

/* What a walk along the chain found. */
struct audit_verdict {
	bool is_whole;
	uint64_t count;    /* entries read */
	uint8_t head[32];  /* hash of the last of them */
	char text[160];    /* what is wrong, where it is not whole */
};

/* A seq and hash kept elsewhere; seq 0: none. */
struct audit_checkpoint {
	uint64_t seq;
	uint8_t hash[32];
};

/* Walks the whole chain. Within an act; asks nobody's word but the entries'. */
void audit_verify(struct store *, const struct audit_checkpoint *, struct audit_verdict *out);

/* Opens the mark beside the database; FAULT_INVALID where the database is older, or another. */
enum fault audit_check_mark(struct store *, const char *path);

/* After a commit. Not synced: after a power cut the mark may be old, never ahead. */
void audit_write_mark(struct store *);
void audit_close_mark(struct store *);

#endif
