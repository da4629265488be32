/*
 * Target: anchor_read (src/supervisor/anchors.h), trust_marks_read (src/lib/x509/trust_marks.h),
 * trust_add_anchor, trust_add_crl, trust_seal, trust_find_path (trust.h): what an operator imports.
 * Input: a certificate, as a file of trust/ or DER, then a revocation list in DER, or nothing.
 * Holds: a set takes what it can be sealed with, or says no; a list is its anchor's, or nothing can
 * be sealed with it, and without one nothing is revoked; the file's name is 64 digits.
 */
#include "fuzz.h"

#include "anchors.h"
#include "certificate_facts.h"
#include "der.h"
#include "owned.h"
#include "trust.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509.h>

OWNED_TYPE(X509, X509_free)

/* The anchor as what it certifies: a root is its own issuer, and so its list can name it. */
static void find(const struct trust_set *trust, struct bytes der, bool has_crl)
{
	owned(X509) *certificate = NULL;
	struct trust_path path;

	must_hold(certificate_open(der, &certificate) == FAULT_NONE);
	if (trust_find_path(trust, certificate, NULL, 0, &path) == TRUST_PATH_FOUND)
		must_hold(has_crl || !path.is_revoked);
}

static void add(struct bytes marks, struct bytes der, struct bytes crl)
{
	struct trust_set *trust = NULL;

	must_hold(trust_open(&trust) == FAULT_NONE);
	bool is_added = trust_add_anchor(trust, marks, der) == FAULT_NONE;
	must_hold(trust_anchor_count(trust) == (is_added ? 1 : 0));
	bool has_crl = trust_add_crl(trust, crl) == FAULT_NONE;
	enum fault fault = trust_seal(trust);
	must_hold(fault == FAULT_NONE ? is_added || !has_crl : has_crl);
	if (fault == FAULT_NONE && is_added)
		find(trust, der, has_crl);
	trust_close(trust);
}

/* How long the first part is: to the end of the PEM, or of the one value in DER. */
static size_t len_of_certificate(struct bytes input)
{
	static const char end[] = "-----END CERTIFICATE-----\n";
	struct reader r = reader_of(input);
	const uint8_t *at = memmem(input.data, input.len, end, strlen(end));

	if (at != NULL)
		return (size_t)(at - input.data) + strlen(end);
	(void)der_take(&r);
	return r.fault == FAULT_NONE ? input.len - r.rest.len : input.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t first_len = len_of_certificate(bytes_of(data, len));
	struct bytes first = bytes_of(data, first_len);
	struct bytes crl = bytes_of(data + first_len, len - first_len);
	struct trust_marks marks;
	struct anchor anchor;

	(void)!trust_marks_read(first, &marks);
	if (anchor_read(first, &anchor) == FAULT_NONE) {
		must_hold(strlen(anchor.name) == DIGEST_HEX_CAPACITY - 1);
		add(bytes_of_string(anchor.marks), bytes_of(anchor.der, anchor.len), crl);
		OPENSSL_free(anchor.der);
	} else {
		add(BYTES_OF_LITERAL(""), first, crl);
	}
	ERR_clear_error();
	return 0;
}
