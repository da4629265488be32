#ifndef X509_TRUST_SET_H
#define X509_TRUST_SET_H

#include "limits.h"
#include "trust.h"

/*
 * trust_set: the inside of struct trust_set, for trust.c, which makes it, and trust_path.c, which
 * climbs it. Nobody else includes this.
 */
struct trust_anchor {
	X509 *certificate;
	EVP_PKEY *key;            /* the certificate's; not owned */
	uint8_t spki_digest[32];
	ASN1_OCTET_STRING *key_id; /* its subjectKeyIdentifier; NULL: it has none that reads */
	struct trust_marks marks; /* sealed: with those of the imported issuers above */
	const struct trust_anchor *issuer; /* sealed: NULL where it is not imported, or itself */
	bool is_revoked;          /* sealed: it, or an imported issuer above, is on a list */
};

struct trust_crl {
	X509_CRL *crl;
	EVP_PKEY *key; /* sealed: the anchor's that signed it; not owned */
};

struct trust_set {
	bool is_sealed;
	bool has_hints; /* sealed: some anchor is marked so */
	size_t anchor_count, crl_count;
	struct trust_anchor anchors[ANCHOR_COUNT_MAX]; /* sealed: in order of their subjects */
	struct trust_crl crls[TRUST_CRL_COUNT_MAX];
};

/* Whether the certificate may stand above intermediates_below CA certificates and an EK's. */
bool trust_is_fit_issuer(const X509 *, long intermediates_below);

/* The anchors with that subject are those from the result on, up to end. */
const struct trust_anchor *trust_anchors_named(const struct trust_set *, const X509_NAME *,
	const struct trust_anchor **end);

/* Whether a certificate that key issued is on a list that key signed. */
bool trust_is_revoked(const struct trust_set *, X509 *certificate, const EVP_PKEY *key);

#endif
