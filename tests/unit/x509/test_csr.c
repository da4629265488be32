#include "csr.h"

#include "der.h"
#include "der_writer.h"
#include "owned.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

OWNED_TYPE(X509_REQ, X509_REQ_free)

enum { OCTETS_MAX = 2048 };

static const uint8_t serial_number[] = { 0x55, 0x04, 0x05 };
static const uint8_t common_name[] = { 0x55, 0x04, 0x03 };
static EVP_PKEY *key;

/* A CSR as another implementation makes it. */
static struct bytes make(uint8_t octets[OCTETS_MAX])
{
	owned(X509_REQ) *csr = X509_REQ_new();
	uint8_t *end = octets;

	if (key == NULL)
		key = EVP_EC_gen("P-256");
	X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(csr), "serialNumber", MBSTRING_ASC,
		(const uint8_t *)"SN-0001", -1, -1, 0);
	X509_REQ_set_pubkey(csr, key);
	assert_true(X509_REQ_sign(csr, key, EVP_sha256()) > 0);
	assert_true(i2d_X509_REQ(csr, NULL) <= OCTETS_MAX);
	return bytes_of(octets, (size_t)i2d_X509_REQ(csr, &end));
}

static void test_read(void **state)
{
	uint8_t octets[OCTETS_MAX];
	struct csr csr;
	struct bytes serial;
	bool is_empty = false;

	(void)state;
	struct bytes der = make(octets);

	assert_int_equal(der_check_strict(der), FAULT_NONE);
	assert_int_equal(csr_read(der, &csr), FAULT_NONE);
	assert_true(csr_is_version_1(&csr));
	assert_true(csr_has_only_extension_requests(&csr, &is_empty) && is_empty);
	assert_int_equal(csr_serial_number(&csr, &serial), FAULT_NONE);
	assert_true(bytes_equal(serial, BYTES_OF_LITERAL("SN-0001")));

	struct signature_algorithm algorithm;

	assert_int_equal(signature_algorithm_read(csr.signature_algorithm, &algorithm), FAULT_NONE);
	assert_true(signature_is_valid(&algorithm, key, csr.tbs, csr.signature));
	csr.tbs.len--;
	assert_false(signature_is_valid(&algorithm, key, csr.tbs, csr.signature));
}

/* Whatever is cut off, the rest is neither strict DER nor a CSR, and nothing is read past it. */
static void test_truncated(void **state)
{
	uint8_t octets[OCTETS_MAX];
	struct bytes der = make(octets);

	(void)state;
	for (size_t len = 0; len < der.len; len++) {
		uint8_t *exact = malloc(len + 1); /* so that a sanitizer sees the end */
		struct csr csr;

		memcpy(exact, der.data, len);
		assert_int_not_equal(der_check_strict(bytes_of(exact, len)), FAULT_NONE);
		assert_int_not_equal(csr_read(bytes_of(exact, len), &csr), FAULT_NONE);
		free(exact);
	}
}

/* Each octet of a CSR, each of its bits: what is read stays inside, and no change keeps the proof. */
static void test_flipped(void **state)
{
	uint8_t octets[OCTETS_MAX];
	struct bytes der = make(octets);
	size_t readable = 0;

	(void)state;
	for (size_t bit = 0; bit < der.len * 8; bit++) {
		struct csr csr;
		struct bytes serial;
		struct signature_algorithm algorithm;
		bool is_empty;

		octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
		if (der_check_strict(der) == FAULT_NONE && csr_read(der, &csr) == FAULT_NONE) {
			readable++;
			(void)csr_has_only_extension_requests(&csr, &is_empty);
			if (csr_serial_number(&csr, &serial) == FAULT_NONE)
				assert_true(serial.data >= der.data && serial.data + serial.len <= der.data + der.len);
			if (signature_algorithm_read(csr.signature_algorithm, &algorithm) == FAULT_NONE)
				assert_false(signature_is_valid(&algorithm, key, csr.tbs, csr.signature));
		}
		octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	print_message("# %zu of %zu flips still read as a CSR; none verifies\n", readable, der.len * 8);
}

/* Puts a NULL behind the last field of the outer SEQUENCE, or of CertificationRequestInfo. */
static struct bytes with_one_more(struct bytes der, bool is_inside, uint8_t out[OCTETS_MAX])
{
	struct writer w = writer_of(out, OCTETS_MAX);
	struct reader r = reader_of(der), outer = der_enter(&r, DER_SEQUENCE);
	struct bytes info = der_content(&outer, DER_SEQUENCE);
	size_t sequence = der_begin(&w, DER_SEQUENCE), info_again = der_begin(&w, DER_SEQUENCE);

	writer_bytes(&w, info);
	if (is_inside)
		der_element(&w, DER_NULL, bytes_of(NULL, 0));
	der_end(&w, info_again);
	writer_bytes(&w, outer.rest);
	if (!is_inside)
		der_element(&w, DER_NULL, bytes_of(NULL, 0));
	der_end(&w, sequence);
	assert_int_equal(w.fault, FAULT_NONE);
	return writer_written(&w);
}

static void test_one_field_more(void **state)
{
	uint8_t octets[OCTETS_MAX], longer[OCTETS_MAX];
	struct bytes der = make(octets);
	struct csr csr;

	(void)state;
	for (int is_inside = 0; is_inside < 2; is_inside++) {
		struct bytes more = with_one_more(der, is_inside != 0, longer);

		assert_int_equal(der_check_strict(more), FAULT_NONE);
		assert_int_equal(csr_read(more, &csr), FAULT_TRAILING);
	}
	octets[der.len] = 0;
	assert_int_equal(csr_read(bytes_of(octets, der.len + 1), &csr), FAULT_TRAILING);
}

static void test_versions(void **state)
{
	const struct {
		struct bytes octets;
		bool is_1;
	} rows[] = {
		{ BYTES_OF_LITERAL("\x00"), true },
		{ BYTES_OF_LITERAL("\x01"), false },
		{ BYTES_OF_LITERAL("\x00\x80"), false }, /* 128 */
		{ { NULL, 0 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct csr csr = { .version = rows[i].octets };

		assert_int_equal(csr_is_version_1(&csr), rows[i].is_1);
	}
}

/* The type 1.2.840.113549.1.9.14. */
#define EXTENSION_REQUEST "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"

static void test_attributes(void **state)
{
	const struct {
		struct bytes octets;
		bool is_good;
	} rows[] = {
		{ { NULL, 0 }, true },
		{ BYTES_OF_LITERAL("\x30\x0d" EXTENSION_REQUEST "\x31\x00"), true },
		{ BYTES_OF_LITERAL("\x30\x0d" EXTENSION_REQUEST "\x30\x00"), false }, /* no SET */
		{ BYTES_OF_LITERAL("\x30\x0b" EXTENSION_REQUEST), false },
		{ BYTES_OF_LITERAL("\x30\x0f" EXTENSION_REQUEST "\x31\x00\x05\x00"), false },
		{ BYTES_OF_LITERAL("\x30\x0d" EXTENSION_REQUEST "\x31\x00\x30"), false }, /* cut */
		{ BYTES_OF_LITERAL("\x30\x06\x06\x02\x2a\x03\x31\x00"), false }, /* another type */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct csr csr = { .attributes = rows[i].octets };
		bool is_empty;

		assert_int_equal(csr_has_only_extension_requests(&csr, &is_empty), rows[i].is_good);
	}
}

/* ---- subjects ---- */

static void write_attribute(struct writer *w, struct bytes type, uint8_t tag, const char *value)
{
	size_t attribute = der_begin(w, DER_SEQUENCE);

	der_element(w, DER_OBJECT_IDENTIFIER, type);
	der_element(w, tag, bytes_of_string(value));
	der_end(w, attribute);
}

static void write_rdn(struct writer *w, struct bytes type, uint8_t tag, const char *value)
{
	size_t rdn = der_begin(w, DER_SET);

	write_attribute(w, type, tag, value);
	der_end(w, rdn);
}

static enum fault serial_of(const struct writer *w)
{
	struct csr csr = { .subject = writer_written(w) };
	struct bytes serial = { 0 };

	assert_int_equal(w->fault, FAULT_NONE);
	return csr_serial_number(&csr, &serial);
}

static void test_subjects(void **state)
{
	const struct bytes serial = BYTES_OF_ARRAY(serial_number), name = BYTES_OF_ARRAY(common_name);
	uint8_t octets[256];
	struct writer w = WRITER_OF_ARRAY(octets);

	(void)state;
	assert_int_equal(serial_of(&w), FAULT_NOT_FOUND);
	write_rdn(&w, name, DER_UTF8_STRING, "SN");
	assert_int_equal(serial_of(&w), FAULT_NOT_FOUND);
	write_rdn(&w, serial, DER_UTF8_STRING, "SN");
	assert_int_equal(serial_of(&w), FAULT_NONE);
	write_rdn(&w, name, DER_UTF8_STRING, "SN");
	assert_int_equal(serial_of(&w), FAULT_NONE);
	write_rdn(&w, serial, DER_PRINTABLE_STRING, "SN");
	assert_int_equal(serial_of(&w), FAULT_INVALID); /* a second one */

	w = WRITER_OF_ARRAY(octets);
	write_rdn(&w, serial, 0x16, "SN"); /* IA5String */
	assert_int_equal(serial_of(&w), FAULT_INVALID);

	/* In one RDN with another attribute, whichever comes first. */
	for (int i = 0; i < 2; i++) {
		w = WRITER_OF_ARRAY(octets);
		size_t rdn = der_begin(&w, DER_SET);

		write_attribute(&w, i == 0 ? serial : name, DER_UTF8_STRING, "SN");
		write_attribute(&w, i == 0 ? name : serial, DER_UTF8_STRING, "SN");
		der_end(&w, rdn);
		assert_int_equal(serial_of(&w), FAULT_INVALID);
	}

	/* An RDN that is no SET; an attribute with a third field. */
	w = WRITER_OF_ARRAY(octets);
	write_attribute(&w, serial, DER_UTF8_STRING, "SN");
	assert_int_not_equal(serial_of(&w), FAULT_NONE);
	w = WRITER_OF_ARRAY(octets);
	size_t rdn = der_begin(&w, DER_SET), attribute = der_begin(&w, DER_SEQUENCE);

	der_element(&w, DER_OBJECT_IDENTIFIER, serial);
	der_element(&w, DER_UTF8_STRING, BYTES_OF_LITERAL("SN"));
	der_element(&w, DER_NULL, bytes_of(NULL, 0));
	der_end(&w, attribute);
	der_end(&w, rdn);
	assert_int_equal(serial_of(&w), FAULT_TRAILING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_one_field_more),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_subjects),
	};

	return cmocka_run_group_tests_name("csr", tests, NULL, NULL);
}
