/*
 * Target: certificate_open and all facts (src/lib/x509/certificate_facts.h), ek_certificate_*
 * (ek_certificate.h), ek_id_of_certificate (src/supervisor/ek_identity.h).
 * Holds: no crash; a certificate has one kind of key.
 */
#include "fuzz.h"

#include "certificate_facts.h"
#include "ek_certificate.h"
#include "ek_identity.h"
#include "owned.h"

#include <openssl/err.h>
#include <openssl/x509.h>

OWNED_TYPE(X509, X509_free)

static void ask_facts(const X509 *certificate)
{
	int64_t not_before_s, not_after_s;
	struct basic_constraints basic = certificate_basic_constraints(certificate);

	must_hold(basic.presence == EXTENSION_PRESENT || !basic.is_ca);
	(void)certificate_key_usage(certificate);
	(void)certificate_extended_key_usage(certificate);
	(void)certificate_has_unknown_critical(certificate);
	(void)certificate_signature_strength(certificate);
	(void)certificate_validity(certificate, &not_before_s, &not_after_s);
	(void)ek_certificate_manufacturer(certificate);
}

static void ask_key(const X509 *certificate)
{
	uint8_t modulus[256] = { 0x80 }, x[32] = { 1 }, y[32] = { 2 };

	modulus[255] = 1;
	bool is_rsa = ek_certificate_has_rsa_key(certificate, BYTES_OF_ARRAY(modulus));
	bool is_ecc = ek_certificate_has_ecc_key(certificate, 256, BYTES_OF_ARRAY(x), BYTES_OF_ARRAY(y));
	must_hold(!is_rsa || !is_ecc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	owned(X509) *certificate = NULL;
	uint8_t id[32];

	if (certificate_open(bytes_of(data, len), &certificate) == FAULT_NONE) {
		ask_facts(certificate);
		ask_key(certificate);
	}
	(void)!ek_id_of_certificate(bytes_of(data, len), id);
	ERR_clear_error();
	return 0;
}
