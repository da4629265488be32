#include "certificate_check.h"

#include "failing_memory.h"
#include "software_ca.h"
#include "software_key.h"

#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { DAY = 86400, NOW = 1800000000 };

static const struct bytes proof = { (const uint8_t *)"proof", 5 };

/* A CA, a device's key, and what the device expects. */
static struct {
	EVP_PKEY *ca_key;
	X509 *ca;
	struct software_key ik, other;
	struct signature proof_signature;
	struct certificate_expectation expected;
} bench;

static const struct certificate_wish ca_wish = { .basic_constraints = "critical,CA:TRUE",
	.key_usage = "critical,keyCertSign,cRLSign", .not_before = NOW - 100 * DAY,
	.not_after = NOW + 1000 * DAY };

/* What the CA makes when all is well; each test spoils one thing. */
static const struct certificate_wish good = { .serial = "SN-1", .basic_constraints = "critical,CA:FALSE",
	.key_usage = "critical,digitalSignature", .extended_key_usage = "clientAuth",
	.not_before = NOW - 300, .not_after = NOW + 365 * DAY };

static int set_up(void **state)
{
	(void)state;
	bench.ca_key = EVP_EC_gen("P-256");
	bench.ca = software_ca_issue(&ca_wish, bench.ca_key, NULL, bench.ca_key);
	bench.ik = software_key_make(TEMPLATE_IK_P256_NODA);
	bench.other = software_key_make(TEMPLATE_IK_P256_NODA);
	bench.proof_signature = software_key_sign(&bench.ik, proof);
	bench.expected = (struct certificate_expectation){ .ik = &bench.ik.key, .serial = "SN-1",
		.anchors = X509_STORE_new(), .proof = proof, .proof_signature = &bench.proof_signature,
		.proof_hash = EVP_sha256(), .now = NOW };
	assert_int_equal(X509_STORE_add_cert(bench.expected.anchors, bench.ca), 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	X509_STORE_free(bench.expected.anchors);
	software_key_free(&bench.ik);
	software_key_free(&bench.other);
	X509_free(bench.ca);
	EVP_PKEY_free(bench.ca_key);
	return 0;
}

static const char *verdict(const struct certificate_wish *wish)
{
	X509 *certificate = software_ca_issue(wish, bench.ik.pkey, bench.ca, bench.ca_key);
	const char *broken = certificate_check(certificate, &bench.expected);

	X509_free(certificate);
	return broken;
}

static void refuses(const struct certificate_wish *wish, const char *rule)
{
	const char *broken = verdict(wish);

	assert_non_null(broken);
	assert_non_null(strstr(broken, rule));
}

static void test_good(void **state)
{
	(void)state;
	assert_null(verdict(&good));
}

static void test_key(void **state)
{
	X509 *certificate = software_ca_issue(&good, bench.other.pkey, bench.ca, bench.ca_key);
	const char *broken = certificate_check(certificate, &bench.expected);

	(void)state;
	assert_non_null(broken);
	assert_non_null(strstr(broken, "its key"));
	X509_free(certificate);
}

static void test_possession(void **state)
{
	struct signature other = software_key_sign(&bench.other, proof);

	(void)state;
	bench.expected.proof_signature = &other;
	refuses(&good, "signature of this TPM");
}

static void test_serial(void **state)
{
	struct certificate_wish wish = good;

	(void)state;
	wish.serial = "SN-2";
	refuses(&wish, "serialNumber");
	wish.serial = "SN-1X";
	refuses(&wish, "serialNumber");
	wish.serial = NULL;
	refuses(&wish, "serialNumber");
	wish.serial = "SN-1";
	wish.second_serial = "SN-1";
	refuses(&wish, "serialNumber");
}

static void test_not_ca(void **state)
{
	struct certificate_wish wish = good;

	(void)state;
	wish.basic_constraints = "critical,CA:TRUE";
	refuses(&wish, "not a CA's");
}

static void test_key_usage(void **state)
{
	struct certificate_wish wish = good;

	(void)state;
	wish.key_usage = "critical,keyAgreement";
	refuses(&wish, "keyUsage");
	wish.key_usage = NULL;
	refuses(&wish, "keyUsage");
	wish.key_usage = "critical,digitalSignature,keyCertSign";
	assert_non_null(verdict(&wish));
}

static void test_extended_key_usage(void **state)
{
	struct certificate_wish wish = good;

	(void)state;
	wish.extended_key_usage = "serverAuth";
	refuses(&wish, "extendedKeyUsage");
	wish.extended_key_usage = NULL;
	refuses(&wish, "extendedKeyUsage");
}

static void test_time(void **state)
{
	struct certificate_wish wish = good;

	(void)state;
	wish.not_before = NOW + DAY;
	assert_null(verdict(&wish));
	wish.not_before = NOW + DAY + 1;
	refuses(&wish, "has begun");
	wish = good;
	wish.not_after = NOW;
	refuses(&wish, "has not ended");
	wish.not_after = NOW + 1;
	assert_null(verdict(&wish));
}

static void test_not_older(void **state)
{
	struct certificate_wish wish = good;

	(void)state;
	wish.not_before = good.not_before + 1;
	X509 *installed = software_ca_issue(&wish, bench.ik.pkey, bench.ca, bench.ca_key);
	bench.expected.installed = installed;
	refuses(&good, "not older");
	assert_null(verdict(&wish));
	X509_free(installed);
}

static void test_path(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *ca = software_ca_issue(&ca_wish, key, NULL, key);
	X509 *certificate = software_ca_issue(&good, bench.ik.pkey, ca, key);
	const char *broken = certificate_check(certificate, &bench.expected);

	(void)state;
	assert_non_null(broken);
	assert_non_null(strstr(broken, "leads to"));
	X509_free(certificate);
	X509_free(ca);
	EVP_PKEY_free(key);
}

/* An issuer that the CA sends is used to reach the anchor, and only as a CA. */
static void test_path_by_chain(void **state)
{
	struct certificate_wish issuer_wish = ca_wish;
	EVP_PKEY *key = EVP_EC_gen("P-256");

	(void)state;
	for (int is_ca = 0; is_ca <= 1; is_ca++) {
		issuer_wish.basic_constraints = is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE";
		X509 *issuer = software_ca_issue(&issuer_wish, key, bench.ca, bench.ca_key);
		X509 *certificate = software_ca_issue(&good, bench.ik.pkey, issuer, key);
		STACK_OF(X509) *chain = sk_X509_new_null();

		assert_non_null(certificate_check(certificate, &bench.expected));
		assert_true(sk_X509_push(chain, issuer) > 0);
		bench.expected.chain = chain;
		const char *broken = certificate_check(certificate, &bench.expected);
		assert_int_equal(broken == NULL, is_ca);
		bench.expected.chain = NULL;
		sk_X509_free(chain);
		X509_free(certificate);
		X509_free(issuer);
	}
	EVP_PKEY_free(key);
}

/* RFC 5280, 6.1.1 (d): an anchor need not have signed itself. */
static void test_path_to_intermediate(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *issuer = software_ca_issue(&ca_wish, key, bench.ca, bench.ca_key);
	X509 *certificate = software_ca_issue(&good, bench.ik.pkey, issuer, key);
	X509_STORE *all = bench.expected.anchors;

	(void)state;
	assert_non_null(certificate_check(certificate, &bench.expected));
	bench.expected.anchors = X509_STORE_new();
	assert_int_equal(X509_STORE_add_cert(bench.expected.anchors, issuer), 1);
	assert_null(certificate_check(certificate, &bench.expected));
	X509_STORE_free(all);
	X509_free(certificate);
	X509_free(issuer);
	EVP_PKEY_free(key);
}

/* What goes into chain.pem is the path and nothing that a CA slips in besides. */
static void test_chain(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *namesake = software_ca_issue(&ca_wish, key, NULL, key);
	X509 *chains[] = { bench.ca, namesake };
	static const bool is_good[] = { true, false };

	(void)state;
	for (int i = 0; i < 2; i++) {
		X509 *certificate = software_ca_issue(&good, bench.ik.pkey, bench.ca, bench.ca_key);
		STACK_OF(X509) *chain = sk_X509_new_null();

		assert_true(sk_X509_push(chain, chains[i]) > 0);
		bench.expected.chain = chain;
		const char *broken = certificate_check(certificate, &bench.expected);
		assert_int_equal(broken == NULL, is_good[i]);
		assert_true(sk_X509_push(chain, certificate) > 0);
		broken = certificate_check(certificate, &bench.expected);
		assert_non_null(broken);
		assert_non_null(strstr(broken, "each certificate of its chain"));
		bench.expected.chain = NULL;
		sk_X509_free(chain);
		X509_free(certificate);
	}
	X509_free(namesake);
	EVP_PKEY_free(key);
}

static void test_usable(void **state)
{
	X509 *certificate = software_ca_issue(&good, bench.ik.pkey, bench.ca, bench.ca_key);

	(void)state;
	assert_true(certificate_is_usable(certificate, &bench.ik.key, NOW));
	assert_false(certificate_is_usable(certificate, &bench.other.key, NOW));
	assert_false(certificate_is_usable(certificate, &bench.ik.key, good.not_after));
	X509_free(certificate);
}

/* A fresh one each time: OpenSSL remembers in it what it could not read. */
static size_t without_memory(const struct certificate_wish *wish, EVP_PKEY *key, bool is_good)
{
	bool has_failed = true;
	size_t n = 0;

	while (has_failed) {
		X509 *certificate = software_ca_issue(wish, key, bench.ca, bench.ca_key);

		failing_memory_in(++n);
		const char *broken = certificate_check(certificate, &bench.expected);
		has_failed = failing_memory_has_failed();
		if (!has_failed || !is_good)
			assert_true((broken == NULL) == is_good);
		X509_free(certificate);
	}
	return n - 1;
}

/* Each allocation fails once: a sound certificate may be refused then, no other is ever taken. */
static void test_no_memory(void **state)
{
	struct certificate_wish another = good, ca = good, usage = good, purpose = good, old = good;
	size_t count = without_memory(&good, bench.ik.pkey, true);

	(void)state;
	failing_memory_or_skip();
	another.serial = "SN-2";
	ca.basic_constraints = "critical,CA:TRUE";
	usage.key_usage = "critical,keyAgreement";
	purpose.extended_key_usage = "serverAuth";
	old.not_after = NOW - DAY;
	count += without_memory(&another, bench.ik.pkey, false);
	count += without_memory(&ca, bench.ik.pkey, false);
	count += without_memory(&usage, bench.ik.pkey, false);
	count += without_memory(&purpose, bench.ik.pkey, false);
	count += without_memory(&old, bench.ik.pkey, false);
	count += without_memory(&good, bench.other.pkey, false);
	print_message("# %zu allocations, each failed once\n", count);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good),
		TEST(test_key),
		TEST(test_possession),
		TEST(test_serial),
		TEST(test_not_ca),
		TEST(test_key_usage),
		TEST(test_extended_key_usage),
		TEST(test_time),
		TEST(test_not_older),
		TEST(test_path),
		TEST(test_path_by_chain),
		TEST(test_path_to_intermediate),
		TEST(test_chain),
		TEST(test_usable),
		TEST(test_no_memory),
	};
	return cmocka_run_group_tests_name("certificate_check", tests, NULL, NULL);
}
