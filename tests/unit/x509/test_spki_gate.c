#include "spki_gate.h"

#include "certificate_facts.h"
#include "der.h"
#include "der_writer.h"
#include "encoding.h"
#include "limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Contents of AlgorithmIdentifiers, as hexadecimal. */
#define RSA_ENCRYPTION "06092a864886f70d0101010500"
#define EC_PUBLIC_KEY "06072a8648ce3d0201"
#define P256 EC_PUBLIC_KEY "06082a8648ce3d030107"
#define P384 EC_PUBLIC_KEY "06052b81040022"
#define P521 EC_PUBLIC_KEY "06052b81040023"

/* ECParameters (X9.62, 7.2) in front of a point: a prime field and a compressed generator. */
#define SPELT_OUT EC_PUBLIC_KEY "3020020101300c06072a8648ce3d01010201173006040101040101" \
	"04020201020107"

static uint8_t certificate_buffer[8192];

static struct bytes unhex(const char *text, uint8_t *buffer)
{
	assert_int_equal(hex_decode(bytes_of_string(text), buffer, strlen(text) / 2), FAULT_NONE);
	return bytes_of(buffer, strlen(text) / 2);
}

/* A certificate that is one in its frame only: name and times are empty. */
static struct bytes certificate_of(const char *algorithm, struct bytes key, bool has_version)
{
	static const uint8_t version[] = { 2, 1, 2 }, number[] = { 5 };
	uint8_t octets[128];
	struct writer w = WRITER_OF_ARRAY(certificate_buffer);
	struct bytes empty = { NULL, 0 }, out;
	size_t certificate = der_begin(&w, DER_SEQUENCE), tbs = der_begin(&w, DER_SEQUENCE);

	if (has_version)
		der_element(&w, DER_CONTEXT_0, BYTES_OF_ARRAY(version));
	der_integer(&w, BYTES_OF_ARRAY(number));
	for (int i = 0; i < 4; i++)
		der_element(&w, DER_SEQUENCE, empty);
	size_t spki = der_begin(&w, DER_SEQUENCE);
	der_element(&w, DER_SEQUENCE, unhex(algorithm, octets));
	der_bit_string(&w, key);
	der_end(&w, spki);
	der_end(&w, tbs);
	der_element(&w, DER_SEQUENCE, empty);
	der_bit_string(&w, empty);
	der_end(&w, certificate);
	assert_int_equal(writer_end(&w, &out), FAULT_NONE);
	return out;
}

static void assert_gate(const char *algorithm, struct bytes key, enum fault wanted)
{
	for (int has_version = 0; has_version <= 1; has_version++) {
		struct bytes certificate = certificate_of(algorithm, key, has_version);
		X509 *opened = NULL;

		assert_int_equal(der_check_framing(certificate), FAULT_NONE);
		assert_int_equal(spki_gate(certificate), wanted);
		if (wanted == FAULT_DENIED)
			assert_int_equal(certificate_open_sent(certificate, &opened), FAULT_DENIED);
	}
}

static void assert_rsa(size_t modulus_len, size_t exponent_len, enum fault wanted)
{
	uint8_t key_buffer[2048], number[1024];
	struct writer w = WRITER_OF_ARRAY(key_buffer);
	size_t sequence = der_begin(&w, DER_SEQUENCE);

	memset(number, 0xc1, sizeof(number));
	der_integer(&w, bytes_of(number, modulus_len));
	der_integer(&w, bytes_of(number, exponent_len));
	der_end(&w, sequence);
	assert_gate(RSA_ENCRYPTION, writer_written(&w), wanted);
}

static void test_rsa(void **state)
{
	(void)state;
	assert_rsa(256, 3, FAULT_NONE);
	assert_rsa(RSA_MODULUS_MAX, 4, FAULT_NONE);
	assert_rsa(RSA_MODULUS_MAX + 1, 3, FAULT_DENIED);
	assert_rsa(256, 5, FAULT_DENIED);
	assert_rsa(384, 384, FAULT_DENIED);
	assert_gate(RSA_ENCRYPTION, BYTES_OF_LITERAL("\x30\x03\x02\x01\x05"), FAULT_DENIED); /* no exponent */
	assert_gate(RSA_ENCRYPTION, BYTES_OF_LITERAL("\x30\x06\x02\x01\x05\x02\x01\x03\x00"), FAULT_DENIED); /* more */
	assert_gate(RSA_ENCRYPTION, bytes_of(NULL, 0), FAULT_DENIED);
}

/* The other names for an RSA key; what stands behind the name binds nobody. */
static void test_rsa_names(void **state)
{
	static const char *const names[] = { "06092a864886f70d010107", "06092a864886f70d01010a",
		"06092a864886f70d010101", "06092a864886f70d0101073000" };
	const struct bytes key = BYTES_OF_LITERAL("\x30\x06\x02\x01\x05\x02\x01\x03");

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_gate(names[i], key, FAULT_NONE);
	assert_gate("06092a864886f70d010102", key, FAULT_DENIED);
	assert_gate("06072a8648ce380401", key, FAULT_DENIED); /* DSA */
	assert_gate("06032b6570", key, FAULT_DENIED);         /* Ed25519 */
	assert_gate("", key, FAULT_DENIED);
}

static void test_points(void **state)
{
	static const struct {
		const char *algorithm;
		size_t field_len;
	} curves[] = { { P256, 32 }, { P384, 48 }, { P521, 66 } };
	uint8_t point[1 + 2 * ECC_COORDINATE_MAX + 1] = { 0x04 };

	(void)state;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		const char *algorithm = curves[i].algorithm;
		size_t len = 1 + 2 * curves[i].field_len;

		point[0] = 0x04;
		assert_gate(algorithm, bytes_of(point, len), FAULT_NONE);
		assert_gate(algorithm, bytes_of(point, len - 1), FAULT_DENIED);
		assert_gate(algorithm, bytes_of(point, len + 1), FAULT_DENIED);
		for (unsigned form = 0; form < 256; form++) {
			point[0] = (uint8_t)form;
			assert_gate(algorithm, bytes_of(point, len), form == 0x04 ? FAULT_NONE : FAULT_DENIED);
		}
		point[0] = 0x02; /* compressed */
		assert_gate(algorithm, bytes_of(point, 1 + curves[i].field_len), FAULT_DENIED);
	}
}

/* Curves that are spelt out, inherited, left out, others', or that have something behind their name. */
static void test_curves(void **state)
{
	static const char *const others[] = { SPELT_OUT, EC_PUBLIC_KEY "0500", EC_PUBLIC_KEY,
		EC_PUBLIC_KEY "06052b81040021" /* P-224 */, EC_PUBLIC_KEY "06052b8104000a" /* secp256k1 */,
		EC_PUBLIC_KEY "06052b81040027" /* sect571r1 */, P256 "0500", "06052b8104010c06082a8648ce3d030107" /* id-ecDH */ };
	uint8_t point[65] = { 0x04 };

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_gate(others[i], BYTES_OF_ARRAY(point), FAULT_DENIED);
	/* A point of no field would be its form alone. */
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_gate(others[i], BYTES_OF_LITERAL("\x04"), FAULT_DENIED);
}

/* What is no certificate in its frame: nothing is there to be judged. */
static void test_no_certificate(void **state)
{
	static const char *const texts[] = { "0500", "3000", "30023000", "300530030201ff", "3004300205003000",
		"301330113000020105300030003000300030040300" };
	uint8_t octets[64], point[65] = { 0x04 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(spki_gate(unhex(texts[i], octets)), FAULT_INVALID);

	/* Cut short wherever: never further than the octets go. */
	struct bytes whole = certificate_of(P256, BYTES_OF_ARRAY(point), true);
	for (size_t len = 0; len < whole.len; len++)
		assert_int_equal(spki_gate(bytes_of(whole.data, len)), FAULT_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rsa), cmocka_unit_test(test_rsa_names),
		cmocka_unit_test(test_points), cmocka_unit_test(test_curves), cmocka_unit_test(test_no_certificate) };

	return cmocka_run_group_tests_name("spki gate", tests, NULL, NULL);
}
