/*
 * Target: hex_decode, hex_encode (src/lib/base/encoding.h).
 * Holds: what is decoded was the text for its octets, but for the digits' case.
 */
#include "fuzz.h"

#include "encoding.h"

#include <strings.h>

enum { OCTETS_MAX = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t octets[OCTETS_MAX];
	char text[HEX_CAPACITY(OCTETS_MAX)];
	size_t octets_len = len / 2 < OCTETS_MAX ? len / 2 : OCTETS_MAX;

	if (hex_decode(bytes_of(data, len), octets, octets_len) != FAULT_NONE)
		return 0;
	hex_encode(bytes_of(octets, octets_len), text, sizeof(text));
	must_hold(strlen(text) == len);
	must_hold(strncasecmp(text, (const char *)data, len) == 0);
	return 0;
}
