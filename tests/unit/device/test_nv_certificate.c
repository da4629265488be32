#include "nv_certificate.h"

#include "limits.h"

#include <openssl/x509.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint8_t content[16384];

/* A chip's NV content from the collection of real ones; the test is skipped without it. */
static struct bytes sample(const char *name)
{
	const char *folder = getenv("GENUINE_TEST_DATA");
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/ekcerts/raw/%s", folder == NULL ? "../shared" : folder,
		name);
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		skip();
	size_t len = fread(content, 1, sizeof(content), file);
	(void)fclose(file);
	return bytes_of(content, len);
}

static void reads_whole_certificate(const char *name, size_t begins_at)
{
	struct bytes raw = sample(name), der;

	assert_int_equal(nv_certificate_unwrap(raw, &der), FAULT_NONE);
	assert_ptr_equal(der.data, raw.data + begins_at);
	const unsigned char *end = der.data;
	X509 *certificate = d2i_X509(NULL, &end, (long)der.len);
	assert_non_null(certificate);
	assert_ptr_equal(end, der.data + der.len);
	X509_free(certificate);
}

static void test_plain(void **state)
{
	(void)state;
	reads_whole_certificate("HIRS-ek_cert_7_byte_header_removed.bin", 0);
}

static void test_header(void **state)
{
	(void)state;
	reads_whole_certificate("HIRS-ek_cert_untouched.bin", 7);
	reads_whole_certificate("HIRS-ek_cert_with_security_assertions.bin", 7);
}

static void test_padding(void **state)
{
	(void)state;
	reads_whole_certificate("HIRS-ek_cert_with_padded_bytes.bin", 0);
	reads_whole_certificate("keylime-ST33HTPHAHB4-ff-padded.bin", 0);
	reads_whole_certificate("nationz-zero-padded-1000.bin", 0);
}

static const uint8_t small[] = { 0x30, 0x03, 0x02, 0x01, 0x05, 0xff, 0xff };

static void test_made_up(void **state)
{
	static const uint8_t short_header[] = { 0x10, 0x01, 0x00, 0x00, 0x05, 0x30, 0x01, 0x00 };
	static const uint8_t octet_string[] = { 0x04, 0x05, 0x30, 0x03, 0x02, 0x01, 0x05, 0xff };
	struct bytes der;

	(void)state;
	assert_int_equal(nv_certificate_unwrap(BYTES_OF_ARRAY(octet_string), &der), FAULT_NONE);
	assert_ptr_equal(der.data, octet_string + 2);
	assert_int_equal(der.len, 5);
	assert_int_equal(nv_certificate_unwrap(BYTES_OF_ARRAY(small), &der), FAULT_NONE);
	assert_int_equal(der.len, 5);
	assert_int_equal(nv_certificate_unwrap(BYTES_OF_ARRAY(short_header), &der), FAULT_NONE);
	assert_int_equal(der.len, 3);
}

static void test_refuses(void **state)
{
	static const uint8_t indefinite[] = { 0x30, 0x80, 0x00, 0x00 };
	static const uint8_t set[] = { 0x31, 0x00 };
	static const uint8_t cut_octet_string[] = { 0x04, 0x06, 0x30, 0x03, 0x02, 0x01, 0x05 };
	static const uint8_t two_octet_strings[] = { 0x04, 0x04, 0x04, 0x02, 0x30, 0x00 };
	static const uint8_t four_octets[] = { 0x30, 0x84, 0x00, 0x00, 0x00, 0x01, 0x00 };
	struct bytes der = { 0 };

	(void)state;
	assert_int_equal(nv_certificate_unwrap((struct bytes){ 0 }, &der), FAULT_TRUNCATED);
	for (size_t len = 1; len < 5; len++)
		assert_int_equal(nv_certificate_unwrap(bytes_of(small, len), &der), FAULT_TRUNCATED);
	assert_int_equal(nv_certificate_unwrap(BYTES_OF_ARRAY(indefinite), &der), FAULT_INVALID);
	assert_int_equal(nv_certificate_unwrap(BYTES_OF_ARRAY(set), &der), FAULT_INVALID);
	assert_int_equal(nv_certificate_unwrap(BYTES_OF_ARRAY(cut_octet_string), &der), FAULT_INVALID);
	assert_int_equal(nv_certificate_unwrap(BYTES_OF_ARRAY(two_octet_strings), &der), FAULT_INVALID);
	assert_int_equal(nv_certificate_unwrap(BYTES_OF_ARRAY(four_octets), &der), FAULT_INVALID);
	assert_null(der.data);
}

static void test_refuses_too_long(void **state)
{
	struct bytes der;

	(void)state;
	memset(content, 0, sizeof(content));
	content[0] = 0x30;
	content[1] = 0x82;
	content[2] = (EK_CERTIFICATE_MAX - 4) >> 8;
	content[3] = (EK_CERTIFICATE_MAX - 4) & 0xff;
	assert_int_equal(nv_certificate_unwrap(BYTES_OF_ARRAY(content), &der), FAULT_NONE);
	content[3]++;
	assert_int_equal(nv_certificate_unwrap(BYTES_OF_ARRAY(content), &der), FAULT_TOO_LONG);
}

static void test_chain(void **state)
{
	static const uint8_t octets[] = { 0x30, 0x01, 0x00, 0x30, 0x02, 0x01, 0x02, 0xff, 0xff };
	struct bytes chain = BYTES_OF_ARRAY(octets), certificate;

	(void)state;
	assert_int_equal(nv_certificate_next(&chain, &certificate), FAULT_NONE);
	assert_int_equal(certificate.len, 3);
	assert_int_equal(nv_certificate_next(&chain, &certificate), FAULT_NONE);
	assert_int_equal(certificate.len, 4);
	assert_int_equal(nv_certificate_next(&chain, &certificate), FAULT_NOT_FOUND);
	chain.len = 0;
	assert_int_equal(nv_certificate_next(&chain, &certificate), FAULT_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_made_up),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_refuses_too_long),
		cmocka_unit_test(test_chain),
	};
	return cmocka_run_group_tests_name("nv_certificate", tests, NULL, NULL);
}
