#include "sample_ca.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

EVP_PKEY *sample_key_make(const char *type, unsigned rsa_bits)
{
	EVP_PKEY *key = rsa_bits > 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)rsa_bits) :
		EVP_PKEY_Q_keygen(NULL, NULL, "EC", type);

	assert_non_null(key);
	return key;
}

X509 *sample_ca_make(EVP_PKEY *key)
{
	X509 *ca = X509_new();
	X509_NAME *name = X509_get_subject_name(ca);
	X509V3_CTX context;

	assert_int_equal(X509_set_version(ca, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(ca), 1), 1);
	assert_non_null(ASN1_TIME_set(X509_getm_notBefore(ca), CA_NOT_BEFORE));
	assert_non_null(ASN1_TIME_adj(X509_getm_notAfter(ca), CA_NOT_BEFORE, CA_DAYS, 0));
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"Example", -1, -1, 0), 1);
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)"Device CA", -1, -1, 0), 1);
	assert_int_equal(X509_set_issuer_name(ca, name), 1);
	assert_int_equal(X509_set_pubkey(ca, key), 1);
	X509V3_set_ctx(&context, ca, ca, NULL, NULL, 0);
	static const struct {
		int nid;
		const char *value;
	} extensions[] = { { NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
		{ NID_key_usage, "critical,keyCertSign,cRLSign" }, { NID_subject_key_identifier, "hash" } };
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, extensions[i].nid, extensions[i].value);

		assert_non_null(extension);
		assert_int_equal(X509_add_ext(ca, extension, -1), 1);
		X509_EXTENSION_free(extension);
	}
	assert_true(X509_sign(ca, key, EVP_sha256()) > 0);
	return ca;
}

int sample_file(struct bytes content)
{
	int descriptor = memfd_create("sample", MFD_CLOEXEC);

	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, content.data, content.len), content.len);
	return descriptor;
}

int sample_key_file(EVP_PKEY *key)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *text = NULL;

	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL), 1);
	long len = BIO_get_mem_data(memory, &text);
	int descriptor = sample_file(bytes_of(text, (size_t)len));
	BIO_free(memory);
	return descriptor;
}
