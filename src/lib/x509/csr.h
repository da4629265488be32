#ifndef X509_CSR_H
#define X509_CSR_H

#include "bytes.h"
#include "fault.h"
#include "signature_algorithm.h"

#include <openssl/types.h>
#include <stdbool.h>

/*
 * csr: a PKCS#10 CertificationRequest (RFC 2986, 4) as views into its received octets. Read with
 * our own walker, so that what is verified and what is used are the same octets.
 *
 * The octets have passed der_check_strict. What is read here is well-formed; which version,
 * attributes, algorithm, key and subject are acceptable the verifier says, one check each.
 */
struct csr {
	struct bytes tbs;                 /* CertificationRequestInfo: what is signed */
	struct bytes version;             /* the INTEGER's octets */
	struct bytes subject;             /* Name, its content: the RDNs */
	struct bytes spki;                /* SubjectPublicKeyInfo, with tag and length */
	struct bytes attributes;          /* content of [0] */
	struct bytes signature_algorithm; /* AlgorithmIdentifier, with tag and length */
	struct bytes signature;           /* octets of the BIT STRING */
};

/* The views live as long as der. FAULT_TRUNCATED, FAULT_TRAILING, FAULT_INVALID. */
enum fault csr_read(struct bytes der, struct csr *out);

/* RFC 2986, 4.1: version is 0. */
bool csr_is_version_1(const struct csr *);

/*
 * Whether each attribute is an extensionRequest (RFC 2985, 5.4.2). is_empty says, on true, whether
 * there is none at all. What an extensionRequest asks for is never read.
 */
bool csr_has_only_extension_requests(const struct csr *, bool *is_empty);

/*
 * The value of the subject's serialNumber (2.5.4.5): FAULT_NOT_FOUND where there is none,
 * FAULT_INVALID where there are several, where it shares an RDN with another attribute, or is
 * neither PrintableString nor UTF8String. Other RDNs are not looked at. out views the CSR.
 */
enum fault csr_serial_number(const struct csr *, struct bytes *out);

#endif
