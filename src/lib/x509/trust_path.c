#include "trust.h"

#include "owned.h"
#include "trust_set.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

const char *trust_verdict_text(enum trust_verdict verdict)
{
	switch (verdict) {
	case TRUST_PATH_FOUND:
		return "its path is found";
	case TRUST_ISSUER_UNKNOWN:
		return "its issuer is not imported";
	case TRUST_SIGNATURE_INVALID:
		return "its signature is not that of the issuer of this name";
	case TRUST_ISSUER_UNFIT:
		return "its issuer may not issue EK certificates";
	case TRUST_HINTS_NOT_ALLOWED:
		return "its path needs ekChain, and the anchor is not marked hints";
	case TRUST_PATH_TOO_LONG:
		return "its path is too long";
	case TRUST_TOO_MUCH_WORK:
		return "its path takes too many signatures to find";
	case TRUST_UNKNOWN_CRITICAL:
		return "it has a critical extension that is not known";
	}
	return "unknown";
}

OWNED_TYPE(AUTHORITY_KEYID, AUTHORITY_KEYID_free)

/* The hints, read when the first of them is needed. */
struct hints {
	size_t count;
	X509 *certificates[EK_CHAIN_COUNT_MAX]; /* NULL: does not read */
};

static void hints_close(struct hints *hints)
{
	for (size_t i = 0; i < hints->count; i++)
		X509_free(hints->certificates[i]);
}

#define owned_hints __attribute__((cleanup(hints_close))) struct hints

static void hints_open(struct hints *hints, const struct bytes *octets, size_t count)
{
	assert(count <= EK_CHAIN_COUNT_MAX);
	for (; hints->count < count; hints->count++) {
		X509 **certificate = &hints->certificates[hints->count];

		if (certificate_open_sent(octets[hints->count], certificate) != FAULT_NONE)
			*certificate = NULL;
	}
}

/* A climb from the EK certificate upwards. */
struct climb {
	const struct trust_set *trust;
	unsigned verifications_left;
	long intermediates; /* hints below the issuer that is looked for */
	enum trust_verdict verdict; /* of the last step that failed */
	struct trust_path path;
};

/* Whether key made the certificate's signature; a fit issuer is not yet asked for. */
static bool is_made_by(struct climb *climb, X509 *certificate, EVP_PKEY *key)
{
	if (climb->verifications_left == 0) {
		climb->verdict = TRUST_TOO_MUCH_WORK;
		return false;
	}
	climb->verifications_left--;
	bool is_made = key != NULL && X509_verify(certificate, key) == 1;

	ERR_clear_error();
	if (!is_made && climb->verdict == TRUST_ISSUER_UNKNOWN)
		climb->verdict = TRUST_SIGNATURE_INVALID;
	return is_made;
}

static bool is_issuer(struct climb *climb, X509 *certificate, X509 *issuer, EVP_PKEY *key)
{
	if (!is_made_by(climb, certificate, key))
		return false;
	if (trust_is_fit_issuer(issuer, climb->intermediates))
		return true;
	climb->verdict = TRUST_ISSUER_UNFIT;
	return false;
}

/* Whether that identifier of its issuer's key, which a certificate has, is this anchor's. */
static bool is_key_of(const AUTHORITY_KEYID *issuer, const struct trust_anchor *anchor)
{
	return issuer != NULL && issuer->keyid != NULL && anchor->key_id != NULL &&
		ASN1_OCTET_STRING_cmp(issuer->keyid, anchor->key_id) == 0;
}

static const struct trust_anchor *find_anchor_where(struct climb *climb, X509 *certificate,
	const AUTHORITY_KEYID *issuer, bool is_key_named)
{
	const struct trust_anchor *end;
	const struct trust_anchor *anchor =
		trust_anchors_named(climb->trust, X509_get_issuer_name(certificate), &end);

	for (; anchor < end; anchor++) {
		if (is_key_of(issuer, anchor) != is_key_named)
			continue;
		if (climb->intermediates > 0 && !anchor->marks.has_hints)
			climb->verdict = TRUST_HINTS_NOT_ALLOWED;
		else if (is_issuer(climb, certificate, anchor->certificate, anchor->key))
			return anchor;
	}
	return NULL;
}

/*
 * Of many anchors with one name, that whose key the certificate names (RFC 5280, 4.2.1.1) is tried
 * first. An order and no more: vendors have written identifiers that are wrong.
 */
static const struct trust_anchor *find_anchor(struct climb *climb, X509 *certificate)
{
	owned(AUTHORITY_KEYID) *issuer =
		X509_get_ext_d2i(certificate, NID_authority_key_identifier, NULL, NULL);

	ERR_clear_error();
	const struct trust_anchor *anchor = find_anchor_where(climb, certificate, issuer, true);
	return anchor != NULL ? anchor : find_anchor_where(climb, certificate, issuer, false);
}

/* The hint that issued the certificate; NULL where there is none. */
static X509 *find_hint(struct climb *climb, struct hints *hints, X509 *certificate)
{
	const X509_NAME *issuer = X509_get_issuer_name(certificate);

	for (size_t i = 0; i < hints->count; i++) {
		X509 *hint = hints->certificates[i];

		if (hint != NULL && X509_NAME_cmp(issuer, X509_get_subject_name(hint)) == 0 &&
				is_issuer(climb, certificate, hint, X509_get0_pubkey(hint)))
			return hint;
	}
	return NULL;
}

/* What one certificate below the anchor adds to what the path brings out. */
static void add_to_path(struct climb *climb, X509 *certificate, const EVP_PKEY *issuer_key)
{
	struct trust_path *path = &climb->path;
	enum signature_strength strength = certificate_signature_strength(certificate);
	int64_t not_before_s = INT64_MAX, not_after_s = INT64_MIN; /* unreadable: never valid */

	(void)certificate_validity(certificate, &not_before_s, &not_after_s);
	if (path->len == 0 || not_before_s > path->not_before_s)
		path->not_before_s = not_before_s;
	if (path->len == 0 || not_after_s < path->not_after_s)
		path->not_after_s = not_after_s;
	if (strength > path->weakest)
		path->weakest = strength;
	path->is_revoked |= trust_is_revoked(climb->trust, certificate, issuer_key);
	path->len++;
}

static enum trust_verdict finish(struct climb *climb, const struct trust_anchor *anchor,
	struct trust_path *out)
{
	climb->path.len++;
	climb->path.marks = &anchor->marks;
	climb->path.is_revoked |= anchor->is_revoked;
	*out = climb->path;
	return TRUST_PATH_FOUND;
}

enum trust_verdict trust_find_path(const struct trust_set *trust, X509 *ek_certificate,
	const struct bytes *hint_octets, size_t hint_count, struct trust_path *out)
{
	struct climb climb = { .trust = trust, .verifications_left = TRUST_VERIFICATIONS_MAX };
	owned_hints hints = { 0 };
	X509 *current = ek_certificate;

	assert(trust->is_sealed);
	if (certificate_has_unknown_critical(ek_certificate))
		return TRUST_UNKNOWN_CRITICAL;
	/* The certificates so far, current and the anchor must fit. */
	while (climb.path.len + 2 <= PATH_LEN_MAX) {
		climb.verdict = TRUST_ISSUER_UNKNOWN;
		const struct trust_anchor *anchor = find_anchor(&climb, current);

		if (anchor != NULL) {
			add_to_path(&climb, current, anchor->key);
			return finish(&climb, anchor, out);
		}
		if (trust->has_hints && hints.count == 0)
			hints_open(&hints, hint_octets, hint_count);
		X509 *hint = find_hint(&climb, &hints, current);

		if (hint == NULL)
			return climb.verdict;
		add_to_path(&climb, current, X509_get0_pubkey(hint));
		climb.intermediates++;
		current = hint;
	}
	return TRUST_PATH_TOO_LONG;
}
