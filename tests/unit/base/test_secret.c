#include "secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint8_t octets[SECRET_MAX] = { 1, 2, 3, [SECRET_MAX - 1] = 9 };

static void test_of(void **state)
{
	struct secret full = secret_of(BYTES_OF_ARRAY(octets)), empty = secret_of(bytes_of(NULL, 0));

	(void)state;
	assert_true(bytes_equal(secret_bytes(&full), BYTES_OF_ARRAY(octets)));
	assert_int_equal(secret_bytes(&empty).len, 0);
}

static void test_wipe(void **state)
{
	static const struct secret zeros;
	struct secret secret = secret_of(BYTES_OF_ARRAY(octets));

	(void)state;
	secret_wipe(&secret);
	assert_memory_equal(&secret, &zeros, sizeof(secret));
}

static void test_equal(void **state)
{
	uint8_t other[SECRET_MAX];

	(void)state;
	for (size_t len = 0; len <= SECRET_MAX; len++) {
		memcpy(other, octets, sizeof(other));
		assert_true(secret_equal(bytes_of(octets, len), bytes_of(other, len)));
		if (len > 0)
			assert_false(secret_equal(bytes_of(octets, len), bytes_of(other, len - 1)));
		for (size_t bit = 0; bit < len * 8; bit++) {
			other[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(secret_equal(bytes_of(octets, len), bytes_of(other, len)));
			other[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_of), cmocka_unit_test(test_wipe),
		cmocka_unit_test(test_equal) };

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
