#include "trust.h"

#include "owned.h"
#include "trust_set.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

OWNED_TYPE(X509, X509_free)
OWNED_TYPE(X509_CRL, X509_CRL_free)
OWNED_TYPE(ISSUING_DIST_POINT, ISSUING_DIST_POINT_free)

/* What X509_CRL_get_ext_d2i says of an extension that is not there; others, that it does not read. */
enum { POINT_IS_ABSENT = -1 };

enum fault trust_open(struct trust_set **out)
{
	struct trust_set *trust = calloc(1, sizeof(*trust));

	if (trust == NULL)
		return FAULT_NO_MEMORY;
	*out = trust;
	return FAULT_NONE;
}

void trust_close(struct trust_set *trust)
{
	if (trust == NULL)
		return;
	for (size_t i = 0; i < trust->anchor_count; i++) {
		X509_free(trust->anchors[i].certificate);
		ASN1_OCTET_STRING_free(trust->anchors[i].key_id);
	}
	for (size_t i = 0; i < trust->crl_count; i++)
		X509_CRL_free(trust->crls[i].crl);
	free(trust);
}

/* RFC 5280, 6.1.4 (k), (m), (n); and no purpose that leaves endorsement keys out. */
bool trust_is_fit_issuer(const X509 *certificate, long intermediates_below)
{
	struct basic_constraints constraints = certificate_basic_constraints(certificate);
	struct key_usage usage = certificate_key_usage(certificate);
	struct extended_key_usage purpose = certificate_extended_key_usage(certificate);

	if (constraints.presence != EXTENSION_PRESENT || !constraints.is_ca)
		return false;
	if (constraints.has_path_len && constraints.path_len < intermediates_below)
		return false;
	if (usage.presence == EXTENSION_INVALID || (usage.presence == EXTENSION_PRESENT &&
			(usage.bits & KU_KEY_CERT_SIGN) == 0))
		return false;
	if (purpose.presence == EXTENSION_INVALID ||
			(purpose.presence == EXTENSION_PRESENT &&
				!purpose.has_ek_certificate && !purpose.has_any))
		return false;
	return !certificate_has_unknown_critical(certificate);
}

static bool digest_spki(X509 *certificate, uint8_t out[32])
{
	uint8_t *spki = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &spki);
	bool is_made = len > 0 && EVP_Digest(spki, (size_t)len, out, NULL, EVP_sha256(), NULL) == 1;

	OPENSSL_free(spki);
	return is_made;
}

enum fault trust_add_anchor(struct trust_set *trust, struct bytes marks, struct bytes der)
{
	struct trust_anchor anchor = { 0 };
	owned(X509) *certificate = NULL;
	enum fault fault = trust_marks_read(marks, &anchor.marks);

	assert(!trust->is_sealed);
	if (fault == FAULT_NONE)
		fault = certificate_open(der, &certificate);
	if (fault != FAULT_NONE)
		return FAULT_INVALID;
	if (!trust_is_fit_issuer(certificate, 0))
		return FAULT_DENIED;
	anchor.key = X509_get0_pubkey(certificate);
	if (anchor.key == NULL || !digest_spki(certificate, anchor.spki_digest)) {
		ERR_clear_error();
		return FAULT_UNSUPPORTED;
	}
	if (trust->anchor_count == ANCHOR_COUNT_MAX)
		return FAULT_TOO_LONG;
	anchor.key_id = X509_get_ext_d2i(certificate, NID_subject_key_identifier, NULL, NULL);
	ERR_clear_error();
	anchor.certificate = owned_take(certificate);
	trust->anchors[trust->anchor_count++] = anchor;
	return FAULT_NONE;
}

/*
 * A list that speaks of its issuer's certificates and stands for itself: neither indirect nor
 * delta (RFC 5280, 5.2.4, 5.2.5), whether or not it says so as critical; nothing critical besides.
 */
static bool is_plain_list(const X509_CRL *crl)
{
	int presence;
	owned(ISSUING_DIST_POINT) *point =
		X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &presence, NULL);

	if (point == NULL && presence != POINT_IS_ABSENT)
		return false;
	if (X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0)
		return false;
	for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
		X509_EXTENSION *extension = X509_CRL_get_ext(crl, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));

		if (X509_EXTENSION_get_critical(extension) && nid != NID_issuing_distribution_point)
			return false;
	}
	return point == NULL || point->indirectCRL <= 0;
}

enum fault trust_add_crl(struct trust_set *trust, struct bytes der)
{
	const uint8_t *end = der.data;
	owned(X509_CRL) *crl = d2i_X509_CRL(NULL, &end, (long)der.len);

	assert(!trust->is_sealed);
	ERR_clear_error();
	if (crl == NULL || end != der.data + der.len)
		return FAULT_INVALID;
	if (!is_plain_list(crl))
		return FAULT_UNSUPPORTED;
	if (trust->crl_count == TRUST_CRL_COUNT_MAX)
		return FAULT_TOO_LONG;
	trust->crls[trust->crl_count++].crl = owned_take(crl);
	return FAULT_NONE;
}

static const X509_NAME *subject_of(const struct trust_anchor *anchor)
{
	return X509_get_subject_name(anchor->certificate);
}

static int compare_subjects(const void *a, const void *b)
{
	return X509_NAME_cmp(subject_of(a), subject_of(b));
}

const struct trust_anchor *trust_anchors_named(const struct trust_set *trust, const X509_NAME *name,
	const struct trust_anchor **end)
{
	size_t low = 0, high = trust->anchor_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (X509_NAME_cmp(subject_of(&trust->anchors[middle]), name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (high = low; high < trust->anchor_count; high++) {
		if (X509_NAME_cmp(subject_of(&trust->anchors[high]), name) != 0)
			break;
	}
	*end = trust->anchors + high;
	return trust->anchors + low;
}

/* A signature of an anchor's over something with that issuer; NULL where none made it. */
static const struct trust_anchor *find_signer(const struct trust_set *trust,
	const X509_NAME *issuer, bool (*is_signed)(const void *object, EVP_PKEY *key),
	const void *object)
{
	const struct trust_anchor *end;
	const struct trust_anchor *candidate = trust_anchors_named(trust, issuer, &end);

	for (; candidate < end; candidate++) {
		bool is_signer = is_signed(object, candidate->key);

		ERR_clear_error();
		if (is_signer)
			return candidate;
	}
	return NULL;
}

static bool is_certificate_signed(const void *object, EVP_PKEY *key)
{
	const struct trust_anchor *anchor = object;

	return X509_verify(anchor->certificate, key) == 1;
}

static bool is_crl_signed(const void *object, EVP_PKEY *key)
{
	const struct trust_crl *list = object;

	return X509_CRL_verify(list->crl, key) == 1;
}

/* The imported issuer of an anchor; NULL where there is none, or where it is its own. */
static const struct trust_anchor *issuer_of(const struct trust_set *trust,
	const struct trust_anchor *anchor)
{
	const X509_NAME *issuer = X509_get_issuer_name(anchor->certificate);

	if (X509_NAME_cmp(issuer, subject_of(anchor)) == 0)
		return NULL;
	return find_signer(trust, issuer, is_certificate_signed, anchor);
}

bool trust_is_revoked(const struct trust_set *trust, X509 *certificate, const EVP_PKEY *key)
{
	const X509_NAME *issuer = X509_get_issuer_name(certificate);
	const ASN1_INTEGER *number = X509_get0_serialNumber(certificate);
	X509_REVOKED *entry;

	for (size_t i = 0; i < trust->crl_count; i++) {
		const struct trust_crl *list = &trust->crls[i];

		if (X509_NAME_cmp(X509_CRL_get_issuer(list->crl), issuer) == 0 &&
				EVP_PKEY_eq(list->key, key) == 1 &&
				X509_CRL_get0_by_serial(list->crl, &entry, number) == 1)
			return true;
	}
	return false;
}

/* Finds who signed each list, and has OpenSSL sort it now rather than in a request. */
static enum fault seal_crls(struct trust_set *trust)
{
	for (size_t i = 0; i < trust->crl_count; i++) {
		struct trust_crl *list = &trust->crls[i];
		const struct trust_anchor *signer =
			find_signer(trust, X509_CRL_get_issuer(list->crl), is_crl_signed, list);
		X509_REVOKED *entry;

		if (signer == NULL)
			return FAULT_NOT_FOUND;
		list->key = signer->key;
		(void)X509_CRL_get0_by_serial(list->crl, &entry,
			X509_get0_serialNumber(signer->certificate));
	}
	return FAULT_NONE;
}

/*
 * What the marks of an issuer above say about an anchor: its permissions hold below as well, and
 * so does its list of manufacturers where no nearer one stands.
 */
static void inherit_marks(struct trust_marks *marks, const struct trust_marks *above)
{
	marks->is_ek_only |= above->is_ek_only;
	marks->has_hints |= above->has_hints;
	marks->allows_sha1 |= above->allows_sha1;
	if (marks->manufacturer_count > 0)
		return;
	memcpy(marks->manufacturers, above->manufacturers, sizeof(marks->manufacturers));
	marks->manufacturer_count = above->manufacturer_count;
}

/* The steps are counted: CAs that certified each other make a circle. */
static void inherit(struct trust_anchor *anchor)
{
	const struct trust_anchor *above = anchor->issuer;

	for (size_t step = 0; above != NULL && step < PATH_LEN_MAX; step++, above = above->issuer) {
		inherit_marks(&anchor->marks, &above->marks);
		anchor->is_revoked |= above->is_revoked;
	}
}

enum fault trust_seal(struct trust_set *trust)
{
	assert(!trust->is_sealed);
	qsort(trust->anchors, trust->anchor_count, sizeof(trust->anchors[0]), compare_subjects);
	enum fault fault = seal_crls(trust);

	if (fault != FAULT_NONE)
		return fault;
	for (size_t i = 0; i < trust->anchor_count; i++) {
		struct trust_anchor *anchor = &trust->anchors[i];

		anchor->issuer = issuer_of(trust, anchor);
		anchor->is_revoked = anchor->issuer != NULL &&
			trust_is_revoked(trust, anchor->certificate, anchor->issuer->key);
	}
	for (size_t i = 0; i < trust->anchor_count; i++) {
		inherit(&trust->anchors[i]);
		trust->has_hints |= trust->anchors[i].marks.has_hints;
	}
	trust->is_sealed = true;
	return FAULT_NONE;
}

size_t trust_anchor_count(const struct trust_set *trust)
{
	return trust->anchor_count;
}

bool trust_has_key(const struct trust_set *trust, const uint8_t spki_digest[32])
{
	for (size_t i = 0; i < trust->anchor_count; i++) {
		if (memcmp(trust->anchors[i].spki_digest, spki_digest, 32) == 0)
			return true;
	}
	return false;
}
