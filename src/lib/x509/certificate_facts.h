#ifndef X509_CERTIFICATE_FACTS_H
#define X509_CERTIFICATE_FACTS_H

#include "bytes.h"
#include "fault.h"

#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * certificate_facts: what a TPM vendor's certificate says, one function a fact, for EK
 * certificates and the CA certificates above them. OpenSSL reads the certificate; nothing is
 * re-encoded, so signatures are verified over the octets that came. No verdicts here: what must
 * hold is trust.h's and the verifier's to say.
 *
 * An extension that stands twice or does not decode is EXTENSION_INVALID, never absent.
 */
enum presence { EXTENSION_ABSENT, EXTENSION_PRESENT, EXTENSION_INVALID };

/*
 * Reads one certificate: the framing gate first (der.h), then OpenSSL, which must consume all of
 * it. The caller frees it with X509_free. FAULT_INVALID where OpenSSL cannot read it; else
 * der_check_framing's faults.
 */
enum fault certificate_open(struct bytes der, X509 **out);

/*
 * The same for one that a device sent: FAULT_DENIED where its key must not come before OpenSSL
 * (spki_gate.h), which makes a key of it as soon as it reads the certificate.
 */
enum fault certificate_open_sent(struct bytes der, X509 **out);

/* RFC 5280, 4.2.1.9. */
struct basic_constraints {
	enum presence presence;
	bool is_ca;
	bool has_path_len;
	long path_len;
};
struct basic_constraints certificate_basic_constraints(const X509 *);

/* RFC 5280, 4.2.1.3: bits as OpenSSL's KU_ constants. */
struct key_usage {
	enum presence presence;
	uint32_t bits;
};
struct key_usage certificate_key_usage(const X509 *);

/* RFC 5280, 4.2.1.12: two purposes matter here. */
struct extended_key_usage {
	enum presence presence;
	bool has_ek_certificate; /* tcg-kp-EKCertificate, 2.23.133.8.1 */
	bool has_any;
};
struct extended_key_usage certificate_extended_key_usage(const X509 *);

/*
 * Critical extensions that are neither read here nor harmless to somebody who asks for no policy
 * (RFC 5280, 4.2): such a certificate may not be used. nameConstraints is one of them.
 */
bool certificate_has_unknown_critical(const X509 *);

/* The hash and kind of the signature on the certificate, as far as it matters. */
enum signature_strength {
	SIGNATURE_SHA2,  /* RSA, RSASSA-PSS or ECDSA with SHA-256, 384 or 512 */
	SIGNATURE_SHA1,  /* RSA or ECDSA with SHA-1 */
	SIGNATURE_OTHER, /* MD5 and everything else */
};
enum signature_strength certificate_signature_strength(const X509 *);

/* notBefore and notAfter (RFC 5280, 4.1.2.5), seconds since 1970; false for a malformed time. */
bool certificate_validity(const X509 *, int64_t *not_before_s, int64_t *not_after_s);

#endif
