/*
 * Target: certificate_open, trust_find_path (src/lib/x509/trust.h) with two anchors and a
 * revocation list, of fixed/. Input: an EK certificate, then hints, each with a u16 size.
 * Holds: a path is no longer than it may be and ends in marks of ours; and where there is one, the
 * certificate says what the vendor of fixed/ once signed: signatures cannot be made without its key.
 */
#include "fuzz.h"

#include "fixed.h"
#include "limits.h"
#include "owned.h"
#include "reader.h"
#include "trust.h"

#include <openssl/err.h>
#include <openssl/x509.h>

OWNED_TYPE(X509, X509_free)

enum { NOW_S = 1795392000, DAY_S = 86400 }; /* as in the vendor's certificates */

static struct trust_set *trust;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	must_hold(trust_open(&trust) == FAULT_NONE);
	must_hold(trust_add_anchor(trust, BYTES_OF_LITERAL("hints"), fixed_file("root.der")) == FAULT_NONE);
	must_hold(trust_add_anchor(trust, BYTES_OF_LITERAL("ek-only,manufacturer=IFX"),
		fixed_file("intermediate.der")) == FAULT_NONE);
	must_hold(trust_add_crl(trust, fixed_file("intermediate.crl")) == FAULT_NONE);
	must_hold(trust_seal(trust) == FAULT_NONE);
	return 0;
}

static void find(X509 *certificate, const struct bytes *hints, size_t hint_count)
{
	struct trust_path path;
	enum trust_verdict verdict = trust_find_path(trust, certificate, hints, hint_count, &path);

	must_hold(trust_verdict_text(verdict) != NULL);
	if (verdict != TRUST_PATH_FOUND)
		return;
	must_hold(path.len >= 2 && path.len <= PATH_LEN_MAX && path.marks != NULL);
	must_hold(path.not_before_s == NOW_S - 10 * DAY_S && path.not_after_s == NOW_S + 10 * DAY_S);
	must_hold(path.weakest == SIGNATURE_SHA2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct reader r = reader_of(bytes_of(data, len));
	struct bytes hints[EK_CHAIN_COUNT_MAX];
	owned(X509) *certificate = NULL;
	size_t count = 0;

	struct bytes der = reader_tpm2b(&r, EK_CERTIFICATE_MAX);
	while (r.rest.len > 0 && r.fault == FAULT_NONE && count < EK_CHAIN_COUNT_MAX)
		hints[count++] = reader_tpm2b(&r, EK_CHAIN_MAX);
	if (r.fault == FAULT_NONE && certificate_open(der, &certificate) == FAULT_NONE)
		find(certificate, hints, count);
	ERR_clear_error();
	return 0;
}
