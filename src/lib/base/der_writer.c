#include "der_writer.h"

#include <time.h>

/* Octets of length that follow the first, which says how many they are; 0 for the short form. */
static size_t long_form_len(size_t len)
{
	return len < 0x80 ? 0 : len < 0x100 ? 1 : len < 0x10000 ? 2 : 3;
}

static void put_length(struct writer *w, size_t len)
{
	size_t octets = long_form_len(len);

	if (len > 0xffffff)
		writer_fail(w, FAULT_TOO_LONG);
	if (octets == 0) {
		writer_u8(w, (uint8_t)len);
		return;
	}
	writer_u8(w, (uint8_t)(0x80 | octets));
	for (size_t i = octets; i > 0; i--)
		writer_u8(w, (uint8_t)(len >> (8 * (i - 1))));
}

size_t der_begin(struct writer *w, uint8_t tag)
{
	writer_u8(w, tag);
	return w->len;
}

/* The contents stand where the length belongs: they move up by its size once it is known. */
void der_end(struct writer *w, size_t mark)
{
	static const uint8_t room[4];

	if (w->fault != FAULT_NONE)
		return;
	size_t len = w->len - mark, header_len = 1 + long_form_len(len);

	writer_bytes(w, bytes_of(room, header_len));
	if (w->fault != FAULT_NONE)
		return;
	memmove(w->data + mark + header_len, w->data + mark, len);
	w->len = mark;
	put_length(w, len);
	w->len += w->fault == FAULT_NONE ? len : 0;
}

void der_element(struct writer *w, uint8_t tag, struct bytes contents)
{
	writer_u8(w, tag);
	put_length(w, contents.len);
	writer_bytes(w, contents);
}

void der_integer(struct writer *w, struct bytes number)
{
	static const uint8_t zero[1];
	struct bytes digits = bytes_without_leading_zeros(number);
	size_t mark = der_begin(w, DER_INTEGER);

	if (digits.len == 0 || (digits.data[0] & 0x80) != 0)
		writer_bytes(w, BYTES_OF_ARRAY(zero));
	writer_bytes(w, digits);
	der_end(w, mark);
}

void der_bit_string(struct writer *w, struct bytes octets)
{
	writer_u8(w, DER_BIT_STRING);
	put_length(w, octets.len + 1);
	writer_u8(w, 0);
	writer_bytes(w, octets);
}

void der_time(struct writer *w, uint64_t seconds)
{
	char text[32];
	struct tm utc;
	time_t time = (time_t)seconds;

	if (gmtime_r(&time, &utc) == NULL || utc.tm_year + 1900 > 9999) {
		writer_fail(w, FAULT_INVALID);
		return;
	}
	bool is_utc_time = utc.tm_year < 150;
	size_t len =
		strftime(text, sizeof(text), is_utc_time ? "%y%m%d%H%M%SZ" : "%Y%m%d%H%M%SZ", &utc);

	der_element(w, is_utc_time ? DER_UTC_TIME : DER_GENERALIZED_TIME, bytes_of(text, len));
}
