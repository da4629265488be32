#include "authority_stage.h"

#include "channel.h"
#include "sample_ca.h"
#include "sample_materials.h"
#include "ticket.h"

#include <assert.h>
#include <openssl/rand.h>

enum { REQUEST = 77, STORE_REQUEST_FIRST = 1000 };

struct authority_stage *authority_stage_open(void)
{
	static struct authority_stage stage;

	if (stage.ca_key != NULL)
		return &stage;
	stage.ca_key = sample_key_make("P-256", 0);
	sample_materials_open(&stage.materials, "[ca]\nname = Example\n", stage.ca_key);
	assert(channel_pair(stage.verifier) == FAULT_NONE);
	assert(channel_pair(stage.store) == FAULT_NONE);
	stage.acts = (struct acts){ .store = stage.store[0], .materials = &stage.materials,
		.owner = { 0x55 }, .next_request = STORE_REQUEST_FIRST };
	store_clock_learn(&stage.acts.clock, UINT64_C(1000) * SAMPLE_NOW);
	return &stage;
}

struct facts authority_stage_facts(const struct authority_stage *stage, const struct tpm_key *ek)
{
	struct facts facts = sample_facts();

	memcpy(facts.fingerprint, stage->materials.fingerprint, sizeof(facts.fingerprint));
	facts.ek = *ek;
	return facts;
}

/* The next message at that far end; false where there is none. */
static bool receive(struct authority_stage *stage, int channel, struct message *out)
{
	struct bytes frame;

	return channel_receive(channel, stage->frame, sizeof(stage->frame), &frame, NULL) ==
			FAULT_NONE && message_read(frame, out) == FAULT_NONE;
}

static void refuse_leave(struct authority_stage *stage)
{
	struct intent_answer answer = { .verdict = INTENT_REFUSED };
	struct message asked;

	if (!receive(stage, stage->store[1], &asked))
		return;
	assert(asked.type == MESSAGE_INTENT);
	answer.state.now_ms = store_clock_now_ms(&stage->acts.clock);
	refusal_set(&answer.refusal, CHECK_NOT_BANNED, "by the test");
	acts_intent_answer(&stage->acts, asked.request, &answer);
}

struct answer authority_stage_ask(struct authority_stage *stage, const struct facts *facts)
{
	struct message message;
	struct answer answer;

	acts_facts(&stage->acts, stage->verifier[0], REQUEST, facts);
	refuse_leave(stage);
	bool is_answered = receive(stage, stage->verifier[1], &message);
	assert(is_answered && message.type == MESSAGE_ANSWER && message.request == REQUEST);
	assert(answer_read(message.body, &answer) == FAULT_NONE);
	return answer;
}

struct ticket_header authority_stage_header(const struct authority_stage *stage)
{
	const struct materials *m = &stage->materials;
	uint64_t now_ms = store_clock_now_ms(&stage->acts.clock);
	struct ticket_header header = { .version = TICKET_VERSION, .issued_at_ms = now_ms,
		.epoch = ticket_epoch(now_ms) };

	memcpy(header.ca_id, m->ticket_keys.current.ca_id, sizeof(header.ca_id));
	memcpy(header.fingerprint_prefix, m->fingerprint, sizeof(header.fingerprint_prefix));
	assert(RAND_bytes(header.nonce, sizeof(header.nonce)) == 1);
	return header;
}
