#ifndef AUTHORITY_MATERIALS_H
#define AUTHORITY_MATERIALS_H

#include "configuration.h"
#include "device_certificate.h"
#include "fault.h"
#include "key.h"
#include "message.h"
#include "ticket_keys.h"

#include <openssl/types.h>

/*
 * materials: what the authority works with: configuration, the CA's certificate and key, the
 * ticket's keys, the policy's fingerprints. One set is in force; a reload fills a second one
 * beside it, which takes its place whole or not at all.
 */
enum { CA_CERTIFICATE_COUNT_MAX = 4, NAME_DER_MAX = 1024 };

struct materials {
	struct configuration configuration;
	bool has_configuration;

	size_t ca_certificate_count; /* issuer first */
	X509 *ca_certificates[CA_CERTIFICATE_COUNT_MAX];
	struct key *key;

	struct ticket_keys ticket_keys;
	bool has_ticket_keys;

	bool has_fingerprint, has_former_fingerprint;
	uint8_t fingerprint[32], former_fingerprint[32];
	uint64_t former_fingerprint_until_ms;

	/* Taken from the above by materials_finish. */
	uint8_t issuer_buffer[NAME_DER_MAX];
	struct bytes issuer;                   /* DER Name: the CA certificate's subject */
	struct bytes authority_key_identifier; /* views the CA certificate */
	uint64_t ca_not_before_s, ca_not_after_s;
	char chain_pem[CHAIN_MAX + 1];         /* issuers between device and root; often empty */
	struct oid policy_arc;
	struct oid hardware_module_types[PROFILE_COUNT_MAX]; /* len 0: none */
};

/*
 * Takes one item of MESSAGE_LOAD; descriptor is -1 where none came and stays the caller's.
 * FAULT_INVALID: not what its kind says; FAULT_UNSUPPORTED: not the authority's kind of item.
 */
enum fault materials_load(struct materials *, const struct load *, int descriptor);

/*
 * Whether the set is whole, and works out what follows from it. why is set to one line where it is
 * not: a key missing, a profile that outlives the CA.
 */
enum fault materials_finish(struct materials *, uint64_t now_s, const char **why);

/* Frees and wipes; a zeroed struct may be closed. */
void materials_close(struct materials *);

#endif
