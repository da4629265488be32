#ifndef STORE_REVOCATION_H
#define STORE_REVOCATION_H

#include "store_sqlite.h"

/*
 * revocation: numbers that are revoked, or will be: a certificate of a former IK is revoked only
 * after the overlap. Nothing is ever taken back; a date may only come nearer.
 */

/* CRLReason (RFC 5280, 5.3.1): those that this CA uses. */
enum crl_reason {
	CRL_REASON_UNSPECIFIED = 0,
	CRL_REASON_KEY_COMPROMISE = 1,
	CRL_REASON_AFFILIATION_CHANGED = 3,
	CRL_REASON_SUPERSEDED = 4,
	CRL_REASON_CESSATION_OF_OPERATION = 5,
	CRL_REASON_PRIVILEGE_WITHDRAWN = 9,
};

/* An intent that came to nothing: revoked now, and for ever on the list. */
void revocation_add_intent(struct store *, const uint8_t number[CERTIFICATE_NUMBER_SIZE]);

/* One certificate, now. */
void revocation_add(struct store *, const uint8_t number[CERTIFICATE_NUMBER_SIZE], enum crl_reason);

/* All certificates of a binding that are not revoked, now; how many. */
int64_t revocation_add_binding(struct store *, int64_t binding, enum crl_reason);

/* Those of them that are for another IK than this one, at a time to come. */
int64_t revocation_supersede(struct store *, int64_t binding, const uint8_t ik_id[32],
	uint64_t at_ms);

/* Whether the number is revoked by now. */
bool revocation_is_in_force(struct store *, const uint8_t number[CERTIFICATE_NUMBER_SIZE]);

/*
 * What is on a list made now; ?1 its time, ?2 revocation_ended_s. A certificate that has ended
 * leaves the list, but not before one list that was made after its end had it (RFC 5280, 3.3).
 */
#define REVOCATION_ON_LIST \
	" WHERE effective_at_ms <= ?1 AND (not_after_s IS NULL OR not_after_s >= ?2)"

/* The list that is kept, but for its octets; number 0: there is none. */
struct kept_list {
	uint64_t number;
	uint64_t this_update_s, next_update_s;
	uint64_t complete_until_ms; /* what was revoked later may be missing in it */
};
struct kept_list kept_list_of(struct store *);

/* When the list that is kept was made, or the system's time where that is earlier; 0: there is none. */
uint64_t revocation_ended_s(struct store *);

/* How many entries a list made now has. */
uint64_t revocation_count(struct store *);

/*
 * Whether a list made now would differ from the one that is kept, or none is kept. One that was made
 * while the clock was far ahead, and left out what had ended by it, is due again.
 */
bool revocation_is_due(struct store *);

#endif
