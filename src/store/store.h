#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "clock.h"
#include "message.h"
#include "policy.h"

/*
 * store: who may be whom, who is, and what was issued. One function per act of the authority's
 * (operator.h has the operator's), each of which happens wholly or not at all; docs/PROTOCOL.md,
 * "Who may be whom", is what they do. This header is all that the loop knows; what stands behind
 * it (store_sqlite.h) may be another database.
 *
 * Acts are done in groups: store_group_begin, some acts, store_group_commit. Nothing that an act
 * answered may leave the process before its group was committed (S3).
 */
struct store;

struct store_options {
	const char *path;         /* the database, made where there is none */
	struct clock_source clock;
	uint32_t page_count_max;  /* 0: as large as the disk; tests fill a small one */
};

struct store_error {
	char text[300];
};

/*
 * Opens the database and brings its schema up to date. On a fault error says why in one sentence:
 * FAULT_UNSUPPORTED where the database is a later version's, FAULT_INVALID where it is older than
 * what this store has already answered for (a restored backup).
 */
enum fault store_open(const struct store_options *, struct store **out, struct store_error *error);
void store_close(struct store *);

/* The rules from now on; they are the caller's and must live until others are in use. */
void store_use(struct store *, const struct policy *);

void store_group_begin(struct store *);

/* Any fault: nothing of the group has happened, every one of its answers is to be a refusal. */
enum fault store_group_commit(struct store *);

/* Whether a sync to disk failed: the process must end at once, without an answer. */
bool store_is_lost(const struct store *);

/* What the database said when the last act or group failed; lives until the next one. */
const char *store_failure(const struct store *);

/*
 * Why nothing is signed at all: the store's clock is ahead of the system's (clock_say). NULL where
 * it is not, as of the last act; lives until the next call.
 */
const char *store_clock_trouble(const struct store *);

/* The state for an answer that could not be had from the database. */
struct store_state store_state_unknown(const struct store *);

/*
 * The acts. Views in an answer live until the next act. Intent and record always answer: where
 * the database fails, by the refusal STORE_WORKS. The others return the fault, and there is no
 * answer then.
 */
void store_intent(struct store *, const struct intent *, struct intent_answer *out);
void store_record(struct store *, const struct record *, struct record_answer *out);

/*
 * What the operator is to be warned of, in one line of printable ASCII: the last record was a rekey,
 * or the last intent was refused because somebody would be another device than the one it is. NULL
 * where it was neither. Lives until the next act.
 */
const char *store_alert(const struct store *);
enum fault store_tidy(struct store *, struct tidy_answer *out);

/* The page after that number; sixteen octets of 0 begin a list. */
enum fault store_revoked(struct store *, const uint8_t after[CERTIFICATE_NUMBER_SIZE],
	struct revoked_page *out);

/* Keeps a list in place of the last one. FAULT_INVALID where its number is not greater. */
enum fault store_crl(struct store *, const struct crl_notice *, struct bytes der,
	struct tidy_answer *out);

#endif
