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

enum { MODULUS_LEN = 256, PUBLISHED_MAX = 512 };

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

/*
 * The moduli of the ROCA detector's own tests, mod01 to mod09, and what it says of them
 * (github.com/crocs-muni/roca, {fingerprint,roca}/tests/data; MIT, (c) 2017 CRoCS, EnigmaBridge Ltd.).
 */
static const struct {
	bool is_roca;
	const char *modulus;
} published[] = {
	{ true,
		"944e13208a280c37efc31c3114485e590192adbb8e11c87cad60cdef0037ce99278330d3f471a253"
		"8fa667802ed2a3c44a8b7dea826e888d0aa341fd664f7fa7" },
	{ true,
		"a23475d6b86e7deb1e1483747c0e1aaa1390f24dcbc0d05399d025c985861601d91ba7a1ce5dd9d9"
		"721fac7b65cbf73f9fa39399f6cbf33edc6e094f9eda639f" },
	{ true,
		"9dcd7420e420c270a68060eb8b5aa7457a9f6648f86fafed2775cc1f79ae962f1e63f1b9e51c55f9"
		"ea6fdc7332e9b0058c9ff2eb1fc89855029cf6aafe21e689feb38ac9ffb12f1ce371bb5d0e9aae64"
		"161abce74b4244bf68f1edb4411f756a097c8929c14740245ea355f8332d1aa36bb50c7dcb4505da"
		"8de02e4e53d38f8df06097da7524df0df93db48eac8cc4af2d3a16257eb2b2adca6ba464e5974fa9"
		"2550d31b1babf161e7692d00b86e3dd886ecab4abfbe1a8f8cc263ff4af55cdb45f4249a5193925f"
		"5e983d762f0b6800943eb0267b08f42ed311ce1f5c86eacbc8ce4d3cb7a2fee1ef5641423a1cf411"
		"4e5ecf50034a60a412523af9e6f4aa11" },
	{ false,
		"af659676197f1db06da7ac111a0a0ec175b8b7ef07192ffcd1f6b854c327785f1a7fd3db7da45cd4"
		"a31b2b2e5ce0d823a68e28c8adf1747316becce1fe5768064039ad2062260c8d1a34e0586dce9bc1"
		"3090fcc9fb8b8b2c08ed3ae8d61b29818a669689a7d9c1dab053b557fb8d3f9c44faad3e18c55e73"
		"9b00d3c9126558bc8e980cd2af377126ef5b1374136774b8bd370e3c1c149db395c8f99696b628b1"
		"05946fea20106fe24d103ac062661a9248e8c3f628e00b308d33953aabe555132e218e74ef4b5787"
		"16b4fe7cf340e8e604a319bf6e9951e1942601d34291032db54999d09e5d036dde3544ad35256bbb"
		"97d5e3fffd38166c21eae9199548853b" },
	{ false,
		"ba68fc5fbb606c4d428ab98b355d66214db4f7e475b5f7ffddc349c73f7d659965121ab16a4014e6"
		"c465c111d850205853d113f712127e4a230aa97f481eed6410f6c345f48e25fb81c42ec6815dc35c"
		"dd839e0de91fb2bec848d0910fa77e2c31f99ec9bcc7ed167812bd724318b0adf492d6b47c5ce050"
		"184e877ea64045f9501bf70569cffd102db7299f49e9c00222af9115d0aada967dfe759b7e4576e8"
		"5c3a4ff594039231b90b448b90c3236083bcf819bc318d53a2018ec9b401f102ba9ee13dde592a42"
		"b032df136689d9c5619db55d519853a422d3100624d2d9e478218375f460c26930eda8cd0d947e58"
		"ffe9b7be2445356deaed988223e3ed1d" },
	{ false,
		"8dcd7420e420c270a68060eb8b5aa7457a9f6648f86fafed2775cc1f79ae962f1e63f1b9e51c55f9"
		"ea6fdc7332e9b0058c9ff2eb1fc89855029cf6aafe21e689feb38ac9ffb12f1ce371bb5d0e9aae64"
		"161abce74b4244bf68f1edb4411f756a097c8929c14740245ea355f8332d1aa36bb50c7dcb4505da"
		"8de02e4e53d38f8df06097da7524df0df93db48eac8cc4af2d3a16257eb2b2adca6ba464e5974fa9"
		"2550d31b1babf161e7692d00b86e3dd886ecab4abfbe1a8f8cc263ff4af55cdb45f4249a5193925f"
		"5e983d762f0b6800943eb0267b08f42ed311ce1f5c86eacbc8ce4d3cb7a2fee1ef5641423a1cf411"
		"4e5ecf50034a60a412523af9e6f4aa11" },
	{ false,
		"9dcd7420e420c270a68060eb8b5aa7457a9f6648f86fafed2775cc1f79ae962f1e63f1b9e51c55f9"
		"ea6fdc7332e9b0058c9ff2eb1fc89855029cf6aafe21e689feb38ac9ffb12f1ce371bb5d0e9aae64"
		"161abce74b4244bf68f1edb4411f756a097c8929c14740245ea355f8332d1aa36bb50c7dcb4505da"
		"8de02e4e53d38f8df06097da7524df0df93db48eac8cc4af2d3a16257eb2b2adca6ba464e5974fa9"
		"2550d31b1babf161e7692d00b86e3dd886ecab4abfbe1a8f8cc263ff4af55cdb45f4249a5193925f"
		"5e983d762f0b6800943eb0267b08f42ed311ce1f5c86eacbc8ce4d3cb7a2fee1ef5641423a1cf411"
		"4e5ecf50034a60a412523af9e6f4aa21" },
	{ true,
		"1db349e1f58f5d41f65aa5b0ffa6ae0cea80de6c170b2b4abf9c358d79494ca59cab008f5ee92759"
		"b91d497e2131701047f953935a163e91db5460c82566f4df0c05bca02a8576f7c4e916b274e2f307"
		"b56fc8a20ad452b1b54d3924726a3b2329da882c7b8e102379dfe7a8c6b01d62e7ff0fd58e1e9822"
		"f6e32b5b0486561fb" },
	{ true,
		"c39a928060db513091b604eadad719ed94e246de8fe15fb76efab5cfabbc3fc5486fe2ef2a5a5a84"
		"72f0c5be089edec071fb284df4467fa1fa6c8f0b013d3173fe636744666289bf67b5c998c87b5901"
		"5d94bb9c20d30a70cfe275e42fd3c6f44d4c5252f9c6b6803f92afd928153bdb90ef08ede934c076"
		"f33543f9a1c362130929b9a1324c5ebee6831c251c48a7dee24d75ac538ce9a58d7ff09c12a5d772"
		"b6c33f4265a4e4830bd73ad221d24d4d3f092e24279c15fc1d10ca69561f4f071313c86b11ab36a5"
		"dd28df392f581834eecfdc9e183a466198e33cf01d273bd41d4b7e288cc66f24eba04676bd2090f6"
		"f73830336a317bc2d423b558b9d8f632e12af7b0e7fc9bdb69282e81fdf41a68cf4e85f01fc343df"
		"e52a3ad01f67459d380165159e1209ef1ce4ecd26648e061faf0896551f7f1f92d6b6a19af0ab7f1"
		"f092d7e168bcec0ee478b8618489a8967a71e5e0a5c197662d8e9756f090a177109d4a34ae20a18c"
		"5629efea5ca66623960fc325f779cdae891a7ec051f00e837b8f2fb9fd19f6a35832ca0e5ce83759"
		"72c42a308f7d5ca0434022c131874087e826ed737994e46fbe44f5f1e908934f6033e6851ebd0544"
		"7dddbaa51c0671849cafd3a503cdc150101914edf33b140c168c3dbea4791e74ea619ab1b31c9069"
		"1de1d425b746b222a2b26ed54222cbcaf27a054f9f66f77be6466198c33e37dd" },
};

static void test_published_roca(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
		BIGNUM *n = NULL;
		uint8_t octets[PUBLISHED_MAX];

		assert_true(BN_hex2bn(&n, published[i].modulus) > 0);
		assert_int_equal(
			key_gate_is_not_roca(octets_of(n, octets, (size_t)BN_num_bytes(n))),
			!published[i].is_roca);
		BN_free(n);
	}
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
		cmocka_unit_test(test_published_roca),
		cmocka_unit_test(test_points),
		cmocka_unit_test(test_coordinates_too_long),
		cmocka_unit_test(test_coordinate_over_the_prime),
	};

	return cmocka_run_group_tests_name("key gates", tests, NULL, NULL);
}
