#include "der.h"

#include "encoding.h"
#include "limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* One encoding, as hexadecimal, and what the two gates say to it. */
struct encoding {
	const char *hex, *what;
	enum fault strict, framing;
};

static const struct encoding encodings[] = {
	{ "0500", "NULL", FAULT_NONE, FAULT_NONE },
	{ "", "nothing", FAULT_TRUNCATED, FAULT_TRUNCATED },
	{ "30", "no length", FAULT_TRUNCATED, FAULT_TRUNCATED },
	{ "300205", "cut short", FAULT_TRUNCATED, FAULT_TRUNCATED },
	{ "30020500", "SEQUENCE", FAULT_NONE, FAULT_NONE },
	{ "3002050000", "trailing octet", FAULT_TRAILING, FAULT_TRAILING },
	{ "3003050000", "half a value inside", FAULT_TRUNCATED, FAULT_TRUNCATED },
	{ "30030201", "length past the end", FAULT_TRUNCATED, FAULT_TRUNCATED },
	{ "308005000000", "indefinite length", FAULT_INVALID, FAULT_INVALID },
	{ "3081020500", "length not minimal", FAULT_INVALID, FAULT_INVALID },
	{ "308200020500", "length with a leading zero", FAULT_INVALID, FAULT_INVALID },
	{ "30847fffffff", "length of two gigabytes", FAULT_INVALID, FAULT_INVALID },
	{ "30ff00", "reserved length", FAULT_INVALID, FAULT_INVALID },
	{ "1f8f0100", "long tag", FAULT_UNSUPPORTED, FAULT_UNSUPPORTED },
	{ "0000", "end-of-contents", FAULT_INVALID, FAULT_NONE },

	{ "0101ff", "TRUE", FAULT_NONE, FAULT_NONE },
	{ "010101", "TRUE, not FF", FAULT_INVALID, FAULT_NONE },
	{ "0100", "empty BOOLEAN", FAULT_INVALID, FAULT_NONE },
	{ "0200", "empty INTEGER", FAULT_INVALID, FAULT_NONE },
	{ "020100", "0", FAULT_NONE, FAULT_NONE },
	{ "02020080", "128", FAULT_NONE, FAULT_NONE },
	{ "0202ff7f", "-129", FAULT_NONE, FAULT_NONE },
	{ "0202007f", "127, padded", FAULT_INVALID, FAULT_NONE },
	{ "0202ff80", "-128, padded", FAULT_INVALID, FAULT_NONE },
	{ "0a020001", "ENUMERATED, padded", FAULT_INVALID, FAULT_NONE },
	{ "03020780", "BIT STRING of one bit", FAULT_NONE, FAULT_NONE },
	{ "030207c0", "unused bit that is set", FAULT_INVALID, FAULT_NONE },
	{ "03020800", "eight unused bits", FAULT_INVALID, FAULT_NONE },
	{ "0300", "empty BIT STRING", FAULT_INVALID, FAULT_NONE },
	{ "030101", "unused bits of nothing", FAULT_INVALID, FAULT_NONE },
	{ "050100", "NULL with content", FAULT_INVALID, FAULT_NONE },
	{ "0600", "empty OBJECT IDENTIFIER", FAULT_INVALID, FAULT_NONE },
	{ "06022a81", "subidentifier cut short", FAULT_INVALID, FAULT_NONE },
	{ "06032a8001", "subidentifier padded", FAULT_INVALID, FAULT_NONE },
	{ "06032a8101", "2.25-like", FAULT_NONE, FAULT_NONE },
	{ "2403040100", "constructed OCTET STRING", FAULT_INVALID, FAULT_NONE },
	{ "1000", "SEQUENCE that is not constructed", FAULT_INVALID, FAULT_NONE },
	{ "1100", "SET that is not constructed", FAULT_INVALID, FAULT_NONE },
	{ "3106020101020102", "SET in order", FAULT_NONE, FAULT_NONE },
	{ "3106020102020101", "SET out of order", FAULT_INVALID, FAULT_NONE },
	{ "3106020101020101", "SET with equal values", FAULT_NONE, FAULT_NONE },
	{ "a003020101", "[0]", FAULT_NONE, FAULT_NONE },
	{ "a0030202", "[0], length past the end", FAULT_TRUNCATED, FAULT_TRUNCATED },
	{ "8001ff", "[0], primitive", FAULT_NONE, FAULT_NONE },
};

static void test_encodings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
		const struct encoding *encoding = &encodings[i];
		uint8_t octets[32];
		struct bytes input = bytes_of(octets, strlen(encoding->hex) / 2);

		assert_int_equal(hex_decode(bytes_of_string(encoding->hex), octets, input.len), FAULT_NONE);
		enum fault strict = der_check_strict(input), framing = der_check_framing(input);

		if (strict != encoding->strict || framing != encoding->framing)
			fail_msg("%s (%s): %s, %s", encoding->what, encoding->hex, fault_text(strict),
				fault_text(framing));
	}
}

/* SEQUENCEs in one another, levels of them. */
static struct bytes nested(uint8_t *octets, size_t levels)
{
	for (size_t i = 0; i < levels; i++) {
		octets[2 * i] = DER_SEQUENCE;
		octets[2 * i + 1] = (uint8_t)(2 * (levels - 1 - i));
	}
	return bytes_of(octets, 2 * levels);
}

static void test_depth(void **state)
{
	uint8_t octets[2 * DER_DEPTH_MAX + 2];

	(void)state;
	assert_int_equal(der_check_strict(nested(octets, DER_DEPTH_MAX)), FAULT_NONE);
	assert_int_equal(der_check_framing(nested(octets, DER_DEPTH_MAX)), FAULT_NONE);
	assert_int_equal(der_check_strict(nested(octets, DER_DEPTH_MAX + 1)), FAULT_TOO_LONG);
	assert_int_equal(der_check_framing(nested(octets, DER_DEPTH_MAX + 1)), FAULT_TOO_LONG);
}

/* Lengths around the borders of their forms. */
static void test_lengths(void **state)
{
	static const size_t lengths[] = { 0, 127, 128, 255, 256, 65535, 65536, 70000 };
	static uint8_t octets[80000];

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t len = lengths[i], header = len < 128 ? 1 : len < 256 ? 2 : len < 65536 ? 3 : 4;

		octets[0] = DER_OCTET_STRING;
		octets[1] = header == 1 ? (uint8_t)len : (uint8_t)(0x80 | (header - 1));
		for (size_t j = 1; j < header; j++)
			octets[1 + j] = (uint8_t)(len >> (8 * (header - 1 - j)));
		struct reader r = reader_of(bytes_of(octets, 1 + header + len));
		struct der_value value = der_take(&r);

		assert_int_equal(reader_end(&r), FAULT_NONE);
		assert_int_equal(value.content.len, len);
		assert_int_equal(value.whole.len, 1 + header + len);
		r = reader_of(bytes_of(octets, header + len));
		(void)der_take(&r);
		assert_int_equal(r.fault, FAULT_TRUNCATED);
	}
}

static void test_takes(void **state)
{
	static const uint8_t octets[] = {
		0x30, 0x0b, 0x02, 0x02, 0x00, 0x80, 0x03, 0x02, 0x00, 0xaa, 0x02, 0x01, 0xff,
	};
	struct reader outer = reader_of(BYTES_OF_ARRAY(octets));
	struct reader r = der_enter(&outer, DER_SEQUENCE);
	struct bytes number = der_unsigned(&r);

	(void)state;
	assert_int_equal(reader_end(&outer), FAULT_NONE);
	assert_true(number.len == 1 && number.data[0] == 0x80);
	assert_true(der_is_next(&r, DER_BIT_STRING));
	assert_int_equal(der_octets_of_bit_string(&r).data[0], 0xaa);
	assert_int_equal(der_unsigned(&r).len, 0); /* negative */
	assert_int_equal(r.fault, FAULT_INVALID);
	assert_false(der_is_next(&r, DER_INTEGER));

	outer = reader_of(BYTES_OF_ARRAY(octets));
	r = der_enter(&outer, DER_SET);
	assert_int_equal(outer.fault, FAULT_INVALID);
	assert_int_equal(reader_end(&r), FAULT_INVALID);
	assert_int_equal(der_content(&r, DER_INTEGER).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_takes),
	};

	return cmocka_run_group_tests_name("der", tests, NULL, NULL);
}
