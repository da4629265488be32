#ifndef SUPERVISOR_CA_KEY_H
#define SUPERVISOR_CA_KEY_H

#include "bytes.h"
#include "fault.h"

#include <openssl/types.h>
#include <stdint.h>

/*
 * ca_key: the CA's key while init makes it: its one use outside the authority, to sign the two
 * certificates with which a CA begins.
 */

/* kind is p256, p384 or rsa3072: FAULT_INVALID for any other. The caller frees it. */
enum fault ca_key_generate(const char *kind, EVP_PKEY **out);

/* DER AlgorithmIdentifier of its signatures (RFC 5758, 3.2; RFC 4055, 5). Empty for other keys. */
struct bytes ca_key_algorithm(const EVP_PKEY *);

enum { CA_SIGNATURE_MAX = 512 };

/* Signs tbs; out views buffer (CA_SIGNATURE_MAX). FAULT_CRYPTO. */
enum fault ca_key_sign(EVP_PKEY *, struct bytes tbs, uint8_t *buffer, struct bytes *out);

#endif
