#include "made_certificate.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_CAPACITY = 8192 };

static void add_extension(X509 *certificate, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void fill(struct made_certificate *made, const char *common_name, bool is_ca)
{
	X509_NAME *name = X509_get_subject_name(made->certificate);

	assert_int_equal(X509_set_version(made->certificate, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(made->certificate), 7), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(made->certificate), -60));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(made->certificate), 86400));
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
		(const unsigned char *)common_name, -1, -1, 0), 1);
	assert_int_equal(X509_set_pubkey(made->certificate, made->key), 1);
	add_extension(made->certificate, NID_basic_constraints, is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (is_ca)
		add_extension(made->certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
}

struct made_certificate made_certificate(const char *common_name, bool is_ca,
	const struct made_certificate *issuer)
{
	struct made_certificate made = { EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), X509_new() };
	const struct made_certificate *signer = issuer != NULL ? issuer : &made;

	assert_non_null(made.key);
	fill(&made, common_name, is_ca);
	assert_int_equal(X509_set_issuer_name(made.certificate,
		X509_get_subject_name(signer->certificate)), 1);
	assert_true(X509_sign(made.certificate, signer->key, EVP_sha256()) > 0);
	return made;
}

void made_certificate_free(struct made_certificate *made)
{
	X509_free(made->certificate);
	EVP_PKEY_free(made->key);
}

static const char *text_of(BIO *memory)
{
	static char text[TEXT_CAPACITY];
	int len = BIO_read(memory, text, sizeof(text) - 1);

	assert_true(len > 0);
	text[len] = '\0';
	(void)BIO_free(memory);
	return text;
}

const char *made_pem(const struct made_certificate *made)
{
	BIO *memory = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_X509(memory, made->certificate), 1);
	return text_of(memory);
}

const unsigned char *made_der(const struct made_certificate *made, size_t *len)
{
	static unsigned char der[TEXT_CAPACITY];
	unsigned char *end = der;
	int der_len = i2d_X509(made->certificate, &end);

	assert_true(der_len > 0);
	*len = (size_t)der_len;
	return der;
}

const char *made_crl_pem(const struct made_certificate *made)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *time = X509_gmtime_adj(NULL, 0);
	BIO *memory = BIO_new(BIO_s_mem());

	assert_int_equal(X509_CRL_set_version(crl, X509_CRL_VERSION_2), 1);
	assert_int_equal(X509_CRL_set_issuer_name(crl, X509_get_subject_name(made->certificate)), 1);
	assert_int_equal(X509_CRL_set1_lastUpdate(crl, time), 1);
	assert_non_null(X509_gmtime_adj(time, 86400));
	assert_int_equal(X509_CRL_set1_nextUpdate(crl, time), 1);
	assert_true(X509_CRL_sign(crl, made->key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509_CRL(memory, crl), 1);
	ASN1_TIME_free(time);
	X509_CRL_free(crl);
	return text_of(memory);
}
