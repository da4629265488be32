#include "key.h"

#include "sample_ca.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

/* Opens the key of private_key's file for a certificate of certified's. */
static enum fault open_key(EVP_PKEY *private_key, EVP_PKEY *certified, struct key **out)
{
	X509 *ca = sample_ca_make(certified);
	int descriptor = sample_key_file(private_key);
	enum fault fault = key_open_file(descriptor, ca, out);

	assert_int_equal(close(descriptor), 0); /* it stayed ours */
	X509_free(ca);
	return fault;
}

static void sign_and_verify(const char *type, unsigned rsa_bits, const char *hash, const uint8_t *algorithm,
	size_t algorithm_len)
{
	EVP_PKEY *private_key = sample_key_make(type, rsa_bits);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	struct key *key = NULL;
	uint8_t buffer[SIGNATURE_MAX];
	struct bytes tbs = BYTES_OF_LITERAL("to be signed"), signature;

	assert_int_equal(open_key(private_key, private_key, &key), FAULT_NONE);
	assert_true(bytes_equal(key_algorithm(key), bytes_of(algorithm, algorithm_len)));
	assert_int_equal(key_sign(key, tbs, buffer, &signature), FAULT_NONE);
	assert_int_equal(EVP_DigestVerifyInit_ex(context, NULL, hash, NULL, NULL, private_key, NULL), 1);
	assert_int_equal(EVP_DigestVerify(context, signature.data, signature.len, tbs.data, tbs.len), 1);
	EVP_MD_CTX_free(context);
	key_close(key);
	EVP_PKEY_free(private_key);
}

static void test_kinds(void **state)
{
	static const uint8_t ecdsa_sha256[] = { 0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2 };
	static const uint8_t ecdsa_sha384[] = { 0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3 };
	static const uint8_t sha256_rsa[] = { 0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11, 5, 0 };

	(void)state;
	sign_and_verify("P-256", 0, "SHA256", ecdsa_sha256, sizeof(ecdsa_sha256));
	sign_and_verify("P-384", 0, "SHA384", ecdsa_sha384, sizeof(ecdsa_sha384));
	sign_and_verify("RSA", 3072, "SHA256", sha256_rsa, sizeof(sha256_rsa));
}

static void assert_refused(const char *type, unsigned rsa_bits, enum fault wanted)
{
	EVP_PKEY *private_key = sample_key_make(type, rsa_bits);
	struct key *key = NULL;

	assert_int_equal(open_key(private_key, private_key, &key), wanted);
	assert_null(key);
	EVP_PKEY_free(private_key);
}

static void test_unsupported(void **state)
{
	(void)state;
	assert_refused("P-521", 0, FAULT_UNSUPPORTED);
	assert_refused("P-224", 0, FAULT_UNSUPPORTED);
	assert_refused("secp256k1", 0, FAULT_UNSUPPORTED);
	assert_refused("RSA", 2048, FAULT_UNSUPPORTED);
}

/* The key of another certificate: of the same kind, and of another. */
static void test_other_key(void **state)
{
	EVP_PKEY *one = sample_key_make("P-256", 0), *two = sample_key_make("P-256", 0), *three = sample_key_make("P-384", 0);
	struct key *key = NULL;

	(void)state;
	assert_int_equal(open_key(one, two, &key), FAULT_INVALID);
	assert_int_equal(open_key(three, two, &key), FAULT_INVALID);
	assert_null(key);
	EVP_PKEY_free(one);
	EVP_PKEY_free(two);
	EVP_PKEY_free(three);
}

/* A key with the public part of one and the private part of another: what it signs does not verify. */
static EVP_PKEY *mixed_key(EVP_PKEY *public_part, EVP_PKEY *private_part)
{
	uint8_t point[65];
	size_t len = 0;
	BIGNUM *scalar = NULL;
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_get_octet_string_param(public_part, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point,
		sizeof(point), &len), 1);
	assert_int_equal(EVP_PKEY_get_bn_param(private_part, OSSL_PKEY_PARAM_PRIV_KEY, &scalar), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, len), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar), 1);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(context);
	BN_clear_free(scalar);
	return key;
}

/* As after a fault in the signature's computation: it is found, and nothing leaves. */
static void test_signature_is_verified(void **state)
{
	EVP_PKEY *certified = sample_key_make("P-256", 0), *other = sample_key_make("P-256", 0);
	EVP_PKEY *mixed = mixed_key(certified, other);
	struct key *key = NULL;
	uint8_t buffer[SIGNATURE_MAX];
	struct bytes signature = { NULL, 99 };

	(void)state;
	assert_int_equal(open_key(mixed, certified, &key), FAULT_NONE);
	assert_int_equal(key_sign(key, BYTES_OF_LITERAL("to be signed"), buffer, &signature), FAULT_INVALID);
	assert_int_equal(signature.len, 99);
	key_close(key);
	EVP_PKEY_free(mixed);
	EVP_PKEY_free(other);
	EVP_PKEY_free(certified);
}

/* What is no PEM of a private key, and a descriptor that is none. */
static void test_no_key(void **state)
{
	static const struct bytes contents[] = { { NULL, 0 }, { (const uint8_t *)"no key", 6 },
		{ (const uint8_t *)"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 60 } };
	EVP_PKEY *certified = sample_key_make("P-256", 0);
	X509 *ca = sample_ca_make(certified);
	struct key *key = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		int descriptor = sample_file(contents[i]);

		assert_int_equal(key_open_file(descriptor, ca, &key), FAULT_INVALID);
		(void)close(descriptor);
	}
	assert_int_equal(key_open_file(-1, ca, &key), FAULT_INVALID);
	assert_null(key);
	key_close(NULL);
	X509_free(ca);
	EVP_PKEY_free(certified);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_kinds), cmocka_unit_test(test_unsupported),
		cmocka_unit_test(test_other_key), cmocka_unit_test(test_signature_is_verified),
		cmocka_unit_test(test_no_key) };

	return cmocka_run_group_tests_name("key_file", tests, NULL, NULL);
}
