#include "judgement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Real EK certificates: every one of the corpus is put to the checks under anchors that are the
 * corpus' own roots and intermediates, once without marks, once with ek-only, once with sha1 as
 * well. The index says which must pass and why the others must not. Where the corpus is not there
 * (GENUINE_TEST_DATA, default ../shared), the test says so and is skipped.
 */
enum { CERTIFICATE_OCTETS_MAX = 16384, LINE_MAX_LEN = 4096, FIELD_COUNT = 4 };
enum { FIELD_FILE, FIELD_KIND, FIELD_EXPECTED, FIELD_REASON };
enum { MARKS_NONE, MARKS_EK_ONLY, MARKS_SHA1, MARKS_COUNT };

static const char *const marks_of[MARKS_COUNT] = { "", "ek-only", "ek-only,sha1" };

struct row {
	char text[LINE_MAX_LEN];
	const char *fields[FIELD_COUNT];
};

struct count {
	size_t asked, passed;
};

static struct policy *policies[MARKS_COUNT];
static struct count imported, plain, ek_only, sha1, refused, aik, emulated;

static const char *corpus(void)
{
	const char *data = getenv("GENUINE_TEST_DATA");
	static char folder[1024];

	(void)snprintf(folder, sizeof(folder), "%s/ekcerts", data != NULL ? data : TEST_DATA_DEFAULT);
	return folder;
}

static FILE *open_in_corpus(const char *name)
{
	char path[2048];

	(void)snprintf(path, sizeof(path), "%s/%s", corpus(), name);
	return fopen(path, "rb");
}

/* The first fields of a line of CSV; a field in quotation marks may hold commas. */
static void split(struct row *row)
{
	char *at = row->text;

	for (size_t i = 0; i < FIELD_COUNT; i++) {
		char end = *at == '"' ? '"' : ',';

		at += end == '"';
		row->fields[i] = at;
		while (*at != '\0' && *at != end)
			at++;
		if (*at != '\0')
			*at++ = '\0';
		if (end == '"' && *at == ',')
			at++;
	}
}

static void for_each_row(void (*act)(const struct row *, struct bytes der))
{
	static struct row row;
	static uint8_t octets[CERTIFICATE_OCTETS_MAX];
	FILE *index = open_in_corpus("index.csv");

	assert_non_null(fgets(row.text, sizeof(row.text), index)); /* the header line */
	while (fgets(row.text, sizeof(row.text), index) != NULL) {
		split(&row);
		FILE *file = open_in_corpus(row.fields[FIELD_FILE]);

		assert_non_null(file);
		size_t len = fread(octets, 1, sizeof(octets), file);

		(void)fclose(file);
		act(&row, bytes_of(octets, len));
	}
	(void)fclose(index);
}

static bool is(const struct row *row, size_t field, const char *text)
{
	return strcmp(row->fields[field], text) == 0;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static void import(const struct row *row, struct bytes der)
{
	if (!is(row, FIELD_KIND, "root") && !is(row, FIELD_KIND, "intermediate"))
		return;
	enum fault fault = FAULT_NONE;

	for (size_t i = 0; i < MARKS_COUNT; i++)
		fault = trust_add_anchor(policies[i]->trust, bytes_of_string(marks_of[i]), der);
	imported.asked++;
	imported.passed += fault == FAULT_NONE;
	if (fault != FAULT_NONE)
		print_message("# not imported: %s: %s\n", row->fields[FIELD_FILE], fault_text(fault));
}

static struct bytes number_of(EVP_PKEY *key, const char *name, uint8_t *out)
{
	BIGNUM *number = NULL;

	if (EVP_PKEY_get_bn_param(key, name, &number) != 1)
		return bytes_of(NULL, 0);
	int len = BN_bn2bin(number, out);

	BN_free(number);
	return bytes_of(out, (size_t)len);
}

/* The EK whose certificate it is, as OpenSSL reads its numbers: the other end of CHECK 31. */
static void take_key(struct judgement *judgement)
{
	struct tpm_key *key = &judgement->ek.key;
	EVP_PKEY *spki = X509_get0_pubkey(judgement->ek_certificate);
	bool is_rsa = spki == NULL || EVP_PKEY_is_a(spki, "RSA");
	unsigned bits = spki == NULL ? 2048 : (unsigned)EVP_PKEY_get_bits(spki);

	judgement->ek.row = template_row(is_rsa ? TEMPLATE_EK_L1 :
		bits == 256 ? TEMPLATE_EK_L2 : bits == 384 ? TEMPLATE_EK_H3 : TEMPLATE_EK_H4);
	if (spki == NULL)
		return; /* RSAES-OAEP: OpenSSL reads no key; has its own test in test_judge.c */
	key->a_len = (uint16_t)number_of(spki, is_rsa ? "n" : OSSL_PKEY_PARAM_EC_PUB_X, key->a).len;
	if (!is_rsa)
		key->b_len = (uint16_t)number_of(spki, OSSL_PKEY_PARAM_EC_PUB_Y, key->b).len;
	struct refusal refusal = { 0 };

	assert_true(check_ek_certificate_key(judgement, &refusal));
	key->a[key->a_len - 1] ^= 1;
	assert_false(check_ek_certificate_key(judgement, &refusal));
}

/* The first check of the certificate that refuses it; -1 where none does. */
static int judge_certificate(const struct policy *policy, struct bytes der, struct refusal *refusal)
{
	static evidence_check *const checks[] = {
		check_ek_certificate_der, check_ek_certificate_not_ca, check_ek_certificate_key_usage,
		check_ek_certificate_chain, check_ek_certificate_algorithm, check_ek_certificate_eku,
		check_ek_certificate_time, check_ek_certificate_manufacturer,
		check_ek_certificate_revoked,
	};
	struct evidence evidence = { .has_ek_certificate = true, .ek_certificate = der };
	struct judgement judgement = { .policy = policy, .evidence = &evidence, .now_s = 1795392000 };
	int refused_by = -1;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && refused_by < 0; i++) {
		if (!checks[i](&judgement, refusal))
			refused_by = refusal->check;
	}
	if (judgement.ek_certificate != NULL && refused_by < 0)
		take_key(&judgement);
	X509_free(judgement.ek_certificate);
	return refused_by;
}

static void expect(const struct row *row, struct bytes der, size_t marks, bool is_accepted,
	struct count *count)
{
	struct refusal refusal = { 0 };
	bool is_passed = judge_certificate(policies[marks], der, &refusal) < 0;

	count->asked++;
	count->passed += is_passed == is_accepted;
	if (is_passed != is_accepted)
		print_message("# %s, marks \"%s\": %s %s\n", row->fields[FIELD_FILE], marks_of[marks],
			is_passed ? "accepted" : check_row(refusal.check)->name, refusal.saw);
}

static void judge_row(const struct row *row, struct bytes der)
{
	const char *reason = row->fields[FIELD_REASON];

	if (is(row, FIELD_KIND, "aik")) {
		expect(row, der, MARKS_SHA1, false, &aik);
	} else if (!is(row, FIELD_KIND, "leaf")) {
		return;
	} else if (begins(row->fields[FIELD_FILE], "emulated/")) {
		expect(row, der, MARKS_SHA1, false, &emulated);
	} else if (is(row, FIELD_EXPECTED, "accept") && *reason == '\0') {
		expect(row, der, MARKS_NONE, true, &plain);
	} else if (is(row, FIELD_EXPECTED, "accept")) {
		expect(row, der, MARKS_NONE, false, &ek_only);
		expect(row, der, MARKS_EK_ONLY, true, &ek_only);
	} else if (begins(reason, "SHA-1")) {
		expect(row, der, MARKS_EK_ONLY, false, &sha1);
		expect(row, der, MARKS_SHA1, true, &sha1);
	} else {
		expect(row, der, MARKS_SHA1, false, &refused);
	}
}

static void report(const char *what, struct count count)
{
	print_message("# %zu of %zu %s\n", count.passed, count.asked, what);
	assert_true(count.asked > 0);
	assert_int_equal(count.passed, count.asked);
}

static void test_corpus(void **state)
{
	static const char configuration[] = "[ca]\nname = Test\n[endorsement]\ntrust = vendor\n";
	FILE *index = open_in_corpus("index.csv");

	(void)state;
	if (index == NULL) {
		print_message("# skipped: no corpus of EK certificates at %s\n", corpus());
		skip();
	}
	(void)fclose(index);
	for (size_t i = 0; i < MARKS_COUNT; i++) {
		struct load load = { LOAD_CONFIGURATION, BYTES_OF_LITERAL(configuration) };

		assert_int_equal(policy_open(&policies[i]), FAULT_NONE);
		assert_int_equal(policy_load(policies[i], &load, -1), FAULT_NONE);
	}
	for_each_row(import);
	for (size_t i = 0; i < MARKS_COUNT; i++)
		assert_int_equal(trust_seal(policies[i]->trust), FAULT_NONE);
	for_each_row(judge_row);
	print_message("# %zu of %zu CA certificates imported\n", imported.passed, imported.asked);
	report("EK certificates accepted under anchors without marks", plain);
	report("as expected with and without the anchor's mark ek-only", ek_only);
	report("as expected with and without the anchor's mark sha1", sha1);
	report("other leaves refused, whatever the marks", refused);
	report("attestation key certificates refused, whatever the marks", aik);
	report("software TPMs' certificates refused, their CAs not being imported", emulated);
	for (size_t i = 0; i < MARKS_COUNT; i++)
		policy_close(policies[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_corpus) };

	return cmocka_run_group_tests_name("corpus", tests, NULL, NULL);
}
