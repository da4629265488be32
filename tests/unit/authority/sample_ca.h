#ifndef TESTS_AUTHORITY_SAMPLE_CA_H
#define TESTS_AUTHORITY_SAMPLE_CA_H

#include "bytes.h"

#include <openssl/types.h>

/*
 * sample_ca: a CA for tests, made by OpenSSL alone: a key, a self-signed certificate with a subject
 * key identifier, valid from 2026 to 2056.
 */
enum { CA_NOT_BEFORE = 1795392000, CA_DAYS = 10957 };

/* type: "P-256", "P-384", "P-521" or "RSA" with its bits. */
EVP_PKEY *sample_key_make(const char *type, unsigned rsa_bits);
X509 *sample_ca_make(EVP_PKEY *key);

/* The private key as PKCS#8 PEM in a memfd, which is the caller's to close. */
int sample_key_file(EVP_PKEY *key);

/* A memfd with those octets. */
int sample_file(struct bytes content);

#endif
