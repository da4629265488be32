/*
 * Target: message_read and crl_notice_read, operator_request_read, operator_row_read, operator_end_read
 * (src/lib/ipc/message.h): every frame with a body that the supervisor takes.
 * Holds: what is read is written as the octets that came.
 */
#include "frames.h"

static const uint16_t types[] = { MESSAGE_CRL, MESSAGE_OPERATOR, MESSAGE_OPERATOR_ROW,
	MESSAGE_OPERATOR_END };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	frame_round_trip(bytes_of(data, len), FRAME_TYPES(types));
	return 0;
}
