/*
 * Target: certificates_read (src/device/certificate_file.h), certificate_is_usable,
 * certificate_check (certificate_check.h): what the CA sends as a certificate and its chain. Input:
 * PEM; the first certificate is judged, the others are its chain.
 * Holds: a verdict, and that only the key of fixed/ may pass.
 */
#include "fuzz.h"

#include "certificate_check.h"
#include "certificate_file.h"
#include "fixed.h"

#include <openssl/err.h>

enum { NOW_S = 1795392000, CERTIFICATES_MAX = 4 };

static X509_STORE *anchors;
static struct tpm_key ik;
static struct signature signature;
static const char proof[] = "octets to be signed";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct bytes made = fixed_file("device-proof.sig");
	struct tpmt_public area;

	(void)argc;
	(void)argv;
	memcpy(signature.data, made.data, made.len);
	signature.len = made.len;
	must_hold(tpm2b_public_read(fixed_file("device-ik.pub"), &area) == FAULT_NONE);
	ik = tpm_key_of(template_of(&area, false), &area);
	must_hold(anchors_read(fixed_file("device-ca.pem"), &anchors) == FAULT_NONE);
	return 0;
}

static void judge(STACK_OF(X509) *certificates)
{
	X509 *certificate = sk_X509_shift(certificates);
	struct certificate_expectation expectation = { .ik = &ik, .serial = "SN-0001",
		.anchors = anchors, .chain = certificates, .proof = bytes_of_string(proof),
		.proof_signature = &signature, .proof_hash = EVP_sha256(), .now = NOW_S };
	bool is_usable = certificate_is_usable(certificate, &ik, NOW_S);

	if (certificate_check(certificate, &expectation) == NULL)
		must_hold(is_usable);
	expectation.installed = certificate;
	(void)certificate_check(certificate, &expectation);
	X509_free(certificate);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	STACK_OF(X509) *certificates = NULL;

	if (certificates_read(bytes_of(data, len), 1, CERTIFICATES_MAX, &certificates) == FAULT_NONE) {
		judge(certificates);
		x509_stack_free(certificates);
	}
	ERR_clear_error();
	return 0;
}
