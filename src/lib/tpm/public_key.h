#ifndef TPM_PUBLIC_KEY_H
#define TPM_PUBLIC_KEY_H

#include "bytes.h"
#include "fault.h"
#include "limits.h"
#include "templates.h"
#include "writer.h"

#include <openssl/types.h>

/*
 * public_key: a TPM key's numbers as the rest of the world spells them: the DER
 * SubjectPublicKeyInfo (written by us, octet by octet) and OpenSSL's EVP_PKEY made from it.
 */

/*
 * Writes the SubjectPublicKeyInfo: rsaEncryption with NULL parameters (RFC 8017, A.1), or
 * id-ecPublicKey with the named curve and the uncompressed point (RFC 5480, 2). Coordinates are
 * padded to the field's length.
 */
void spki_write(struct writer *, const struct tpm_key *);

/*
 * The key's id: SHA-256 of its SubjectPublicKeyInfo. EK id and IK id everywhere (docs/PROTOCOL.md):
 * `tpm2_readpublic -f der`, then sha256sum, gives the same.
 */
enum fault key_id(const struct tpm_key *, uint8_t out[32]);

/*
 * The key as OpenSSL's; the caller frees it with EVP_PKEY_free. FAULT_INVALID where the numbers are
 * no key (a point off its curve); OpenSSL is asked nothing that the gates have not passed.
 */
enum fault public_key_open(const struct tpm_key *, EVP_PKEY **out);

/* The hash of TPM_ALG_SHA256, 384 or 512; NULL for every other. */
const EVP_MD *tpm_hash(uint16_t alg);

#endif
