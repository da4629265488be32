#include "writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint8_t expected[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
	0, 2, 0xaa, 0xbb, 0, 0, 0, 1, 0xcc, 0xdd };

static void write_all(struct writer *w)
{
	static const uint8_t two[] = { 0xaa, 0xbb }, one[] = { 0xcc }, last[] = { 0xdd };

	writer_u8(w, 1);
	writer_u16(w, 0x0203);
	writer_u32(w, 0x04050607);
	writer_u64(w, 0x08090a0b0c0d0e0full);
	writer_tpm2b(w, BYTES_OF_ARRAY(two));
	writer_sized(w, BYTES_OF_ARRAY(one));
	writer_bytes(w, BYTES_OF_ARRAY(last));
}

static void test_all(void **state)
{
	uint8_t buffer[sizeof(expected)];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct bytes out;

	(void)state;
	write_all(&w);
	assert_int_equal(writer_end(&w, &out), FAULT_NONE);
	assert_true(bytes_equal(out, BYTES_OF_ARRAY(expected)));
	assert_true(bytes_equal(writer_written(&w), out));
}

/* In every smaller buffer: FAULT_TOO_LONG, nothing past the capacity, nothing handed out. */
static void test_too_small(void **state)
{
	(void)state;
	for (size_t capacity = 0; capacity < sizeof(expected); capacity++) {
		uint8_t buffer[sizeof(expected) + 1];
		struct bytes out = { expected, 7 };

		memset(buffer, 0x5a, sizeof(buffer));
		struct writer w = writer_of(buffer, capacity);
		write_all(&w);
		assert_int_equal(writer_end(&w, &out), FAULT_TOO_LONG);
		assert_int_equal(out.len, 7);
		assert_int_equal(writer_written(&w).len, 0);
		for (size_t i = capacity; i < sizeof(buffer); i++)
			assert_int_equal(buffer[i], 0x5a);
	}
}

/* After the first fault nothing is written, were there room or not. */
static void test_first_failure_sticks(void **state)
{
	uint8_t buffer[8] = { 0 };
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct bytes out;

	(void)state;
	writer_fail(&w, FAULT_INVALID);
	writer_fail(&w, FAULT_CRYPTO);
	writer_u8(&w, 1);
	assert_int_equal(writer_end(&w, &out), FAULT_INVALID);
	assert_int_equal(w.len, 0);
	assert_int_equal(buffer[0], 0);
}

static void test_tpm2b_size(void **state)
{
	static uint8_t large[UINT16_MAX + 1], buffer[UINT16_MAX + 16];
	struct writer w = WRITER_OF_ARRAY(buffer);

	(void)state;
	writer_tpm2b(&w, bytes_of(large, UINT16_MAX));
	assert_int_equal(w.fault, FAULT_NONE);
	assert_int_equal(w.len, 2 + UINT16_MAX);
	w = WRITER_OF_ARRAY(buffer);
	writer_tpm2b(&w, bytes_of(large, UINT16_MAX + 1));
	assert_int_equal(w.fault, FAULT_TOO_LONG);
	assert_int_equal(w.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_all), cmocka_unit_test(test_too_small),
		cmocka_unit_test(test_first_failure_sticks), cmocka_unit_test(test_tpm2b_size) };

	return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
