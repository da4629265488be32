#ifndef X509_SIGNATURE_ALGORITHM_H
#define X509_SIGNATURE_ALGORITHM_H

#include "bytes.h"
#include "fault.h"

#include <openssl/types.h>
#include <stdbool.h>

/*
 * signature_algorithm: the AlgorithmIdentifiers under which an identity key may sign its CSR, and
 * nothing else: ecdsa-with-SHA256/384/512 (RFC 5758, 3.2; parameters absent, or NULL as
 * tpm2-openssl writes them), sha256/384/512WithRSAEncryption (RFC 4055, 5), RSASSA-PSS with one
 * SHA-2 hash throughout and any salt length (RFC 4055, 3.1).
 */
struct signature_algorithm {
	bool is_rsa;        /* else ECDSA */
	bool is_pss;
	unsigned hash_bits; /* 256, 384 or 512 */
	int salt_len;       /* is_pss only */
};

/* Reads one AlgorithmIdentifier, tag and length included. FAULT_UNSUPPORTED for every other. */
enum fault signature_algorithm_read(struct bytes algorithm_identifier,
	struct signature_algorithm *out);

/* Whether key made signature over the octets of tbs. */
bool signature_is_valid(const struct signature_algorithm *, EVP_PKEY *key, struct bytes tbs,
	struct bytes signature);

#endif
