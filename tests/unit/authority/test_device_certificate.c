/*
 * The certificate that a device gets, read again by OpenSSL: what its API says of it, what
 * `openssl x509 -text` prints, and that it verifies under the CA.
 */
#include "device_certificate.h"

#include "certificate.h"
#include "extension.h"
#include "key.h"
#include "lint.h"
#include "public_key.h"
#include "sample_ca.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOT_BEFORE = 1800000000, NOT_AFTER = 1831535999 };

/* A CA of each test, a device's key, and what the certificate is to say. */
struct fixture {
	EVP_PKEY *ca_key, *device_key;
	X509 *ca;
	struct key *key;
	uint8_t issuer[256], spki[SPKI_MAX], certificate_buffer[CERTIFICATE_MAX];
	uint8_t tbs_buffer[TBS_MAX];
	struct bytes tbs, certificate;
	struct device_certificate meant;
};

static const uint8_t number[] = { 0x40, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static int open_fixture(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));
	unsigned char *issuer = f->issuer, *spki = f->spki;

	f->ca_key = sample_key_make("P-256", 0);
	f->device_key = sample_key_make("P-256", 0);
	f->ca = sample_ca_make(f->ca_key);
	int descriptor = sample_key_file(f->ca_key);
	assert_int_equal(key_open_file(descriptor, f->ca, &f->key), FAULT_NONE);
	(void)close(descriptor);
	int issuer_len = i2d_X509_NAME(X509_get_subject_name(f->ca), &issuer);
	int spki_len = i2d_PUBKEY(f->device_key, &spki);
	const ASN1_OCTET_STRING *identifier = X509_get0_subject_key_id(f->ca);
	f->meant = (struct device_certificate){
		.number = BYTES_OF_ARRAY(number),
		.signature_algorithm = key_algorithm(f->key),
		.issuer = bytes_of(f->issuer, (size_t)issuer_len),
		.authority_key_identifier = bytes_of(ASN1_STRING_get0_data(identifier), (size_t)ASN1_STRING_length(identifier)),
		.not_before_s = NOT_BEFORE,
		.not_after_s = NOT_AFTER,
		.organization = BYTES_OF_LITERAL("Exämple"),
		.organizational_unit = BYTES_OF_LITERAL("Line 1"),
		.serial = BYTES_OF_LITERAL("SN-0001"),
		.spki = bytes_of(f->spki, (size_t)spki_len),
		.uri = BYTES_OF_LITERAL("urn:example:SN-0001"),
		.dns = BYTES_OF_LITERAL("sn-0001.example.com"),
		.policy_count = 4,
		.crl_url = BYTES_OF_LITERAL("http://ca.example.com/v1/crl"),
		.issuer_url = BYTES_OF_LITERAL("http://ca.example.com/v1/ca"),
	};
	static const char *const policies[] = { "2.25.303619253884221164867571385486340110917.1.3",
		"2.25.303619253884221164867571385486340110917.2.1", "2.23.133.11.1.1", "2.23.133.11.1.2" };
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(oid_of_text(policies[i], &f->meant.policies[i]), FAULT_NONE);
	assert_int_equal(oid_of_text("1.3.6.1.4.1.55555.1", &f->meant.hardware_module_type), FAULT_NONE);
	*state = f;
	return 0;
}

static int close_fixture(void **state)
{
	struct fixture *f = *state;

	key_close(f->key);
	X509_free(f->ca);
	EVP_PKEY_free(f->ca_key);
	EVP_PKEY_free(f->device_key);
	test_free(f);
	return 0;
}

/* Writes, signs, frames; and OpenSSL reads it and nothing is left over. */
static X509 *issue(struct fixture *f)
{
	struct writer w = WRITER_OF_ARRAY(f->tbs_buffer), c = WRITER_OF_ARRAY(f->certificate_buffer);
	uint8_t signature_buffer[SIGNATURE_MAX];
	struct bytes signature;

	device_certificate_write(&w, &f->meant);
	assert_int_equal(writer_end(&w, &f->tbs), FAULT_NONE);
	assert_int_equal(key_sign(f->key, f->tbs, signature_buffer, &signature), FAULT_NONE);
	signed_write(&c, f->tbs, key_algorithm(f->key), signature);
	assert_int_equal(writer_end(&c, &f->certificate), FAULT_NONE);

	const unsigned char *cursor = f->certificate.data;
	X509 *read = d2i_X509(NULL, &cursor, (long)f->certificate.len);
	assert_non_null(read);
	assert_ptr_equal(cursor, f->certificate.data + f->certificate.len);
	return read;
}

/* OpenSSL's own encoding of what it read: the same octets, not only the same meaning. */
static void test_reencoded(void **state)
{
	struct fixture *f = *state;
	X509 *read = issue(f);
	unsigned char *again = NULL;
	X509 *copy = X509_dup(read);
	int len = i2d_re_X509_tbs(copy, &again);

	assert_true(len > 0 && bytes_equal(f->tbs, bytes_of(again, (size_t)len)));
	OPENSSL_free(again);
	X509_free(copy);
	X509_free(read);
}

static void assert_asn1(const ASN1_STRING *string, struct bytes wanted)
{
	assert_true(bytes_equal(bytes_of(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string)), wanted));
}

static void assert_entry(const X509_NAME *name, int at, int nid, int type, struct bytes wanted)
{
	const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, at);

	assert_int_equal(OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)), nid);
	assert_int_equal(ASN1_STRING_type(X509_NAME_ENTRY_get_data(entry)), type);
	assert_int_equal(X509_NAME_ENTRY_set(entry), at); /* each in an RDN of its own */
	assert_asn1(X509_NAME_ENTRY_get_data(entry), wanted);
}

static time_t time_of(const ASN1_TIME *asn1)
{
	struct tm utc;

	assert_int_equal(ASN1_TIME_to_tm(asn1, &utc), 1);
	return timegm(&utc);
}

static void test_fields(void **state)
{
	struct fixture *f = *state;
	X509 *read = issue(f);
	const X509_NAME *subject = X509_get_subject_name(read);

	assert_int_equal(X509_get_version(read), X509_VERSION_3);
	assert_asn1(X509_get0_serialNumber(read), BYTES_OF_ARRAY(number));
	assert_int_equal(X509_get_signature_nid(read), NID_ecdsa_with_SHA256);
	assert_int_equal(X509_NAME_cmp(X509_get_issuer_name(read), X509_get_subject_name(f->ca)), 0);
	assert_true(time_of(X509_get0_notBefore(read)) == NOT_BEFORE);
	assert_true(time_of(X509_get0_notAfter(read)) == NOT_AFTER);
	assert_int_equal(X509_NAME_entry_count(subject), 4);
	assert_entry(subject, 0, NID_organizationName, V_ASN1_UTF8STRING, f->meant.organization);
	assert_entry(subject, 1, NID_organizationalUnitName, V_ASN1_UTF8STRING, f->meant.organizational_unit);
	assert_entry(subject, 2, NID_serialNumber, V_ASN1_PRINTABLESTRING, f->meant.serial);
	assert_entry(subject, 3, NID_commonName, V_ASN1_UTF8STRING, f->meant.serial);
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(read), f->device_key), 1);
	X509_free(read);
}

static void test_extensions(void **state)
{
	struct fixture *f = *state;
	X509 *read = issue(f);
	uint8_t identifier[KEY_IDENTIFIER_SIZE];

	assert_int_equal(X509_get_ext_count(read), 9);
	assert_int_equal(X509_check_ca(read), 0);
	assert_int_equal(X509_get_key_usage(read), X509v3_KU_DIGITAL_SIGNATURE);
	assert_int_equal(X509_get_extended_key_usage(read), XKU_SSL_CLIENT);
	assert_int_equal(X509_check_purpose(read, X509_PURPOSE_SSL_CLIENT, 0), 1);
	assert_int_equal(X509_check_purpose(read, X509_PURPOSE_SSL_SERVER, 0), 0);
	assert_int_equal(subject_key_identifier(f->meant.spki, identifier), FAULT_NONE);
	assert_asn1(X509_get0_subject_key_id(read), BYTES_OF_ARRAY(identifier));
	assert_asn1(X509_get0_authority_key_id(read), f->meant.authority_key_identifier);
	assert_int_equal(X509_check_host(read, "sn-0001.example.com", 0, 0, NULL), 1);
	assert_int_equal(X509_check_issued(f->ca, read), X509_V_OK);
	/* Critical are basicConstraints and keyUsage, these alone. */
	for (int i = 0; i < X509_get_ext_count(read); i++) {
		X509_EXTENSION *extension = X509_get_ext(read, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));

		assert_int_equal(X509_EXTENSION_get_critical(extension), nid == NID_basic_constraints || nid == NID_key_usage);
	}
	X509_free(read);
}

/* HardwareModuleName (RFC 4108, 5): OpenSSL takes it for an otherName; its parts by ASN1_parse. */
static void test_hardware_module_name(void **state)
{
	struct fixture *f = *state;
	X509 *read = issue(f);
	GENERAL_NAMES *names = X509_get_ext_d2i(read, NID_subject_alt_name, NULL, NULL);
	ASN1_OBJECT *type = NULL;
	ASN1_TYPE *value = NULL;
	char text[64];

	assert_int_equal(sk_GENERAL_NAME_num(names), 3);
	assert_int_equal(GENERAL_NAME_get0_otherName(sk_GENERAL_NAME_value(names, 0), &type, &value), 1);
	assert_true(OBJ_obj2txt(text, sizeof(text), type, 1) > 0);
	assert_string_equal(text, "1.3.6.1.5.5.7.8.4");
	assert_int_equal(ASN1_TYPE_get(value), V_ASN1_SEQUENCE);
	static const uint8_t wanted[] = { 0x30, 0x14, 0x06, 0x09, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xb2, 0x03, 0x01,
		0x04, 0x07, 'S', 'N', '-', '0', '0', '0', '1' };
	assert_asn1(value->value.sequence, bytes_of(wanted, sizeof(wanted)));
	assert_int_equal(sk_GENERAL_NAME_value(names, 1)->type, GEN_DNS);
	assert_int_equal(sk_GENERAL_NAME_value(names, 2)->type, GEN_URI);
	GENERAL_NAMES_free(names);
	X509_free(read);
}

/* Verified as nginx would: path to the CA at a time within, for a TLS client. */
static int verify(X509 *read, X509 *ca, time_t at)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();

	assert_int_equal(X509_STORE_add_cert(store, ca), 1);
	assert_int_equal(X509_STORE_CTX_init(context, store, read, NULL), 1);
	X509_STORE_CTX_set_time(context, 0, at);
	assert_int_equal(X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT), 1);
	X509_STORE_CTX_set_flags(context, X509_V_FLAG_X509_STRICT);
	(void)X509_verify_cert(context);
	int error = X509_STORE_CTX_get_error(context);
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	return error;
}

static void test_verified(void **state)
{
	struct fixture *f = *state;
	X509 *read = issue(f);

	assert_int_equal(verify(read, f->ca, NOT_BEFORE), X509_V_OK);
	assert_int_equal(verify(read, f->ca, NOT_AFTER - 1), X509_V_OK); /* OpenSSL takes the last second for past */
	assert_int_equal(verify(read, f->ca, NOT_BEFORE - 1), X509_V_ERR_CERT_NOT_YET_VALID);
	assert_int_equal(verify(read, f->ca, NOT_AFTER + 1), X509_V_ERR_CERT_HAS_EXPIRED);
	X509_free(read);
}

/* The lines that an operator sees. */
static void test_text(void **state)
{
	static const char *const lines[] = {
		"Version: 3 (0x2)", "40:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f",
		"Signature Algorithm: ecdsa-with-SHA256", "Issuer: O = Example, CN = Device CA",
		"Not Before: Jan 15 08:00:00 2027 GMT", "Not After : Jan 15 07:59:59 2028 GMT",
		"serialNumber = SN-0001, CN = SN-0001", "Public-Key: (256 bit)", "NIST CURVE: P-256",
		"X509v3 Basic Constraints: critical\n                CA:FALSE",
		"X509v3 Key Usage: critical\n                Digital Signature\n",
		"X509v3 Extended Key Usage: \n                TLS Web Client Authentication\n",
		"DNS:sn-0001.example.com, URI:urn:example:SN-0001",
		"Policy: 2.25.303619253884221164867571385486340110917.1.3",
		"Policy: 2.25.303619253884221164867571385486340110917.2.1",
		"Policy: 2.23.133.11.1.1", "Policy: 2.23.133.11.1.2",
		"URI:http://ca.example.com/v1/crl", "CA Issuers - URI:http://ca.example.com/v1/ca",
	};
	struct fixture *f = *state;
	X509 *read = issue(f);
	BIO *memory = BIO_new(BIO_s_mem());
	char *text = NULL;

	assert_int_equal(X509_print_ex(memory, read, XN_FLAG_ONELINE, 0), 1);
	assert_int_equal(BIO_write(memory, "", 1), 1);
	(void)BIO_get_mem_data(memory, &text);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (strstr(text, lines[i]) == NULL)
			fail_msg("not there: %s\n%s", lines[i], text);
	}
	BIO_free(memory);
	X509_free(read);
}

/* With nothing configured: five extensions and three RDNs. */
static void test_least(void **state)
{
	struct fixture *f = *state;

	f->meant.organizational_unit = f->meant.uri = f->meant.dns = f->meant.crl_url = f->meant.issuer_url =
		bytes_of(NULL, 0);
	f->meant.hardware_module_type.len = 0;
	f->meant.policy_count = 0;
	X509 *read = issue(f);
	assert_int_equal(X509_get_ext_count(read), 5);
	assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(read)), 3);
	X509_free(read);
}

/* What the writer writes is what the linter takes, for each kind of identity key. */
static void test_linted(void **state)
{
	static const enum tpm_template templates[] = { TEMPLATE_IK_P256, TEMPLATE_IK_P384, TEMPLATE_IK_P521,
		TEMPLATE_IK_RSA2048, TEMPLATE_IK_RSA3072, TEMPLATE_IK_RSA4096 };
	struct fixture *f = *state;
	uint8_t ca_spki[SPKI_MAX];
	unsigned char *cursor = ca_spki;
	int ca_len = i2d_PUBKEY(f->ca_key, &cursor);
	const struct lint_context context = { .certificate = &f->meant, .ca_not_before_s = CA_NOT_BEFORE,
		.ca_not_after_s = NOT_AFTER, .ca_spki = bytes_of(ca_spki, (size_t)ca_len),
		.ek_spki = bytes_of(ca_spki, (size_t)ca_len) };

	for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
		const struct template_row *row = template_row(templates[i]);
		struct tpm_key key = { .template = (uint8_t)templates[i] };
		struct writer w = WRITER_OF_ARRAY(f->spki), t = WRITER_OF_ARRAY(f->tbs_buffer);
		struct refusal refusal = { 0 };

		key.a_len = (uint16_t)((row->key_bits + 7u) / 8);
		key.b_len = row->type == TPM_ALG_ECC ? key.a_len : 0;
		memset(key.a, 0xc5, key.a_len);
		memset(key.b, 0x22, key.b_len);
		spki_write(&w, &key);
		assert_int_equal(writer_end(&w, &f->meant.spki), FAULT_NONE);
		device_certificate_write(&t, &f->meant);
		if (!lint_certificate(writer_written(&t), &context, &refusal))
			fail_msg("%s: %s", row->name, refusal.saw);
	}
}

/* A number that is short of an octet, or an SPKI that is none: the writer fails, or the lint. */
static void test_refused(void **state)
{
	struct fixture *f = *state;
	struct writer w = WRITER_OF_ARRAY(f->tbs_buffer);

	f->meant.spki = BYTES_OF_LITERAL("no key");
	device_certificate_write(&w, &f->meant);
	assert_int_not_equal(w.fault, FAULT_NONE);
	w = writer_of(f->tbs_buffer, 100);
	f->meant.spki = bytes_of(f->spki, 91);
	device_certificate_write(&w, &f->meant);
	assert_int_equal(w.fault, FAULT_TOO_LONG);
}

static void test_oids(void **state)
{
	static const uint8_t wanted[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xb2, 0x03, 0x01 };
	static const char *const refused[] = { "", "x", "1.", "3.1", "1..2", "1.2.", "1.02", "1 2", "clientAuth", "1.3.6.1 ", "CN" };
	struct oid oid = { .len = 77 };

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (oid_of_text(refused[i], &oid) == FAULT_NONE)
			fail_msg("accepted: %s", refused[i]);
		assert_int_equal(oid.len, 77);
	}
	static char long_text[3 + 2 * OID_CONTENT_MAX + 1] = "1.2"; /* an octet, and one for each arc behind it */
	for (size_t i = 3; i + 1 < sizeof(long_text); i += 2)
		memcpy(long_text + i, ".1", 2);
	assert_int_equal(oid_of_text(long_text, &oid), FAULT_TOO_LONG);
	long_text[3 + 2 * (OID_CONTENT_MAX - 3)] = '\0';
	assert_int_equal(oid_of_text(long_text, &oid), FAULT_NONE); /* two octets are left for what is put behind it */
	assert_int_equal(oid.len, OID_CONTENT_MAX - 2);
	assert_int_equal(oid_of_text("1.3.6.1.4.1.55555.1", &oid), FAULT_NONE);
	assert_true(bytes_equal(bytes_of(oid.data, oid.len), BYTES_OF_ARRAY(wanted)));
}

/* RFC 7468: what OpenSSL reads again. */
static void test_pem(void **state)
{
	struct fixture *f = *state;
	X509 *read = issue(f);
	char text[CERTIFICATE_PEM_MAX];

	assert_int_equal(certificate_pem_write(f->certificate, text, sizeof(text)), FAULT_NONE);
	BIO *memory = BIO_new_mem_buf(text, -1), *again = BIO_new(BIO_s_mem());
	X509 *from_pem = PEM_read_bio_X509(memory, NULL, NULL, NULL);
	assert_non_null(from_pem);
	assert_int_equal(X509_cmp(from_pem, read), 0);
	/* Octet for octet what OpenSSL writes. */
	char *theirs = NULL;
	assert_int_equal(PEM_write_bio_X509(again, read), 1);
	long len = BIO_get_mem_data(again, &theirs);
	assert_int_equal(strlen(text), len);
	assert_memory_equal(text, theirs, (size_t)len);
	assert_int_equal(certificate_pem_write(f->certificate, text, (size_t)len), FAULT_TOO_LONG);
	/* Longer than any that we issue: there is no room for its base64. */
	static const uint8_t octets[CERTIFICATE_MAX + 1];

	assert_int_equal(certificate_pem_write(BYTES_OF_ARRAY(octets), text, sizeof(text)), FAULT_TOO_LONG);
	X509_free(from_pem);
	X509_free(read);
	BIO_free(memory);
	BIO_free(again);
}

int main(void)
{
#define WITH_CA(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)
	const struct CMUnitTest tests[] = { WITH_CA(test_reencoded), WITH_CA(test_fields), WITH_CA(test_extensions),
		WITH_CA(test_hardware_module_name), WITH_CA(test_verified), WITH_CA(test_text), WITH_CA(test_least),
		WITH_CA(test_linted), WITH_CA(test_refused), cmocka_unit_test(test_oids), WITH_CA(test_pem) };

	return cmocka_run_group_tests_name("device_certificate", tests, NULL, NULL);
}
