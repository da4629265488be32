#include "outbox.h"

#include "channel.h"

#include <assert.h>

bool outbox_is_empty(const struct outbox *outbox)
{
	return outbox->count == 0;
}

struct writer outbox_begin(struct outbox *outbox, enum message_type type, uint64_t request)
{
	assert(outbox->count < OUTBOX_MAX && outbox->sent == 0);
	struct outbox_answer *answer = &outbox->answers[outbox->count++];

	answer->type = (uint16_t)type;
	answer->request = request;
	return message_begin(answer->frame, sizeof(answer->frame), type, request);
}

void outbox_end(struct outbox *outbox, const struct writer *writer)
{
	struct bytes frame;
	enum fault fault = writer_end(writer, &frame);

	/* Every answer fits a frame: limits.h. */
	assert(fault == FAULT_NONE);
	outbox->answers[outbox->count - 1].len = frame.len;
}

static void refuse_intent(struct writer *writer, const struct store_state *state, const char *saw)
{
	struct intent_answer answer = { .state = *state, .verdict = INTENT_REFUSED };

	refusal_set(&answer.refusal, CHECK_STORE_WORKS, "%s", saw);
	intent_answer_write(writer, &answer);
}

static void refuse_record(struct writer *writer, const struct store_state *state, const char *saw)
{
	struct record_answer answer = { .state = *state, .is_recorded = false };

	refusal_set(&answer.refusal, CHECK_STORE_WORKS, "%s", saw);
	record_answer_write(writer, &answer);
}

void outbox_refuse_all(struct outbox *outbox, const struct store_state *state, const char *saw)
{
	size_t count = outbox->count;

	outbox->count = 0;
	for (size_t i = 0; i < count; i++) {
		uint16_t type = outbox->answers[i].type;

		if (type != MESSAGE_INTENT_ANSWER && type != MESSAGE_RECORD_ANSWER)
			continue;
		struct writer writer = outbox_begin(outbox, (enum message_type)type,
			outbox->answers[i].request);
		if (type == MESSAGE_INTENT_ANSWER)
			refuse_intent(&writer, state, saw);
		else
			refuse_record(&writer, state, saw);
		outbox_end(outbox, &writer);
	}
}

enum fault outbox_send(struct outbox *outbox, int channel)
{
	for (; outbox->sent < outbox->count; outbox->sent++) {
		const struct outbox_answer *answer = &outbox->answers[outbox->sent];

		enum fault fault = channel_send(channel, bytes_of(answer->frame, answer->len));
		if (fault != FAULT_NONE)
			return fault;
	}
	outbox->count = 0;
	outbox->sent = 0;
	return FAULT_NONE;
}
