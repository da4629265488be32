#include "software_ca.h"

#include <openssl/x509v3.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void add_extension(X509 *certificate, int nid, const char *value)
{
	if (value == NULL)
		return;
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void add_serial(X509_NAME *name, const char *serial)
{
	if (serial != NULL)
		assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_serialNumber, V_ASN1_PRINTABLESTRING,
					 (const unsigned char *)serial, -1, -1, 0), 1);
}

X509 *software_ca_issue(const struct certificate_wish *wish, EVP_PKEY *subject_key, X509 *issuer,
	EVP_PKEY *issuer_key)
{
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_NAME_new();

	assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7), 1);
	assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
				 (const unsigned char *)(issuer == NULL ? "CA" : "device"), -1, -1, 0), 1);
	add_serial(subject, wish->serial);
	add_serial(subject, wish->second_serial);
	assert_int_equal(X509_set_subject_name(certificate, subject), 1);
	assert_int_equal(X509_set_issuer_name(certificate, X509_get_subject_name(
				 issuer == NULL ? certificate : issuer)), 1);
	assert_non_null(ASN1_TIME_set(X509_getm_notBefore(certificate), wish->not_before));
	assert_non_null(ASN1_TIME_set(X509_getm_notAfter(certificate), wish->not_after));
	assert_int_equal(X509_set_pubkey(certificate, subject_key), 1);
	add_extension(certificate, NID_basic_constraints, wish->basic_constraints);
	add_extension(certificate, NID_key_usage, wish->key_usage);
	add_extension(certificate, NID_ext_key_usage, wish->extended_key_usage);
	add_extension(certificate, NID_subject_alt_name, wish->subject_alt_name);
	assert_true(X509_sign(certificate, issuer_key, EVP_sha256()) > 0);
	X509_NAME_free(subject);
	return certificate;
}
