/*
 * Target: message_read and intent_read, record_read, crl_notice_read, load_read, operator_request_read
 * (src/lib/ipc/message.h): every frame with a body that the store takes.
 * Holds: what is read is written as the octets that came.
 */
#include "frames.h"

static const uint16_t types[] = { MESSAGE_INTENT, MESSAGE_RECORD, MESSAGE_CRL, MESSAGE_LOAD,
	MESSAGE_OPERATOR };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	frame_round_trip(bytes_of(data, len), FRAME_TYPES(types));
	return 0;
}
