#ifndef TEST_DEVICE_SOFTWARE_CA_H
#define TEST_DEVICE_SOFTWARE_CA_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <time.h>

/* software_ca: certificates as a CA, or somebody in its place, might make them, for tests. */
struct certificate_wish {
	const char *serial;             /* subject's serialNumber; NULL: none */
	const char *second_serial;      /* a second one; NULL: none */
	const char *basic_constraints;  /* as in openssl.cnf; NULL: none */
	const char *key_usage;
	const char *extended_key_usage;
	const char *subject_alt_name;
	time_t not_before, not_after;
};

/* A certificate for subject_key by issuer; issuer NULL: self-signed with issuer_key. */
X509 *software_ca_issue(const struct certificate_wish *, EVP_PKEY *subject_key, X509 *issuer,
	EVP_PKEY *issuer_key);

#endif
