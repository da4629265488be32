#include "encoding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* RFC 4648, 10. */
static const struct {
	const char *octets, *base64, *hex;
} vectors[] = {
	{ "", "", "" },
	{ "f", "Zg==", "66" },
	{ "fo", "Zm8=", "666f" },
	{ "foo", "Zm9v", "666f6f" },
	{ "foob", "Zm9vYg==", "666f6f62" },
	{ "fooba", "Zm9vYmE=", "666f6f6261" },
	{ "foobar", "Zm9vYmFy", "666f6f626172" },
};

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct bytes octets = bytes_of_string(vectors[i].octets), out;
		uint8_t buffer[8];
		char text[16];

		assert_int_equal(base64_decode(bytes_of_string(vectors[i].base64), buffer, sizeof(buffer), &out), FAULT_NONE);
		assert_true(bytes_equal(out, octets));
		base64_encode(octets, text, BASE64_CAPACITY(octets.len));
		assert_string_equal(text, vectors[i].base64);
		hex_encode(octets, text, HEX_CAPACITY(octets.len));
		assert_string_equal(text, vectors[i].hex);
		assert_int_equal(hex_decode(bytes_of_string(vectors[i].hex), buffer, octets.len), FAULT_NONE);
		assert_memory_equal(buffer, octets.data, octets.len);
	}
}

/* RFC 4648, 3.5: of the texts that a lax decoder takes for the same octets, one is taken. */
static void test_base64_not_canonical(void **state)
{
	static const char *const texts[] = {
		"Zg", "Zg=", "Zg===", "Z", "Zm8", "Zm9vZg", "=", "==", "===", "====", "Z===", "=Zg=", "Zg=A",
		"Zh==", "Zn==", "Zo==", "Z/==",         /* pad bits of 4 */
		"Zm9=", "Zm+=", "Zm/=",                 /* pad bits of 2 */
		"Zg==Zg==", "Zm8=Zm9v", "Zm9vZg==Zg==", /* padding inside */
		" Zg==", "Zg== ", "Z g=", "Zm9v\n", "Zm9v\r\n", "Zm9v\nZm9v", "Zm9v\tZm9", "\nZm9v   ",
		"-m9v", "_m9v", "Zm9-", "Zm9_",         /* the URL alphabet */
		"Zm9*", "Zm9\x7f", "Zm9\x80", "Zm9\xff", "\303\244m9", "Zm9,", "Zm9.", "Zm9:", "Zm9@",
		"Zm9[", "Zm9`", "Zm9{",
	};
	struct bytes out = { NULL, 77 };
	uint8_t buffer[16];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (base64_decode(bytes_of_string(texts[i]), buffer, sizeof(buffer), &out) != FAULT_INVALID)
			fail_msg("accepted: %s", texts[i]);
		assert_int_equal(out.len, 77);
	}
	assert_int_equal(base64_decode(bytes_of("Zm9\0", 4), buffer, sizeof(buffer), &out), FAULT_INVALID);
	/* What stands behind the text is not read for the rest of a quantum. */
	for (size_t len = 5; len < 8; len++)
		assert_int_equal(base64_decode(bytes_of("Zm9vZm9v", len), buffer, sizeof(buffer), &out), FAULT_INVALID);
}

/* Every character in every place: taken where it encodes to itself again, and only there. */
static void test_base64_every_character(void **state)
{
	(void)state;
	for (unsigned place = 0; place < 4; place++) {
		size_t accepted = 0;

		for (unsigned c = 0; c < 256; c++) {
			uint8_t text[5] = "AAAA", buffer[3];
			char again[5];
			struct bytes out;

			text[place] = (uint8_t)c;
			if (base64_decode(bytes_of(text, 4), buffer, sizeof(buffer), &out) != FAULT_NONE)
				continue;
			accepted++;
			base64_encode(out, again, sizeof(again));
			assert_memory_equal(again, text, 4);
		}
		assert_int_equal(accepted, place == 3 ? 65 : 64); /* AAA= as well */
	}
}

static void test_base64_capacity(void **state)
{
	uint8_t buffer[6];
	struct bytes out;

	(void)state;
	assert_int_equal(base64_decode(BYTES_OF_LITERAL("Zm9vYmFy"), buffer, 6, &out), FAULT_NONE);
	assert_int_equal(base64_decode(BYTES_OF_LITERAL("Zm9vYmFy"), buffer, 5, &out), FAULT_TOO_LONG);
	assert_int_equal(base64_decode(BYTES_OF_LITERAL("Zm9vYmE="), buffer, 5, &out), FAULT_NONE);
	assert_int_equal(base64_decode(BYTES_OF_LITERAL("Zg=="), buffer, 0, &out), FAULT_TOO_LONG);
	assert_int_equal(base64_decode(BYTES_OF_LITERAL(""), buffer, 0, &out), FAULT_NONE);
	assert_int_equal(out.len, 0);
}

static void test_base64_all_octets(void **state)
{
	uint8_t octets[256], buffer[256];
	char text[BASE64_CAPACITY(256)];
	struct bytes out;

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		octets[i] = (uint8_t)i;
	for (size_t len = 0; len <= 256; len++) {
		base64_encode(bytes_of(octets, len), text, BASE64_CAPACITY(len));
		assert_int_equal(strlen(text), BASE64_CAPACITY(len) - 1);
		assert_int_equal(base64_decode(bytes_of_string(text), buffer, len, &out), FAULT_NONE);
		assert_true(bytes_equal(out, bytes_of(octets, len)));
	}
}

static void test_hex(void **state)
{
	static const uint8_t wanted[] = { 0x09, 0xaf, 0xAF };
	static const char *const refused[] = { "", "0", "00112", "0011223", "00112g", "0x1122", " 01122", "00112 ", "+01122",
		"001122 ", "00:122", "00112/", "00112:", "00112@", "00112G", "00112`" };
	uint8_t out[3], kept[3] = { 7, 7, 7 };
	static const uint8_t untouched[3] = { 7, 7, 7 };

	(void)state;
	assert_int_equal(hex_decode(BYTES_OF_LITERAL("09afAF"), out, 3), FAULT_NONE);
	assert_memory_equal(out, wanted, 3);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (hex_decode(bytes_of_string(refused[i]), kept, 3) != FAULT_INVALID)
			fail_msg("accepted: %s", refused[i]);
		assert_memory_equal(kept, untouched, 3);
	}
	assert_int_equal(hex_decode(BYTES_OF_LITERAL("0011"), kept, 1), FAULT_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_vectors), cmocka_unit_test(test_base64_not_canonical),
		cmocka_unit_test(test_base64_every_character), cmocka_unit_test(test_base64_capacity),
		cmocka_unit_test(test_base64_all_octets), cmocka_unit_test(test_hex) };

	return cmocka_run_group_tests_name("encoding", tests, NULL, NULL);
}
