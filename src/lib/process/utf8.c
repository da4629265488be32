#include "utf8.h"

/* RFC 3629, 4: how many octets a sequence has, from its first; 0 where none begins so. */
static size_t sequence_len(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* RFC 3629, 4: the second octet's range keeps out longer forms, surrogates and what is too
 * large. */
static bool second_fits(uint8_t first, uint8_t second)
{
	uint8_t min = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	uint8_t max = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

	return second >= min && second <= max;
}

static bool tail_fits(const uint8_t *tail, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (tail[i] < 0x80 || tail[i] > 0xbf)
			return false;
	}
	return true;
}

bool utf8_is_valid(struct bytes text)
{
	for (size_t i = 0; i < text.len;) {
		const uint8_t *at = text.data + i;
		size_t len = sequence_len(at[0]);

		if (len == 0 || len > text.len - i)
			return false;
		if (len > 1 && !second_fits(at[0], at[1]))
			return false;
		if (len > 2 && !tail_fits(at + 2, len - 2))
			return false;
		i += len;
	}
	return true;
}
