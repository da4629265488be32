/*
 * Whether row 86 would notice (CVE-2026-6420: a random challenge became a constant): the authority
 * runs on a random number generator that is stuck, in one of the two places where it asks.
 */
#include "freshness.h"

#include "sample_key.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { COUNT = 100 };

static bool is_nonce_stuck, is_seed_stuck;

static int random_octets(bool is_stuck, unsigned char *out, int len)
{
	if (!is_stuck)
		return RAND_bytes_ex(NULL, out, (size_t)len, 0);
	memset(out, 0x5a, (size_t)len);
	return 1;
}

/* These stand before libcrypto's for all that is linked into this program: nonces and seeds. */
int RAND_bytes(unsigned char *out, int len)
{
	return random_octets(is_nonce_stuck, out, len);
}

int RAND_priv_bytes(unsigned char *out, int len)
{
	return random_octets(is_seed_stuck, out, len);
}

static struct freshness challenges(void)
{
	struct authority_stage *stage = authority_stage_open();
	EVP_PKEY *private_key = NULL;
	struct tpm_key ek = sample_key(template_row(TEMPLATE_EK_L1), &private_key);
	struct facts facts = authority_stage_facts(stage, &ek);

	EVP_PKEY_free(private_key);
	facts.act = ACT_CHALLENGE;
	return freshness_of(stage, &facts, COUNT);
}

/* Of all fields that one alone repeats, or none (FRESH_FIELD_COUNT). */
static void assert_repeats(enum fresh_field stuck)
{
	struct freshness f = challenges();

	for (enum fresh_field field = 0; field < FRESH_FIELD_COUNT; field++) {
		assert_int_equal(freshness_repeats(&f, field), field == stuck ? COUNT - 1 : 0);
		assert_int_equal(freshness_idle_bits(&f, field), field == stuck ? 8 * FRESH_OCTETS : 0);
	}
	freshness_close(&f);
}

static void test_sound(void **state)
{
	(void)state;
	assert_repeats(FRESH_FIELD_COUNT);
}

static void test_stuck_nonce(void **state)
{
	(void)state;
	is_nonce_stuck = true;
	assert_repeats(FRESH_NONCE);
	is_nonce_stuck = false;
}

/* OAEP pads with random octets of its own: only the key stream tells. */
static void test_stuck_seed(void **state)
{
	(void)state;
	is_seed_stuck = true;
	assert_repeats(FRESH_SEED);
	is_seed_stuck = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_sound),
		cmocka_unit_test(test_stuck_nonce), cmocka_unit_test(test_stuck_seed) };

	return cmocka_run_group_tests_name("freshness", tests, NULL, NULL);
}
