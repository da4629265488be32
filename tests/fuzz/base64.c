/*
 * Target: base64_decode, base64_encode (src/lib/base/encoding.h).
 * Holds: what is decoded was the one text for its octets (RFC 4648, 3.5).
 */
#include "fuzz.h"

#include "encoding.h"

enum { TEXT_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t buffer[TEXT_MAX];
	char text[BASE64_CAPACITY(sizeof(buffer))];
	struct bytes octets;

	if (base64_decode(bytes_of(data, len), buffer, sizeof(buffer), &octets) != FAULT_NONE)
		return 0;
	must_hold(octets.len <= sizeof(buffer));
	base64_encode(octets, text, sizeof(text));
	must_hold(bytes_equal(bytes_of_string(text), bytes_of(data, len)));
	return 0;
}
