/*
 * Target: certificate_open and all facts (src/lib/x509/certificate_facts.h), ek_certificate_*
 * (ek_certificate.h), ek_id_of_certificate (src/supervisor/ek_identity.h).
 * Holds: a certificate has the key that OpenSSL sees in it, no other one, and one kind of key.
 */
#include "fuzz.h"

#include "certificate_facts.h"
#include "ek_certificate.h"
#include "ek_identity.h"
#include "owned.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

OWNED_TYPE(BIGNUM, BN_free)
OWNED_TYPE(X509, X509_free)

enum { KEY_OCTETS_MAX = 2048 };

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

/* One of the key's numbers as octets, big-endian; none where OpenSSL has no such number. */
static struct bytes number_of(const EVP_PKEY *key, const char *name, uint8_t *out, size_t capacity)
{
	owned(BIGNUM) *number = NULL;

	if (EVP_PKEY_get_bn_param(key, name, &number) != 1 || (size_t)BN_num_bytes(number) > capacity)
		return bytes_of(NULL, 0);
	return bytes_of(out, (size_t)BN_bn2bin(number, out));
}

static void ask_rsa_key(const X509 *certificate, const EVP_PKEY *key)
{
	uint8_t n_octets[KEY_OCTETS_MAX], e_octets[8];
	struct bytes n = number_of(key, OSSL_PKEY_PARAM_RSA_N, n_octets, sizeof(n_octets));
	struct bytes e = number_of(key, OSSL_PKEY_PARAM_RSA_E, e_octets, sizeof(e_octets));
	static const uint8_t exponent[] = { 1, 0, 1 };

	if (n.len == 0)
		return;
	if (ek_certificate_has_rsa_key(certificate, n))
		must_hold(bytes_equal(e, BYTES_OF_ARRAY(exponent)));
	must_hold(!ek_certificate_has_ecc_key(certificate, 256, n, n));
	n_octets[n.len / 2] ^= 1;
	must_hold(!ek_certificate_has_rsa_key(certificate, n));
}

static void ask_ecc_key(const X509 *certificate, const EVP_PKEY *key)
{
	uint8_t x_octets[KEY_OCTETS_MAX], y_octets[KEY_OCTETS_MAX];
	struct bytes x = number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, x_octets, sizeof(x_octets));
	struct bytes y = number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, y_octets, sizeof(y_octets));
	unsigned bits = (unsigned)EVP_PKEY_get_bits(key);

	if (x.len == 0 || y.len == 0)
		return;
	bool is_its_key = ek_certificate_has_ecc_key(certificate, bits, x, y);
	must_hold(!ek_certificate_has_rsa_key(certificate, x));
	y_octets[y.len / 2] ^= 1;
	must_hold(!ek_certificate_has_ecc_key(certificate, bits, x, y));
	y_octets[y.len / 2] ^= 1;
	x_octets[x.len / 2] ^= 1;
	must_hold(!is_its_key || !ek_certificate_has_ecc_key(certificate, bits, x, y));
}

static void ask_key(const X509 *certificate)
{
	const EVP_PKEY *key = X509_get0_pubkey(certificate);

	if (key != NULL && EVP_PKEY_is_a(key, "RSA"))
		ask_rsa_key(certificate, key);
	else if (key != NULL && EVP_PKEY_is_a(key, "EC"))
		ask_ecc_key(certificate, key);
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
