#include "der_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint8_t buffer[70000];

static void assert_written(const struct writer *w, struct bytes wanted)
{
	assert_int_equal(w->fault, FAULT_NONE);
	assert_int_equal(w->len, wanted.len);
	assert_memory_equal(w->data, wanted.data, wanted.len);
}

/* X.690, 8.1.3 and 10.1: the length in its fewest octets, at each of its borders, both ways of writing. */
static void test_lengths(void **state)
{
	static const struct {
		size_t len;
		uint8_t header[4];
		size_t header_len;
	} rows[] = {
		{ 0, { 0x04, 0x00 }, 2 },
		{ 1, { 0x04, 0x01 }, 2 },
		{ 127, { 0x04, 0x7f }, 2 },
		{ 128, { 0x04, 0x81, 0x80 }, 3 },
		{ 255, { 0x04, 0x81, 0xff }, 3 },
		{ 256, { 0x04, 0x82, 0x01, 0x00 }, 4 },
		{ 65535, { 0x04, 0x82, 0xff, 0xff }, 4 },
	};
	static uint8_t contents[65536];

	(void)state;
	memset(contents, 0xc5, sizeof(contents));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes octets = bytes_of(contents, rows[i].len);
		struct writer w = WRITER_OF_ARRAY(buffer);

		der_element(&w, DER_OCTET_STRING, octets);
		assert_int_equal(w.len, rows[i].header_len + rows[i].len);
		assert_memory_equal(buffer, rows[i].header, rows[i].header_len);
		assert_memory_equal(buffer + rows[i].header_len, contents, rows[i].len);

		memset(buffer, 0, sizeof(buffer));
		w = WRITER_OF_ARRAY(buffer);
		size_t mark = der_begin(&w, DER_OCTET_STRING);
		writer_bytes(&w, octets);
		der_end(&w, mark);
		assert_int_equal(w.len, rows[i].header_len + rows[i].len);
		assert_memory_equal(buffer, rows[i].header, rows[i].header_len);
		assert_memory_equal(buffer + rows[i].header_len, contents, rows[i].len);
	}
}

static void test_nested(void **state)
{
	static const uint8_t wanted[] = { 0x30, 0x07, 0x31, 0x03, 0x02, 0x01, 0x05, 0x05, 0x00 }, five[] = { 5 };
	struct writer w = WRITER_OF_ARRAY(buffer);
	size_t sequence = der_begin(&w, DER_SEQUENCE), set = der_begin(&w, DER_SET);

	(void)state;
	der_integer(&w, BYTES_OF_ARRAY(five));
	der_end(&w, set);
	der_element(&w, DER_NULL, bytes_of(NULL, 0));
	der_end(&w, sequence);
	assert_written(&w, BYTES_OF_ARRAY(wanted));
}

/* X.690, 8.3: the fewest octets, and one of 0 before a number whose first bit is set. */
static void test_integer(void **state)
{
	static const struct {
		uint8_t number[4];
		size_t len;
		uint8_t der[8];
		size_t der_len;
	} rows[] = {
		{ { 0 }, 0, { 2, 1, 0 }, 3 },
		{ { 0, 0 }, 2, { 2, 1, 0 }, 3 },
		{ { 0x7f }, 1, { 2, 1, 0x7f }, 3 },
		{ { 0x80 }, 1, { 2, 2, 0, 0x80 }, 4 },
		{ { 0, 0, 0x80, 1 }, 4, { 2, 3, 0, 0x80, 1 }, 5 },
		{ { 0, 1, 0, 0 }, 4, { 2, 3, 1, 0, 0 }, 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct writer w = WRITER_OF_ARRAY(buffer);

		der_integer(&w, bytes_of(rows[i].number, rows[i].len));
		assert_written(&w, bytes_of(rows[i].der, rows[i].der_len));
	}
}

static void test_bit_string(void **state)
{
	static const uint8_t octets[] = { 0xaa }, wanted[] = { 3, 2, 0, 0xaa }, empty[] = { 3, 1, 0 };
	struct writer w = WRITER_OF_ARRAY(buffer);

	(void)state;
	der_bit_string(&w, BYTES_OF_ARRAY(octets));
	assert_written(&w, BYTES_OF_ARRAY(wanted));
	w = WRITER_OF_ARRAY(buffer);
	der_bit_string(&w, bytes_of(NULL, 0));
	assert_written(&w, BYTES_OF_ARRAY(empty));
}

/* RFC 5280, 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 on. */
static void test_time(void **state)
{
	static const struct {
		uint64_t seconds;
		uint8_t tag;
		const char *text;
	} rows[] = {
		{ 0, DER_UTC_TIME, "700101000000Z" },
		{ 1800000000, DER_UTC_TIME, "270115080000Z" },
		{ 2524607999, DER_UTC_TIME, "491231235959Z" },
		{ 2524608000, DER_GENERALIZED_TIME, "20500101000000Z" },
		{ 253402300799, DER_GENERALIZED_TIME, "99991231235959Z" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct writer w = WRITER_OF_ARRAY(buffer);

		der_time(&w, rows[i].seconds);
		assert_int_equal(w.fault, FAULT_NONE);
		assert_int_equal(buffer[0], rows[i].tag);
		assert_int_equal(buffer[1], strlen(rows[i].text));
		assert_int_equal(w.len, 2 + strlen(rows[i].text));
		assert_memory_equal(buffer + 2, rows[i].text, strlen(rows[i].text));
	}
	struct writer w = WRITER_OF_ARRAY(buffer);
	der_time(&w, 253402300800);
	assert_int_equal(w.fault, FAULT_INVALID);
	w = WRITER_OF_ARRAY(buffer);
	der_time(&w, UINT64_MAX / 2);
	assert_int_equal(w.fault, FAULT_INVALID);
}

/* A buffer that is too small at each point: the fault, and nothing past the capacity. */
static void test_too_small(void **state)
{
	static const uint8_t octets[200] = { 0 };

	(void)state;
	for (size_t capacity = 0; capacity < 3 + 3 + sizeof(octets); capacity++) {
		uint8_t small[3 + 3 + sizeof(octets) + 1];

		memset(small, 0x5a, sizeof(small));
		struct writer w = writer_of(small, capacity);
		size_t mark = der_begin(&w, DER_SEQUENCE);
		der_element(&w, DER_OCTET_STRING, BYTES_OF_ARRAY(octets));
		der_end(&w, mark);
		assert_int_equal(w.fault, FAULT_TOO_LONG);
		assert_int_equal(writer_written(&w).len, 0);
		for (size_t i = capacity; i < sizeof(small); i++)
			assert_int_equal(small[i], 0x5a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_lengths), cmocka_unit_test(test_nested),
		cmocka_unit_test(test_integer), cmocka_unit_test(test_bit_string), cmocka_unit_test(test_time),
		cmocka_unit_test(test_too_small) };

	return cmocka_run_group_tests_name("der_writer", tests, NULL, NULL);
}
