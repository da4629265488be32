#include "sample_ca.h"
#include "sample_materials.h"
#include "tls_issue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static EVP_PKEY *ca_key;
static struct materials materials; /* large */

static int setup(void **state)
{
	(void)state;
	ca_key = sample_key_make("P-256", 0);
	sample_materials_open(&materials, "[ca]\nname = Example\nhosts = ca.example\n", ca_key);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	materials_close(&materials);
	EVP_PKEY_free(ca_key);
	return 0;
}

/* The certificate that is issued at that time; key is the one that came with it. */
static X509 *issued(uint64_t now_s, EVP_PKEY **key)
{
	int descriptor = -1;

	assert_int_equal(tls_issue(&materials, now_s, &descriptor), FAULT_NONE);
	assert_int_equal(lseek(descriptor, 0, SEEK_SET), 0);
	FILE *file = fdopen(descriptor, "r");
	assert_non_null(file);
	*key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
	(void)fclose(file);
	assert_non_null(*key);
	assert_non_null(certificate);
	return certificate;
}

static void is_time(const ASN1_TIME *time, uint64_t expected_s)
{
	assert_int_equal(ASN1_TIME_cmp_time_t(time, (time_t)expected_s), 0);
}

/* Issued at now_s, it is valid from and to those times. */
static void is_valid(uint64_t now_s, uint64_t from_s, uint64_t to_s)
{
	EVP_PKEY *key;
	X509 *certificate = issued(now_s, &key);

	is_time(X509_get0_notBefore(certificate), from_s);
	is_time(X509_get0_notAfter(certificate), to_s);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static void test_key_and_signature(void **state)
{
	EVP_PKEY *key;
	X509 *certificate = issued(SAMPLE_NOW, &key);

	(void)state;
	assert_int_equal(X509_verify(certificate, ca_key), 1);
	assert_int_equal(X509_check_private_key(certificate, key), 1);
	assert_int_equal(X509_check_host(certificate, "ca.example", 0, 0, NULL), 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static void test_two_keys(void **state)
{
	EVP_PKEY *one, *other;

	(void)state;
	X509_free(issued(SAMPLE_NOW, &one));
	X509_free(issued(SAMPLE_NOW, &other));
	assert_int_not_equal(EVP_PKEY_eq(one, other), 1);
	EVP_PKEY_free(one);
	EVP_PKEY_free(other);
}

static void test_days(void **state)
{
	(void)state;
	is_valid(SAMPLE_NOW, SAMPLE_NOW - 300, SAMPLE_NOW + UINT64_C(396) * 86400 - 1);
}

/* RFC 5280, 6.1: a certificate that outlived its CA would fail at clients before its own end. */
static void test_within_the_ca(void **state)
{
	const uint64_t first_s = CA_NOT_BEFORE, end_s = first_s + UINT64_C(86400) * CA_DAYS;

	(void)state;
	is_valid(end_s - 86400, end_s - 86400 - 300, end_s);
	int descriptor = -1;
	assert_int_equal(tls_issue(&materials, end_s, &descriptor), FAULT_DENIED);
	assert_int_equal(descriptor, -1);
	is_valid(first_s + 60, first_s, first_s + 60 + UINT64_C(396) * 86400 - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_and_signature),
		cmocka_unit_test(test_two_keys),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_within_the_ca),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
