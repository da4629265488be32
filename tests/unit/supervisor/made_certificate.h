#ifndef TESTS_SUPERVISOR_MADE_CERTIFICATE_H
#define TESTS_SUPERVISOR_MADE_CERTIFICATE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

/* made_certificate: small certificates for tests, made by OpenSSL; any failure ends the test. */

struct made_certificate {
	EVP_PKEY *key;
	X509 *certificate;
};

/* Self-signed, or issued by issuer where it is not NULL. */
struct made_certificate made_certificate(const char *common_name, bool is_ca,
	const struct made_certificate *issuer);
void made_certificate_free(struct made_certificate *);

/* PEM and DER; they live until the next call. */
const char *made_pem(const struct made_certificate *);
const unsigned char *made_der(const struct made_certificate *, size_t *len);

/* An empty revocation list of that CA, PEM. */
const char *made_crl_pem(const struct made_certificate *);

#endif
