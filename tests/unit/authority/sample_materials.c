#include "sample_materials.h"

#include "sample_ca.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

enum fault sample_load(struct materials *m, enum load_kind kind, struct bytes octets, int descriptor)
{
	const struct load load = { .kind = (uint8_t)kind, .octets = octets };

	return materials_load(m, &load, descriptor);
}

static void load_descriptor(struct materials *m, enum load_kind kind, int descriptor)
{
	assert_int_equal(sample_load(m, kind, bytes_of(NULL, 0), descriptor), FAULT_NONE);
	(void)close(descriptor);
}

void sample_materials_open(struct materials *m, const char *configuration, EVP_PKEY *ca_key)
{
	static const char ticket_keys[] = "current 202122232425262728292a2b2c2d2e2f "
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
	uint8_t fingerprint[32];
	X509 *ca = sample_ca_make(ca_key);
	unsigned char *der = NULL;
	int len = i2d_X509(ca, &der);
	const char *why = NULL;

	memset(m, 0, sizeof(*m));
	memset(fingerprint, 0xf1, sizeof(fingerprint));
	assert_int_equal(sample_load(m, LOAD_CONFIGURATION, bytes_of_string(configuration), -1), FAULT_NONE);
	assert_int_equal(sample_load(m, LOAD_FINGERPRINT, BYTES_OF_ARRAY(fingerprint), -1), FAULT_NONE);
	assert_int_equal(sample_load(m, LOAD_CA_CERTIFICATE, bytes_of(der, (size_t)len), -1), FAULT_NONE);
	load_descriptor(m, LOAD_CA_KEY, sample_key_file(ca_key));
	load_descriptor(m, LOAD_TICKET_KEYS, sample_file(BYTES_OF_LITERAL(ticket_keys)));
	if (materials_finish(m, SAMPLE_NOW, &why) != FAULT_NONE)
		fail_msg("not whole: %s", why);
	OPENSSL_free(der);
	X509_free(ca);
}

struct tpm_key sample_numbers_of(EVP_PKEY *key, enum tpm_template template)
{
	struct tpm_key numbers = { .template = (uint8_t)template };
	uint8_t point[1 + 2 * ECC_COORDINATE_MAX];
	size_t len = 0;

	assert_int_equal(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, sizeof(point),
		&len), 1);
	numbers.a_len = numbers.b_len = (uint16_t)(len / 2);
	memcpy(numbers.a, point + 1, len / 2);
	memcpy(numbers.b, point + 1 + len / 2, len / 2);
	return numbers;
}

struct facts sample_facts(void)
{
	EVP_PKEY *ik = sample_key_make("P-256", 0), *ek = sample_key_make("P-256", 0);
	struct facts facts = { .act = ACT_CERTIFICATE, .evidence_mask = EVIDENCE_MASK_FULL, .serial = "SN-0001",
		.profile = "device", .has_ek_certificate = true };

	facts.ik = sample_numbers_of(ik, TEMPLATE_IK_P256_NODA);
	facts.ek = sample_numbers_of(ek, TEMPLATE_EK_L2);
	memset(facts.fingerprint, 0xf1, sizeof(facts.fingerprint));
	memset(facts.csr_digest, 0xc5, sizeof(facts.csr_digest));
	memset(facts.ek_certificate_digest, 0xec, sizeof(facts.ek_certificate_digest));
	EVP_PKEY_free(ik);
	EVP_PKEY_free(ek);
	return facts;
}
