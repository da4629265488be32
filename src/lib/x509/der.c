#include "der.h"

#include "limits.h"

enum { CLASS = 0xc0, CONSTRUCTED = 0x20, NUMBER = 0x1f, LONG_FORM = 0x80 };
enum { LENGTH_OCTETS_MAX = 3 }; /* nothing that is walked here is over 16 MiB */

/* X.690, 8.1.3: definite, and in the fewest octets (10.1). */
static size_t take_length(struct reader *r)
{
	size_t len = reader_u8(r);
	size_t count = len & ~(size_t)LONG_FORM;

	if (len < LONG_FORM)
		return len;
	if (count == 0 || count > LENGTH_OCTETS_MAX) {
		reader_fail(r, FAULT_INVALID);
		return 0;
	}
	len = 0;
	for (size_t i = 0; i < count; i++)
		len = len << 8 | reader_u8(r);
	if (len < LONG_FORM || len >> (8 * (count - 1)) == 0)
		reader_fail(r, FAULT_INVALID);
	return len;
}

struct der_value der_take(struct reader *r)
{
	struct bytes start = r->rest;
	uint8_t tag = reader_u8(r);

	if ((tag & NUMBER) == NUMBER)
		reader_fail(r, FAULT_UNSUPPORTED);
	struct bytes content = reader_bytes(r, take_length(r));
	if (r->fault != FAULT_NONE)
		return (struct der_value){ 0 };
	return (struct der_value){ tag, content, bytes_of(start.data, start.len - r->rest.len) };
}

static struct der_value take_tagged(struct reader *r, uint8_t tag)
{
	struct der_value value = der_take(r);

	if (r->fault == FAULT_NONE && value.tag == tag)
		return value;
	reader_fail(r, FAULT_INVALID);
	return (struct der_value){ 0 };
}

struct bytes der_content(struct reader *r, uint8_t tag)
{
	return take_tagged(r, tag).content;
}

struct bytes der_whole(struct reader *r, uint8_t tag)
{
	return take_tagged(r, tag).whole;
}

struct reader der_enter(struct reader *outer, uint8_t tag)
{
	struct reader inner = reader_of(der_content(outer, tag));

	inner.fault = outer->fault;
	return inner;
}

struct bytes der_octets_of_bit_string(struct reader *r)
{
	struct bytes content = der_content(r, DER_BIT_STRING);

	if (content.len < 1 || content.data[0] != 0) {
		reader_fail(r, FAULT_INVALID);
		return (struct bytes){ 0 };
	}
	return bytes_of(content.data + 1, content.len - 1);
}

struct bytes der_unsigned(struct reader *r)
{
	struct bytes content = der_content(r, DER_INTEGER);

	if (content.len < 1 || (content.data[0] & 0x80) != 0) {
		reader_fail(r, FAULT_INVALID);
		return (struct bytes){ 0 };
	}
	return bytes_without_leading_zeros(content);
}

bool der_is_next(const struct reader *r, uint8_t tag)
{
	return r->fault == FAULT_NONE && r->rest.len > 0 && r->rest.data[0] == tag;
}

/* X.690, 8.3.2: the first nine bits are not all equal. */
static bool is_integer(struct bytes content)
{
	if (content.len < 2)
		return content.len == 1;
	bool is_negative = (content.data[1] & 0x80) != 0;

	return content.data[0] != (is_negative ? 0xff : 0x00);
}

/* X.690, 11.1. */
static bool is_boolean(struct bytes content)
{
	return content.len == 1 && (content.data[0] == 0x00 || content.data[0] == 0xff);
}

/* X.690, 8.6.2 and 11.2.1: at most seven unused bits, and they are zero. */
static bool is_bit_string(struct bytes content)
{
	if (content.len == 0 || content.data[0] > 7)
		return false;
	if (content.len == 1)
		return content.data[0] == 0;
	return (content.data[content.len - 1] & ((1U << content.data[0]) - 1)) == 0;
}

/* X.690, 8.19.2: whole subidentifiers, none of them padded. */
static bool is_object_identifier(struct bytes content)
{
	bool is_first = true;

	for (size_t i = 0; i < content.len; i++) {
		if (is_first && content.data[i] == 0x80)
			return false;
		is_first = (content.data[i] & 0x80) == 0;
	}
	return content.len > 0 && is_first;
}

/* X.690, 11.6: octet by octet, the shorter one as if padded with zeros. */
static bool is_ordered(struct bytes a, struct bytes b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common == 0 ? 0 : memcmp(a.data, b.data, common);

	if (order != 0)
		return order < 0;
	return a.len <= b.len ||
		bytes_without_leading_zeros(bytes_of(a.data + common, a.len - common)).len == 0;
}

static bool is_set(struct bytes content)
{
	struct reader r = reader_of(content);
	struct bytes last = { 0 };

	while (r.rest.len > 0 && r.fault == FAULT_NONE) {
		struct bytes next = der_take(&r).whole;

		if (!is_ordered(last, next))
			return false;
		last = next;
	}
	return r.fault == FAULT_NONE;
}

/* One universal value in the form and the one encoding that DER leaves it. */
static bool is_universal_strict(struct der_value value)
{
	if ((value.tag & CONSTRUCTED) != 0)
		return value.tag == DER_SEQUENCE || (value.tag == DER_SET && is_set(value.content));
	switch (value.tag) {
	case 0: /* end-of-contents belongs to indefinite lengths */
	case DER_SEQUENCE & ~CONSTRUCTED:
	case DER_SET & ~CONSTRUCTED:
		return false;
	case DER_BOOLEAN:
		return is_boolean(value.content);
	case DER_INTEGER:
	case DER_ENUMERATED:
		return is_integer(value.content);
	case DER_BIT_STRING:
		return is_bit_string(value.content);
	case DER_NULL:
		return value.content.len == 0;
	case DER_OBJECT_IDENTIFIER:
		return is_object_identifier(value.content);
	default:
		return true;
	}
}

/* Any number of values that fill content, each checked with all that is in it. */
static enum fault check_values(struct bytes content, bool is_strict, unsigned levels_left)
{
	struct reader r = reader_of(content);

	if (content.len > 0 && levels_left == 0)
		return FAULT_TOO_LONG;
	while (r.rest.len > 0 && r.fault == FAULT_NONE) {
		struct der_value value = der_take(&r);

		if (is_strict && (value.tag & CLASS) == 0 && !is_universal_strict(value))
			reader_fail(&r, FAULT_INVALID);
		if ((value.tag & CONSTRUCTED) != 0)
			reader_fail(&r, check_values(value.content, is_strict, levels_left - 1));
	}
	return r.fault;
}

static enum fault check_one_value(struct bytes input, bool is_strict)
{
	struct reader r = reader_of(input);

	(void)der_take(&r);
	enum fault fault = reader_end(&r);
	return fault != FAULT_NONE ? fault : check_values(input, is_strict, DER_DEPTH_MAX);
}

enum fault der_check_strict(struct bytes input)
{
	return check_one_value(input, true);
}

enum fault der_check_framing(struct bytes input)
{
	return check_one_value(input, false);
}
