#ifndef STORE_OPEN_INTENT_H
#define STORE_OPEN_INTENT_H

#include "store_sqlite.h"

/*
 * open_intent: signatures that may be under way. An intent is open from before the signature until
 * its certificate is recorded, or until it is closed: by its lease, or by an operator's act. The
 * number of a closed one goes on the revocation list, because its certificate may exist (S7).
 */
enum { INTENT_LEASE_MS = 60000 };

struct open_intent {
	int64_t id;
	char serial[SERIAL_MAX + 1];
	char profile[PROFILE_NAME_MAX + 1];
	uint8_t ek_id[32], ik_id[32];
	uint8_t ticket_hash[32], tbs_digest[32];
	uint8_t number[CERTIFICATE_NUMBER_SIZE];
	uint8_t owner[OWNER_SIZE];
	uint64_t lease_until_ms;
};

/* One that shares serial, EK or IK: the one with the longest lease first. */
bool open_intent_of_subjects(struct store *, const char *serial, const uint8_t ek_id[32],
	const uint8_t ik_id[32], struct open_intent *out);

bool open_intent_of_ticket(struct store *, const uint8_t ticket_hash[32], struct open_intent *out);

void open_intent_write(struct store *, const struct intent *);

/* Its certificate is recorded. */
void open_intent_finish(struct store *, const struct open_intent *);

/* Closes it without a certificate; why is for the audit. */
void open_intent_close(struct store *, const struct open_intent *, const char *actor,
	const char *why);

/* Closes all whose lease has run out; how many. */
size_t open_intent_close_run_out(struct store *);

/* Closes all that concern a serial, an EK or an IK, or any of a binding's; how many. */
size_t open_intent_close_subject(struct store *, enum subject, struct bytes value,
	const char *actor, const char *why);
size_t open_intent_close_binding(struct store *, int64_t binding, const char *actor,
	const char *why);

#endif
