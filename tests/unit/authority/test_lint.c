/*
 * The lints: a certificate as the profile has it passes; for each lint there is at least one sample
 * that this lint, and none before it, refuses; and no octet of the certificate is left open.
 */
#include "lint.h"

#include "der.h"
#include "der_writer.h"
#include "device_certificate.h"
#include "encoding.h"
#include "reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { PART_COUNT_MAX = 20, NOT_BEFORE = 1800000000, NOT_AFTER = 1831535999 };

/* A certificate in parts, each a whole element, and what it is meant to say. */
struct sample {
	struct device_certificate meant;
	struct lint_context context;
	struct bytes version, number, signature, issuer, validity, subject, spki, unique_ids;
	size_t extension_count;
	struct bytes extensions[PART_COUNT_MAX];
	uint8_t tbs[TBS_MAX];
	uint8_t scratch[8192];
	size_t scratch_len;
};

/* Places of the extensions in the full certificate. */
enum { BC, KU, EKU, SKI, AKI, SAN, CP, CDP, AIA };

static struct bytes hex(struct sample *s, const char *text)
{
	uint8_t *at = s->scratch + s->scratch_len;
	size_t len = strlen(text) / 2;

	assert_true(s->scratch_len + len <= sizeof(s->scratch));
	assert_int_equal(hex_decode(bytes_of_string(text), at, len), FAULT_NONE);
	s->scratch_len += len;
	return bytes_of(at, len);
}

/* One element with the contents one after the other. */
static struct bytes element(struct sample *s, uint8_t tag, struct bytes a, struct bytes b)
{
	struct writer w = writer_of(s->scratch + s->scratch_len, sizeof(s->scratch) - s->scratch_len);
	size_t mark = der_begin(&w, tag);

	writer_bytes(&w, a);
	writer_bytes(&w, b);
	der_end(&w, mark);
	assert_int_equal(w.fault, FAULT_NONE);
	s->scratch_len += w.len;
	return writer_written(&w);
}

static struct bytes none(void)
{
	return bytes_of(NULL, 0);
}

/* An element of text. */
static struct bytes text(struct sample *s, uint8_t tag, const char *words)
{
	return element(s, tag, bytes_of_string(words), none());
}

/* An RDN with one attribute; type is the last octet of 2.5.4.… */
static struct bytes rdn(struct sample *s, uint8_t type, uint8_t tag, const char *words)
{
	const uint8_t oid[] = { DER_OBJECT_IDENTIFIER, 3, 0x55, 0x04, type };
	struct bytes attribute = element(s, DER_SEQUENCE, BYTES_OF_ARRAY(oid), text(s, tag, words));

	return element(s, DER_SET, attribute, none());
}

enum { COMMON_NAME = 3, SERIAL_NUMBER = 5, ORGANIZATION = 10, UNIT = 11 };

static struct bytes name(struct sample *s, struct bytes a, struct bytes b, struct bytes c, struct bytes d)
{
	struct bytes ab = element(s, DER_SEQUENCE, a, b), cd = element(s, DER_SEQUENCE, c, d);
	struct reader x = reader_of(ab), y = reader_of(cd);

	return element(s, DER_SEQUENCE, der_content(&x, DER_SEQUENCE), der_content(&y, DER_SEQUENCE));
}

static struct bytes extension(struct sample *s, const char *type, const char *critical, const char *value)
{
	struct bytes oid = element(s, DER_OBJECT_IDENTIFIER, hex(s, type), none());
	struct bytes octets = element(s, DER_OCTET_STRING, hex(s, value), none());
	struct bytes rest = element(s, DER_SEQUENCE, hex(s, critical), octets);
	struct reader r = reader_of(rest);

	return element(s, DER_SEQUENCE, oid, der_content(&r, DER_SEQUENCE));
}

#define CRITICAL "0101ff"
#define BC_TYPE "551d13"
#define KU_TYPE "551d0f"
#define EKU_TYPE "551d25"
#define SKI_TYPE "551d0e"
#define AKI_TYPE "551d23"
#define SAN_TYPE "551d11"
#define CP_TYPE "551d20"
#define CDP_TYPE "551d1f"
#define AIA_TYPE "2b06010505070101"
#define CLIENT_AUTH "06082b06010505070302"

#define P256 "301306072a8648ce3d020106082a8648ce3d030107"
#define X16(octet) octet octet octet octet octet octet octet octet octet octet octet octet octet octet octet octet
#define POINT(octet) "04" X16(octet) X16(octet) X16(octet) X16(octet)
#define SPKI_P256(octet) "3059" P256 "034200" POINT(octet)
#define RSA "300d06092a864886f70d0101010500"
/* SubjectPublicKeyInfo of an RSA key of 2048 bits: first octets, last octet, exponent. */
#define SPKI_RSA2048(first, last, exponent) \
	"30820122" RSA "0382010f00" "3082010a" "02820101" first X16("a5") X16("a5") X16("a5") X16("a5") X16("a5") X16("a5") \
	X16("a5") X16("a5") X16("a5") X16("a5") X16("a5") X16("a5") X16("a5") X16("a5") X16("a5") \
	"a5a5a5a5a5a5a5a5a5a5a5a5a5a5" last "0203" exponent

static const uint8_t number[] = { 0x40, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
static const struct oid hardware_type = { { 0x2b, 6, 1, 4, 1, 0x82, 0x37 }, 7 };
static const struct oid policy_1 = { { 0x2b, 6, 1, 4, 1, 0x82, 0x37, 1, 3 }, 9 };
static const struct oid policy_2 = { { 0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 1 }, 9 };
static const struct oid any_policy = { { 0x55, 0x1d, 0x20, 0x00 }, 4 };

/* The profile with everything that can be configured. */
static void mean_everything(struct sample *s)
{
	s->meant = (struct device_certificate){
		.number = BYTES_OF_ARRAY(number),
		.signature_algorithm = hex(s, "300a06082a8648ce3d040302"),
		.issuer = name(s, rdn(s, COMMON_NAME, DER_UTF8_STRING, "Example CA"), none(), none(), none()),
		.authority_key_identifier = hex(s, "00112233445566778899aabbccddeeff00112233"),
		.not_before_s = NOT_BEFORE,
		.not_after_s = NOT_AFTER,
		.organization = BYTES_OF_LITERAL("Example"),
		.organizational_unit = BYTES_OF_LITERAL("Line 1"),
		.serial = BYTES_OF_LITERAL("SN-0001"),
		.spki = hex(s, SPKI_P256("11")),
		.hardware_module_type = hardware_type,
		.uri = BYTES_OF_LITERAL("urn:example:SN-0001"),
		.dns = BYTES_OF_LITERAL("SN-0001.example.com"),
		.policy_count = 2,
		.policies = { policy_1, policy_2 },
		.crl_url = BYTES_OF_LITERAL("http://ca.example.com/v1/crl"),
		.issuer_url = BYTES_OF_LITERAL("http://ca.example.com/v1/ca"),
	};
	s->context = (struct lint_context){ .certificate = &s->meant, .ca_not_before_s = NOT_BEFORE,
		.ca_not_after_s = NOT_AFTER, .ca_spki = hex(s, SPKI_P256("22")), .ek_spki = hex(s, SPKI_P256("33")) };
}

/* Writes what is meant, and takes it into parts. */
static void write_parts(struct sample *s)
{
	struct writer w = WRITER_OF_ARRAY(s->tbs);
	struct bytes tbs;

	device_certificate_write(&w, &s->meant);
	assert_int_equal(writer_end(&w, &tbs), FAULT_NONE);
	struct reader outer = reader_of(tbs);
	struct reader r = der_enter(&outer, DER_SEQUENCE);
	s->version = der_take(&r).whole;
	s->number = der_take(&r).whole;
	s->signature = der_take(&r).whole;
	s->issuer = der_take(&r).whole;
	s->validity = der_take(&r).whole;
	s->subject = der_take(&r).whole;
	s->spki = der_take(&r).whole;
	struct reader tagged = der_enter(&r, DER_CONTEXT_0 + 3);
	struct reader list = der_enter(&tagged, DER_SEQUENCE);
	while (list.rest.len > 0)
		s->extensions[s->extension_count++] = der_take(&list).whole;
	assert_int_equal(reader_end(&r), FAULT_NONE);
}

static struct bytes join(const struct sample *s, uint8_t *buffer, size_t capacity)
{
	const struct bytes parts[] = { s->version, s->number, s->signature, s->issuer, s->validity, s->subject,
		s->spki, s->unique_ids };
	struct writer w = writer_of(buffer, capacity);
	size_t tbs = der_begin(&w, DER_SEQUENCE);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		writer_bytes(&w, parts[i]);
	size_t tagged = der_begin(&w, DER_CONTEXT_0 + 3), list = der_begin(&w, DER_SEQUENCE);
	for (size_t i = 0; i < s->extension_count; i++)
		writer_bytes(&w, s->extensions[i]);
	der_end(&w, list);
	der_end(&w, tagged);
	der_end(&w, tbs);
	assert_int_equal(w.fault, FAULT_NONE);
	return writer_written(&w);
}

static void remove_extension(struct sample *s, size_t at)
{
	s->extension_count--;
	for (size_t i = at; i < s->extension_count; i++)
		s->extensions[i] = s->extensions[i + 1];
}

static void add_extension(struct sample *s, struct bytes added)
{
	s->extensions[s->extension_count++] = added;
}

/* ---- samples: meant otherwise (before it is written), or written otherwise (after) ---- */

static char long_text[2400];

/* A URI so long that the whole has that many octets. */
static void mean_size(struct sample *s, size_t wanted)
{
	struct writer w = WRITER_OF_ARRAY(s->tbs);

	memset(long_text, 'a', sizeof(long_text));
	memcpy(long_text, "urn:", 4);
	s->meant.uri = bytes_of(long_text, 1000);
	device_certificate_write(&w, &s->meant);
	s->meant.uri.len += wanted - w.len;
	assert_true(s->meant.uri.len <= sizeof(long_text));
}

static void mean_2560_octets(struct sample *s)
{
	mean_size(s, 2560);
}

static void mean_2561_octets(struct sample *s)
{
	mean_size(s, 2561);
}

static void padded_length(struct sample *s)
{
	s->version = hex(s, "a08103020102");
}

static void no_spki(struct sample *s)
{
	s->spki = none();
}

static void something_after_extensions(struct sample *s)
{
	/* The parts are put before the extensions; so an element too many there. */
	s->unique_ids = hex(s, "0500");
}

static void version_2(struct sample *s)
{
	s->version = hex(s, "a003020101");
}

static void version_1(struct sample *s)
{
	s->version = none();
}

static void version_twice(struct sample *s)
{
	s->version = hex(s, "a006020102020102");
}

static void with_issuer_unique_id(struct sample *s)
{
	s->unique_ids = hex(s, "810200ff");
}

static void with_subject_unique_id(struct sample *s)
{
	s->unique_ids = hex(s, "820200ff");
}

static void number_of_15(struct sample *s)
{
	s->meant.number = bytes_of(number, 15);
}

static void number_of_17(struct sample *s)
{
	s->meant.number = hex(s, "4000112233445566778899aabbccddeeff");
}

static void number_with_low_start(struct sample *s)
{
	s->meant.number = hex(s, "3f112233445566778899aabbccddeeff");
}

static void number_negative(struct sample *s)
{
	s->number = hex(s, "0210c0112233445566778899aabbccddeeff");
	s->meant.number = hex(s, "c0112233445566778899aabbccddeeff");
}

static void number_other(struct sample *s)
{
	s->number = hex(s, "021040112233445566778899aabbccddeeff");
}

static void signed_with_sha1(struct sample *s)
{
	s->meant.signature_algorithm = hex(s, "300d06092a864886f70d0101050500");
}

static void signed_with_null_parameters(struct sample *s)
{
	s->meant.signature_algorithm = hex(s, "300c06082a8648ce3d0403020500");
}

static void signed_otherwise(struct sample *s)
{
	s->signature = hex(s, "300a06082a8648ce3d040303");
}

static void empty_issuer(struct sample *s)
{
	s->meant.issuer = hex(s, "3000");
}

static void other_issuer(struct sample *s)
{
	s->issuer = name(s, rdn(s, COMMON_NAME, DER_PRINTABLE_STRING, "Example CA"), none(), none(), none());
}

static void validity(struct sample *s, uint8_t tag_1, const char *words_1, uint8_t tag_2, const char *words_2)
{
	s->validity = element(s, DER_SEQUENCE, text(s, tag_1, words_1), text(s, tag_2, words_2));
}

static void third_time(struct sample *s)
{
	struct bytes two = element(s, DER_SEQUENCE, text(s, DER_UTC_TIME, "270115080000Z"),
		text(s, DER_UTC_TIME, "280115075959Z"));
	struct reader r = reader_of(two);

	s->validity = element(s, DER_SEQUENCE, der_content(&r, DER_SEQUENCE), text(s, DER_UTC_TIME, "280115075959Z"));
}

static void one_time(struct sample *s)
{
	s->validity = element(s, DER_SEQUENCE, text(s, DER_UTC_TIME, "270115080000Z"), none());
}

#define NOT_BEFORE_TEXT "270115080000Z"
#define NOT_AFTER_TEXT "280115075959Z"

#define TIME_SAMPLE(function, tag_1, words_1, tag_2, words_2) \
	static void function(struct sample *s) \
	{ \
		validity(s, tag_1, words_1, tag_2, words_2); \
	}

TIME_SAMPLE(before_without_seconds, DER_UTC_TIME, "2701150800Z", DER_UTC_TIME, NOT_AFTER_TEXT)
TIME_SAMPLE(before_with_zone, DER_UTC_TIME, "270115080000+0000", DER_UTC_TIME, NOT_AFTER_TEXT)
TIME_SAMPLE(before_with_fraction, DER_GENERALIZED_TIME, "20270115080000.0Z", DER_UTC_TIME, NOT_AFTER_TEXT)
TIME_SAMPLE(before_no_day, DER_UTC_TIME, "270230080000Z", DER_UTC_TIME, NOT_AFTER_TEXT)
TIME_SAMPLE(before_leap_second, DER_UTC_TIME, "270115075960Z", DER_UTC_TIME, NOT_AFTER_TEXT)
TIME_SAMPLE(before_no_month, DER_UTC_TIME, "271315080000Z", DER_UTC_TIME, NOT_AFTER_TEXT)
TIME_SAMPLE(before_no_time, DER_INTEGER, "\1", DER_UTC_TIME, NOT_AFTER_TEXT)
TIME_SAMPLE(before_small_z, DER_UTC_TIME, "270115080000z", DER_UTC_TIME, NOT_AFTER_TEXT)
/* What a careless reader takes for 08 and 59: ten and '.', which is two below '0', and the like. */
TIME_SAMPLE(before_no_digit, DER_UTC_TIME, "2701151.0000Z", DER_UTC_TIME, NOT_AFTER_TEXT)
TIME_SAMPLE(after_no_digit, DER_UTC_TIME, NOT_BEFORE_TEXT, DER_UTC_TIME, "28011507596/Z")
TIME_SAMPLE(before_generalized, DER_GENERALIZED_TIME, "20270115080000Z", DER_UTC_TIME, NOT_AFTER_TEXT)
TIME_SAMPLE(after_with_fraction, DER_UTC_TIME, NOT_BEFORE_TEXT, DER_GENERALIZED_TIME, "20280115075959.9Z")
TIME_SAMPLE(after_no_hour, DER_UTC_TIME, NOT_BEFORE_TEXT, DER_UTC_TIME, "280115245959Z")
TIME_SAMPLE(after_generalized, DER_UTC_TIME, NOT_BEFORE_TEXT, DER_GENERALIZED_TIME, "20491231235959Z")
TIME_SAMPLE(before_1950, DER_UTC_TIME, "500115080000Z", DER_UTC_TIME, NOT_AFTER_TEXT)

static void ends_before_it_begins(struct sample *s)
{
	s->meant.not_after_s = NOT_BEFORE - 1;
}

static void begins_before_the_ca(struct sample *s)
{
	s->context.ca_not_before_s = NOT_BEFORE + 1;
}

static void ends_after_the_ca(struct sample *s)
{
	s->context.ca_not_after_s = NOT_AFTER - 1;
}

static void begins_a_second_late(struct sample *s)
{
	s->meant.not_before_s--;
}

static void ends_a_second_early(struct sample *s)
{
	s->meant.not_after_s++;
}

#define O(s) rdn(s, ORGANIZATION, DER_UTF8_STRING, "Example")
#define OU(s) rdn(s, UNIT, DER_UTF8_STRING, "Line 1")
#define SN(s) rdn(s, SERIAL_NUMBER, DER_PRINTABLE_STRING, "SN-0001")
#define CN(s) rdn(s, COMMON_NAME, DER_UTF8_STRING, "SN-0001")

#define SUBJECT_SAMPLE(function, a, b, c, d) \
	static void function(struct sample *s) \
	{ \
		s->subject = name(s, a, b, c, d); \
	}

SUBJECT_SAMPLE(rdn_with_tail, hex(s, "310d300b06035504030c0141020101"), none(), none(), none())
SUBJECT_SAMPLE(rdn_is_no_set, hex(s, "300a300806035504030c0141"), none(), none(), none())
SUBJECT_SAMPLE(two_in_one, hex(s, "3114300806035504030c0141300806035504050c0141"), none(), none(), none())
SUBJECT_SAMPLE(empty_subject, none(), none(), none(), none())
SUBJECT_SAMPLE(no_unit, O(s), SN(s), CN(s), none())
SUBJECT_SAMPLE(no_common_name, O(s), OU(s), SN(s), none())
SUBJECT_SAMPLE(other_order, O(s), OU(s), CN(s), SN(s))
SUBJECT_SAMPLE(serial_twice, O(s), OU(s), SN(s), SN(s))
SUBJECT_SAMPLE(organization_printable, rdn(s, ORGANIZATION, DER_PRINTABLE_STRING, "Example"), OU(s), SN(s), CN(s))
SUBJECT_SAMPLE(organization_not_utf8, rdn(s, ORGANIZATION, DER_UTF8_STRING, "\xc3\x28"), OU(s), SN(s), CN(s))
SUBJECT_SAMPLE(organization_other, rdn(s, ORGANIZATION, DER_UTF8_STRING, "Exomple"), OU(s), SN(s), CN(s))
SUBJECT_SAMPLE(unit_printable, O(s), rdn(s, UNIT, DER_PRINTABLE_STRING, "Line 1"), SN(s), CN(s))
SUBJECT_SAMPLE(unit_other, O(s), rdn(s, UNIT, DER_UTF8_STRING, "Line 2"), SN(s), CN(s))
SUBJECT_SAMPLE(unit_empty, O(s), rdn(s, UNIT, DER_UTF8_STRING, ""), SN(s), CN(s))
SUBJECT_SAMPLE(serial_utf8, O(s), OU(s), rdn(s, SERIAL_NUMBER, DER_UTF8_STRING, "SN-0001"), CN(s))
SUBJECT_SAMPLE(serial_other, O(s), OU(s), rdn(s, SERIAL_NUMBER, DER_PRINTABLE_STRING, "SN-0002"),
	rdn(s, COMMON_NAME, DER_UTF8_STRING, "SN-0002"))
SUBJECT_SAMPLE(common_name_printable, O(s), OU(s), SN(s), rdn(s, COMMON_NAME, DER_PRINTABLE_STRING, "SN-0001"))
SUBJECT_SAMPLE(common_name_other, O(s), OU(s), SN(s), rdn(s, COMMON_NAME, DER_UTF8_STRING, "SN-0002"))

static void many_rdns(struct sample *s)
{
	struct bytes four = name(s, O(s), OU(s), SN(s), CN(s));
	struct reader r = reader_of(four);
	struct bytes content = der_content(&r, DER_SEQUENCE);
	struct bytes eight = element(s, DER_SEQUENCE, content, content);
	r = reader_of(eight);
	s->subject = element(s, DER_SEQUENCE, der_content(&r, DER_SEQUENCE), O(s));
}

static void unit_not_meant(struct sample *s)
{
	s->meant.organizational_unit = none();
}

static void long_organization(struct sample *s)
{
	memset(long_text, 'A', 65);
	s->meant.organization = bytes_of(long_text, 65);
}

static void no_organization(struct sample *s)
{
	s->meant.organization = none();
}

static void long_unit(struct sample *s)
{
	memset(long_text, 'A', 65);
	s->meant.organizational_unit = bytes_of(long_text, 65);
}

static void serial_lower_case(struct sample *s)
{
	s->meant.serial = BYTES_OF_LITERAL("sn-0001");
}

static void serial_of_64(struct sample *s)
{
	memset(long_text, 'A', 64);
	s->meant.serial = bytes_of(long_text, 64);
}

static void subject_of_the_ca(struct sample *s)
{
	s->meant.issuer = s->issuer = s->subject;
}

static void put_spki(struct sample *s, const char *octets)
{
	s->spki = s->meant.spki = hex(s, octets);
}

#define SPKI_SAMPLE(function, octets) \
	static void function(struct sample *s) \
	{ \
		put_spki(s, octets); \
	}

SPKI_SAMPLE(key_with_unused_bits, "3059" P256 "034201" "04" X16("10") X16("10") X16("10") X16("10"))
SPKI_SAMPLE(key_with_tail, "305b" P256 "034200" POINT("11") "0500")
SPKI_SAMPLE(rsa_without_null, "3019300b06092a864886f70d010101" "030a00" "300702014d0202010b")
SPKI_SAMPLE(curve_secp256k1, "3056" "301006072a8648ce3d020106052b8104000a" "034200" POINT("11"))
SPKI_SAMPLE(point_compressed, "3039" P256 "032200" "02" X16("11") X16("11"))
SPKI_SAMPLE(point_hybrid, "3059" P256 "034200" "06" X16("11") X16("11") X16("11") X16("11"))
SPKI_SAMPLE(point_of_p384_size, "3079" P256 "036200" "04" X16("11") X16("11") X16("11") X16("11") X16("11") X16("11"))
SPKI_SAMPLE(modulus_even, SPKI_RSA2048("00c1", "c0", "010001"))
SPKI_SAMPLE(modulus_low, SPKI_RSA2048("7fc1", "c1", "010001"))
SPKI_SAMPLE(modulus_small, "301b" RSA "030a00" "300702014d0202010b")
SPKI_SAMPLE(exponent_other, SPKI_RSA2048("00c1", "c1", "010003"))

static void rsa_with_tail(struct sample *s)
{
	/* A valid RSAPublicKey, and then an octet more in the BIT STRING. */
	struct reader r = reader_of(hex(s, SPKI_RSA2048("00c1", "c1", "010001")));
	struct reader info = der_enter(&r, DER_SEQUENCE);
	struct bytes algorithm = der_whole(&info, DER_SEQUENCE), key = der_content(&info, DER_BIT_STRING);

	s->spki = element(s, DER_SEQUENCE, algorithm, element(s, DER_BIT_STRING, key, hex(s, "00")));
	s->meant.spki = s->spki;
}

static void key_of_the_ca(struct sample *s)
{
	s->context.ca_spki = s->meant.spki;
}

static void key_of_the_ca_spelt_otherwise(struct sample *s)
{
	s->context.ca_spki = hex(s, "305b" "3015" "06072a8648ce3d020106082a8648ce3d0301070500" "034200" POINT("11"));
}

static void key_of_the_ek(struct sample *s)
{
	s->context.ek_spki = s->meant.spki;
}

static void key_other(struct sample *s)
{
	s->spki = hex(s, SPKI_P256("12"));
}

static void extension_with_tail(struct sample *s)
{
	s->extensions[EKU] = element(s, DER_SEQUENCE, hex(s, "0603" EKU_TYPE), hex(s, "040c300a" CLIENT_AUTH "0500"));
}

static void extension_without_value(struct sample *s)
{
	s->extensions[CP] = hex(s, "30050603" CP_TYPE);
}

static void seventeen_extensions(struct sample *s)
{
	while (s->extension_count < 17)
		add_extension(s, s->extensions[AIA]);
}

#define EXTENSION_SAMPLE(function, at, type, critical, value) \
	static void function(struct sample *s) \
	{ \
		s->extensions[at] = extension(s, type, critical, value); \
	}
#define ADDED_SAMPLE(function, type, critical, value) \
	static void function(struct sample *s) \
	{ \
		add_extension(s, extension(s, type, critical, value)); \
	}
#define REMOVED_SAMPLE(function, at) \
	static void function(struct sample *s) \
	{ \
		remove_extension(s, at); \
	}

EXTENSION_SAMPLE(value_with_tail, KU, KU_TYPE, CRITICAL, "030207800500")
EXTENSION_SAMPLE(value_empty, SAN, SAN_TYPE, "", "")
EXTENSION_SAMPLE(value_padded, BC, BC_TYPE, CRITICAL, "308100")
ADDED_SAMPLE(eku_twice, EKU_TYPE, "", "300a" CLIENT_AUTH)
ADDED_SAMPLE(name_constraints, "551d1e", CRITICAL, "3000")
ADDED_SAMPLE(policy_mappings, "551d21", CRITICAL, "3000")
ADDED_SAMPLE(policy_constraints, "551d24", CRITICAL, "3000")
ADDED_SAMPLE(inhibit_any_policy, "551d36", CRITICAL, "020100")
ADDED_SAMPLE(proxy_cert_info, "2b0601050507010e", CRITICAL, "3000")
ADDED_SAMPLE(subject_directory_attributes, "551d09", "", "3000")
ADDED_SAMPLE(ct_poison, "2b06010401d679020403", CRITICAL, "0500")
REMOVED_SAMPLE(no_basic_constraints, BC)
REMOVED_SAMPLE(no_key_usage, KU)
REMOVED_SAMPLE(no_ext_key_usage, EKU)
REMOVED_SAMPLE(no_subject_key_identifier, SKI)
REMOVED_SAMPLE(no_authority_key_identifier, AKI)
EXTENSION_SAMPLE(critical_false, EKU, EKU_TYPE, "010100", "300a" CLIENT_AUTH)
EXTENSION_SAMPLE(eku_critical, EKU, EKU_TYPE, CRITICAL, "300a" CLIENT_AUTH)
EXTENSION_SAMPLE(bc_not_critical, BC, BC_TYPE, "", "3000")
EXTENSION_SAMPLE(ku_not_critical, KU, KU_TYPE, "", "03020780")
EXTENSION_SAMPLE(bc_ca, BC, BC_TYPE, CRITICAL, "30030101ff")
EXTENSION_SAMPLE(bc_false, BC, BC_TYPE, CRITICAL, "3003010100")
EXTENSION_SAMPLE(bc_path_len, BC, BC_TYPE, CRITICAL, "3003020100")
EXTENSION_SAMPLE(ku_cert_sign, KU, KU_TYPE, CRITICAL, "03020284")
EXTENSION_SAMPLE(ku_non_repudiation, KU, KU_TYPE, CRITICAL, "030206c0")
EXTENSION_SAMPLE(ku_padded, KU, KU_TYPE, CRITICAL, "03020080")
EXTENSION_SAMPLE(ku_empty, KU, KU_TYPE, CRITICAL, "030100")
EXTENSION_SAMPLE(eku_empty, EKU, EKU_TYPE, "", "3000")
EXTENSION_SAMPLE(eku_no_oid, EKU, EKU_TYPE, "", "30030201" "01")
EXTENSION_SAMPLE(eku_any, EKU, EKU_TYPE, "", "3010" CLIENT_AUTH "0604551d2500")
EXTENSION_SAMPLE(eku_tcg_ek, EKU, EKU_TYPE, "", "3011" CLIENT_AUTH "06056781050801")
EXTENSION_SAMPLE(eku_tcg_aik, EKU, EKU_TYPE, "", "300706056781050803")
EXTENSION_SAMPLE(eku_server, EKU, EKU_TYPE, "", "300a06082b06010505070301")
EXTENSION_SAMPLE(eku_both, EKU, EKU_TYPE, "", "3014" CLIENT_AUTH "06082b06010505070301")
EXTENSION_SAMPLE(ski_other, SKI, SKI_TYPE, "", "041400112233445566778899aabbccddeeff00112233")
EXTENSION_SAMPLE(aki_with_serial, AKI, AKI_TYPE, "", "3019801400112233445566778899aabbccddeeff00112233" "820101")
EXTENSION_SAMPLE(aki_empty, AKI, AKI_TYPE, "", "3000")
EXTENSION_SAMPLE(aki_other, AKI, AKI_TYPE, "", "3016801400112233445566778899aabbccddeeff00112234")

static void extensions_swapped(struct sample *s)
{
	struct bytes first = s->extensions[SKI];

	s->extensions[SKI] = s->extensions[AKI];
	s->extensions[AKI] = first;
}

REMOVED_SAMPLE(san_missing, SAN)

static void san_not_meant(struct sample *s)
{
	s->meant.hardware_module_type.len = 0;
	s->meant.uri = s->meant.dns = none();
}

static void uri_not_meant(struct sample *s)
{
	s->meant.uri = none();
}

static void dns_not_meant(struct sample *s)
{
	s->meant.dns = none();
}

static void module_not_meant(struct sample *s)
{
	s->meant.hardware_module_type.len = 0;
}

/* The three names with these contents. */
static void put_names(struct sample *s, struct bytes module, const char *dns, const char *uri)
{
	struct bytes two = element(s, DER_SEQUENCE, text(s, DER_PRIMITIVE_0 + 2, dns), text(s, DER_PRIMITIVE_0 + 6, uri));
	struct reader r = reader_of(two);
	struct bytes names = element(s, DER_SEQUENCE, module, der_content(&r, DER_SEQUENCE));

	s->extensions[SAN] = element(s, DER_SEQUENCE, hex(s, "0603" SAN_TYPE),
		element(s, DER_OCTET_STRING, names, none()));
}

#define MODULE_OID "06082b06010505070804"

static void module_other_serial(struct sample *s)
{
	struct bytes module = hex(s, "a01e" MODULE_OID "a012" "3010" "06072b060104018237" "0405" "534e2d3031");

	put_names(s, module, "SN-0001.example.com", "urn:example:SN-0001");
}

static void module_other_type(struct sample *s)
{
	struct bytes module = hex(s, "a020" MODULE_OID "a014" "3012" "06072b060104018238" "0407" "534e2d30303031");

	put_names(s, module, "SN-0001.example.com", "urn:example:SN-0001");
}

static void module_is_another_name(struct sample *s)
{
	struct bytes module = hex(s, "a020" "06082b06010505070803" "a014" "3012" "06072b060104018237" "0407" "534e2d30303031");

	put_names(s, module, "SN-0001.example.com", "urn:example:SN-0001");
}

static void module_empty(struct sample *s)
{
	put_names(s, hex(s, "a000"), "SN-0001.example.com", "urn:example:SN-0001");
}

static void module_with_tail(struct sample *s)
{
	struct bytes module = hex(s, "a022" MODULE_OID "a016" "3014" "06072b060104018237" "0407" "534e2d30303031" "0500");

	put_names(s, module, "SN-0001.example.com", "urn:example:SN-0001");
}

#define GOOD_MODULE "a020" MODULE_OID "a014" "3012" "06072b060104018237" "0407" "534e2d30303031"

static void dns_other(struct sample *s)
{
	put_names(s, hex(s, GOOD_MODULE), "SN-0002.example.com", "urn:example:SN-0001");
}

static void uri_other(struct sample *s)
{
	put_names(s, hex(s, GOOD_MODULE), "SN-0001.example.com", "urn:example:SN-0002");
}

static void names_in_other_order(struct sample *s)
{
	struct bytes two = element(s, DER_SEQUENCE, text(s, DER_PRIMITIVE_0 + 6, "urn:example:SN-0001"),
		text(s, DER_PRIMITIVE_0 + 2, "SN-0001.example.com"));
	struct reader r = reader_of(two);
	struct bytes names = element(s, DER_SEQUENCE, hex(s, GOOD_MODULE), der_content(&r, DER_SEQUENCE));

	s->extensions[SAN] = element(s, DER_SEQUENCE, hex(s, "0603" SAN_TYPE),
		element(s, DER_OCTET_STRING, names, none()));
}

#define MEANT_SAMPLE(function, field, words) \
	static void function(struct sample *s) \
	{ \
		s->meant.field = BYTES_OF_LITERAL(words); \
	}

MEANT_SAMPLE(dns_wildcard, dns, "*.example.com")
MEANT_SAMPLE(dns_empty_label, dns, "a..example.com")
MEANT_SAMPLE(dns_dot_last, dns, "example.com.")
MEANT_SAMPLE(dns_dot_first, dns, ".example.com")
MEANT_SAMPLE(dns_underscore, dns, "sn_1.example.com")
MEANT_SAMPLE(dns_long_label, dns, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com")
MEANT_SAMPLE(uri_without_scheme, uri, "//example.com/SN-0001")
MEANT_SAMPLE(uri_colon_first, uri, ":example")
MEANT_SAMPLE(uri_with_space, uri, "urn:example:SN 0001")
MEANT_SAMPLE(uri_with_delete, uri, "urn:example:\x7f")
MEANT_SAMPLE(uri_not_ascii, uri, "urn:example:\xc3\xa4")
MEANT_SAMPLE(crl_no_uri, crl_url, "ca.example.com")
MEANT_SAMPLE(issuer_no_uri, issuer_url, "ca.example.com")

static void dns_too_long(struct sample *s)
{
	memset(long_text, 'a', 255);
	for (size_t i = 50; i < 254; i += 51)
		long_text[i] = '.';
	s->meant.dns = bytes_of(long_text, 254);
}

#define POLICY_1 "06092b0601040182370103"
#define POLICY_2 "06092b0601040182370201"
EXTENSION_SAMPLE(policies_empty, CP, CP_TYPE, "", "3000")
EXTENSION_SAMPLE(policies_qualified, CP, CP_TYPE, "", "301c" "300d" POLICY_1 "3000" "300b" POLICY_2)
EXTENSION_SAMPLE(policies_fewer, CP, CP_TYPE, "", "300d" "300b" POLICY_1)
EXTENSION_SAMPLE(policies_swapped, CP, CP_TYPE, "", "301a" "300b" POLICY_2 "300b" POLICY_1)
EXTENSION_SAMPLE(policies_more, CP, CP_TYPE, "", "3026" "300b" POLICY_1 "300b" POLICY_2 "300a" "06082b06010401823703")
REMOVED_SAMPLE(policies_missing, CP)

static void policy_any(struct sample *s)
{
	s->meant.policies[1] = any_policy;
}

static void policy_twice(struct sample *s)
{
	s->meant.policies[1] = policy_1;
}

static void no_policy_meant(struct sample *s)
{
	s->meant.policy_count = 0;
}

#define URL "8605" "7572" "6e" "3a" "61" /* urn:a */
EXTENSION_SAMPLE(crl_with_reasons, CDP, CDP_TYPE, "", "3011" "300f" "a009" "a007" URL "81020640")
EXTENSION_SAMPLE(crl_two_points, CDP, CDP_TYPE, "", "301a" "300b" "a009" "a007" URL "300b" "a009" "a007" URL)
EXTENSION_SAMPLE(crl_two_urls, CDP, CDP_TYPE, "", "3014" "3012" "a010" "a00e" URL URL)
EXTENSION_SAMPLE(crl_empty, CDP, CDP_TYPE, "", "3000")
EXTENSION_SAMPLE(crl_other, CDP, CDP_TYPE, "", "300d" "300b" "a009" "a007" URL)
REMOVED_SAMPLE(crl_missing, CDP)

static void crl_not_meant(struct sample *s)
{
	s->meant.crl_url = none();
}

EXTENSION_SAMPLE(issuer_ocsp, AIA, AIA_TYPE, "", "3013" "3011" "06082b06010505073001" URL)
EXTENSION_SAMPLE(issuer_and_ocsp, AIA, AIA_TYPE, "", "3026" "3011" "06082b06010505073002" URL
	"3011" "06082b06010505073001" URL)
EXTENSION_SAMPLE(issuer_url_other, AIA, AIA_TYPE, "", "3013" "3011" "06082b06010505073002" URL)
REMOVED_SAMPLE(issuer_missing, AIA)

static void issuer_not_meant(struct sample *s)
{
	s->meant.issuer_url = none();
}

/* Which lint refuses what: meant so before it is written; changed so afterwards. */
static const struct row {
	const char *lint;
	void (*mean)(struct sample *);
	void (*change)(struct sample *);
} rows[] = {
	{ "size", mean_2561_octets, NULL },
	{ "der_strict", NULL, padded_length },
	{ "tbs_frame", NULL, no_spki },
	{ "tbs_frame", NULL, something_after_extensions },
	{ "version", NULL, version_2 },
	{ "version", NULL, version_1 },
	{ "version", NULL, version_twice },
	{ "no_issuer_unique_id", NULL, with_issuer_unique_id },
	{ "no_subject_unique_id", NULL, with_subject_unique_id },
	{ "number_len", number_of_15, NULL },
	{ "number_len", number_of_17, NULL },
	{ "number_positive", number_with_low_start, NULL },
	{ "number_positive", NULL, number_negative },
	{ "number_exact", NULL, number_other },
	{ "signature_algorithm_known", signed_with_sha1, NULL },
	{ "signature_algorithm_known", signed_with_null_parameters, NULL },
	{ "signature_algorithm_exact", NULL, signed_otherwise },
	{ "issuer_not_empty", empty_issuer, NULL },
	{ "issuer_exact", NULL, other_issuer },
	{ "validity_frame", NULL, third_time },
	{ "validity_frame", NULL, one_time },
	{ "not_before_form", NULL, before_without_seconds },
	{ "not_before_form", NULL, before_with_zone },
	{ "not_before_form", NULL, before_with_fraction },
	{ "not_before_form", NULL, before_no_day },
	{ "not_before_form", NULL, before_leap_second },
	{ "not_before_form", NULL, before_no_month },
	{ "not_before_form", NULL, before_no_time },
	{ "not_before_form", NULL, before_small_z },
	{ "not_before_form", NULL, before_no_digit },
	{ "not_after_form", NULL, after_no_digit },
	{ "not_before_type", NULL, before_generalized },
	{ "not_after_form", NULL, after_with_fraction },
	{ "not_after_form", NULL, after_no_hour },
	{ "not_after_type", NULL, after_generalized },
	{ "validity_order", ends_before_it_begins, NULL },
	{ "not_before_within_ca", NULL, begins_before_the_ca },
	{ "not_before_within_ca", NULL, before_1950 },
	{ "not_after_within_ca", NULL, ends_after_the_ca },
	{ "not_before_exact", NULL, begins_a_second_late },
	{ "not_after_exact", NULL, ends_a_second_early },
	{ "subject_frame", NULL, rdn_with_tail },
	{ "subject_frame", NULL, rdn_is_no_set },
	{ "subject_frame", NULL, many_rdns },
	{ "subject_single_valued", NULL, two_in_one },
	{ "subject_attributes", NULL, empty_subject },
	{ "subject_attributes", NULL, no_unit },
	{ "subject_attributes", NULL, no_common_name },
	{ "subject_attributes", NULL, other_order },
	{ "subject_attributes", NULL, serial_twice },
	{ "subject_attributes", NULL, unit_not_meant },
	{ "organization_type", NULL, organization_printable },
	{ "organization_type", NULL, organization_not_utf8 },
	{ "organization_len", long_organization, NULL },
	{ "organization_len", no_organization, NULL },
	{ "organization_exact", NULL, organization_other },
	{ "organizational_unit_type", NULL, unit_printable },
	{ "organizational_unit_len", long_unit, NULL },
	{ "organizational_unit_len", NULL, unit_empty },
	{ "organizational_unit_exact", NULL, unit_other },
	{ "serial_number_type", NULL, serial_utf8 },
	{ "serial_number_form", serial_lower_case, NULL },
	{ "serial_number_form", serial_of_64, NULL },
	{ "serial_number_exact", NULL, serial_other },
	{ "common_name_type", NULL, common_name_printable },
	{ "common_name_is_serial", NULL, common_name_other },
	{ "subject_is_not_issuer", NULL, subject_of_the_ca },
	{ "spki_frame", NULL, key_with_unused_bits },
	{ "spki_frame", NULL, key_with_tail },
	{ "spki_algorithm", NULL, rsa_without_null },
	{ "spki_algorithm", NULL, curve_secp256k1 },
	{ "spki_point", NULL, point_compressed },
	{ "spki_point", NULL, point_hybrid },
	{ "spki_point", NULL, point_of_p384_size },
	{ "spki_modulus", NULL, modulus_even },
	{ "spki_modulus", NULL, modulus_low },
	{ "spki_modulus", NULL, modulus_small },
	{ "spki_modulus", NULL, rsa_with_tail },
	{ "spki_exponent", NULL, exponent_other },
	{ "spki_is_not_ca", NULL, key_of_the_ca },
	{ "spki_is_not_ca", NULL, key_of_the_ca_spelt_otherwise },
	{ "spki_is_not_ek", NULL, key_of_the_ek },
	{ "spki_exact", NULL, key_other },
	{ "extensions_frame", NULL, extension_with_tail },
	{ "extensions_frame", NULL, extension_without_value },
	{ "extensions_frame", NULL, seventeen_extensions },
	{ "extensions_strict", NULL, value_with_tail },
	{ "extensions_strict", NULL, value_empty },
	{ "extensions_strict", NULL, value_padded },
	{ "extensions_once", NULL, eku_twice },
	{ "extensions_none_of_a_ca", NULL, name_constraints },
	{ "extensions_none_of_a_ca", NULL, policy_mappings },
	{ "extensions_none_of_a_ca", NULL, policy_constraints },
	{ "extensions_none_of_a_ca", NULL, inhibit_any_policy },
	{ "extensions_none_of_a_ca", NULL, proxy_cert_info },
	{ "extensions_known", NULL, subject_directory_attributes },
	{ "extensions_known", NULL, ct_poison },
	{ "extensions_required", NULL, no_basic_constraints },
	{ "extensions_required", NULL, no_key_usage },
	{ "extensions_required", NULL, no_ext_key_usage },
	{ "extensions_required", NULL, no_subject_key_identifier },
	{ "extensions_required", NULL, no_authority_key_identifier },
	{ "extensions_order", NULL, extensions_swapped },
	{ "critical_default", NULL, critical_false },
	{ "critical_exact", NULL, eku_critical },
	{ "critical_exact", NULL, bc_not_critical },
	{ "critical_exact", NULL, ku_not_critical },
	{ "basic_constraints", NULL, bc_ca },
	{ "basic_constraints", NULL, bc_false },
	{ "basic_constraints", NULL, bc_path_len },
	{ "key_usage", NULL, ku_cert_sign },
	{ "key_usage", NULL, ku_non_repudiation },
	{ "key_usage", NULL, ku_padded },
	{ "key_usage", NULL, ku_empty },
	{ "ext_key_usage_frame", NULL, eku_empty },
	{ "ext_key_usage_frame", NULL, eku_no_oid },
	{ "ext_key_usage_not_any", NULL, eku_any },
	{ "ext_key_usage_not_tcg", NULL, eku_tcg_ek },
	{ "ext_key_usage_not_tcg", NULL, eku_tcg_aik },
	{ "ext_key_usage_client_auth", NULL, eku_server },
	{ "ext_key_usage_client_auth", NULL, eku_both },
	{ "subject_key_identifier_is_hash", NULL, ski_other },
	{ "authority_key_identifier_frame", NULL, aki_with_serial },
	{ "authority_key_identifier_frame", NULL, aki_empty },
	{ "authority_key_identifier_exact", NULL, aki_other },
	{ "subject_alt_name_presence", NULL, san_missing },
	{ "subject_alt_name_presence", NULL, san_not_meant },
	{ "subject_alt_name_kinds", NULL, uri_not_meant },
	{ "subject_alt_name_kinds", NULL, dns_not_meant },
	{ "subject_alt_name_kinds", NULL, module_not_meant },
	{ "subject_alt_name_kinds", NULL, names_in_other_order },
	{ "hardware_module_name", NULL, module_other_serial },
	{ "hardware_module_name", NULL, module_other_type },
	{ "hardware_module_name", NULL, module_is_another_name },
	{ "hardware_module_name", NULL, module_empty },
	{ "hardware_module_name", NULL, module_with_tail },
	{ "dns_name_form", dns_wildcard, NULL },
	{ "dns_name_form", dns_empty_label, NULL },
	{ "dns_name_form", dns_dot_last, NULL },
	{ "dns_name_form", dns_dot_first, NULL },
	{ "dns_name_form", dns_underscore, NULL },
	{ "dns_name_form", dns_long_label, NULL },
	{ "dns_name_form", dns_too_long, NULL },
	{ "dns_name_exact", NULL, dns_other },
	{ "uri_form", uri_without_scheme, NULL },
	{ "uri_form", uri_colon_first, NULL },
	{ "uri_form", uri_with_space, NULL },
	{ "uri_form", uri_with_delete, NULL },
	{ "uri_form", uri_not_ascii, NULL },
	{ "uri_exact", NULL, uri_other },
	{ "policies_frame", NULL, policies_empty },
	{ "policies_frame", NULL, policies_qualified },
	{ "policies_not_any", policy_any, NULL },
	{ "policies_once", policy_twice, NULL },
	{ "policies_exact", NULL, policies_fewer },
	{ "policies_exact", NULL, policies_swapped },
	{ "policies_exact", NULL, policies_more },
	{ "policies_exact", NULL, policies_missing },
	{ "policies_exact", NULL, no_policy_meant },
	{ "crl_distribution_point_frame", NULL, crl_with_reasons },
	{ "crl_distribution_point_frame", NULL, crl_two_points },
	{ "crl_distribution_point_frame", NULL, crl_two_urls },
	{ "crl_distribution_point_frame", NULL, crl_empty },
	{ "crl_distribution_point_frame", crl_no_uri, NULL },
	{ "crl_distribution_point_exact", NULL, crl_other },
	{ "crl_distribution_point_exact", NULL, crl_missing },
	{ "crl_distribution_point_exact", NULL, crl_not_meant },
	{ "authority_info_access_frame", NULL, issuer_ocsp },
	{ "authority_info_access_frame", NULL, issuer_and_ocsp },
	{ "authority_info_access_frame", issuer_no_uri, NULL },
	{ "authority_info_access_exact", NULL, issuer_url_other },
	{ "authority_info_access_exact", NULL, issuer_missing },
	{ "authority_info_access_exact", NULL, issuer_not_meant },
};
enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

/* Lints the sample after both steps; saw is empty where it passed. */
static void lint_sample(void (*mean)(struct sample *), void (*change)(struct sample *), char saw[SAW_MAX + 1])
{
	struct sample s = { 0 };
	struct refusal refusal = { 0 };
	uint8_t buffer[TBS_MAX];

	mean_everything(&s);
	if (mean != NULL)
		mean(&s);
	write_parts(&s);
	if (change != NULL)
		change(&s);
	bool is_good = lint_certificate(join(&s, buffer, sizeof(buffer)), &s.context, &refusal);
	assert_int_equal(is_good, refusal.check != CHECK_CERTIFICATE_LINT);
	memcpy(saw, refusal.saw, SAW_MAX + 1);
}

static void test_each_lint(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		char saw[SAW_MAX + 1], start[64];

		lint_sample(rows[i].mean, rows[i].change, saw);
		(void)snprintf(start, sizeof(start), "%s (", rows[i].lint);
		if (strncmp(saw, start, strlen(start)) != 0)
			fail_msg("sample %zu: %s did not refuse it, but: %s", i, rows[i].lint, saw);
	}
}

static void test_each_has_a_sample(void **state)
{
	size_t count = 0;

	(void)state;
	for (; lint_name(count) != NULL; count++) {
		size_t samples = 0;

		for (size_t i = 0; i < ROW_COUNT; i++)
			samples += strcmp(rows[i].lint, lint_name(count)) == 0;
		if (samples == 0)
			fail_msg("no sample for %s", lint_name(count));
		for (size_t i = 0; i < count; i++)
			assert_string_not_equal(lint_name(i), lint_name(count));
	}
	assert_true(count >= 40);
}

/* ---- what must pass ---- */

static void mean_little(struct sample *s)
{
	s->meant.organizational_unit = s->meant.uri = s->meant.dns = none();
	s->meant.hardware_module_type.len = 0;
	s->meant.policy_count = 0;
	s->meant.crl_url = s->meant.issuer_url = none();
}

static void mean_rsa(struct sample *s)
{
	s->meant.spki = hex(s, SPKI_RSA2048("00c1", "c1", "010001"));
	s->meant.signature_algorithm = hex(s, "300d06092a864886f70d01010b0500");
}

static void mean_p384(struct sample *s)
{
	s->meant.spki = hex(s, "3076" "301006072a8648ce3d020106052b81040022" "036200" "04" X16("11") X16("11")
		X16("11") X16("11") X16("11") X16("11"));
	s->meant.signature_algorithm = hex(s, "300a06082a8648ce3d040303");
}

/* Over the border between the two kinds of time (RFC 5280, 4.1.2.5): 2049-12-31 and 2050-01-01. */
static void mean_2050(struct sample *s)
{
	s->meant.not_before_s = 2524607999;
	s->context.ca_not_after_s = s->meant.not_after_s = 2524608000;
}

static void mean_longest_texts(struct sample *s)
{
	static char organization[64], serial[63];

	memset(organization, 'O', sizeof(organization));
	memset(serial, 'S', sizeof(serial));
	s->meant.organization = s->meant.organizational_unit = bytes_of(organization, sizeof(organization));
	s->meant.serial = bytes_of(serial, sizeof(serial));
}

static void mean_shortest_texts(struct sample *s)
{
	s->meant.organization = BYTES_OF_LITERAL("O");
	s->meant.organizational_unit = BYTES_OF_LITERAL("U");
	s->meant.serial = BYTES_OF_LITERAL("A");
}

static void mean_highest_number(struct sample *s)
{
	s->meant.number = hex(s, "7fffffffffffffffffffffffffffffff");
}

/* Both ends are in it: a certificate of one second. */
static void mean_one_second(struct sample *s)
{
	s->meant.not_after_s = NOT_BEFORE;
}

/* Of the names each alone; each at its longest, with every character at the ends of its ranges. */
static void mean_only_module(struct sample *s)
{
	s->meant.uri = s->meant.dns = none();
}

static void mean_only_uri(struct sample *s)
{
	s->meant.hardware_module_type.len = 0;
	s->meant.dns = none();
	s->meant.uri = BYTES_OF_LITERAL("a:!~");
}

static void mean_only_dns(struct sample *s)
{
	static char dns[253];

	memset(dns, 'a', sizeof(dns));
	dns[63] = dns[127] = dns[191] = '.'; /* three labels of 63 octets and one of 61 */
	memcpy(dns, "azAZ09-", 7);
	s->meant.hardware_module_type.len = 0;
	s->meant.uri = none();
	s->meant.dns = bytes_of(dns, sizeof(dns));
}

static void mean_rsa4096(struct sample *s)
{
	static uint8_t spki[550] = { 0x30, 0x82, 0x02, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
		0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x82, 0x02, 0x0f, 0x00, 0x30, 0x82, 0x02, 0x0a, 0x02, 0x82, 0x02, 0x01,
		0x00, [545] = 0x02, 0x03, 0x01, 0x00, 0x01 };

	memset(spki + 33, 0xc5, RSA_MODULUS_MAX);
	s->meant.spki = BYTES_OF_ARRAY(spki);
}

static void test_good(void **state)
{
	static void (*const means[])(struct sample *) = { NULL, mean_little, mean_rsa, mean_p384, mean_2050,
		mean_longest_texts, mean_shortest_texts, mean_only_module, mean_only_uri, mean_only_dns, mean_rsa4096,
		mean_2560_octets, mean_highest_number, mean_one_second };

	(void)state;
	for (size_t i = 0; i < sizeof(means) / sizeof(means[0]); i++) {
		char saw[SAW_MAX + 1];

		lint_sample(means[i], NULL, saw);
		assert_string_equal(saw, "");
	}
}

/* ---- no octet is left open ---- */

static void test_every_bit(void **state)
{
	struct sample s = { 0 };
	uint8_t buffer[TBS_MAX];

	(void)state;
	mean_everything(&s);
	write_parts(&s);
	struct bytes tbs = join(&s, buffer, sizeof(buffer));
	for (size_t i = 0; i < tbs.len * 8; i++) {
		struct refusal refusal = { 0 };

		buffer[i / 8] ^= (uint8_t)(1 << i % 8);
		if (lint_certificate(tbs, &s.context, &refusal))
			fail_msg("bit %zu of octet %zu is open", i % 8, i / 8);
		assert_int_equal(refusal.check, CHECK_CERTIFICATE_LINT);
		buffer[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

/* In memory of exactly that size, so that a read past the end is found where there is a checker. */
static void test_truncated(void **state)
{
	struct sample s = { 0 };
	uint8_t buffer[TBS_MAX];
	struct refusal refusal;

	(void)state;
	mean_everything(&s);
	write_parts(&s);
	struct bytes tbs = join(&s, buffer, sizeof(buffer));
	for (size_t len = 0; len < tbs.len; len++) {
		uint8_t *cut = test_malloc(len + 1);

		memcpy(cut, tbs.data, len);
		assert_false(lint_certificate(bytes_of(cut, len), &s.context, &refusal));
		test_free(cut);
	}
	buffer[tbs.len] = 0;
	assert_false(lint_certificate(bytes_of(buffer, tbs.len + 1), &s.context, &refusal));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_good), cmocka_unit_test(test_each_lint),
		cmocka_unit_test(test_each_has_a_sample), cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_truncated) };

	return cmocka_run_group_tests_name("lint", tests, NULL, NULL);
}
