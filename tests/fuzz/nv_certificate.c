/*
 * Target: nv_certificate_unwrap, nv_certificate_next (src/device/nv_certificate.h): what lies in
 * the NV indices of a chip.
 * Holds: what is cut out lies in the content and is one framed value of a SEQUENCE; a chain ends.
 */
#include "fuzz.h"

#include "nv_certificate.h"

static void demand_within(struct bytes part, struct bytes whole)
{
	must_hold(part.len >= 2 && part.data[0] == 0x30);
	must_hold(part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes content = bytes_of(data, len), chain = content, certificate;

	if (nv_certificate_unwrap(content, &certificate) == FAULT_NONE)
		demand_within(certificate, content);
	while (nv_certificate_next(&chain, &certificate) == FAULT_NONE) {
		demand_within(certificate, content);
		must_hold(chain.data == certificate.data + certificate.len);
	}
	return 0;
}
