#ifndef DEVICE_CSR_H
#define DEVICE_CSR_H

#include "bytes.h"
#include "limits.h"
#include "signature.h"

#include <openssl/x509.h>

/*
 * csr: the certification request (RFC 2986): subject with nothing but the device's serialNumber,
 * the identity key, no attributes. In two halves, because the TPM signs in between.
 */
struct csr {
	uint8_t data[CSR_MAX];
	size_t len;
};

/* The CertificationRequestInfo to be signed; the caller frees it with X509_REQ_free. */
enum fault csr_open(const char *serial, EVP_PKEY *key, X509_REQ **out);

/* What is to be signed, in DER: out views buffer. */
enum fault csr_to_be_signed(X509_REQ *, uint8_t *buffer, size_t capacity, struct bytes *out);

/*
 * Puts the signature in and writes the whole. FAULT_CRYPTO where the signature, made with the hash,
 * does not verify with the key.
 */
enum fault csr_close(X509_REQ *, const EVP_MD *, const struct signature *, struct csr *out);

/* All of it: the request for serial, signed by the TPM with the identity key. */
enum fault csr_make(
	struct tpm *, const struct identity_key *, const char *serial, struct csr *out);

#endif
