/* From facts to a signed certificate: what the authority's own materials decide about it. */
#include "certificate.h"

#include "sample_ca.h"
#include "sample_materials.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

static struct materials materials; /* large */
static struct certificate_draft draft;
static EVP_PKEY *ca_key;

static const char *const configuration_text = "[ca]\nname = Example\n";

static int open_materials(void **state)
{
	const char *text = *state != NULL ? *state : configuration_text;

	ca_key = sample_key_make("P-256", 0);
	sample_materials_open(&materials, text, ca_key);
	return 0;
}

static int close_materials(void **state)
{
	(void)state;
	materials_close(&materials);
	EVP_PKEY_free(ca_key);
	return 0;
}

/* The check that refused; 0 where a draft was made. */
static uint16_t draft_at(const struct facts *facts, uint64_t now_s, struct refusal *refusal)
{
	struct areas areas;

	memset(refusal, 0, sizeof(*refusal));
	assert_int_equal(areas_write(facts, &areas), FAULT_NONE);
	bool is_made = certificate_draft_write(&materials, facts, &areas, now_s, &draft, refusal);
	assert_int_equal(is_made, refusal->check == 0);
	return refusal->check;
}

static X509 *issue(const struct facts *facts)
{
	struct refusal refusal;
	static uint8_t buffer[CERTIFICATE_MAX];
	struct bytes der;

	assert_int_equal(draft_at(facts, SAMPLE_NOW, &refusal), 0);
	assert_true(certificate_sign(&materials, &draft, buffer, sizeof(buffer), &der, &refusal));
	const unsigned char *cursor = der.data;
	X509 *certificate = d2i_X509(NULL, &cursor, (long)der.len);
	assert_non_null(certificate);
	assert_int_equal(X509_verify(certificate, ca_key), 1);
	return certificate;
}

static void test_draft(void **state)
{
	struct facts facts = sample_facts();
	struct refusal refusal;
	uint8_t digest[32];

	(void)state;
	assert_int_equal(draft_at(&facts, SAMPLE_NOW, &refusal), 0);
	assert_true(draft.not_before_s == SAMPLE_NOW - 300);
	assert_true(draft.not_after_s == SAMPLE_NOW - 300 + 365 * 86400 - 1); /* both seconds are in it */
	assert_int_equal(EVP_Digest(draft.tbs_buffer, draft.tbs_len, digest, NULL, EVP_sha256(), NULL), 1);
	assert_memory_equal(digest, draft.tbs_digest, 32);
}

/* PROTOCOL: 16 random octets, the first & 7F | 40: never two the same, never a short or negative one. */
static void test_numbers(void **state)
{
	struct facts facts = sample_facts();
	uint8_t seen[64][CERTIFICATE_NUMBER_SIZE], ones[CERTIFICATE_NUMBER_SIZE] = { 0 };
	struct refusal refusal;

	(void)state;
	for (size_t i = 0; i < 64; i++) {
		assert_int_equal(draft_at(&facts, SAMPLE_NOW, &refusal), 0);
		assert_int_equal(draft.number[0] & 0xc0, 0x40);
		memcpy(seen[i], draft.number, sizeof(seen[i]));
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(seen[j], seen[i], sizeof(seen[i]));
		for (size_t j = 0; j < CERTIFICATE_NUMBER_SIZE; j++)
			ones[j] |= draft.number[j];
	}
	assert_int_equal(ones[0], 0x7f);
	for (size_t j = 1; j < CERTIFICATE_NUMBER_SIZE; j++)
		assert_int_equal(ones[j], 0xff); /* fails by chance once in 10^17 */
}

static void test_issued(void **state)
{
	struct facts facts = sample_facts();
	X509 *certificate = issue(&facts);
	const ASN1_INTEGER *number = X509_get0_serialNumber(certificate);

	(void)state;
	assert_memory_equal(ASN1_STRING_get0_data(number), draft.number, CERTIFICATE_NUMBER_SIZE);
	assert_int_equal(X509_check_issued(materials.ca_certificates[0], certificate), X509_V_OK);
	assert_int_equal(X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1), -1);
	X509_free(certificate);
}

/* A certificate does not begin before its CA: a CA that is a minute old. */
static void test_young_ca(void **state)
{
	struct facts facts = sample_facts();
	struct refusal refusal;

	(void)state;
	materials.ca_not_before_s = SAMPLE_NOW - 60;
	assert_int_equal(draft_at(&facts, SAMPLE_NOW, &refusal), 0);
	assert_true(draft.not_before_s == SAMPLE_NOW - 60);
}

static void test_ca_validity(void **state)
{
	struct facts facts = sample_facts();
	struct refusal refusal;
	uint64_t ends = SAMPLE_NOW - 300 + 365 * 86400 - 1;

	(void)state;
	materials.ca_not_after_s = ends;
	assert_int_equal(draft_at(&facts, SAMPLE_NOW, &refusal), 0);
	materials.ca_not_after_s = ends - 1;
	assert_int_equal(draft_at(&facts, SAMPLE_NOW, &refusal), CHECK_CA_VALIDITY);
}

static void test_clock(void **state)
{
	struct facts facts = sample_facts();
	struct refusal refusal;

	(void)state;
	assert_int_equal(draft_at(&facts, GENUINE_RELEASE_TIME - 1, &refusal), CHECK_CLOCK);
	assert_int_equal(draft_at(&facts, 0, &refusal), CHECK_CLOCK);
	assert_int_equal(draft_at(&facts, GENUINE_RELEASE_TIME, &refusal), 0);
}

/* What the lint alone stands in the way of: a key of the CA's own, or of the device's EK. */
static void test_lint_is_asked(void **state)
{
	struct facts facts = sample_facts();
	struct refusal refusal;

	(void)state;
	facts.ik = sample_numbers_of(ca_key, TEMPLATE_IK_P256);
	assert_int_equal(draft_at(&facts, SAMPLE_NOW, &refusal), CHECK_CERTIFICATE_LINT);
	assert_non_null(strstr(refusal.saw, "spki_is_not_ca"));
	facts = sample_facts();
	facts.ik = facts.ek;
	facts.ik.template = TEMPLATE_IK_P256;
	assert_int_equal(draft_at(&facts, SAMPLE_NOW, &refusal), CHECK_CERTIFICATE_LINT);
	assert_non_null(strstr(refusal.saw, "spki_is_not_ek"));
	facts = sample_facts();
	facts.profile[0] = 'x';
	assert_int_equal(draft_at(&facts, SAMPLE_NOW, &refusal), CHECK_CERTIFICATE_LINT);
}

/* [arc].1.trust and [arc].2.binding; residency only where a vendor's chain was verified. */
static void test_policies(void **state)
{
	static const struct {
		enum trust trust;
		enum binding binding;
		const char *policies[4];
		int count;
	} rows[] = {
		{ TRUST_BOTH, BINDING_MANIFEST, { "2.25.303619253884221164867571385486340110917.1.3",
			"2.25.303619253884221164867571385486340110917.2.1", "2.23.133.11.1.1", "2.23.133.11.1.2" }, 4 },
		{ TRUST_VENDOR, BINDING_ENDORSEMENT, { "2.25.303619253884221164867571385486340110917.1.1",
			"2.25.303619253884221164867571385486340110917.2.2", "2.23.133.11.1.1", "2.23.133.11.1.2" }, 4 },
		{ TRUST_MANIFEST, BINDING_FIRST, { "2.25.303619253884221164867571385486340110917.1.2",
			"2.25.303619253884221164867571385486340110917.2.3" }, 2 },
	};
	struct facts facts = sample_facts();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		materials.configuration.trust = rows[i].trust;
		materials.configuration.binding = rows[i].binding;
		X509 *certificate = issue(&facts);
		CERTIFICATEPOLICIES *policies = X509_get_ext_d2i(certificate, NID_certificate_policies, NULL, NULL);

		assert_int_equal(sk_POLICYINFO_num(policies), rows[i].count);
		for (int j = 0; j < rows[i].count; j++) {
			char text[80];

			assert_true(OBJ_obj2txt(text, sizeof(text), sk_POLICYINFO_value(policies, j)->policyid, 1) > 0);
			assert_string_equal(text, rows[i].policies[j]);
		}
		CERTIFICATEPOLICIES_free(policies);
		X509_free(certificate);
	}
}

/* Names of the profile, with the serial in its place; and where lists and issuer are. */
static void test_profile(void **state)
{
	struct facts facts = sample_facts();
	X509 *certificate = issue(&facts);
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	static const char dns[] = "SN-0001.devices.example.com", uri[] = "urn:example:SN-0001:device";

	(void)state;
	assert_int_equal(sk_GENERAL_NAME_num(names), 3);
	const ASN1_STRING *first = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, 1), NULL);
	const ASN1_STRING *second = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, 2), NULL);
	assert_memory_equal(ASN1_STRING_get0_data(first), dns, sizeof(dns) - 1);
	assert_memory_equal(ASN1_STRING_get0_data(second), uri, sizeof(uri) - 1);
	assert_true(X509_get_ext_by_NID(certificate, NID_crl_distribution_points, -1) >= 0);
	assert_true(X509_get_ext_by_NID(certificate, NID_info_access, -1) >= 0);
	assert_true(draft.not_after_s - draft.not_before_s == 30 * 86400 - 1);
	GENERAL_NAMES_free(names);
	X509_free(certificate);
}

/* The longest texts that a configuration takes, the longest serial, the largest key: not too much. */
static void test_longest(void **state)
{
#define ARC_OF_64 "2.25.303619253884221164867571385486340110917.1.1.1.1.1.1.1.1.1.1"
	static const char format[] = "[ca]\nname = %064d\npolicy_arc = " ARC_OF_64 "\ncrl_url = http://%0121d\n"
		"issuer_url = http://%0121d\n[profile device]\norganization = %064d\norganizational_unit = %064d\n"
		"hardware_module_type = " ARC_OF_64 "\nuri = urn:{serial}%0116d\ndns = {serial}.%057d.%061d\n";
	static char text[2048];
	struct facts facts = sample_facts();
	struct refusal refusal;

	assert_in_range(snprintf(text, sizeof(text), format, 0, 0, 0, 0, 0, 0, 0, 0), 1, sizeof(text) - 1);
	ca_key = sample_key_make("P-256", 0);
	sample_materials_open(&materials, text, ca_key);
	memset(facts.serial, 'S', SERIAL_MAX);
	facts.ik = (struct tpm_key){ .template = TEMPLATE_IK_RSA4096, .a_len = RSA_MODULUS_MAX };
	memset(facts.ik.a, 0xc1, RSA_MODULUS_MAX);
	assert_int_equal(draft_at(&facts, SAMPLE_NOW, &refusal), 0);
	assert_in_range(draft.tbs_len, 2000, 2300);
	(void)close_materials(state);
}

/* Without room for it there is none. */
static void test_no_room(void **state)
{
	struct facts facts = sample_facts();
	struct refusal refusal;
	uint8_t buffer[CERTIFICATE_MAX];
	struct bytes der = { NULL, 99 };

	(void)state;
	assert_int_equal(draft_at(&facts, SAMPLE_NOW, &refusal), 0);
	assert_false(certificate_sign(&materials, &draft, buffer, 100, &der, &refusal));
	assert_int_equal(refusal.check, CHECK_CERTIFICATE_SIGNATURE);
	assert_int_equal(der.len, 99);
}

int main(void)
{
	static char profile_text[] = "[ca]\nname = Example\ncrl_url = http://ca.example.com/v1/crl\n"
		"issuer_url = http://ca.example.com/v1/ca\n[profile device]\norganization = Example\nvalidity_days = 30\n"
		"hardware_module_type = 1.3.6.1.4.1.55555.1\nuri = urn:example:{serial}:device\n"
		"dns = {serial}.devices.example.com\n";
#define WITH_MATERIALS(test) cmocka_unit_test_setup_teardown(test, open_materials, close_materials)
	const struct CMUnitTest tests[] = { WITH_MATERIALS(test_draft), WITH_MATERIALS(test_numbers),
		WITH_MATERIALS(test_issued), WITH_MATERIALS(test_young_ca), WITH_MATERIALS(test_ca_validity),
		WITH_MATERIALS(test_clock), WITH_MATERIALS(test_lint_is_asked), WITH_MATERIALS(test_policies),
		cmocka_unit_test_prestate_setup_teardown(test_profile, open_materials, close_materials, profile_text),
		cmocka_unit_test(test_longest), WITH_MATERIALS(test_no_room) };

	return cmocka_run_group_tests_name("certificate", tests, NULL, NULL);
}
