#include "shared_factors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { COUNT_MAX = 9 };

/* Each modulus with what it must have in common with the others, in decimal digits. */
struct sample {
	const char *modulus, *shared;
};

static void assert_shared(const struct sample *samples, size_t count)
{
	BIGNUM *moduli[COUNT_MAX] = { NULL }, *shared[COUNT_MAX] = { NULL }, *expected = NULL;

	for (size_t i = 0; i < count; i++) {
		assert_true(BN_dec2bn(&moduli[i], samples[i].modulus) > 0);
		shared[i] = BN_new();
	}
	assert_int_equal(shared_factors_find(moduli, count, shared), FAULT_NONE);
	for (size_t i = 0; i < count; i++) {
		assert_true(BN_dec2bn(&expected, samples[i].shared) > 0);
		assert_int_equal(BN_cmp(shared[i], expected), 0);
		BN_free(moduli[i]);
		BN_free(shared[i]);
	}
	BN_free(expected);
}

static void test_none(void **state)
{
	static const struct sample samples[] = { { "15", "1" }, { "77", "1" }, { "221", "1" } };

	(void)state;
	assert_shared(samples, 3);
}

static void test_one_prime(void **state)
{
	static const struct sample three[] = { { "15", "5" }, { "77", "7" }, { "35", "35" } };
	static const struct sample five[] = { { "15", "15" }, { "77", "7" }, { "35", "35" },
		{ "221", "1" }, { "21", "21" } };

	(void)state;
	assert_shared(three, 3);
	assert_shared(five, 5);
}

/* Products of Mersenne primes, by Python's gcd; seven moduli do not fill the tree. */
static void test_large(void **state)
{
	static const struct sample samples[] = {
		{ "1427247692705959880439315947500961989719490561",
			"1427247692705959880439315947500961989719490561" },
		{ "100433627766186892221372630609062766858404681029709092356097",
			"100433627766186892221372630609062766858404681029709092356097" },
		{ "11679847981112819759721399310592745791658017001955007325132913837831330495881519"
			"75645370374287852614884146888067442512219413748768010657572575384986457405973985"
			"247465176041951676954461208131403777",
			"170141183460469231731687303715884105727" },
		{ "11406101538744108118435258027354846246708384994825468649177662062753746536017657"
			"86765625960090180347679431291724509272341425675164997280161910458090521033568296"
			"411316646234966685325326882439169",
			"1" },
		{ "1208923513771619960487937",
			"2305843009213693951" },
		{ "27606985387162255149739023449107931668458716142620601169954803000803329",
			"27606985387162255149739023449107931668458716142620601169954803000803329" },
		{ "1073602561",
			"1" },
	};

	(void)state;
	assert_shared(samples, sizeof(samples) / sizeof(samples[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_one_prime),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests_name("shared_factors", tests, NULL, NULL);
}
