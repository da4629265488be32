/*
 * Target: message_read and facts_read, refused_evidence_read, the store's answers, load_read
 * (src/lib/ipc/message.h): every frame with a body that the authority takes.
 * Holds: what is read is written as the octets that came.
 */
#include "frames.h"

static const uint16_t types[] = { MESSAGE_FACTS, MESSAGE_REFUSED, MESSAGE_INTENT_ANSWER,
	MESSAGE_RECORD_ANSWER, MESSAGE_TIDY_ANSWER, MESSAGE_REVOKED_ANSWER, MESSAGE_LOAD };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	frame_round_trip(bytes_of(data, len), FRAME_TYPES(types));
	return 0;
}
