#include "issuer_algorithm.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Our table against OpenSSL's own reading of the identifiers, and its verification. */

static void signs(EVP_PKEY *key, int signature_nid, int parameters)
{
	const struct issuer_algorithm *algorithm = issuer_algorithm_of(key);
	const struct bytes tbs = BYTES_OF_LITERAL("to be signed");
	uint8_t buffer[ISSUER_SIGNATURE_MAX];
	const ASN1_OBJECT *identifier;
	struct bytes signature;
	int parameter_type;

	assert_non_null(algorithm);
	const uint8_t *at = algorithm->identifier.data;
	X509_ALGOR *read = d2i_X509_ALGOR(NULL, &at, (long)algorithm->identifier.len);
	assert_non_null(read);
	assert_ptr_equal(at, algorithm->identifier.data + algorithm->identifier.len);
	X509_ALGOR_get0(&identifier, &parameter_type, NULL, read);
	assert_int_equal(OBJ_obj2nid(identifier), signature_nid);
	assert_int_equal(parameter_type, parameters);
	X509_ALGOR_free(read);

	assert_int_equal(issuer_sign(key, algorithm, tbs, buffer, &signature), FAULT_NONE);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestVerifyInit_ex(context, NULL, algorithm->hash, NULL, NULL, key,
		NULL), 1);
	assert_int_equal(EVP_DigestVerify(context, signature.data, signature.len, tbs.data,
		tbs.len), 1);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
}

static void each_key_has_its_own(void **state)
{
	(void)state;
	signs(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), NID_ecdsa_with_SHA256, V_ASN1_UNDEF);
	signs(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384"), NID_ecdsa_with_SHA384, V_ASN1_UNDEF);
	signs(EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)3072), NID_sha256WithRSAEncryption,
		V_ASN1_NULL);
}

/* RSA of a size that we sign with, but for PSS alone (RFC 4055, 1.2). */
static EVP_PKEY *pss_key(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	EVP_PKEY *key = NULL;

	assert_non_null(context);
	assert_int_equal(EVP_PKEY_keygen_init(context), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(context, 3072), 1);
	assert_int_equal(EVP_PKEY_generate(context, &key), 1);
	EVP_PKEY_CTX_free(context);
	return key;
}

static void other_keys_have_none(void **state)
{
	EVP_PKEY *others[] = {
		EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521"),
		EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1"),
		EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
		EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048),
		EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)3071),
		pss_key(),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_non_null(others[i]);
		assert_null(issuer_algorithm_of(others[i]));
		EVP_PKEY_free(others[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key_has_its_own),
		cmocka_unit_test(other_keys_have_none),
	};

	return cmocka_run_group_tests_name("issuer_algorithm", tests, NULL, NULL);
}
