#include "control_character.h"

#include <stdbool.h>

/* U+202A to U+202E and U+2066 to U+2069; octets behind a NUL are not looked at. */
static bool is_direction(const unsigned char *at)
{
	if (at[0] != 0xe2 || (at[1] != 0x80 && at[1] != 0x81))
		return false;
	return at[1] == 0x80 ? at[2] >= 0xaa && at[2] <= 0xae : at[2] >= 0xa6 && at[2] <= 0xa9;
}

size_t control_character_len(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	if (at[0] == '\0')
		return 0;
	if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
		return 2;
	if (is_direction(at))
		return 3;
	return at[0] < 0x20 || at[0] == 0x7f ? 1 : 0;
}
