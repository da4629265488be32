/* What the authority is given: each item's form, and that nothing may be missing. */
#include "materials.h"

#include "sample_ca.h"
#include "sample_materials.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static const char configuration[] = "[ca]\nname = Example\n";
static struct materials m; /* large */
static EVP_PKEY *ca_key;

static int open_whole(void **state)
{
	(void)state;
	ca_key = sample_key_make("P-256", 0);
	sample_materials_open(&m, configuration, ca_key);
	return 0;
}

static int close_whole(void **state)
{
	(void)state;
	materials_close(&m);
	EVP_PKEY_free(ca_key);
	return 0;
}

static void test_whole(void **state)
{
	const ASN1_OCTET_STRING *identifier = X509_get0_subject_key_id(m.ca_certificates[0]);

	(void)state;
	assert_true(m.ca_not_before_s == CA_NOT_BEFORE);
	assert_true(m.ca_not_after_s == CA_NOT_BEFORE + (uint64_t)CA_DAYS * 86400);
	assert_true(bytes_equal(m.authority_key_identifier,
		bytes_of(ASN1_STRING_get0_data(identifier), (size_t)ASN1_STRING_length(identifier))));
	assert_string_equal(m.chain_pem, ""); /* a root issues: nothing between */
	unsigned char *name = NULL;
	int len = i2d_X509_NAME(X509_get_subject_name(m.ca_certificates[0]), &name);
	assert_true(bytes_equal(m.issuer, bytes_of(name, (size_t)len)));
	OPENSSL_free(name);
	assert_true(m.policy_arc.len > 0);
	assert_int_equal(m.ticket_keys.current.ca_id[0], 0x20);
}

/* Each of the five taken away again. */
static void test_missing(void **state)
{
	const char *why = NULL;
	struct key *key = m.key;

	(void)state;
	m.has_configuration = false;
	assert_int_equal(materials_finish(&m, SAMPLE_NOW, &why), FAULT_INVALID);
	assert_non_null(strstr(why, "configuration"));
	m.has_configuration = true;
	m.key = NULL;
	assert_int_equal(materials_finish(&m, SAMPLE_NOW, &why), FAULT_INVALID);
	assert_non_null(strstr(why, "key"));
	m.key = key;
	m.ca_certificate_count = 0;
	assert_int_equal(materials_finish(&m, SAMPLE_NOW, &why), FAULT_INVALID);
	m.ca_certificate_count = 1;
	m.has_ticket_keys = false;
	assert_int_equal(materials_finish(&m, SAMPLE_NOW, &why), FAULT_INVALID);
	assert_non_null(strstr(why, "ticket keys"));
	m.has_ticket_keys = true;
	m.has_fingerprint = false;
	assert_int_equal(materials_finish(&m, SAMPLE_NOW, &why), FAULT_INVALID);
	assert_non_null(strstr(why, "fingerprint"));
	m.has_fingerprint = true;
	assert_int_equal(materials_finish(&m, SAMPLE_NOW, &why), FAULT_NONE);
}

/* PROTOCOL, The certificate: a profile whose length passes the CA's end is refused at start. */
static void test_profile_outlives(void **state)
{
	const char *why = NULL;
	uint64_t last = m.ca_not_after_s - 365 * 86400;

	(void)state;
	assert_int_equal(materials_finish(&m, last, &why), FAULT_NONE);
	assert_int_equal(materials_finish(&m, last + 1, &why), FAULT_INVALID);
	assert_non_null(strstr(why, "validity"));
}

static void test_oids(void **state)
{
	const char *why = NULL;

	(void)state;
	memcpy(m.configuration.policy_arc, "1..2", 5);
	assert_int_equal(materials_finish(&m, SAMPLE_NOW, &why), FAULT_INVALID);
	memcpy(m.configuration.policy_arc, "1.2", 4);
	memcpy(m.configuration.profiles[0].hardware_module_type, "x", 2);
	assert_int_equal(materials_finish(&m, SAMPLE_NOW, &why), FAULT_INVALID);
	memcpy(m.configuration.profiles[0].hardware_module_type, "1.2.3", 6);
	assert_int_equal(materials_finish(&m, SAMPLE_NOW, &why), FAULT_NONE);
	assert_int_equal(m.hardware_module_types[0].len, 2);
}

/* A key that is not the certificate's, a second one, one before its certificate, and none at all. */
static void test_key(void **state)
{
	EVP_PKEY *other = sample_key_make("P-256", 0);
	int descriptor = sample_key_file(other), right = sample_key_file(ca_key);

	(void)state;
	assert_int_equal(sample_load(&m, LOAD_CA_KEY, bytes_of(NULL, 0), right), FAULT_INVALID); /* a second */
	key_close(m.key);
	m.key = NULL;
	assert_int_equal(sample_load(&m, LOAD_CA_KEY, bytes_of(NULL, 0), descriptor), FAULT_INVALID);
	assert_int_equal(sample_load(&m, LOAD_CA_KEY, bytes_of(NULL, 0), -1), FAULT_INVALID);
	assert_null(m.key);
	m.ca_certificate_count = 0;
	assert_int_equal(sample_load(&m, LOAD_CA_KEY, bytes_of(NULL, 0), right), FAULT_INVALID);
	m.ca_certificate_count = 1;
	assert_int_equal(sample_load(&m, LOAD_CA_KEY, bytes_of(NULL, 0), right), FAULT_NONE);
	(void)close(descriptor);
	(void)close(right);
	EVP_PKEY_free(other);
}

static void test_certificates(void **state)
{
	unsigned char *der = NULL;
	int len = i2d_X509(m.ca_certificates[0], &der);
	uint8_t more[4096] = { 0 };

	(void)state;
	memcpy(more, der, (size_t)len);
	assert_int_equal(sample_load(&m, LOAD_CA_CERTIFICATE, bytes_of(more, (size_t)len + 1), -1), FAULT_INVALID);
	assert_int_equal(sample_load(&m, LOAD_CA_CERTIFICATE, bytes_of(more, (size_t)len - 1), -1), FAULT_INVALID);
	assert_int_equal(m.ca_certificate_count, 1);
	while (m.ca_certificate_count < CA_CERTIFICATE_COUNT_MAX)
		assert_int_equal(sample_load(&m, LOAD_CA_CERTIFICATE, bytes_of(der, (size_t)len), -1), FAULT_NONE);
	assert_int_equal(sample_load(&m, LOAD_CA_CERTIFICATE, bytes_of(der, (size_t)len), -1), FAULT_TOO_LONG);
	OPENSSL_free(der);
}

/* An issuer that is no root goes into the chain that devices get; a root does not. */
static void test_chain(void **state)
{
	X509 *issuer = m.ca_certificates[0];
	X509_NAME *name = X509_NAME_dup(X509_get_subject_name(issuer));
	const char *why = NULL;

	(void)state;
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "OU", MBSTRING_UTF8, (const unsigned char *)"Root", -1, -1, 0), 1);
	assert_int_equal(X509_set_issuer_name(issuer, name), 1);
	assert_true(X509_sign(issuer, ca_key, EVP_sha256()) > 0);
	assert_int_equal(materials_finish(&m, SAMPLE_NOW, &why), FAULT_NONE);
	assert_ptr_equal(strstr(m.chain_pem, "-----BEGIN CERTIFICATE-----\n"), m.chain_pem);
	assert_null(strstr(m.chain_pem + 1, "-----BEGIN"));
	assert_null(strchr(m.chain_pem, '\r'));
	X509_NAME_free(name);
}

/* A name of so many units, each of some 80 octets. */
static X509_NAME *name_of_units(size_t count)
{
	X509_NAME *name = X509_NAME_new();

	for (size_t i = 0; i < count; i++)
		assert_int_equal(X509_NAME_add_entry_by_txt(name, "OU", MBSTRING_UTF8, (const unsigned char *)
			"a unit of an organization whose names are as long as they may be", -1, -1, 0), 1);
	return name;
}

static enum fault finish_with_names(size_t subject_units, size_t issuer_units)
{
	X509_NAME *subject = name_of_units(subject_units), *issuer = name_of_units(issuer_units);
	X509 *ca = m.ca_certificates[0];
	const char *why = NULL;

	assert_int_equal(X509_set_subject_name(ca, subject), 1);
	assert_int_equal(X509_set_issuer_name(ca, issuer), 1);
	assert_true(X509_sign(ca, ca_key, EVP_sha256()) > 0);
	X509_NAME_free(subject);
	X509_NAME_free(issuer);
	return materials_finish(&m, SAMPLE_NOW, &why);
}

/* The issuer's name and the chain have their room, and no more. */
static void test_names_too_long(void **state)
{
	(void)state;
	assert_int_equal(finish_with_names(12, 12), FAULT_NONE);
	assert_int_equal(finish_with_names(14, 12), FAULT_INVALID);
}

static void test_chain_too_long(void **state)
{
	(void)state;
	while (m.ca_certificate_count < CA_CERTIFICATE_COUNT_MAX) {
		assert_int_equal(X509_up_ref(m.ca_certificates[0]), 1);
		m.ca_certificates[m.ca_certificate_count++] = m.ca_certificates[0];
	}
	assert_int_equal(finish_with_names(2, 3), FAULT_NONE);
	assert_int_equal(finish_with_names(12, 13), FAULT_TOO_LONG);
}

static void test_ca_without_identifier(void **state)
{
	X509 *ca = m.ca_certificates[0];
	const char *why = NULL;

	(void)state;
	X509_EXTENSION_free(X509_delete_ext(ca, X509_get_ext_by_NID(ca, NID_subject_key_identifier, -1)));
	assert_true(X509_sign(ca, ca_key, EVP_sha256()) > 0);
	unsigned char *der = NULL;
	int len = i2d_X509(ca, &der);
	X509_free(ca);
	m.ca_certificate_count = 0;
	assert_int_equal(sample_load(&m, LOAD_CA_CERTIFICATE, bytes_of(der, (size_t)len), -1), FAULT_NONE);
	assert_int_equal(materials_finish(&m, SAMPLE_NOW, &why), FAULT_INVALID);
	OPENSSL_free(der);
}

static void test_fingerprints(void **state)
{
	static const uint8_t octets[42] = { 1, [31] = 2, [39] = 9, [40] = 3 };

	(void)state;
	for (size_t len = 0; len <= sizeof(octets); len++) {
		struct bytes view = bytes_of(octets, len);

		assert_int_equal(sample_load(&m, LOAD_FINGERPRINT, view, -1) == FAULT_NONE, len == 32);
		assert_int_equal(m.has_fingerprint, len == 32);
		assert_int_equal(sample_load(&m, LOAD_FORMER_FINGERPRINT, view, -1) == FAULT_NONE, len == 40);
		assert_int_equal(m.has_former_fingerprint, len == 40);
	}
	assert_int_equal(sample_load(&m, LOAD_FORMER_FINGERPRINT, bytes_of(octets, 40), -1), FAULT_NONE);
	assert_int_equal(m.former_fingerprint[31], 2);
	assert_true(m.former_fingerprint_until_ms == 9);
}

static void test_ticket_keys(void **state)
{
	int descriptor = sample_file(BYTES_OF_LITERAL("current nonsense\n"));

	(void)state;
	assert_int_equal(sample_load(&m, LOAD_TICKET_KEYS, bytes_of(NULL, 0), descriptor), FAULT_INVALID);
	assert_false(m.has_ticket_keys);
	assert_int_equal(sample_load(&m, LOAD_TICKET_KEYS, bytes_of(NULL, 0), -1), FAULT_INVALID);
	(void)close(descriptor);
}

/* Items of other roles are no items of the authority's. */
static void test_kinds(void **state)
{
	static const enum load_kind others[] = { LOAD_ANCHOR, LOAD_CRL, LOAD_TLS_CERTIFICATE, LOAD_TLS_KEY, LOAD_EXPECTED,
		LOAD_REFUSALS, LOAD_LISTEN };

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(sample_load(&m, others[i], bytes_of(NULL, 0), -1), FAULT_UNSUPPORTED);
	assert_int_equal(sample_load(&m, LOAD_CONFIGURATION, BYTES_OF_LITERAL("[ca]\nnom = x\n"), -1), FAULT_INVALID);
	assert_false(m.has_configuration);
}

/* Closing wipes, and may be done twice: keys do not stay behind in memory. */
static void test_close(void **state)
{
	static const struct materials zeros;

	(void)state;
	materials_close(&m);
	assert_memory_equal(&m, &zeros, sizeof(m));
	materials_close(&m);
}

int main(void)
{
#define WITH_WHOLE(test) cmocka_unit_test_setup_teardown(test, open_whole, close_whole)
	const struct CMUnitTest tests[] = { WITH_WHOLE(test_whole), WITH_WHOLE(test_missing),
		WITH_WHOLE(test_names_too_long), WITH_WHOLE(test_chain_too_long),
		WITH_WHOLE(test_profile_outlives), WITH_WHOLE(test_oids), WITH_WHOLE(test_key), WITH_WHOLE(test_certificates),
		WITH_WHOLE(test_chain), WITH_WHOLE(test_ca_without_identifier), WITH_WHOLE(test_fingerprints),
		WITH_WHOLE(test_ticket_keys), WITH_WHOLE(test_kinds), WITH_WHOLE(test_close) };

	return cmocka_run_group_tests_name("materials", tests, NULL, NULL);
}
