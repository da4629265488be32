#ifndef AUTHORITY_TICKET_H
#define AUTHORITY_TICKET_H

#include "bytes.h"
#include "fault.h"
#include "limits.h"
#include "secret.h"
#include "ticket_keys.h"
#include "writer.h"

#include <stdint.h>

/*
 * ticket: the MAC that makes two requests one act (docs/PROTOCOL.md, "The ticket"). Stateless: all
 * that it vouches for is in the second request again, and in the header beside it.
 *
 * A ticket is a secret until the device has shown that it could open it: it lives in a struct
 * secret, goes out only inside a credential blob, and is compared in constant time.
 */
enum { TICKET_VERSION = 1, NONCE_SIZE = 16, FINGERPRINT_PREFIX_SIZE = 8 };

/* What travels beside the ticket in clear. */
struct ticket_header {
	uint8_t version; /* 1 */
	uint8_t ca_id[CA_ID_SIZE];
	uint32_t epoch;        /* the day: issued_at_ms / 86 400 000 */
	uint64_t issued_at_ms; /* milliseconds since 1970 UTC, the store's clock */
	uint8_t nonce[NONCE_SIZE];
	uint8_t fingerprint_prefix[FINGERPRINT_PREFIX_SIZE];
};

/* Reads exactly CHALLENGE_HEADER_SIZE octets; any version. FAULT_TRUNCATED, FAULT_TRAILING. */
enum fault ticket_header_read(struct bytes input, struct ticket_header *out);
void ticket_header_write(struct writer *, const struct ticket_header *);

/* The epoch that belongs to a time. */
uint32_t ticket_epoch(uint64_t issued_at_ms);

/* Fields 1 to 9 of the message M. */
struct ticket_fields {
	struct ticket_header header;
	struct bytes profile;
	uint8_t fingerprint[32]; /* whole */
	struct bytes serial;
	uint8_t csr_digest[32];
	struct bytes ik_public, ek_public;   /* TPM2B_PUBLIC that the authority wrote itself */
	struct bytes ek_certificate_digest;  /* 32 octets, or empty where there is no certificate */
	uint8_t ek_trust, binding;           /* the verdict: the authority's configuration */
};

/* Octets that M can have: two areas and at most 512 more. */
enum { TICKET_MESSAGE_MAX = 2 * TPM2B_PUBLIC_MAX + 512 };

/* Writes M. */
void ticket_message_write(struct writer *, const struct ticket_fields *);

/* The key of one day: HKDF-SHA256 (RFC 5869) of the master. FAULT_CRYPTO. */
enum fault ticket_key_derive(const struct secret *master, struct bytes ca_id, uint32_t epoch,
	struct secret *out);

/* The ticket: HMAC-SHA256 under the key of the header's epoch. FAULT_CRYPTO. */
enum fault ticket_make(
	const struct secret *master, const struct ticket_fields *, struct secret *out);

#endif
