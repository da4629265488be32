#include "control_character.h"

size_t control_character_len(const char *text)
{
	unsigned char first = (unsigned char)text[0], second = (unsigned char)text[1];

	if (first == '\0')
		return 0;
	if (first == 0xc2 && second >= 0x80 && second < 0xa0)
		return 2;
	return first < 0x20 || first == 0x7f ? 1 : 0;
}
