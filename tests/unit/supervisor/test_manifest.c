#include "ek_identity.h"
#include "encoding.h"
#include "manifest.h"
#include "name.h"
#include "public_key.h"
#include "templates.h"
#include "writer.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EK_1 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define EK_2 "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEAD "serial,ek_id,profile,group\n"

/* What a whole manifest gives: rows until the first fault. */
struct reading {
	size_t count;
	struct manifest_row rows[8];
	enum fault fault;
	struct trouble trouble;
};

static struct reading read_octets(struct bytes octets)
{
	static struct manifest manifest;
	struct reading reading = { .count = 0 };
	FILE *file = octets.len == 0 ? fopen("/dev/null", "re") :
		fmemopen((void *)(uintptr_t)octets.data, octets.len, "r");

	assert_non_null(file);
	manifest_open(file, "m.csv", &manifest);
	while (reading.count < 8 && (reading.fault = manifest_next(&manifest,
			&reading.rows[reading.count], &reading.trouble)) == FAULT_NONE)
		reading.count++;
	(void)fclose(file);
	return reading;
}

static struct reading read_text(const char *text)
{
	return read_octets(bytes_of_string(text));
}

static void assert_refused(const char *text, const char *expected)
{
	struct reading reading = read_text(text);

	assert_int_equal(reading.fault, FAULT_INVALID);
	assert_string_equal(reading.trouble.text, expected);
}

static void test_csv(void **state)
{
	struct reading reading = read_text("# made on line 1\n" HEAD "SN-0001," EK_1 ",,line-1\n\n"
		"SN-0001," EK_2 ",device;vpn,\n," EK_2 ",,");

	(void)state;
	assert_int_equal(reading.fault, FAULT_NOT_FOUND);
	assert_int_equal(reading.count, 3);
	assert_int_equal(reading.rows[0].line, 3);
	assert_string_equal(reading.rows[0].serial, "SN-0001");
	assert_string_equal(reading.rows[0].ek_id, EK_1);
	assert_string_equal(reading.rows[0].profile, "");
	assert_string_equal(reading.rows[0].group, "line-1");
	assert_int_equal(reading.rows[1].line, 5);
	assert_string_equal(reading.rows[1].profile, "device;vpn");
	assert_int_equal(reading.rows[2].line, 6);
	assert_string_equal(reading.rows[2].serial, "");
}

static void test_csv_columns_in_any_order(void **state)
{
	struct reading reading = read_text("group,ek_id,serial\nl\xc3\xa4ne," EK_1 ",SN-1\n");

	(void)state;
	assert_int_equal(reading.fault, FAULT_NOT_FOUND);
	assert_int_equal(reading.count, 1);
	assert_string_equal(reading.rows[0].serial, "SN-1");
	assert_string_equal(reading.rows[0].group, "l\xc3\xa4ne");
}

static void test_upper_case_id_is_the_same(void **state)
{
	struct reading reading = read_text(HEAD "S,"
		"00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF,,\n");

	(void)state;
	assert_int_equal(reading.count, 1);
	assert_string_equal(reading.rows[0].ek_id, EK_1);
}

static void test_csv_refused(void **state)
{
	(void)state;
	assert_refused("", "m.csv: is empty");
	assert_refused("# nothing\n", "m.csv: is empty");
	assert_refused("serial,ekid\n", "m.csv: line 1: the header line is serial,ek_id,profile,group "
		"(or ek_certificate or ek_public in place of ek_id)");
	assert_refused("serial,serial,ek_id\n", "m.csv: line 1: the header line is "
		"serial,ek_id,profile,group (or ek_certificate or ek_public in place of ek_id)");
	assert_refused("ek_id,group\n",
		"m.csv: line 1: the header line needs serial and one of ek_id, ek_certificate and ek_public");
	assert_refused("serial,ek_id,ek_public\n",
		"m.csv: line 1: the header line needs serial and one of ek_id, ek_certificate and ek_public");
	assert_refused(HEAD "SN-1," EK_1 ",\n", "m.csv: line 2: has fewer fields than the header line");
	assert_refused(HEAD "SN-1," EK_1 ",,,\n", "m.csv: line 2: has more fields than the header line");
	assert_refused(HEAD "\"SN-1\"," EK_1 ",,\n",
		"m.csv: line 2: holds a quotation mark; fields are not quoted");
	assert_refused(HEAD "SN-1,zz,,\n", "m.csv: line 2: ek_id is not 64 hexadecimal digits");
	assert_refused(HEAD "SN-1,,,\n",
		"m.csv: line 2: needs exactly one of ek_id, ek_certificate and ek_public");
	assert_refused("serial,ek_certificate\nS,!\n",
		"m.csv: line 2: ek_certificate is not the base64 of an EK certificate's DER");
	assert_refused("serial,ek_public\nS,AAAA\n",
		"m.csv: line 2: ek_public is not the base64 of an EK's TPM2B_PUBLIC");
}

static void test_encoding_refused(void **state)
{
	static const char with_nul[] = HEAD "S\0," EK_1 ",,\n";
	struct reading reading = read_octets(BYTES_OF_LITERAL(with_nul));

	(void)state;
	assert_refused(HEAD "SN-1," EK_1 ",,\r\n",
		"m.csv: line 2: ends with CR LF; lines end with LF alone (dos2unix does it)");
	assert_refused("\xef\xbb\xbf" HEAD,
		"m.csv: line 1: begins with a byte order mark; save the file as UTF-8 without one");
	assert_refused(HEAD "S\xff," EK_1 ",,\n", "m.csv: line 2: is not UTF-8 text");
	assert_int_equal(reading.fault, FAULT_INVALID);
	assert_string_equal(reading.trouble.text, "m.csv: line 2: is not UTF-8 text");
}

static void test_long_lines(void **state)
{
	static char text[2 * MANIFEST_LINE_MAX];
	size_t head = strlen(HEAD);

	(void)state;
	memcpy(text, HEAD, head);
	memset(text + head, 'A', MANIFEST_LINE_MAX + 1);
	text[head + MANIFEST_LINE_MAX + 1] = '\n';
	struct reading reading = read_octets(bytes_of(text, head + MANIFEST_LINE_MAX + 2));
	assert_string_equal(reading.trouble.text, "m.csv: line 2: is longer than 16384 octets");

	int len = snprintf(text, sizeof(text), HEAD "%0513d," EK_1 ",,\n", 0);
	reading = read_octets(bytes_of(text, (size_t)len));
	assert_string_equal(reading.trouble.text, "m.csv: line 2: has a field of more than 512 octets");
}

static void test_json_lines(void **state)
{
	struct reading reading = read_text("{\"serial\": \"SN-1\", \"ek_id\": \"" EK_1 "\"}\n# c\n"
		"{\"ek_id\": \"" EK_2 "\", \"profile\": \"vpn\", \"group\": \"g,h\"}\n");

	(void)state;
	assert_int_equal(reading.fault, FAULT_NOT_FOUND);
	assert_int_equal(reading.count, 2);
	assert_string_equal(reading.rows[0].serial, "SN-1");
	assert_int_equal(reading.rows[1].line, 3);
	assert_string_equal(reading.rows[1].serial, "");
	assert_string_equal(reading.rows[1].profile, "vpn");
	assert_string_equal(reading.rows[1].group, "g,h");
}

static void test_json_refused(void **state)
{
	(void)state;
	assert_refused("{\"serial\": \"S\"\n",
		"m.csv: line 1: is not one JSON object without duplicate members");
	assert_refused("{\"ek_id\": \"" EK_1 "\", \"ek_id\": \"" EK_1 "\"}\n",
		"m.csv: line 1: is not one JSON object without duplicate members");
	assert_refused("{\"ek_id\": \"" EK_1 "\"} {}\n",
		"m.csv: line 1: is not one JSON object without duplicate members");
	assert_refused("{\"ek_id\": \"" EK_1 "\", \"color\": \"red\"}\n", "m.csv: line 1: has a member "
		"other than serial, ek_id, ek_certificate, ek_public, profile and group");
	assert_refused("{\"ek_id\": 7}\n", "m.csv: line 1: has a member that is not a string");
	assert_refused("{\"serial\": \"S\"}\n",
		"m.csv: line 1: needs exactly one of ek_id, ek_certificate and ek_public");
	assert_refused("{\"ek_id\": \"" EK_1 "\", \"ek_public\": \"AAAA\"}\n",
		"m.csv: line 1: needs exactly one of ek_id, ek_certificate and ek_public");
	assert_refused("{\"ek_id\": \"" EK_1 "\"}\n[]\n",
		"m.csv: line 2: needs exactly one of ek_id, ek_certificate and ek_public");
}

/* ---- EK ids from certificates and public areas ---- */

static EVP_PKEY *make_key(const char *curve)
{
	EVP_PKEY *key = curve != NULL ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve) :
		EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);

	assert_non_null(key);
	return key;
}

/* SHA-256 of the SubjectPublicKeyInfo as OpenSSL writes it: another hand than ours. */
static void expected_id(EVP_PKEY *key, char hex[HEX_CAPACITY(32)])
{
	uint8_t *spki = NULL, digest[32];
	int len = i2d_PUBKEY(key, &spki);

	assert_true(len > 0);
	assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, spki, (size_t)len, digest, NULL), 1);
	hex_encode(BYTES_OF_ARRAY(digest), hex, HEX_CAPACITY(32));
	OPENSSL_free(spki);
}

static uint8_t *certificate_of(EVP_PKEY *key, int *len)
{
	X509 *certificate = X509_new();
	uint8_t *der = NULL;

	assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600));
	assert_int_equal(X509_set_pubkey(certificate, key), 1);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	*len = i2d_X509(certificate, &der);
	assert_true(*len > 0);
	X509_free(certificate);
	return der;
}

static void assert_certificate_id(const char *curve)
{
	EVP_PKEY *key = make_key(curve);
	char expected[HEX_CAPACITY(32)], text[8192], base64[4096];
	int len;
	uint8_t *der = certificate_of(key, &len);

	expected_id(key, expected);
	base64_encode(bytes_of(der, (size_t)len), base64, sizeof(base64));
	(void)snprintf(text, sizeof(text), "serial,ek_certificate\nSN-1,%s\n", base64);
	struct reading reading = read_text(text);
	if (reading.count != 1)
		fail_msg("%s", reading.trouble.text);
	assert_string_equal(reading.rows[0].ek_id, expected);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

static void test_id_of_certificate(void **state)
{
	(void)state;
	assert_certificate_id(NULL);
	assert_certificate_id("P-256");
	assert_certificate_id("P-384");
	assert_certificate_id("P-521");
}

static void test_certificate_with_other_key(void **state)
{
	static const char *const others[] = { "secp256k1", "brainpoolP256r1" };
	uint8_t id[32];

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		EVP_PKEY *key = make_key(others[i]);
		int len;
		uint8_t *der = certificate_of(key, &len);

		assert_int_equal(ek_id_of_certificate(bytes_of(der, (size_t)len), id), FAULT_UNSUPPORTED);
		assert_int_equal(ek_id_of_certificate(bytes_of(der, (size_t)len - 1), id), FAULT_INVALID);
		OPENSSL_free(der);
		EVP_PKEY_free(key);
	}
}

/* A P-256 EK's area, template L-2, of a key's point. */
static struct bytes area_of(EVP_PKEY *key, enum tpm_template template, uint8_t *buffer)
{
	struct tpm_key tpm_key = { .template = (uint8_t)template, .a_len = 32, .b_len = 32 };
	uint8_t point[65];
	size_t len;
	struct writer w = writer_of(buffer, TPM2B_PUBLIC_MAX);

	assert_int_equal(EVP_PKEY_get_octet_string_param(key, "encoded-pub-key", point, sizeof(point), &len), 1);
	memcpy(tpm_key.a, point + 1, 32);
	memcpy(tpm_key.b, point + 33, 32);
	tpm2b_public_write(&w, &tpm_key);
	assert_int_equal(w.fault, FAULT_NONE);
	return writer_written(&w);
}

static void test_id_of_public(void **state)
{
	EVP_PKEY *key = make_key("P-256");
	uint8_t buffer[TPM2B_PUBLIC_MAX], id[32];
	char hex[HEX_CAPACITY(32)], expected[HEX_CAPACITY(32)];
	struct bytes area = area_of(key, TEMPLATE_EK_L2, buffer);

	(void)state;
	expected_id(key, expected);
	assert_int_equal(ek_id_of_public(area, id), FAULT_NONE);
	hex_encode(BYTES_OF_ARRAY(id), hex, sizeof(hex));
	assert_string_equal(hex, expected);
	assert_int_equal(ek_id_of_public(bytes_of(area.data, area.len - 1), id), FAULT_INVALID);
	area = area_of(key, TEMPLATE_IK_P256, buffer);
	assert_int_equal(ek_id_of_public(area, id), FAULT_UNSUPPORTED);
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_csv_columns_in_any_order),
		cmocka_unit_test(test_upper_case_id_is_the_same),
		cmocka_unit_test(test_csv_refused),
		cmocka_unit_test(test_encoding_refused),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_json_lines),
		cmocka_unit_test(test_json_refused),
		cmocka_unit_test(test_id_of_certificate),
		cmocka_unit_test(test_certificate_with_other_key),
		cmocka_unit_test(test_id_of_public),
	};

	return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
