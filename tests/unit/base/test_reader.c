#include "reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint8_t octets[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static void test_numbers(void **state)
{
	struct reader r = reader_of(BYTES_OF_ARRAY(octets));

	(void)state;
	assert_int_equal(reader_u8(&r), 0x01);
	assert_int_equal(reader_u16(&r), 0x0203);
	assert_int_equal(reader_u32(&r), 0x04050607);
	assert_true(reader_u64(&r) == 0x08090a0b0c0d0e0full);
	assert_int_equal(reader_end(&r), FAULT_NONE);
}

static void test_numbers_at_their_largest(void **state)
{
	static const uint8_t ones[] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };
	struct reader r = reader_of(BYTES_OF_ARRAY(ones));

	(void)state;
	assert_int_equal(reader_u8(&r), UINT8_MAX);
	assert_int_equal(reader_u16(&r), UINT16_MAX);
	assert_true(reader_u32(&r) == UINT32_MAX);
	assert_true(reader_u64(&r) == UINT64_MAX);
}

/* Each take, one octet short: nothing is taken, and from then on nothing at all. */
static void test_first_failure_sticks(void **state)
{
	(void)state;
	for (size_t len = 0; len < 8; len++) {
		struct reader r = reader_of(bytes_of(octets, len));

		assert_true(reader_u64(&r) == 0);
		assert_int_equal(r.fault, FAULT_TRUNCATED);
		assert_int_equal(r.rest.len, len);
		assert_int_equal(reader_u8(&r), 0);
		assert_int_equal(reader_bytes(&r, 0).len, 0);
		assert_int_equal(reader_end(&r), FAULT_TRUNCATED);
		reader_fail(&r, FAULT_INVALID);
		assert_int_equal(reader_end(&r), FAULT_TRUNCATED);
	}
}

static void test_bytes(void **state)
{
	struct reader r = reader_of(BYTES_OF_ARRAY(octets));
	struct bytes taken = reader_bytes(&r, 15);

	(void)state;
	assert_ptr_equal(taken.data, octets);
	assert_int_equal(taken.len, 15);
	assert_int_equal(reader_end(&r), FAULT_NONE);

	r = reader_of(BYTES_OF_ARRAY(octets));
	assert_int_equal(reader_bytes(&r, 16).len, 0);
	assert_int_equal(reader_end(&r), FAULT_TRUNCATED);
	r = reader_of(BYTES_OF_ARRAY(octets));
	assert_int_equal(reader_bytes(&r, SIZE_MAX).len, 0);
	assert_int_equal(reader_end(&r), FAULT_TRUNCATED);
}

static void test_copy(void **state)
{
	struct reader r = reader_of(BYTES_OF_ARRAY(octets));
	uint8_t copy[16] = { [15] = 0xee };

	(void)state;
	reader_copy(&r, copy, 15);
	assert_memory_equal(copy, octets, 15);
	assert_int_equal(copy[15], 0xee);

	uint8_t kept[4] = { 9, 9, 9, 9 };
	static const uint8_t untouched[4] = { 9, 9, 9, 9 };
	reader_copy(&r, kept, 4);
	assert_memory_equal(kept, untouched, 4);
	assert_int_equal(reader_end(&r), FAULT_TRUNCATED);
}

static void test_sized(void **state)
{
	static const uint8_t tpm2b[] = { 0, 2, 0xaa, 0xbb }, sized[] = { 0, 0, 0, 2, 0xaa, 0xbb };
	struct reader r = reader_of(BYTES_OF_ARRAY(tpm2b));

	(void)state;
	assert_int_equal(reader_tpm2b(&r, 2).len, 2);
	assert_int_equal(reader_end(&r), FAULT_NONE);
	r = reader_of(BYTES_OF_ARRAY(tpm2b));
	assert_int_equal(reader_tpm2b(&r, 1).len, 0);
	assert_int_equal(reader_end(&r), FAULT_TOO_LONG);
	r = reader_of(bytes_of(tpm2b, 3));
	assert_int_equal(reader_tpm2b(&r, 2).len, 0);
	assert_int_equal(reader_end(&r), FAULT_TRUNCATED);

	r = reader_of(BYTES_OF_ARRAY(sized));
	struct bytes taken = reader_sized(&r, 2);
	assert_int_equal(taken.len, 2);
	assert_int_equal(taken.data[0], 0xaa);
	assert_int_equal(reader_end(&r), FAULT_NONE);
	r = reader_of(BYTES_OF_ARRAY(sized));
	(void)reader_sized(&r, 1);
	assert_int_equal(reader_end(&r), FAULT_TOO_LONG);
	r = reader_of(bytes_of(sized, 5));
	(void)reader_sized(&r, 2);
	assert_int_equal(reader_end(&r), FAULT_TRUNCATED);
}

static void test_truth(void **state)
{
	(void)state;
	for (unsigned value = 0; value < 256; value++) {
		uint8_t octet = (uint8_t)value;
		struct reader r = reader_of(bytes_of(&octet, 1));

		assert_int_equal(reader_truth(&r), value == 1);
		assert_int_equal(reader_end(&r), value > 1 ? FAULT_INVALID : FAULT_NONE);
	}
}

static void test_end(void **state)
{
	struct reader r = reader_of(BYTES_OF_ARRAY(octets));

	(void)state;
	assert_int_equal(reader_end(&r), FAULT_TRAILING);
	r = reader_of(bytes_of(NULL, 0));
	assert_int_equal(reader_end(&r), FAULT_NONE);
	assert_int_equal(reader_bytes(&r, 0).len, 0);
	assert_int_equal(reader_end(&r), FAULT_NONE);
	reader_fail(&r, FAULT_UNSUPPORTED);
	assert_int_equal(reader_end(&r), FAULT_UNSUPPORTED);
}

static void test_bytes_themselves(void **state)
{
	static const uint8_t zeros[] = { 0, 0, 1, 0 };
	struct bytes number = bytes_without_leading_zeros(BYTES_OF_ARRAY(zeros));

	(void)state;
	assert_int_equal(number.len, 2);
	assert_int_equal(number.data[0], 1);
	assert_int_equal(bytes_without_leading_zeros(bytes_of(zeros, 2)).len, 0);
	assert_true(bytes_equal(bytes_of(NULL, 0), bytes_of(octets, 0)));
	assert_false(bytes_equal(bytes_of(octets, 2), bytes_of(octets, 3)));
	assert_false(bytes_equal(bytes_of(octets, 2), bytes_of(octets + 1, 2)));
	assert_int_equal(BYTES_OF_LITERAL("abc").len, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_numbers_at_their_largest), cmocka_unit_test(test_first_failure_sticks),
		cmocka_unit_test(test_bytes), cmocka_unit_test(test_copy), cmocka_unit_test(test_sized), cmocka_unit_test(test_truth),
		cmocka_unit_test(test_end), cmocka_unit_test(test_bytes_themselves) };

	return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
