#ifndef SUPERVISOR_CA_KEY_H
#define SUPERVISOR_CA_KEY_H

#include "fault.h"

#include <openssl/types.h>

/*
 * ca_key: makes the CA's key, and the first one for TLS, at init: their one use outside authority
 * and front. What they sign with is x509/issuer_algorithm.h's.
 */

/* kind is p256, p384 or rsa3072: FAULT_INVALID for any other. The caller frees it. */
enum fault ca_key_generate(const char *kind, EVP_PKEY **out);

#endif
