#include "pem.h"

#include "limits.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

static void assert_pem(size_t len, const char *expected)
{
	static const uint8_t zeros[128];
	uint8_t buffer[512];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct bytes pem;

	pem_write(&w, bytes_of(zeros, len));
	assert_int_equal(writer_end(&w, &pem), FAULT_NONE);
	assert_true(bytes_equal(pem, bytes_of_string(expected)));
}

static void test_lines(void **state)
{
	(void)state;
	assert_pem(1, "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n");
	assert_pem(48, "-----BEGIN CERTIFICATE-----\n"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
		"-----END CERTIFICATE-----\n");
	assert_pem(49, "-----BEGIN CERTIFICATE-----\n"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
		"AA==\n"
		"-----END CERTIFICATE-----\n");
}

static void test_limits(void **state)
{
	static uint8_t der[CERTIFICATE_MAX + 1], buffer[2 * CERTIFICATE_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct bytes pem;

	(void)state;
	pem_write(&w, bytes_of(der, CERTIFICATE_MAX));
	assert_int_equal(writer_end(&w, &pem), FAULT_NONE);
	w = WRITER_OF_ARRAY(buffer);
	pem_write(&w, BYTES_OF_ARRAY(der));
	assert_int_equal(writer_end(&w, &pem), FAULT_TOO_LONG);
	w = writer_of(buffer, 100);
	pem_write(&w, bytes_of(der, CERTIFICATE_MAX));
	assert_int_equal(writer_end(&w, &pem), FAULT_TOO_LONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_lines),
		cmocka_unit_test(test_limits) };

	return cmocka_run_group_tests_name("pem", tests, NULL, NULL);
}
