#include "trust_marks.h"

#include "encoding.h"

static void pad_with_zeros(uint8_t id[MANUFACTURER_ID_SIZE])
{
	for (size_t i = MANUFACTURER_ID_SIZE; i > 0 && (id[i - 1] == ' ' || id[i - 1] == 0); i--)
		id[i - 1] = 0;
}

static bool is_letters(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < 'A' || text.data[i] > 'Z')
			return false;
	}
	return text.len >= 1 && text.len <= MANUFACTURER_ID_SIZE;
}

static enum fault add_manufacturer(struct trust_marks *marks, struct bytes text)
{
	uint8_t id[MANUFACTURER_ID_SIZE] = { 0 };

	if (marks->manufacturer_count == MANUFACTURER_COUNT_MAX)
		return FAULT_TOO_LONG;
	if (is_letters(text))
		memcpy(id, text.data, text.len);
	else if (hex_decode(text, id, sizeof(id)) != FAULT_NONE)
		return FAULT_INVALID;
	pad_with_zeros(id);
	memcpy(marks->manufacturers[marks->manufacturer_count++], id, sizeof(id));
	return FAULT_NONE;
}

static enum fault add_mark(struct trust_marks *marks, struct bytes text)
{
	const struct bytes prefix = BYTES_OF_LITERAL("manufacturer=");

	if (text.len > prefix.len && bytes_equal(bytes_of(text.data, prefix.len), prefix))
		return add_manufacturer(marks,
			bytes_of(text.data + prefix.len, text.len - prefix.len));
	if (bytes_equal(text, BYTES_OF_LITERAL("ek-only")))
		marks->is_ek_only = true;
	else if (bytes_equal(text, BYTES_OF_LITERAL("hints")))
		marks->has_hints = true;
	else if (bytes_equal(text, BYTES_OF_LITERAL("sha1")))
		marks->allows_sha1 = true;
	else
		return FAULT_INVALID;
	return FAULT_NONE;
}

enum fault trust_marks_read(struct bytes text, struct trust_marks *out)
{
	struct trust_marks marks = { 0 };
	size_t start = 0;

	for (size_t i = 0; text.len > 0 && i <= text.len; i++) {
		if (i < text.len && text.data[i] != ',')
			continue;
		enum fault fault = add_mark(&marks, bytes_of(text.data + start, i - start));

		if (fault != FAULT_NONE)
			return fault;
		start = i + 1;
	}
	*out = marks;
	return FAULT_NONE;
}

bool trust_marks_allow(const struct trust_marks *marks, const uint8_t id[MANUFACTURER_ID_SIZE])
{
	uint8_t padded[MANUFACTURER_ID_SIZE];

	memcpy(padded, id, sizeof(padded));
	pad_with_zeros(padded);
	for (size_t i = 0; i < marks->manufacturer_count; i++) {
		if (memcmp(marks->manufacturers[i], padded, sizeof(padded)) == 0)
			return true;
	}
	return marks->manufacturer_count == 0;
}
