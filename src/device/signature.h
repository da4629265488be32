#ifndef DEVICE_SIGNATURE_H
#define DEVICE_SIGNATURE_H

#include "bytes.h"
#include "identity_key.h"

#include <openssl/types.h>

/*
 * signature: TPM2_Sign with the identity key, in the form that the rest of the world reads: ECDSA
 * as DER (RFC 3279, 2.2.3), RSA as PKCS #1 v1.5. SHA-384 for P-384, else SHA-256.
 */
enum { SIGNATURE_MAX = 512 };

struct signature {
	uint8_t data[SIGNATURE_MAX];
	size_t len;
};

/* The hash that goes with the key, as OpenSSL and as the TPM name it. */
const EVP_MD *signature_hash(const struct template_row *ik);

/* Signs message. The signature is verified with the key's public half before it is given out. */
enum fault identity_key_sign(
	struct tpm *, const struct identity_key *, struct bytes message, struct signature *out);

/* The form of r and s, two numbers of any length, that ECDSA verifiers read. */
enum fault ecdsa_signature_write(struct bytes r, struct bytes s, struct signature *out);

/* Whether the signature over message verifies with key. */
bool signature_is_valid(
	EVP_PKEY *key, const EVP_MD *, struct bytes message, const struct signature *);

#endif
