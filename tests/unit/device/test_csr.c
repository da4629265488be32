#include "csr.h"

#include "public_key.h"
#include "software_key.h"

#include <openssl/x509.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* What the TPM does in between, by a software key. */
static enum fault make(const struct software_key *key, const struct software_key *signer, struct csr *out)
{
	X509_REQ *request = NULL;
	EVP_PKEY *public = NULL;
	uint8_t buffer[CSR_MAX];
	struct bytes to_be_signed;

	assert_int_equal(public_key_open(&key->key, &public), FAULT_NONE);
	assert_int_equal(csr_open("SN-0001", public, &request), FAULT_NONE);
	assert_int_equal(csr_to_be_signed(request, buffer, sizeof(buffer), &to_be_signed), FAULT_NONE);
	struct signature signature = software_key_sign(signer, to_be_signed);
	enum fault fault =
		csr_close(request, signature_hash(template_row(key->key.template)), &signature, out);
	X509_REQ_free(request);
	EVP_PKEY_free(public);
	return fault;
}

/* Read back by OpenSSL: version, subject, key octet for octet, no attributes, signature. */
static void check(const struct csr *csr, const struct software_key *key)
{
	const unsigned char *end = csr->data;
	uint8_t buffer[SPKI_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	unsigned char *spki = NULL;

	X509_REQ *request = d2i_X509_REQ(NULL, &end, (long)csr->len);
	assert_non_null(request);
	assert_ptr_equal(end, csr->data + csr->len);
	assert_int_equal(X509_REQ_get_version(request), X509_REQ_VERSION_1);
	assert_int_equal(X509_REQ_get_attr_count(request), 0);
	X509_NAME *subject = X509_REQ_get_subject_name(request);
	assert_int_equal(X509_NAME_entry_count(subject), 1);
	const ASN1_STRING *serial = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, 0));
	assert_int_equal(ASN1_STRING_type(serial), V_ASN1_PRINTABLESTRING);
	assert_memory_equal(ASN1_STRING_get0_data(serial), "SN-0001", 7);
	assert_int_equal(X509_REQ_verify(request, X509_REQ_get0_pubkey(request)), 1);
	spki_write(&w, &key->key);
	int len = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(request), &spki);
	assert_true(len > 0);
	assert_true(bytes_equal(writer_written(&w), bytes_of(spki, (size_t)len)));
	OPENSSL_free(spki);
	X509_REQ_free(request);
}

static void test_each_type(void **state)
{
	static const enum tpm_template templates[] = { TEMPLATE_IK_P256_NODA, TEMPLATE_IK_P384_NODA,
		TEMPLATE_IK_RSA2048_NODA };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct software_key key = software_key_make(templates[i]);
		struct csr csr;

		assert_int_equal(make(&key, &key, &csr), FAULT_NONE);
		check(&csr, &key);
		software_key_free(&key);
	}
}

static void test_wrong_signature(void **state)
{
	struct software_key key = software_key_make(TEMPLATE_IK_P256_NODA);
	struct software_key other = software_key_make(TEMPLATE_IK_P256_NODA);
	struct csr csr;

	(void)state;
	assert_int_equal(make(&key, &other, &csr), FAULT_CRYPTO);
	software_key_free(&key);
	software_key_free(&other);
}

static void test_capacity(void **state)
{
	struct software_key key = software_key_make(TEMPLATE_IK_P256_NODA);
	X509_REQ *request = NULL;
	uint8_t buffer[64];
	struct bytes to_be_signed;

	(void)state;
	assert_int_equal(csr_open("SN-0001", key.pkey, &request), FAULT_NONE);
	assert_int_equal(csr_to_be_signed(request, buffer, sizeof(buffer), &to_be_signed), FAULT_TOO_LONG);
	X509_REQ_free(request);
	software_key_free(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_type),
		cmocka_unit_test(test_wrong_signature),
		cmocka_unit_test(test_capacity),
	};
	return cmocka_run_group_tests_name("csr", tests, NULL, NULL);
}
