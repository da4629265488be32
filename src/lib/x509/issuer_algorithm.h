#ifndef X509_ISSUER_ALGORITHM_H
#define X509_ISSUER_ALGORITHM_H

#include "bytes.h"
#include "fault.h"

#include <openssl/types.h>
#include <stdint.h>

/*
 * issuer_algorithm: under which algorithm a CA's key of ours signs: P-256 with SHA-256, P-384 with
 * SHA-384, RSA of 3072 bits or more with SHA-256 (PKCS #1 v1.5). No other key is a CA's here.
 */
struct issuer_algorithm {
	const char *group; /* of the curve; NULL: RSA */
	const char *hash;
	struct bytes identifier; /* DER AlgorithmIdentifier (RFC 5758, 3.2; RFC 4055, 5) */
};

/* That of a key; NULL for every other key. */
const struct issuer_algorithm *issuer_algorithm_of(const EVP_PKEY *);

enum { ISSUER_SIGNATURE_MAX = 512 };

/* Signs tbs; out views buffer (ISSUER_SIGNATURE_MAX). FAULT_CRYPTO. */
enum fault issuer_sign(EVP_PKEY *, const struct issuer_algorithm *, struct bytes tbs,
	uint8_t *buffer, struct bytes *out);

#endif
