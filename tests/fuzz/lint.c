/*
 * Target: lint_certificate (src/authority/lint.h), tbs_certificate_read (tbs_certificate.h). The
 * first octet chooses between a certificate with everything that can be configured and the least.
 * Holds: what the lints let pass is, octet for octet, what was meant.
 */
#include "fuzz.h"

#include "lint_sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t buffer[TBS_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct refusal refusal = { 0 };

	if (len == 0)
		return 0;
	const struct lint_context *context = lint_sample((data[0] & 1) != 0);
	struct bytes tbs = bytes_of(data + 1, len - 1);
	if (!lint_certificate(tbs, context, &refusal)) {
		must_hold(refusal.check == CHECK_CERTIFICATE_LINT && refusal.saw[0] != '\0');
		return 0;
	}
	device_certificate_write(&w, context->certificate);
	must_hold(bytes_equal(writer_written(&w), tbs));
	return 0;
}
