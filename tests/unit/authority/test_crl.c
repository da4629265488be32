/* The revocation list, read again by OpenSSL: empty, and with entries. */
#include "crl.h"

#include "device_certificate.h"
#include "key.h"
#include "sample_ca.h"

#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { THIS_UPDATE = 1800000000, NEXT_UPDATE = 1800604800 };

struct fixture {
	EVP_PKEY *ca_key;
	X509 *ca;
	struct key *key;
	uint8_t issuer[256], buffer[65536], list_buffer[65536];
	struct crl crl;
};

static int open_fixture(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));
	unsigned char *issuer = f->issuer;

	f->ca_key = sample_key_make("P-256", 0);
	f->ca = sample_ca_make(f->ca_key);
	int descriptor = sample_key_file(f->ca_key);
	assert_int_equal(key_open_file(descriptor, f->ca, &f->key), FAULT_NONE);
	(void)close(descriptor);
	int issuer_len = i2d_X509_NAME(X509_get_subject_name(f->ca), &issuer);
	const ASN1_OCTET_STRING *identifier = X509_get0_subject_key_id(f->ca);
	f->crl = (struct crl){ .signature_algorithm = key_algorithm(f->key),
		.issuer = bytes_of(f->issuer, (size_t)issuer_len),
		.authority_key_identifier = bytes_of(ASN1_STRING_get0_data(identifier), (size_t)ASN1_STRING_length(identifier)),
		.number = 0x80, .this_update_s = THIS_UPDATE, .next_update_s = NEXT_UPDATE };
	*state = f;
	return 0;
}

static int close_fixture(void **state)
{
	struct fixture *f = *state;

	key_close(f->key);
	X509_free(f->ca);
	EVP_PKEY_free(f->ca_key);
	test_free(f);
	return 0;
}

/* Signs and frames what was written, and OpenSSL reads it, nothing left over, and verifies it. */
static X509_CRL *finish(struct fixture *f, struct writer *w)
{
	struct writer list = WRITER_OF_ARRAY(f->list_buffer);
	uint8_t signature_buffer[SIGNATURE_MAX];
	struct bytes tbs, signature, der;

	crl_end(w, &f->crl);
	assert_int_equal(writer_end(w, &tbs), FAULT_NONE);
	assert_int_equal(key_sign(f->key, tbs, signature_buffer, &signature), FAULT_NONE);
	signed_write(&list, tbs, key_algorithm(f->key), signature);
	assert_int_equal(writer_end(&list, &der), FAULT_NONE);
	const unsigned char *cursor = der.data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &cursor, (long)der.len);
	assert_non_null(crl);
	assert_ptr_equal(cursor, der.data + der.len);
	assert_int_equal(X509_CRL_verify(crl, f->ca_key), 1);

	/* Encoded again by OpenSSL it is the same: DER. */
	unsigned char *again = NULL;
	X509_CRL *copy = X509_CRL_dup(crl);
	int len = i2d_re_X509_CRL_tbs(copy, &again);
	assert_true(len > 0 && bytes_equal(tbs, bytes_of(again, (size_t)len)));
	OPENSSL_free(again);
	X509_CRL_free(copy);
	return crl;
}

static time_t time_of(const ASN1_TIME *asn1)
{
	struct tm utc;

	assert_int_equal(ASN1_TIME_to_tm(asn1, &utc), 1);
	return timegm(&utc);
}

static void assert_frame(const struct fixture *f, X509_CRL *crl)
{
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	AUTHORITY_KEYID *authority = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);

	assert_int_equal(X509_CRL_get_version(crl), X509_CRL_VERSION_2);
	assert_int_equal(X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(f->ca)), 0);
	assert_true(time_of(X509_CRL_get0_lastUpdate(crl)) == THIS_UPDATE);
	assert_true(time_of(X509_CRL_get0_nextUpdate(crl)) == NEXT_UPDATE);
	assert_int_equal(ASN1_INTEGER_get(number), 0x80);
	assert_int_equal(ASN1_OCTET_STRING_cmp(authority->keyid, X509_get0_subject_key_id(f->ca)), 0);
	assert_int_equal(sk_X509_EXTENSION_num(X509_CRL_get0_extensions(crl)), 2);
	ASN1_INTEGER_free(number);
	AUTHORITY_KEYID_free(authority);
}

static void test_empty(void **state)
{
	struct fixture *f = *state;
	struct writer w = WRITER_OF_ARRAY(f->buffer);

	crl_begin(&w, &f->crl);
	X509_CRL *crl = finish(f, &w);
	assert_frame(f, crl);
	assert_null(X509_CRL_get_REVOKED(crl)); /* absent, not an empty SEQUENCE (RFC 5280, 5.1.2.6) */
	X509_CRL_free(crl);
}

/* Reasons as they are in CRLReason (5.3.1); 0 is left out. */
static void assert_entry(X509_CRL *crl, int at, struct bytes number, time_t revoked_at, long reason)
{
	X509_REVOKED *entry = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), at);
	const ASN1_INTEGER *serial = X509_REVOKED_get0_serialNumber(entry);
	int critical = 0;
	ASN1_ENUMERATED *found = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, &critical, NULL);

	assert_true(bytes_equal(bytes_of(ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial)), number));
	assert_true(time_of(X509_REVOKED_get0_revocationDate(entry)) == revoked_at);
	if (reason == 0) {
		assert_null(found);
		assert_int_equal(critical, -1);
		return;
	}
	assert_int_equal(ASN1_ENUMERATED_get(found), reason);
	assert_int_equal(critical, 0);
	ASN1_ENUMERATED_free(found);
}

static void test_entries(void **state)
{
	static const uint8_t first[16] = { 0x40, 1 }, second[16] = { 0x7f, 2 }, third[16] = { 0x55, 3 };
	struct fixture *f = *state;
	struct writer w = WRITER_OF_ARRAY(f->buffer);

	crl_begin(&w, &f->crl);
	crl_entry(&w, &f->crl, BYTES_OF_ARRAY(first), THIS_UPDATE - 10, 0);
	crl_entry(&w, &f->crl, BYTES_OF_ARRAY(second), THIS_UPDATE - 5, 4);
	crl_entry(&w, &f->crl, BYTES_OF_ARRAY(third), 2524608000, 1); /* in 2050: the other kind of time */
	X509_CRL *crl = finish(f, &w);
	assert_frame(f, crl);
	assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 3);
	/* OpenSSL keeps them as they came until it is asked to look one up. */
	assert_entry(crl, 0, BYTES_OF_ARRAY(first), THIS_UPDATE - 10, 0);
	assert_entry(crl, 1, BYTES_OF_ARRAY(second), THIS_UPDATE - 5, 4);
	assert_entry(crl, 2, BYTES_OF_ARRAY(third), 2524608000, 1);
	X509_CRL_free(crl);
}

/* As a server asks: is this number revoked? And its certificate is then refused. */
static void test_looked_up(void **state)
{
	struct fixture *f = *state;
	struct writer w = WRITER_OF_ARRAY(f->buffer);
	ASN1_INTEGER *wanted = ASN1_INTEGER_new(), *other = ASN1_INTEGER_new();
	uint8_t number[16] = { 0x41 };
	X509_REVOKED *found = NULL;

	crl_begin(&w, &f->crl);
	for (unsigned i = 0; i < 500; i++) {
		number[14] = (uint8_t)(i >> 8);
		number[15] = (uint8_t)i;
		crl_entry(&w, &f->crl, BYTES_OF_ARRAY(number), THIS_UPDATE, 5);
	}
	X509_CRL *crl = finish(f, &w);
	assert_int_equal(ASN1_STRING_set(wanted, number, sizeof(number)), 1);
	assert_int_equal(X509_CRL_get0_by_serial(crl, &found, wanted), 1);
	number[0] = 0x42;
	assert_int_equal(ASN1_STRING_set(other, number, sizeof(number)), 1);
	assert_int_equal(X509_CRL_get0_by_serial(crl, &found, other), 0);
	ASN1_INTEGER_free(wanted);
	ASN1_INTEGER_free(other);
	X509_CRL_free(crl);
}

/* The sizes that others reserve room by. */
static void test_sizes(void **state)
{
	static const uint8_t number[16] = { 0x7f };
	struct fixture *f = *state;
	struct writer w = WRITER_OF_ARRAY(f->buffer);

	f->crl.number = UINT64_MAX;
	crl_begin(&w, &f->crl);
	crl_entry(&w, &f->crl, BYTES_OF_ARRAY(number), THIS_UPDATE, 10);
	size_t before = w.len;
	crl_entry(&w, &f->crl, BYTES_OF_ARRAY(number), 2524608000, 10);
	assert_true(w.len - before <= CRL_ENTRY_MAX);
	crl_end(&w, &f->crl);
	assert_int_equal(w.fault, FAULT_NONE);
	assert_true(w.len - 2 * (size_t)CRL_ENTRY_MAX <= CRL_FRAME_MAX);
}

int main(void)
{
#define WITH_CA(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)
	const struct CMUnitTest tests[] = { WITH_CA(test_empty), WITH_CA(test_entries), WITH_CA(test_looked_up),
		WITH_CA(test_sizes) };

	return cmocka_run_group_tests_name("crl", tests, NULL, NULL);
}
