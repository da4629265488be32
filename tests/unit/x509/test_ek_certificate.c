#include "ek_certificate.h"

#include "der_writer.h"
#include "owned.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>

OWNED_TYPE(X509, X509_free)

/*
 * Certificates that have nothing but a SubjectPublicKeyInfo, or a subjectAltName. The keys need not
 * be any: their octets are compared, and OpenSSL makes no key of them.
 */
enum { MODULUS_LEN = 256, FIELD_LEN = 32, POINT_LEN = 1 + 2 * FIELD_LEN };

static uint8_t modulus[MODULUS_LEN], point[POINT_LEN + 1];

static int make_numbers(void **state)
{
	(void)state;
	memset(modulus, 0xc3, sizeof(modulus));
	for (size_t i = 0; i < sizeof(point); i++)
		point[i] = (uint8_t)(i + 16);
	point[0] = 0x04;
	point[1] = 0; /* x is shorter than the field: a TPM may leave that octet out */
	return 0;
}

static X509 *certificate_of(int algorithm, int parameter_type, void *parameter, struct bytes key)
{
	X509 *certificate = X509_new();
	uint8_t *copy = OPENSSL_memdup(key.data, key.len);

	assert_int_equal(X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(certificate),
		OBJ_nid2obj(algorithm), parameter_type, parameter, copy, (int)key.len), 1);
	return certificate;
}

/* ---- RSA ---- */

struct rsa_says {
	int algorithm;
	bool has_more_inside, has_more_behind, is_exponent_3;
};

static bool has_rsa_key(const struct rsa_says *says, struct bytes expected)
{
	static const uint8_t f4[] = { 0x01, 0x00, 0x01 }, three[] = { 3 };
	uint8_t octets[MODULUS_LEN + 64];
	struct writer w = WRITER_OF_ARRAY(octets);
	size_t sequence = der_begin(&w, DER_SEQUENCE);

	der_integer(&w, BYTES_OF_ARRAY(modulus));
	der_integer(&w, says->is_exponent_3 ? BYTES_OF_ARRAY(three) : BYTES_OF_ARRAY(f4));
	if (says->has_more_inside)
		der_element(&w, DER_NULL, bytes_of(NULL, 0));
	der_end(&w, sequence);
	if (says->has_more_behind)
		der_element(&w, DER_NULL, bytes_of(NULL, 0));
	owned(X509) *certificate =
		certificate_of(says->algorithm, V_ASN1_NULL, NULL, writer_written(&w));

	return ek_certificate_has_rsa_key(certificate, expected);
}

static void test_rsa_key(void **state)
{
	static const struct {
		struct rsa_says says;
		bool is_it;
	} rows[] = {
		{ { NID_rsaEncryption, false, false, false }, true },
		{ { NID_rsaesOaep, false, false, false }, true },
		{ { NID_rsassaPss, false, false, false }, false },
		{ { NID_rsaEncryption, true, false, false }, false },
		{ { NID_rsaEncryption, false, true, false }, false },
		{ { NID_rsaEncryption, false, false, true }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(has_rsa_key(&rows[i].says, BYTES_OF_ARRAY(modulus)), rows[i].is_it);
}

/* Else any chip's certificate would vouch for any key. */
static void test_another_modulus(void **state)
{
	const struct rsa_says says = { .algorithm = NID_rsaEncryption };
	uint8_t other[MODULUS_LEN];

	(void)state;
	memcpy(other, modulus, sizeof(other));
	other[MODULUS_LEN - 1] ^= 1;
	assert_false(has_rsa_key(&says, BYTES_OF_ARRAY(other)));
	assert_false(has_rsa_key(&says, bytes_of(modulus, MODULUS_LEN - 1)));
}

/* ---- ECC ---- */

struct ecc_says {
	int algorithm, curve; /* NID_undef: the parameters are NULL */
	uint8_t form;
	size_t len;
};

static bool has_ecc_key(const struct ecc_says *says, unsigned field_bits, struct bytes x,
	struct bytes y)
{
	bool is_named = says->curve != NID_undef;

	point[0] = says->form;
	owned(X509) *certificate = certificate_of(says->algorithm, is_named ? V_ASN1_OBJECT : V_ASN1_NULL,
		is_named ? OBJ_nid2obj(says->curve) : NULL, bytes_of(point, says->len));

	return ek_certificate_has_ecc_key(certificate, field_bits, x, y);
}

static void test_ecc_key(void **state)
{
	static const struct {
		struct ecc_says says;
		unsigned field_bits;
		bool is_it;
	} rows[] = {
		{ { NID_X9_62_id_ecPublicKey, NID_X9_62_prime256v1, 0x04, POINT_LEN }, 256, true },
		{ { NID_rsaEncryption, NID_X9_62_prime256v1, 0x04, POINT_LEN }, 256, false },
		{ { NID_X9_62_id_ecPublicKey, NID_secp256k1, 0x04, POINT_LEN }, 256, false },
		{ { NID_X9_62_id_ecPublicKey, NID_secp384r1, 0x04, POINT_LEN }, 256, false },
		{ { NID_X9_62_id_ecPublicKey, NID_undef, 0x04, POINT_LEN }, 256, false },
		{ { NID_X9_62_id_ecPublicKey, NID_X9_62_prime256v1, 0x06, POINT_LEN }, 256, false },
		{ { NID_X9_62_id_ecPublicKey, NID_X9_62_prime256v1, 0x04, POINT_LEN - 1 }, 256, false },
		{ { NID_X9_62_id_ecPublicKey, NID_X9_62_prime256v1, 0x04, POINT_LEN + 1 }, 256, false },
	};
	const struct bytes x = bytes_of(point + 1, FIELD_LEN), y = bytes_of(point + 1 + FIELD_LEN, FIELD_LEN);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(has_ecc_key(&rows[i].says, rows[i].field_bits, x, y), rows[i].is_it);
}

/* As numbers, so that an octet of 0 before one is none; both of them. */
static void test_another_point(void **state)
{
	const struct ecc_says says = { NID_X9_62_id_ecPublicKey, NID_X9_62_prime256v1, 0x04, POINT_LEN };
	const struct bytes x = bytes_of(point + 1, FIELD_LEN), y = bytes_of(point + 1 + FIELD_LEN, FIELD_LEN);

	(void)state;
	assert_true(has_ecc_key(&says, 256, bytes_of(x.data + 1, x.len - 1), y));
	assert_false(has_ecc_key(&says, 256, y, y));
	assert_false(has_ecc_key(&says, 256, x, x));
	assert_false(has_ecc_key(&says, 256, y, x));
}

/* ---- the manufacturer ---- */

static X509_NAME *name_of(const char *const *values, size_t count)
{
	X509_NAME *name = X509_NAME_new();

	/* tpmModel, which is another's to read. */
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "2.23.133.2.2", V_ASN1_UTF8STRING,
		(const uint8_t *)"id:53544D20", -1, -1, 0), 1);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(X509_NAME_add_entry_by_txt(name, "2.23.133.2.1", V_ASN1_UTF8STRING,
			(const uint8_t *)values[i], -1, -1, 0), 1);
	return name;
}

static struct manufacturer manufacturer_of(const char *const *values, size_t count)
{
	owned(X509) *certificate = X509_new();
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *name = GENERAL_NAME_new();

	GENERAL_NAME_set0_value(name, GEN_DIRNAME, name_of(values, count));
	sk_GENERAL_NAME_push(names, name);
	assert_int_equal(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 1, 0), 1);
	sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
	return ek_certificate_manufacturer(certificate);
}

static void test_manufacturer(void **state)
{
	static const struct {
		const char *values[2];
		size_t count;
		enum manufacturer_form form;
	} rows[] = {
		{ { NULL }, 0, MANUFACTURER_ABSENT },
		{ { "id:49465800" }, 1, MANUFACTURER_PRESENT },
		{ { "ID:49465800" }, 1, MANUFACTURER_MALFORMED },
		{ { "id:4946580" }, 1, MANUFACTURER_MALFORMED },
		{ { "id:494658001" }, 1, MANUFACTURER_MALFORMED },
		{ { "id:4946580g" }, 1, MANUFACTURER_MALFORMED },
		{ { "id:49465800", "id:49465800" }, 2, MANUFACTURER_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(manufacturer_of(rows[i].values, rows[i].count).form, rows[i].form);
	assert_memory_equal(manufacturer_of(rows[1].values, 1).id, "IFX", 4);
}

/* One that does not read may name any manufacturer. */
static void test_unreadable_names(void **state)
{
	owned(X509) *certificate = X509_new();
	ASN1_OCTET_STRING *content = ASN1_OCTET_STRING_new();

	(void)state;
	assert_int_equal(ek_certificate_manufacturer(certificate).form, MANUFACTURER_ABSENT);
	assert_int_equal(ASN1_OCTET_STRING_set(content, (const uint8_t *)"\x05", 1), 1);
	X509_EXTENSION *extension =
		X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 1, content);

	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	assert_int_equal(ek_certificate_manufacturer(certificate).form, MANUFACTURER_MALFORMED);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(content);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rsa_key),
		cmocka_unit_test(test_another_modulus),
		cmocka_unit_test(test_ecc_key),
		cmocka_unit_test(test_another_point),
		cmocka_unit_test(test_manufacturer),
		cmocka_unit_test(test_unreadable_names),
	};

	return cmocka_run_group_tests_name("ek certificate", tests, make_numbers, NULL);
}
