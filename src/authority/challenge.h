#ifndef AUTHORITY_CHALLENGE_H
#define AUTHORITY_CHALLENGE_H

#include "areas.h"
#include "materials.h"
#include "message.h"
#include "ticket.h"

/*
 * challenge: the authority's first act: for facts, a ticket inside a credential blob that only the
 * TPM with this EK and this IK can open. Asks no store, keeps nothing.
 */
struct challenge {
	uint8_t header_buffer[CHALLENGE_HEADER_SIZE], credential_buffer[CREDENTIAL_MAX];
	struct bytes header;     /* views into this struct */
	struct bytes credential;
};

/* now_ms: the store's clock. out must not be copied. FAULT_CRYPTO, FAULT_INVALID. */
enum fault challenge_make(const struct materials *, const struct facts *, uint64_t now_ms,
	struct challenge *out);

/*
 * The ticket that belongs to facts and a header: under which of the keys and fingerprints follows
 * from the header, which header_check has passed.
 */
enum fault challenge_ticket(const struct materials *, const struct facts *, const struct areas *,
	const struct ticket_header *, struct secret *out);

#endif
