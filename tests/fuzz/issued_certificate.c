/*
 * Target: certificates_read (src/device/certificate_file.h), certificate_is_usable,
 * certificate_check (certificate_check.h): what the CA sends as a certificate and its chain. Input:
 * PEM; the first certificate is judged, the others are its chain.
 * Holds: what passes has, as OpenSSL sees it, the key of fixed/ and the serial, is no CA's and in time.
 */
#include "fuzz.h"

#include "certificate_check.h"
#include "certificate_file.h"
#include "fixed.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

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

/* Asked of OpenSSL, not of our readers. */
static void must_be_the_devices(X509 *certificate)
{
	uint8_t point[1 + 2 * sizeof(ik.a)];
	char serial[16] = "";
	size_t len = 0;
	time_t now = NOW_S;

	must_hold(EVP_PKEY_get_octet_string_param(X509_get0_pubkey(certificate),
		OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &len) == 1);
	must_hold(point[0] == POINT_CONVERSION_UNCOMPRESSED && len == 1u + ik.a_len + ik.b_len);
	must_hold(memcmp(point + 1, ik.a, ik.a_len) == 0 &&
		memcmp(point + 1 + ik.a_len, ik.b, ik.b_len) == 0);
	must_hold(X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_serialNumber,
		serial, sizeof(serial)) > 0 && strcmp(serial, "SN-0001") == 0);
	must_hold(X509_check_ca(certificate) == 0);
	must_hold(X509_cmp_time(X509_get0_notBefore(certificate), &now) < 0 &&
		X509_cmp_time(X509_get0_notAfter(certificate), &now) > 0);
}

static void judge(STACK_OF(X509) *certificates)
{
	X509 *certificate = sk_X509_shift(certificates);
	struct certificate_expectation expectation = { .ik = &ik, .serial = "SN-0001",
		.anchors = anchors, .chain = certificates, .proof = bytes_of_string(proof),
		.proof_signature = &signature, .proof_hash = EVP_sha256(), .now = NOW_S };

	if (certificate_check(certificate, &expectation) == NULL)
		must_be_the_devices(certificate);
	(void)certificate_is_usable(certificate, &ik, NOW_S);
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
