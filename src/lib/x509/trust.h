#ifndef X509_TRUST_H
#define X509_TRUST_H

#include "bytes.h"
#include "certificate_facts.h"
#include "fault.h"
#include "trust_marks.h"

#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * trust: the CA certificates of TPM vendors that the operator imported, and the path from an EK
 * certificate to one of them.
 *
 * Every imported certificate is an anchor, roots and intermediates alike: a path ends at the first
 * one that it reaches. What the operator marked above it holds as well: where the issuer of an
 * imported certificate is imported too, its permissions (ek-only, hints, sha1) hold below as well,
 * and so do its manufacturers where the lower one names none. Those links are proved once, when
 * the set is sealed.
 *
 * So a request costs one signature verification as a rule, and no more than
 * TRUST_VERIFICATIONS_MAX whatever it holds. This is why the loop is our own and not
 * X509_verify_cert: that one would prove the vendor's whole chain anew each time, bounds only the
 * depth of its search, links by AKI (which Infineon's TPM 1.2 certificates have wrong), insists on
 * decoding a leaf's RSAES-OAEP key that nobody needs, and refuses what has expired.
 *
 * A link is: the issuer's name (RFC 5280, 7.1) and the issuer's signature over the received TBS. Of
 * anchors with one name, that whose subjectKeyIdentifier the certificate names is tried first.
 * Each issuer has cA TRUE, keyCertSign where it has a keyUsage, room in its pathLenConstraint, and
 * tcg-kp-EKCertificate or anyExtendedKeyUsage where it has an extendedKeyUsage. Certificates that
 * the device sent (ekChain) are links, never anchors, and only under an anchor marked `hints`.
 * No policies are processed, no URL is ever fetched. Times and revocation are found out here and
 * judged by the verifier.
 */
enum { TRUST_VERIFICATIONS_MAX = 8, TRUST_CRL_COUNT_MAX = 256 };

struct trust_set;

/* An empty set; the caller closes it. FAULT_NO_MEMORY. */
enum fault trust_open(struct trust_set **out);
void trust_close(struct trust_set *);

/*
 * Adds an anchor with its marks (trust_marks.h). FAULT_INVALID: not one certificate, or unknown
 * marks; FAULT_DENIED: not a CA certificate that may issue EK certificates; FAULT_UNSUPPORTED: a
 * key that OpenSSL does not know; FAULT_TOO_LONG: more than ANCHOR_COUNT_MAX.
 */
enum fault trust_add_anchor(struct trust_set *, struct bytes marks, struct bytes der);

/*
 * Adds a vendor's revocation list. FAULT_INVALID: not one CRL; FAULT_UNSUPPORTED: an indirect or
 * delta list, or an unknown critical extension; FAULT_TOO_LONG. A list is used for as long as it
 * is imported, also after its nextUpdate: what was revoked stays so.
 */
enum fault trust_add_crl(struct trust_set *, struct bytes der);

/*
 * Ends the adding: proves the links between anchors and finds the issuer of each list. From here
 * on the set does not change and trust_find_path may be asked. FAULT_NOT_FOUND: a list that no
 * anchor has signed.
 */
enum fault trust_seal(struct trust_set *);

size_t trust_anchor_count(const struct trust_set *);

/* Whether an anchor's SubjectPublicKeyInfo has that SHA-256. */
bool trust_has_key(const struct trust_set *, const uint8_t spki_digest[32]);

enum trust_verdict {
	TRUST_PATH_FOUND = 0,
	TRUST_ISSUER_UNKNOWN,     /* nothing that may be used bears the issuer's name */
	TRUST_SIGNATURE_INVALID,  /* what bears it did not make the signature */
	TRUST_ISSUER_UNFIT,       /* what made it may not issue EK certificates, or not so deep */
	TRUST_HINTS_NOT_ALLOWED,  /* the path runs through ekChain to an anchor not marked hints */
	TRUST_PATH_TOO_LONG,      /* over PATH_LEN_MAX */
	TRUST_TOO_MUCH_WORK,      /* over TRUST_VERIFICATIONS_MAX */
	TRUST_UNKNOWN_CRITICAL,   /* a critical extension that nobody here can read */
};

/* The verdict in a phrase, such as "its issuer is not imported". */
const char *trust_verdict_text(enum trust_verdict);

/* What the path brought out: all of it about the certificates below the anchor, but marks. */
struct trust_path {
	size_t len;                         /* certificates, the EK's and the anchor counted */
	const struct trust_marks *marks;    /* in force for the anchor; lives as long as the set */
	enum signature_strength weakest;
	int64_t not_before_s, not_after_s;  /* the latest, the earliest, seconds since 1970 */
	bool is_revoked;                    /* one of them, or the anchor, is on an imported list */
};

/*
 * Finds the path of an EK certificate. hints are DER, as they were sent; one that does not read is
 * passed over. The climb through them does not turn back: with two issuers of one name and key the
 * first is taken. out is written where TRUST_PATH_FOUND.
 */
enum trust_verdict trust_find_path(const struct trust_set *, X509 *ek_certificate,
	const struct bytes *hints, size_t hint_count, struct trust_path *out);

#endif
