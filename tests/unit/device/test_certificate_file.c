#include "certificate_file.h"

#include "software_ca.h"

#include <openssl/pem.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static char pem[4096];    /* one certificate */
static char text[16384];  /* what a test makes of it */

static int set_up(void **state)
{
	const struct certificate_wish wish = { .basic_constraints = "critical,CA:TRUE",
		.not_before = 1800000000, .not_after = 1900000000 };
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = software_ca_issue(&wish, key, NULL, key);
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;

	(void)state;
	assert_int_equal(certificate_append(bio, certificate), FAULT_NONE);
	long len = BIO_get_mem_data(bio, &data);
	memcpy(pem, data, (size_t)len);
	BIO_free(bio);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return 0;
}

/* How many certificates the text holds; -1 where it is refused. */
static int count(int min, int max)
{
	STACK_OF(X509) *stack = NULL;

	if (certificates_read(bytes_of_string(text), min, max, &stack) != FAULT_NONE)
		return -1;
	int n = sk_X509_num(stack);
	x509_stack_free(stack);
	return n;
}

static void test_counts(void **state)
{
	(void)state;
	(void)snprintf(text, sizeof(text), "%s%s", pem, pem);
	assert_int_equal(count(0, 2), 2);
	assert_int_equal(count(2, 2), 2);
	assert_int_equal(count(0, 1), -1);
	assert_int_equal(count(3, 4), -1);
	text[0] = '\0';
	assert_int_equal(count(0, 1), 0);
	assert_int_equal(count(1, 1), -1);
}

static void test_other_blocks(void **state)
{
	(void)state;
	(void)snprintf(text, sizeof(text),
		"%s-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n", pem);
	assert_int_equal(count(0, 4), -1);
	(void)snprintf(text, sizeof(text), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	assert_int_equal(count(0, 4), -1);
}

static void test_cut(void **state)
{
	size_t len = strlen(pem);

	(void)state;
	for (size_t cut = 1; cut < len - 30; cut += 7) {
		(void)snprintf(text, sizeof(text), "%.*s", (int)(len - cut - 25), pem);
		assert_int_equal(count(1, 4), -1);
	}
}

static void test_anchors(void **state)
{
	X509_STORE *store = NULL;

	(void)state;
	assert_int_equal(anchors_read(bytes_of_string(pem), &store), FAULT_NONE);
	X509_STORE_free(store);
	assert_int_equal(anchors_read((struct bytes){ 0 }, &store), FAULT_INVALID);
}

/* A certificate that TLS would believe, and that has issued nothing. */
static void test_anchors_are_cas(void **state)
{
	const struct certificate_wish wish = { .basic_constraints = "critical,CA:FALSE",
		.not_before = 1800000000, .not_after = 1900000000 };
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = software_ca_issue(&wish, key, NULL, key);
	BIO *bio = BIO_new(BIO_s_mem());
	X509_STORE *store = NULL;
	char *data;

	(void)state;
	assert_int_equal(certificate_append(bio, certificate), FAULT_NONE);
	long len = BIO_get_mem_data(bio, &data);
	(void)snprintf(text, sizeof(text), "%s%.*s", pem, (int)len, data);
	assert_int_equal(anchors_read(bytes_of_string(text), &store), FAULT_UNSUPPORTED);
	BIO_free(bio);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_other_blocks),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_anchors),
		cmocka_unit_test(test_anchors_are_cas),
	};
	return cmocka_run_group_tests_name("certificate_file", tests, set_up, NULL);
}
