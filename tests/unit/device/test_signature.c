#include "signature.h"

#include "public_key.h"
#include "software_key.h"

#include <stdint.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct bytes message = { (const uint8_t *)"message", 7 };

/* The TPM strips leading zeros or not; DER wants minimal numbers that are not negative. */
static void test_ecdsa_form(void **state)
{
	static const uint8_t high[] = { 0x80, 0x01 }, padded[] = { 0x00, 0x00, 0x01 };
	static const uint8_t expected[] = { 0x30, 0x08, 0x02, 0x03, 0x00, 0x80, 0x01, 0x02, 0x01, 0x01 };
	struct signature signature;

	(void)state;
	assert_int_equal(
		ecdsa_signature_write(BYTES_OF_ARRAY(high), BYTES_OF_ARRAY(padded), &signature), FAULT_NONE);
	assert_int_equal(signature.len, sizeof(expected));
	assert_memory_equal(signature.data, expected, sizeof(expected));
}

static void test_valid(void **state)
{
	static const enum tpm_template templates[] = { TEMPLATE_IK_P256_NODA, TEMPLATE_IK_P384_NODA,
		TEMPLATE_IK_RSA2048_NODA };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct software_key key = software_key_make(templates[i]);
		const EVP_MD *hash = signature_hash(template_row(templates[i]));
		struct signature signature = software_key_sign(&key, message);
		EVP_PKEY *public = NULL;

		assert_int_equal(public_key_open(&key.key, &public), FAULT_NONE);
		assert_true(signature_is_valid(public, hash, message, &signature));
		assert_false(signature_is_valid(public, hash, BYTES_OF_LITERAL("another"), &signature));
		signature.data[signature.len - 1] ^= 1;
		assert_false(signature_is_valid(public, hash, message, &signature));
		EVP_PKEY_free(public);
		software_key_free(&key);
	}
}

static void test_hash(void **state)
{
	(void)state;
	assert_int_equal(EVP_MD_get_size(signature_hash(template_row(TEMPLATE_IK_P256_NODA))), 32);
	assert_int_equal(EVP_MD_get_size(signature_hash(template_row(TEMPLATE_IK_P384_NODA))), 48);
	assert_int_equal(EVP_MD_get_size(signature_hash(template_row(TEMPLATE_IK_RSA3072_NODA))), 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ecdsa_form),
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_hash),
	};
	return cmocka_run_group_tests_name("signature", tests, NULL, NULL);
}
