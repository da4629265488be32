/*
 * A key as the rest of the world spells it: the octets of SubjectPublicKeyInfo against OpenSSL's,
 * and ids that `openssl pkey -pubin -outform DER | sha256sum` gave for these very keys.
 */
#include "public_key.h"

#include "encoding.h"
#include "name.h"
#include "sample_key.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct template_row *const *all_rows(size_t *count)
{
	static const struct template_row *list[32];
	const struct template_row *rows = template_rows(count);

	for (size_t i = 0; i < *count; i++)
		list[i] = &rows[i];
	return list;
}

static struct bytes spki_of(const struct tpm_key *key, uint8_t *buffer)
{
	struct writer w = writer_of(buffer, SPKI_MAX);
	struct bytes spki;

	spki_write(&w, key);
	assert_int_equal(writer_end(&w, &spki), FAULT_NONE);
	return spki;
}

/* The same octets as OpenSSL writes for the same key. */
static void test_spki(void **state)
{
	size_t count;
	const struct template_row *const *rows = all_rows(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		EVP_PKEY *private_key = NULL;
		struct tpm_key key = sample_key(rows[i], &private_key);
		uint8_t buffer[SPKI_MAX];
		struct bytes ours = spki_of(&key, buffer);
		unsigned char *theirs = NULL;
		int len = i2d_PUBKEY(private_key, &theirs);

		assert_true(len > 0 && bytes_equal(ours, bytes_of(theirs, (size_t)len)));
		OPENSSL_free(theirs);
		EVP_PKEY_free(private_key);
	}
}

static struct tpm_key ecc_key(enum tpm_template template, const char *x, const char *y)
{
	struct tpm_key key = { .template = (uint8_t)template };

	key.a_len = (uint16_t)(strlen(x) / 2);
	key.b_len = (uint16_t)(strlen(y) / 2);
	assert_int_equal(hex_decode(bytes_of_string(x), key.a, key.a_len), FAULT_NONE);
	assert_int_equal(hex_decode(bytes_of_string(y), key.b, key.b_len), FAULT_NONE);
	return key;
}

#define P256_X "d607a28256eae51c9652cda796cebf65c3bc8319c6932b882513e39c5d765b77"
#define P256_Y "3d1f3ec1304d9bf56ff065436ccf79729ec140843447dcd9211988e0e07bcef9"
#define P384_X "850920906af7121e6fdc0519c3857f8fa5acc0e63dce01b633ec0ac8b539bf5f54be01d1758ee019bc37e4563abb7f6d"
#define P384_Y "acfb5c1f8e84c028640b05334749176c3c039f13bcf71b6fe1b9bbd860fc8680b3930c1554d801333f34f6213274923a"
#define P521_X "00b06dc756cf6af45c64d7fa39de089a1640d38b3405d9d8a1765901a3abc09cd52f7bd6ef4136f9c37e61b7a72ea81b0298" \
	"5de20684d000688e6d320e56ab5353bf"
#define P521_Y "0040be8be1436b84c322970ca430c4310f004093e5967b21993766d2a60837bc18dc360c271b7a71d1b6ccea4eef36eae3c8" \
	"47fb010b7bb56708a69d280538fe95ff"
#define P256_ID "6e6aa9b7aa8bc8e4b981ea09f18ad0578d091d16e1cbecc6705c48995a7eb256"
#define P384_ID "2c8b051d4dd610535069fdbc4db59d11adc85dfe037d4e8164c08b2d403fb095"
#define P521_ID "cacfb4976cc6c81925f773b3516087ba604b23d2176408bd57c97aafc9967765"

static void assert_id(const struct tpm_key *key, const char *wanted)
{
	uint8_t id[32];
	char text[HEX_CAPACITY(32)];

	assert_int_equal(key_id(key, id), FAULT_NONE);
	hex_encode(BYTES_OF_ARRAY(id), text, sizeof(text));
	assert_string_equal(text, wanted);
}

static void test_ids_ecc(void **state)
{
	struct tpm_key p256 = ecc_key(TEMPLATE_EK_L2, P256_X, P256_Y), again = p256;
	struct tpm_key p384 = ecc_key(TEMPLATE_EK_H3, P384_X, P384_Y), p521 = ecc_key(TEMPLATE_EK_H4, P521_X, P521_Y);

	(void)state;
	assert_id(&p256, P256_ID);
	assert_id(&p384, P384_ID);
	assert_id(&p521, P521_ID);
	/* The id is the key's, not its area's: the same under another template. */
	again.template = TEMPLATE_EK_H2;
	assert_id(&again, P256_ID);
	again.template = TEMPLATE_IK_P256_NODA;
	assert_id(&again, P256_ID);
	/* … and with its coordinates spelt shorter, as some TPMs do (P-521 begins with octets of 0). */
	struct tpm_key cut = ecc_key(TEMPLATE_EK_H4, &P521_X[2], &P521_Y[2]);
	assert_id(&cut, P521_ID);
}

static void test_ids_rsa(void **state)
{
	static const struct {
		enum tpm_template template;
		const char *id;
	} wanted[] = {
		{ TEMPLATE_EK_L1, "12dfe31f166bcae44682a302ca7e66140f238f03579cf3a326622758aa1cb3fb" },
		{ TEMPLATE_IK_RSA2048, "12dfe31f166bcae44682a302ca7e66140f238f03579cf3a326622758aa1cb3fb" },
		{ TEMPLATE_EK_H6, "0db86f5ae8eb765870d2a23e772937e5c792cb401246dce4e6147ebb865c9d32" },
		{ TEMPLATE_EK_H7, "21e531f445a6903a58c8e4ff2031835ce83207ef5c398c00f044808ee97890bd" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		EVP_PKEY *private_key = NULL;
		struct tpm_key key = sample_key(template_row(wanted[i].template), &private_key);

		assert_id(&key, wanted[i].id);
		EVP_PKEY_free(private_key);
	}
}

static void test_open(void **state)
{
	size_t count;
	const struct template_row *const *rows = all_rows(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		EVP_PKEY *private_key = NULL, *opened = NULL;
		struct tpm_key key = sample_key(rows[i], &private_key);

		assert_int_equal(public_key_open(&key, &opened), FAULT_NONE);
		assert_int_equal(EVP_PKEY_eq(opened, private_key), 1);
		EVP_PKEY_free(opened);
		EVP_PKEY_free(private_key);
	}
}

/* Off the curve by one bit, not below p, and with a row that is no key's. */
static void test_open_refused(void **state)
{
	struct tpm_key off = ecc_key(TEMPLATE_IK_P256, P256_X, P256_Y), large = off, unknown = off;
	EVP_PKEY *opened = NULL;

	(void)state;
	off.b[31] ^= 1;
	assert_int_equal(public_key_open(&off, &opened), FAULT_INVALID);
	memset(large.a, 0xff, 32);
	assert_int_equal(public_key_open(&large, &opened), FAULT_INVALID);
	unknown.template = 0;
	assert_int_equal(public_key_open(&unknown, &opened), FAULT_INVALID);
	uint8_t id[32];
	assert_int_equal(key_id(&unknown, id), FAULT_INVALID);
	assert_null(opened);
}

static void test_hashes(void **state)
{
	(void)state;
	for (unsigned alg = 0; alg <= UINT16_MAX; alg++) {
		const EVP_MD *hash = tpm_hash((uint16_t)alg);
		const char *name = alg == 0x000b ? "SHA2-256" : alg == 0x000c ? "SHA2-384" : alg == 0x000d ? "SHA2-512" : NULL;

		if (name == NULL)
			assert_null(hash);
		else
			assert_true(EVP_MD_is_a(hash, name));
	}
}

/* ---- Name (TPM 2.0 Part 1, 16) ---- */

static void test_name_of_key(void **state)
{
	size_t count;
	const struct template_row *const *rows = all_rows(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct tpm_key key = sample_numbers(rows[i]);
		uint8_t buffer[TPMT_PUBLIC_MAX], digest[DIGEST_MAX];
		struct writer w = WRITER_OF_ARRAY(buffer);
		struct tpm_name of_key, of_area;
		unsigned len;

		tpmt_public_write(&w, &key);
		assert_int_equal(name_of_key(&key, &of_key), FAULT_NONE);
		assert_int_equal(name_of_area(writer_written(&w), rows[i]->name_alg, &of_area), FAULT_NONE);
		assert_int_equal(EVP_Digest(buffer, w.len, digest, &len, tpm_hash(rows[i]->name_alg), NULL), 1);
		assert_int_equal(of_key.len, 2 + len);
		assert_int_equal(of_key.data[0] << 8 | of_key.data[1], rows[i]->name_alg);
		assert_memory_equal(of_key.data + 2, digest, len);
		assert_int_equal(of_area.len, of_key.len);
		assert_memory_equal(of_area.data, of_key.data, of_key.len);
	}
	struct tpm_key unknown = { .template = 99 };
	struct tpm_name name;
	assert_int_equal(name_of_key(&unknown, &name), FAULT_INVALID);
	assert_int_equal(name_of_area(bytes_of(NULL, 0), 0x0004, &name), FAULT_UNSUPPORTED); /* SHA-1 */
	assert_int_equal(name_of_area(bytes_of(NULL, 0), 0x0010, &name), FAULT_UNSUPPORTED); /* NULL */
}

/* Two keys that differ in one attribute have two Names: what a credential is bound to. */
static void test_name_has_attributes(void **state)
{
	struct tpm_key plain = sample_numbers(template_row(TEMPLATE_IK_P256)), no_da = plain;
	struct tpm_name a, b;

	(void)state;
	no_da.template = TEMPLATE_IK_P256_NODA;
	assert_int_equal(name_of_key(&plain, &a), FAULT_NONE);
	assert_int_equal(name_of_key(&no_da, &b), FAULT_NONE);
	assert_memory_not_equal(a.data, b.data, a.len);
}

/* Real hardware's own word for the Name: TPMS_CERTIFY_INFO that an ST33 signed over its key. */
static void test_name_hardware(void **state)
{
	static const char wanted[] =
		"000c452b9a5cf31e06f157f82759abcc095e6e58045c259ad27c401d03b7a66fa3b1ae693755d6453ef32a75d176e3bf7aec";
	const char *data = getenv("GENUINE_TEST_DATA");
	char path[512], text[HEX_CAPACITY(2 + DIGEST_MAX)];
	uint8_t area[TPMT_PUBLIC_MAX];
	struct tpm_name name;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/vectors/attestz-iak-TPMT_PUBLIC.bin", data != NULL ? data : "../shared");
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		print_message("# no %s: set GENUINE_TEST_DATA\n", path);
		skip();
	}
	size_t len = fread(area, 1, sizeof(area), file);
	(void)fclose(file);
	assert_int_equal(name_of_area(bytes_of(area, len), TPM_ALG_SHA384, &name), FAULT_NONE);
	hex_encode(bytes_of(name.data, name.len), text, sizeof(text));
	assert_string_equal(text, wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_spki), cmocka_unit_test(test_ids_ecc),
		cmocka_unit_test(test_ids_rsa), cmocka_unit_test(test_open), cmocka_unit_test(test_open_refused),
		cmocka_unit_test(test_hashes), cmocka_unit_test(test_name_of_key),
		cmocka_unit_test(test_name_has_attributes), cmocka_unit_test(test_name_hardware) };

	return cmocka_run_group_tests_name("public_key", tests, NULL, NULL);
}
