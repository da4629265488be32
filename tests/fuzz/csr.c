/*
 * Target: csr_read and its siblings (src/lib/x509/csr.h), signature_algorithm_read
 * (signature_algorithm.h), behind der_check_strict as in the verifier, beside OpenSSL.
 * Holds: where OpenSSL reads the request too, both see the same signed octets, and it is its
 * serialNumber that we take.
 */
#include "fuzz.h"

#include "csr.h"
#include "der.h"
#include "owned.h"

#include <openssl/err.h>
#include <openssl/x509.h>

OWNED_TYPE(X509_REQ, X509_REQ_free)

static void same_signed_octets(const struct csr *csr, X509_REQ *request)
{
	unsigned char *tbs = NULL;
	int len = i2d_re_X509_REQ_tbs(request, &tbs); /* written anew: only one encoding passes */

	must_hold(len > 0 && bytes_equal(bytes_of(tbs, (size_t)len), csr->tbs));
	OPENSSL_free(tbs);
}

static void same_serial(struct bytes serial, const X509_REQ *request)
{
	const X509_NAME *subject = X509_REQ_get_subject_name(request);
	int at = X509_NAME_get_index_by_NID(subject, NID_serialNumber, -1);

	must_hold(at >= 0);
	must_hold(X509_NAME_get_index_by_NID(subject, NID_serialNumber, at) == -1);
	const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
	must_hold(bytes_equal(serial, bytes_of(ASN1_STRING_get0_data(value),
		(size_t)ASN1_STRING_length(value))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes input = bytes_of(data, len), serial;
	struct signature_algorithm algorithm;
	struct csr csr;
	bool is_empty;

	if (der_check_strict(input) != FAULT_NONE || csr_read(input, &csr) != FAULT_NONE)
		return 0;
	bool is_ours = csr_is_version_1(&csr) && csr_has_only_extension_requests(&csr, &is_empty);
	bool has_serial = csr_serial_number(&csr, &serial) == FAULT_NONE;
	is_ours &= signature_algorithm_read(csr.signature_algorithm, &algorithm) == FAULT_NONE;

	const unsigned char *at = data;
	owned(X509_REQ) *request = d2i_X509_REQ(NULL, &at, (long)len);
	if (request != NULL && is_ours)
		same_signed_octets(&csr, request);
	if (request != NULL && has_serial)
		same_serial(serial, request);
	ERR_clear_error();
	return 0;
}
