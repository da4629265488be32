#include "encoding.h"

#include "writer.h"

#include <assert.h>

static const char base64_alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char hex_alphabet[] = "0123456789abcdef";

enum { NOT_A_DIGIT = 0xff };

/* 0xff where first <= c <= last, else 0: one of the differences is then negative. */
static uint32_t in_range(uint32_t c, uint32_t first, uint32_t last)
{
	return ((((c - first) | (last - c)) >> 31) - 1) & 0xff;
}

/* The value of one base64 character, without a branch and without a table: tickets come this way,
 * and the time that they take must not tell their characters. */
static uint8_t base64_value(uint8_t c)
{
	uint32_t upper = in_range(c, 'A', 'Z'), lower = in_range(c, 'a', 'z');
	uint32_t digit = in_range(c, '0', '9'), plus = in_range(c, '+', '+');
	uint32_t slash = in_range(c, '/', '/');
	uint32_t none = ~(upper | lower | digit | plus | slash);
	uint32_t letters = (upper & (uint32_t)(c - 'A')) | (lower & (uint32_t)(c - 'a' + 26));

	return (uint8_t)(letters | (digit & (uint32_t)(c - '0' + 52)) | (plus & 62) | (slash & 63) |
		(none & NOT_A_DIGIT));
}

/* Decodes a quantum of four characters of which the last padding ones are '='. */
static void decode_quantum(const uint8_t text[4], size_t padding, struct writer *w)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		uint8_t value = i < 4 - padding ? base64_value(text[i]) : 0;

		if (value == NOT_A_DIGIT)
			writer_fail(w, FAULT_INVALID);
		bits = bits << 6 | value;
	}
	/* RFC 4648, 3.5: pad bits are zero. */
	if ((padding == 1 && (bits & 0xff) != 0) || (padding == 2 && (bits & 0xffff) != 0))
		writer_fail(w, FAULT_INVALID);
	const uint8_t octets[3] = { (uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits };
	writer_bytes(w, bytes_of(octets, 3 - padding));
}

enum fault base64_decode(struct bytes text, uint8_t *buffer, size_t capacity, struct bytes *out)
{
	struct writer w = writer_of(buffer, capacity);

	if (text.len % 4 != 0)
		return FAULT_INVALID;
	for (size_t i = 0; i < text.len; i += 4) {
		size_t padding = 0;

		if (i + 4 == text.len)
			padding = text.data[i + 3] != '=' ? 0 : text.data[i + 2] != '=' ? 1 : 2;
		decode_quantum(text.data + i, padding, &w);
	}
	return writer_end(&w, out);
}

void base64_encode(struct bytes input, char *text, size_t capacity)
{
	assert(capacity >= BASE64_CAPACITY(input.len));
	for (size_t i = 0; i < input.len; i += 3) {
		size_t left = input.len - i;
		uint32_t bits = (uint32_t)input.data[i] << 16;

		if (left > 1)
			bits |= (uint32_t)input.data[i + 1] << 8;
		if (left > 2)
			bits |= input.data[i + 2];
		*text++ = base64_alphabet[bits >> 18];
		*text++ = base64_alphabet[bits >> 12 & 63];
		*text++ = left > 1 ? base64_alphabet[bits >> 6 & 63] : '=';
		*text++ = left > 2 ? base64_alphabet[bits & 63] : '=';
	}
	*text = '\0';
}

static uint8_t hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return (uint8_t)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (uint8_t)(c - 'a' + 10);
	return c >= 'A' && c <= 'F' ? (uint8_t)(c - 'A' + 10) : NOT_A_DIGIT;
}

enum fault hex_decode(struct bytes text, uint8_t *out, size_t len)
{
	if (text.len != 2 * len)
		return FAULT_INVALID;
	for (size_t i = 0; i < text.len; i++) {
		if (hex_value(text.data[i]) == NOT_A_DIGIT)
			return FAULT_INVALID;
	}
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(hex_value(text.data[2 * i]) << 4 |
				   hex_value(text.data[2 * i + 1]));
	return FAULT_NONE;
}

void hex_encode(struct bytes input, char *text, size_t capacity)
{
	assert(capacity >= HEX_CAPACITY(input.len));
	for (size_t i = 0; i < input.len; i++) {
		*text++ = hex_alphabet[input.data[i] >> 4];
		*text++ = hex_alphabet[input.data[i] & 15];
	}
	*text = '\0';
}
