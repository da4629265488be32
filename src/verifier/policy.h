#ifndef VERIFIER_POLICY_H
#define VERIFIER_POLICY_H

#include "configuration.h"
#include "fault.h"
#include "message.h"
#include "trust.h"

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * policy: what evidence is judged by: the configuration, the TPM vendors' anchors and revocation
 * lists, the keys of this CA, the fingerprint that names all of it. It comes from the supervisor
 * item by item (MESSAGE_LOAD) and does not change once it is complete; a reload makes another one
 * beside it.
 */
enum { CA_CERTIFICATE_COUNT_MAX = 8 };

struct policy {
	struct configuration configuration;
	uint8_t fingerprint[32];
	struct trust_set *trust;
	bool has_serial_pattern;
	regex_t serial_pattern; /* where has_serial_pattern: anchored at both ends */
	size_t ca_key_count;
	uint8_t ca_keys[CA_CERTIFICATE_COUNT_MAX][32]; /* SHA-256 of their SubjectPublicKeyInfo */

	/* While it is being loaded. */
	bool has_configuration, has_fingerprint;
	char refused[256]; /* one line why this cannot become a policy; empty: nothing so far */
};

/* An empty policy, to be loaded; the caller closes it. FAULT_NO_MEMORY. */
enum fault policy_open(struct policy **out);
void policy_close(struct policy *);

/*
 * Takes one item. What it cannot use it remembers in refused, the first reason only. descriptor,
 * which stays the caller's, is LOAD_CRL's list and -1 for all else. FAULT_INVALID: an item that no
 * supervisor sends to a verifier.
 */
enum fault policy_load(struct policy *, const struct load *, int descriptor);

/* Completes it. FAULT_DENIED where refused says why it cannot be. */
enum fault policy_complete(struct policy *);

/* Whether that key is one of this CA's or of an imported anchor. */
bool policy_has_issuer_key(const struct policy *, const uint8_t spki_digest[32]);

#endif
