/*
 * Target: request_json_read (src/front/request_json.h); the first octet is the act.
 * Holds: what is accepted is evidence that the verifier's reader takes as it is.
 */
#include "fuzz.h"

#include "request_json.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	request_json_open(1);
	return 0;
}

static void demand_frame(const struct evidence *evidence)
{
	static uint8_t buffer[FRAME_MAX], again_buffer[FRAME_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer), w_again = WRITER_OF_ARRAY(again_buffer);
	struct evidence again;
	struct bytes frame;

	evidence_write(&w, evidence);
	must_hold(writer_end(&w, &frame) == FAULT_NONE);
	must_hold(evidence_read(frame, &again) == FAULT_NONE);
	evidence_write(&w_again, &again);
	must_hold(bytes_equal(writer_written(&w_again), frame));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct evidence_octets octets;
	struct evidence evidence;
	struct refusal refusal = { 0 };

	if (len == 0)
		return 0;
	uint8_t act = (data[0] & 1) != 0 ? ACT_CHALLENGE : ACT_CERTIFICATE;
	if (request_json_read(bytes_of(data + 1, len - 1), act, &octets, &evidence, &refusal) ==
			FAULT_NONE)
		demand_frame(&evidence);
	else
		must_hold(check_row(refusal.check) != NULL && refusal.saw[0] != '\0');
	return 0;
}
