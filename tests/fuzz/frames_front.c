/*
 * Target: message_read and answer_read, crl_notice_read, load_read
 * (src/lib/ipc/message.h): every frame with a body that the front takes.
 * Holds: what is read is written as the octets that came.
 */
#include "frames.h"

static const uint16_t types[] = { MESSAGE_ANSWER, MESSAGE_CRL, MESSAGE_LOAD };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	frame_round_trip(bytes_of(data, len), FRAME_TYPES(types));
	return 0;
}
