#include "key_gates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

enum { MODULUS_LEN = 256 };

static struct bytes octets_of(const BIGNUM *n, uint8_t *out, size_t len)
{
	assert_int_equal(BN_bn2binpad(n, out, (int)len), (int)len);
	return bytes_of(out, len);
}

static struct bytes parameter(EVP_PKEY *key, const char *name, uint8_t *out, size_t len)
{
	BIGNUM *n = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &n), 1);
	struct bytes octets = octets_of(n, out, len);

	BN_free(n);
	return octets;
}

static void test_sound_keys_pass(void **state)
{
	(void)state;
	for (size_t i = 0; i < 5; i++) {
		EVP_PKEY *key = EVP_RSA_gen(2048);
		uint8_t octets[MODULUS_LEN];
		struct bytes modulus = parameter(key, OSSL_PKEY_PARAM_RSA_N, octets, sizeof(octets));

		assert_true(key_gate_has_no_small_factor(modulus));
		assert_true(key_gate_is_not_roca(modulus));
		assert_true(key_gate_is_not_close_primes(modulus));
		EVP_PKEY_free(key);
	}
}

/* Each odd prime below 1,000, times a number without small factors: none is overlooked. */
static void test_every_small_factor(void **state)
{
	BIGNUM *prime = BN_new(), *n = BN_new();
	uint8_t octets[MODULUS_LEN];
	size_t found = 0;

	(void)state;
	assert_int_equal(BN_generate_prime_ex(prime, 2000, 0, NULL, NULL, NULL), 1);
	assert_true(key_gate_has_no_small_factor(octets_of(prime, octets, sizeof(octets))));
	for (BN_ULONG factor = 2; factor < 1000; factor++) {
		bool is_prime = true;

		for (BN_ULONG divisor = 2; divisor * divisor <= factor && is_prime; divisor++)
			is_prime = factor % divisor != 0;
		if (!is_prime)
			continue;
		BN_copy(n, prime);
		BN_mul_word(n, factor);
		assert_false(key_gate_has_no_small_factor(octets_of(n, octets, sizeof(octets))));
		found++;
	}
	assert_int_equal(found, 168); /* π(1000) */
	BN_copy(n, prime);
	BN_mul_word(n, 1009); /* the first prime beyond */
	assert_true(key_gate_has_no_small_factor(octets_of(n, octets, sizeof(octets))));
	assert_false(key_gate_has_no_small_factor(bytes_of(NULL, 0)));
	BN_free(prime);
	BN_free(n);
}

/* Primes that are `distance` apart at 1024 bits. */
static bool passes_fermat(const char *distance)
{
	BN_CTX *context = BN_CTX_new();
	BIGNUM *p = BN_new(), *q = BN_new(), *n = BN_new(), *d = NULL;
	uint8_t octets[MODULUS_LEN];

	assert_int_equal(BN_generate_prime_ex(p, 1024, 0, NULL, NULL, NULL), 1);
	assert_true(BN_hex2bn(&d, distance) > 0);
	BN_add(q, p, d);
	if (!BN_is_odd(q))
		BN_add_word(q, 1);
	while (BN_check_prime(q, context, NULL) != 1)
		BN_add_word(q, 2);
	BN_mul(n, p, q, context);
	bool is_passed = key_gate_is_not_close_primes(octets_of(n, octets, sizeof(octets)));

	BN_free(p);
	BN_free(q);
	BN_free(n);
	BN_free(d);
	BN_CTX_free(context);
	return is_passed;
}

static void test_fermat(void **state)
{
	BIGNUM *p = BN_new(), *n = BN_new();
	BN_CTX *context = BN_CTX_new();
	uint8_t octets[MODULUS_LEN];
	char distance[129] = "1";

	(void)state;
	assert_false(passes_fermat("2"));
	/* (q - p)² / (8 √n) steps: a distance of 2^512 is found in the first few, … */
	memset(distance + 1, '0', 127);
	assert_false(passes_fermat(distance));
	/* … and one of 2^600 never. */
	char far[152] = "1";

	memset(far + 1, '0', 150);
	assert_true(passes_fermat(far));
	/* A square. */
	assert_int_equal(BN_generate_prime_ex(p, 1024, 0, NULL, NULL, NULL), 1);
	BN_sqr(n, p, context);
	assert_false(key_gate_is_not_close_primes(octets_of(n, octets, sizeof(octets))));
	BN_free(p);
	BN_free(n);
	BN_CTX_free(context);
}

/* A modulus that is 65537^e modulo the product of the primes, and nothing else about it. */
static void test_roca(void **state)
{
	BN_CTX *context = BN_CTX_new();
	BIGNUM *product = BN_new(), *n = BN_new(), *exponent = BN_new();
	uint8_t octets[MODULUS_LEN];

	(void)state;
	BN_one(product);
	for (BN_ULONG prime = 3; prime <= 167; prime += 2) {
		bool is_prime = true;

		for (BN_ULONG divisor = 3; divisor * divisor <= prime && is_prime; divisor += 2)
			is_prime = prime % divisor != 0;
		if (is_prime)
			BN_mul_word(product, prime);
	}
	for (BN_ULONG e = 1; e < 1000; e += 97) {
		BN_set_word(n, 65537);
		BN_set_word(exponent, e);
		BN_mod_exp(n, n, exponent, product, context);
		assert_false(key_gate_is_not_roca(octets_of(n, octets, sizeof(octets))));
		BN_add_word(n, 1);
		assert_true(key_gate_is_not_roca(octets_of(n, octets, sizeof(octets))));
	}
	BN_free(product);
	BN_free(n);
	BN_free(exponent);
	BN_CTX_free(context);
}

static void check_curve(const char *name, unsigned bits)
{
	EVP_PKEY *key = EVP_EC_gen(name);
	uint8_t x_octets[66], y_octets[66];
	size_t len = (bits + 7) / 8;
	struct bytes x = parameter(key, OSSL_PKEY_PARAM_EC_PUB_X, x_octets, len);
	struct bytes y = parameter(key, OSSL_PKEY_PARAM_EC_PUB_Y, y_octets, len);

	assert_true(key_gate_is_on_curve(bits, x, y));
	y_octets[len - 1] ^= 1;
	assert_false(key_gate_is_on_curve(bits, x, y));
	y_octets[len - 1] ^= 1;
	assert_false(key_gate_is_on_curve(bits, bytes_of(x.data, 0), y));
	assert_false(key_gate_is_on_curve(bits == 256 ? 384 : 256, x, y));
	assert_false(key_gate_is_on_curve(bits - 1, x, y));
	memset(x_octets, 0xff, len);
	assert_false(key_gate_is_on_curve(bits, x, y));
	memset(x_octets, 0, len);
	memset(y_octets, 0, len);
	assert_false(key_gate_is_on_curve(bits, x, y));
	EVP_PKEY_free(key);
}

static void test_points(void **state)
{
	(void)state;
	check_curve("P-256", 256);
	check_curve("P-384", 384);
	check_curve("P-521", 521);
}

/*
 * A coordinate of an octet more is none, even where that octet is what stands before it in the
 * uncompressed point: the form before x, the end of x before y.
 */
static void test_coordinates_too_long(void **state)
{
	static const char *const y_of_5 =
		"459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc";
	uint8_t x[33] = { 0x04, [32] = 5 }, y[33] = { 5 };
	BIGNUM *number = NULL;

	(void)state;
	assert_true(BN_hex2bn(&number, y_of_5) > 0);
	(void)octets_of(number, y + 1, 32);
	assert_true(key_gate_is_on_curve(256, bytes_of(x + 1, 32), bytes_of(y + 1, 32)));
	assert_false(key_gate_is_on_curve(256, BYTES_OF_ARRAY(x), bytes_of(y + 1, 32)));
	assert_false(key_gate_is_on_curve(256, bytes_of(x + 1, 32), BYTES_OF_ARRAY(y)));
	BN_free(number);
}

/* A coordinate plus the prime is the same number in the field, and no encoding of the point. */
static void test_coordinate_over_the_prime(void **state)
{
	/* x = 5 lies on P-256; 5 + p fits into 32 octets. */
	static const char *const p256 =
		"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
	static const char *const y_of_5 =
		"459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc";
	BIGNUM *x = NULL, *y = NULL, *prime = NULL;
	uint8_t x_octets[32], y_octets[32];

	(void)state;
	assert_true(BN_hex2bn(&prime, p256) > 0 && BN_hex2bn(&y, y_of_5) > 0 && BN_hex2bn(&x, "5") > 0);
	assert_true(key_gate_is_on_curve(256, octets_of(x, x_octets, 32), octets_of(y, y_octets, 32)));
	BN_add(x, x, prime);
	assert_false(key_gate_is_on_curve(256, octets_of(x, x_octets, 32), octets_of(y, y_octets, 32)));
	BN_free(x);
	BN_free(y);
	BN_free(prime);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound_keys_pass),
		cmocka_unit_test(test_every_small_factor),
		cmocka_unit_test(test_fermat),
		cmocka_unit_test(test_roca),
		cmocka_unit_test(test_points),
		cmocka_unit_test(test_coordinates_too_long),
		cmocka_unit_test(test_coordinate_over_the_prime),
	};

	return cmocka_run_group_tests_name("key gates", tests, NULL, NULL);
}
