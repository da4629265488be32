#include "ek_template.h"

#include <stdint.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_order(void **state)
{
	struct ek_order order = ek_order_of(EK_AUTO, TEMPLATE_NONE);

	(void)state;
	assert_int_equal(order.count, EK_TEMPLATE_COUNT);
	assert_int_equal(order.row[0]->template, TEMPLATE_EK_L2);
	assert_int_equal(order.row[1]->template, TEMPLATE_EK_L1);
	assert_int_equal(order.row[2]->template, TEMPLATE_EK_H3);
}

static void test_last_success_first(void **state)
{
	struct ek_order order = ek_order_of(EK_AUTO, TEMPLATE_EK_H6);

	(void)state;
	assert_int_equal(order.count, EK_TEMPLATE_COUNT);
	assert_int_equal(order.row[0]->template, TEMPLATE_EK_H6);
	assert_int_equal(order.row[1]->template, TEMPLATE_EK_L2);
}

static void test_choice(void **state)
{
	struct ek_order rsa = ek_order_of(EK_RSA, TEMPLATE_EK_L2);
	struct ek_order ecc = ek_order_of(EK_ECC, TEMPLATE_EK_H3);

	(void)state;
	assert_int_equal(rsa.count, 4);
	for (size_t i = 0; i < rsa.count; i++)
		assert_int_equal(rsa.row[i]->type, TPM_ALG_RSA);
	assert_int_equal(ecc.count, 4);
	assert_int_equal(ecc.row[0]->template, TEMPLATE_EK_H3);
	for (size_t i = 0; i < ecc.count; i++)
		assert_int_equal(ecc.row[i]->type, TPM_ALG_ECC);
}

/* What comes from a file is only ever an endorsement key's template. */
static void test_other_last(void **state)
{
	struct ek_order order = ek_order_of(EK_AUTO, TEMPLATE_IK_P256);

	(void)state;
	assert_int_equal(order.count, EK_TEMPLATE_COUNT);
	assert_int_equal(order.row[0]->template, TEMPLATE_EK_L2);
}

static void test_twins(void **state)
{
	static const enum tpm_template pairs[][2] = {
		{ TEMPLATE_EK_L1, TEMPLATE_EK_H1 }, { TEMPLATE_EK_L2, TEMPLATE_EK_H2 }
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct template_row *low = template_row(pairs[i][0]), *high = template_row(pairs[i][1]);
		assert_ptr_equal(ek_template_twin(low), high);
		assert_ptr_equal(ek_template_twin(high), low);
		assert_int_equal(low->key_bits, high->key_bits);
	}
	assert_null(ek_template_twin(template_row(TEMPLATE_EK_H3)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_last_success_first),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_other_last),
		cmocka_unit_test(test_twins),
	};
	return cmocka_run_group_tests_name("ek_template", tests, NULL, NULL);
}
