#ifndef AUTHORITY_KEY_H
#define AUTHORITY_KEY_H

#include "bytes.h"
#include "fault.h"

#include <openssl/types.h>

/*
 * key: the CA's signing key, wherever it is kept. It signs to-be-signed octets that the authority
 * wrote itself; no message carries octets to sign. Today one kind: a PEM file (key_file.c).
 */
struct key;

enum { SIGNATURE_MAX = 512 };

/*
 * Reads a PKCS#8 PEM, not encrypted, from descriptor, which stays the caller's. FAULT_INVALID: no
 * such key, or not the key of the certificate; FAULT_UNSUPPORTED: neither P-256, P-384 nor RSA of
 * 3072 bits or more.
 */
enum fault key_open_file(int descriptor, X509 *certificate, struct key **out);
void key_close(struct key *);

/* DER AlgorithmIdentifier of its signatures; lives as long as the key. */
struct bytes key_algorithm(const struct key *);

/*
 * Signs and then verifies with the certificate's public key, so that neither a fault attack nor a
 * broken device lets out a wrong signature. out views buffer (SIGNATURE_MAX). FAULT_CRYPTO: could
 * not sign; FAULT_INVALID: the signature did not verify.
 */
enum fault key_sign(struct key *, struct bytes tbs, uint8_t *buffer, struct bytes *out);

#endif
