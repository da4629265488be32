#include "frames.h"

static uint8_t buffer[FRAME_MAX];

static struct writer again(void)
{
	return WRITER_OF_ARRAY(buffer);
}

static void demand_same(const struct writer *w, struct bytes body)
{
	struct bytes written;

	must_hold(writer_end(w, &written) == FAULT_NONE);
	must_hold(bytes_equal(written, body));
}

/* A function round_trip_NAME for the message NAME_read reads and NAME_write writes. */
#define ROUND_TRIP(name) \
	static void round_trip_##name(struct bytes body) \
	{ \
		static struct name message; \
		struct writer w = again(); \
\
		if (name##_read(body, &message) != FAULT_NONE) \
			return; \
		name##_write(&w, &message); \
		demand_same(&w, body); \
	}

ROUND_TRIP(evidence)
ROUND_TRIP(facts)
ROUND_TRIP(answer)
ROUND_TRIP(refused_evidence)
ROUND_TRIP(intent)
ROUND_TRIP(intent_answer)
ROUND_TRIP(record)
ROUND_TRIP(record_answer)
ROUND_TRIP(tidy_answer)
ROUND_TRIP(revoked_page)
ROUND_TRIP(crl_notice)
ROUND_TRIP(load)
ROUND_TRIP(operator_request)
ROUND_TRIP(operator_row)
ROUND_TRIP(operator_end)

static const struct {
	uint16_t type;
	void (*round_trip)(struct bytes body);
} readers[] = {
	{ MESSAGE_EVIDENCE, round_trip_evidence },
	{ MESSAGE_FACTS, round_trip_facts },
	{ MESSAGE_ANSWER, round_trip_answer },
	{ MESSAGE_REFUSED, round_trip_refused_evidence },
	{ MESSAGE_INTENT, round_trip_intent },
	{ MESSAGE_INTENT_ANSWER, round_trip_intent_answer },
	{ MESSAGE_RECORD, round_trip_record },
	{ MESSAGE_RECORD_ANSWER, round_trip_record_answer },
	{ MESSAGE_TIDY_ANSWER, round_trip_tidy_answer },
	{ MESSAGE_REVOKED_ANSWER, round_trip_revoked_page },
	{ MESSAGE_CRL, round_trip_crl_notice },
	{ MESSAGE_LOAD, round_trip_load },
	{ MESSAGE_OPERATOR, round_trip_operator_request },
	{ MESSAGE_OPERATOR_ROW, round_trip_operator_row },
	{ MESSAGE_OPERATOR_END, round_trip_operator_end },
};

static bool is_of_role(uint16_t type, struct frame_types role)
{
	for (size_t i = 0; i < role.count; i++) {
		if (role.types[i] == type)
			return true;
	}
	return false;
}

static void demand_envelope(struct bytes frame, const struct message *message)
{
	struct writer w = message_begin(buffer, sizeof(buffer), (enum message_type)message->type,
		message->request);

	writer_bytes(&w, message->body);
	if (frame.len <= sizeof(buffer))
		demand_same(&w, frame);
}

void frame_round_trip(struct bytes frame, struct frame_types role)
{
	struct message message;

	if (message_read(frame, &message) != FAULT_NONE)
		return;
	demand_envelope(frame, &message);
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		if (readers[i].type == message.type && is_of_role(message.type, role))
			readers[i].round_trip(message.body);
	}
}
