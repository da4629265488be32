#include "certificate_file.h"

#include "pem_end.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

OWNED_TYPE(BIO, BIO_free_all)
OWNED_TYPE(X509, X509_free)
OWNED_TYPE(X509_STORE, X509_STORE_free)

typedef STACK_OF(X509) x509_stack;
OWNED_TYPE(x509_stack, x509_stack_free)

/* The next block of the text: FAULT_NOT_FOUND at the end of all blocks. */
static enum fault next_certificate(BIO *bio, X509 **out)
{
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	long len = 0;

	if (PEM_read_bio(bio, &name, &header, &der, &len) != 1) {
		bool is_end = pem_has_ended();
		ERR_clear_error();
		return is_end ? FAULT_NOT_FOUND : FAULT_INVALID;
	}
	const unsigned char *end = der;
	owned(X509) *certificate = NULL;
	if (strcmp(name, PEM_STRING_X509) == 0 && header[0] == '\0')
		certificate = d2i_X509(NULL, &end, len);
	bool is_whole = certificate != NULL && end == der + len;
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	if (!is_whole)
		return FAULT_INVALID;
	*out = owned_take(certificate);
	return FAULT_NONE;
}

static enum fault read_all(BIO *bio, int max, STACK_OF(X509) *stack)
{
	for (;;) {
		owned(X509) *certificate = NULL;
		enum fault fault = next_certificate(bio, &certificate);
		if (fault != FAULT_NONE)
			return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
		if (sk_X509_num(stack) >= max)
			return FAULT_INVALID;
		if (sk_X509_push(stack, certificate) <= 0)
			return FAULT_NO_MEMORY;
		(void)owned_take(certificate);
	}
}

enum fault certificates_read(struct bytes pem, int min, int max, STACK_OF(X509) **out)
{
	owned(BIO) *bio = BIO_new_mem_buf(pem.len == 0 ? (const void *)"" : pem.data, (int)pem.len);
	owned(x509_stack) *stack = sk_X509_new_null();

	if (bio == NULL || stack == NULL)
		return FAULT_NO_MEMORY;
	enum fault fault = read_all(bio, max, stack);
	if (fault == FAULT_NONE && sk_X509_num(stack) < min)
		fault = FAULT_INVALID;
	if (fault == FAULT_NONE)
		*out = owned_take(stack);
	return fault;
}

enum fault anchors_read(struct bytes pem, X509_STORE **out)
{
	enum { ANCHORS_OF_DEVICE_MAX = 16 };
	owned(x509_stack) *stack = NULL;
	owned(X509_STORE) *store = X509_STORE_new();
	enum fault fault = certificates_read(pem, 1, ANCHORS_OF_DEVICE_MAX, &stack);

	if (store == NULL)
		return FAULT_NO_MEMORY;
	for (int i = 0; fault == FAULT_NONE && i < sk_X509_num(stack); i++) {
		X509 *anchor = sk_X509_value(stack, i);
		if (X509_check_ca(anchor) == 0)
			fault = FAULT_UNSUPPORTED;
		else if (X509_STORE_add_cert(store, anchor) != 1)
			fault = FAULT_CRYPTO;
	}
	if (fault == FAULT_NONE)
		*out = owned_take(store);
	return fault;
}

enum fault certificate_append(BIO *bio, X509 *certificate)
{
	return PEM_write_bio_X509(bio, certificate) == 1 ? FAULT_NONE : FAULT_CRYPTO;
}

time_t certificate_time(const ASN1_TIME *time)
{
	struct tm fields;

	return ASN1_TIME_to_tm(time, &fields) == 1 ? timegm(&fields) : -1;
}
