/* The authority's acts, from facts to the answer, between a verifier and a store that the test plays. */
#include "acts.h"

#include "areas.h"
#include "challenge.h"
#include "channel.h"
#include "failing_memory.h"
#include "sample_ca.h"
#include "sample_materials.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { VERIFIER_REQUEST = 77 };

static const uint64_t now_ms = UINT64_C(1000) * SAMPLE_NOW;

/* The far ends are the test's: it is the verifier and the store. */
static struct stage {
	struct materials materials;
	EVP_PKEY *ca_key;
	struct acts acts;
	int verifier[2], store[2];
	uint8_t frame[FRAME_MAX];
} stage;

static int open_stage(void **state)
{
	(void)state;
	stage.ca_key = sample_key_make("P-256", 0);
	sample_materials_open(&stage.materials, "[ca]\nname = Example\n", stage.ca_key);
	assert_int_equal(channel_pair(stage.verifier), FAULT_NONE);
	assert_int_equal(channel_pair(stage.store), FAULT_NONE);
	stage.acts = (struct acts){ .store = stage.store[0], .materials = &stage.materials,
		.owner = { 0x55 }, .next_request = 1000 };
	store_clock_learn(&stage.acts.clock, now_ms);
	return 0;
}

static int close_stage(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		(void)close(stage.verifier[i]);
		(void)close(stage.store[i]);
	}
	materials_close(&stage.materials);
	EVP_PKEY_free(stage.ca_key);
	return 0;
}

/* The next message at that far end; type 0 where there is none. */
static struct message receive(int channel)
{
	struct message message = { 0 };
	struct bytes frame;
	enum fault fault = channel_receive(channel, stage.frame, sizeof(stage.frame), &frame, NULL);

	if (fault == FAULT_NONE)
		assert_int_equal(message_read(frame, &message), FAULT_NONE);
	else
		assert_int_equal(fault, FAULT_BUSY);
	return message;
}

static void assert_silence(int channel)
{
	assert_int_equal(receive(channel).type, 0);
}

static struct answer receive_answer(void)
{
	struct message message = receive(stage.verifier[1]);
	struct answer answer;

	assert_int_equal(message.type, MESSAGE_ANSWER);
	assert_int_equal(message.request, VERIFIER_REQUEST);
	assert_int_equal(answer_read(message.body, &answer), FAULT_NONE);
	return answer;
}

static void assert_refused(enum check check)
{
	struct answer answer = receive_answer();

	assert_int_equal(answer.kind, ANSWER_REFUSED);
	assert_int_equal(answer.refusal.check, check);
	assert_string_equal(answer.refusal.serial, sample_facts().serial);
}

static struct facts sound_facts(uint8_t act)
{
	struct facts facts = sample_facts();

	facts.act = act;
	facts.evidence_mask = EVIDENCE_MASK_FULL;
	memcpy(facts.fingerprint, stage.materials.fingerprint, sizeof(facts.fingerprint));
	return facts;
}

static struct ticket_header header_now(void)
{
	struct ticket_header header = { .version = TICKET_VERSION, .issued_at_ms = now_ms,
		.epoch = ticket_epoch(now_ms), .nonce = { 9 } };

	memcpy(header.ca_id, stage.materials.ticket_keys.current.ca_id, sizeof(header.ca_id));
	memcpy(header.fingerprint_prefix, stage.materials.fingerprint, sizeof(header.fingerprint_prefix));
	return header;
}

/* getCertificate with that header and the ticket that belongs to it. */
static struct facts facts_with_ticket(const struct ticket_header *header)
{
	struct facts facts = sound_facts(ACT_CERTIFICATE);
	struct writer w = WRITER_OF_ARRAY(facts.header);
	struct areas areas;
	struct secret ticket;

	ticket_header_write(&w, header);
	assert_int_equal(areas_write(&facts, &areas), FAULT_NONE);
	assert_int_equal(challenge_ticket(&stage.materials, &facts, &areas, header, &ticket), FAULT_NONE);
	memcpy(facts.ticket, ticket.data, sizeof(facts.ticket));
	return facts;
}

static struct facts facts_with_good_ticket(void)
{
	struct ticket_header header = header_now();

	return facts_with_ticket(&header);
}

static void give(const struct facts *facts)
{
	acts_facts(&stage.acts, stage.verifier[0], VERIFIER_REQUEST, facts);
}

/* What the authority asks the store; its number is out. */
static struct intent receive_intent(uint64_t *request)
{
	struct message message = receive(stage.store[1]);
	struct intent intent;

	assert_int_equal(message.type, MESSAGE_INTENT);
	assert_int_equal(intent_read(message.body, &intent), FAULT_NONE);
	*request = message.request;
	return intent;
}

static void answer_intent(uint64_t request, enum intent_verdict verdict)
{
	static const uint8_t recorded[] = { 0x30, 0x03, 0x02, 0x01, 0x07 };
	struct intent_answer answer = { .state = { .now_ms = now_ms }, .verdict = (uint8_t)verdict };

	answer.certificate = BYTES_OF_ARRAY(recorded);
	answer.chain_pem = BYTES_OF_LITERAL("chain");
	refusal_set(&answer.refusal, CHECK_NOT_BANNED, "the EK is banned");
	acts_intent_answer(&stage.acts, request, &answer);
}

static void answer_record(uint64_t request, bool is_recorded)
{
	struct record_answer answer = { .state = { .now_ms = now_ms }, .is_recorded = is_recorded };

	refusal_set(&answer.refusal, CHECK_INTENT_OURS, "closed");
	acts_record_answer(&stage.acts, request, &answer);
}

static void test_challenge(void **state)
{
	struct facts facts = sound_facts(ACT_CHALLENGE);

	(void)state;
	give(&facts);
	struct answer answer = receive_answer();
	assert_int_equal(answer.kind, ANSWER_CHALLENGE);
	assert_int_equal(answer.challenge.len, CHALLENGE_HEADER_SIZE);
	assert_silence(stage.store[1]); /* getChallenge never asks the store */
}

/* A mask that lacks any one bit, another policy's fingerprint: 503. */
static void test_evidence_mask(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		struct facts facts = sound_facts(ACT_CHALLENGE);

		facts.evidence_mask ^= UINT64_C(1) << bit;
		give(&facts);
		assert_refused(CHECK_EVIDENCE_MASK);
	}
	struct facts facts = sound_facts(ACT_CHALLENGE);
	facts.fingerprint[31] ^= 1;
	give(&facts);
	assert_refused(CHECK_EVIDENCE_MASK);

}

static void assert_not_ready(const struct facts *facts)
{
	stage.acts.is_paused = true;
	give(facts);
	assert_refused(CHECK_EVIDENCE_MASK);
	stage.acts.is_paused = false;
	stage.acts.clock.is_known = false;
	give(facts);
	assert_refused(CHECK_EVIDENCE_MASK);
	stage.acts.clock.is_known = true;
	stage.acts.materials = NULL;
	give(facts);
	assert_refused(CHECK_EVIDENCE_MASK);
	stage.acts.materials = &stage.materials;
}

/* Neither a challenge nor a certificate while a reload is under way, or before all of it is there. */
static void test_not_ready(void **state)
{
	const struct facts asks = sound_facts(ACT_CHALLENGE), presents = facts_with_good_ticket();

	(void)state;
	assert_not_ready(&asks);
	assert_not_ready(&presents);
	assert_silence(stage.store[1]);
}

/* A verifier that says of such a key that it is sound gets no challenge for it. */
static void test_no_challenge(void **state)
{
	struct facts facts = sound_facts(ACT_CHALLENGE);

	(void)state;
	facts.ek.a[0] ^= 1;
	give(&facts);
	assert_refused(CHECK_STORE_ANSWER);
}

/* Leave, signature, record, and only then the answer. */
static void test_certificate(void **state)
{
	struct facts facts = facts_with_good_ticket();
	uint64_t request;

	(void)state;
	give(&facts);
	struct intent intent = receive_intent(&request);
	assert_silence(stage.verifier[1]);
	assert_string_equal(intent.serial, facts.serial);
	assert_int_equal(intent.issued_at_ms, now_ms);
	assert_int_equal(intent.ek_trust, TRUST_BOTH);
	assert_int_equal(intent.binding, BINDING_MANIFEST);

	answer_intent(request, INTENT_OPEN);
	assert_silence(stage.verifier[1]);
	struct message message = receive(stage.store[1]);
	struct record record;
	assert_int_equal(message.type, MESSAGE_RECORD);
	assert_true(message.request != request);
	assert_int_equal(record_read(message.body, &record), FAULT_NONE);
	assert_memory_equal(record.number, intent.number, sizeof(record.number));
	const unsigned char *cursor = record.certificate.data;
	X509 *certificate = d2i_X509(NULL, &cursor, (long)record.certificate.len);
	assert_non_null(certificate);
	assert_int_equal(X509_verify(certificate, stage.ca_key), 1);
	X509_free(certificate);

	answer_record(message.request, true);
	struct answer answer = receive_answer();
	assert_int_equal(answer.kind, ANSWER_CERTIFICATE);
	assert_memory_equal(answer.certificate_pem.data, "-----BEGIN CERTIFICATE-----\n", 28);
	assert_int_equal(stage.acts.in_hand_count, 0);
}

/* CHECK_TICKET: each bit of it counts; the store is asked nothing. */
static void test_ticket(void **state)
{
	(void)state;
	for (size_t bit = 0; bit < 8 * TICKET_SIZE; bit++) {
		struct facts facts = facts_with_good_ticket();

		facts.ticket[bit / 8] = (uint8_t)(facts.ticket[bit / 8] ^ 1 << bit % 8);
		give(&facts);
		assert_refused(CHECK_TICKET);
	}
	assert_silence(stage.store[1]);
	assert_int_equal(stage.acts.in_hand_count, 0);
}

/* CHECK_TICKET_FORMER: under the policy before a reload a wrong ticket is 409, a right one is good. */
static void test_ticket_former(void **state)
{
	struct ticket_header header = header_now();
	uint64_t request;

	(void)state;
	memset(stage.materials.former_fingerprint, 0xf0, 32);
	stage.materials.has_former_fingerprint = true;
	stage.materials.former_fingerprint_until_ms = now_ms + 660000;
	memset(header.fingerprint_prefix, 0xf0, sizeof(header.fingerprint_prefix));
	struct facts facts = facts_with_ticket(&header);
	facts.ticket[0] ^= 1;
	give(&facts);
	assert_refused(CHECK_TICKET_FORMER);
	facts.ticket[0] ^= 1;
	give(&facts);
	(void)receive_intent(&request);
}

/* The header is decided before anything else, also where the evidence was refused. */
static void test_header_first(void **state)
{
	struct ticket_header header = header_now();
	struct refused_evidence refused = { 0 };
	struct writer w = WRITER_OF_ARRAY(refused.header);

	(void)state;
	refusal_set(&refused.refusal, CHECK_CSR_SIGNATURE, "wrong");
	memcpy(refused.refusal.serial, sample_facts().serial, sizeof(refused.refusal.serial));
	ticket_header_write(&w, &header);
	acts_refused(&stage.acts, stage.verifier[0], VERIFIER_REQUEST, &refused);
	assert_refused(CHECK_CSR_SIGNATURE);

	header.issued_at_ms = now_ms - 600000;
	header.epoch = ticket_epoch(header.issued_at_ms);
	w = WRITER_OF_ARRAY(refused.header);
	ticket_header_write(&w, &header);
	acts_refused(&stage.acts, stage.verifier[0], VERIFIER_REQUEST, &refused);
	assert_refused(CHECK_HEADER_LIFE);

	struct facts facts = facts_with_ticket(&header);
	facts.evidence_mask = 0;
	give(&facts);
	assert_refused(CHECK_HEADER_LIFE);
}

static void test_store_refuses(void **state)
{
	struct facts facts = facts_with_good_ticket();
	uint64_t request;

	(void)state;
	give(&facts);
	(void)receive_intent(&request);
	answer_intent(request, INTENT_REFUSED);
	assert_refused(CHECK_NOT_BANNED);
	assert_silence(stage.store[1]); /* nothing was signed */

	give(&facts);
	(void)receive_intent(&request);
	answer_intent(request, INTENT_OPEN);
	struct message record = receive(stage.store[1]);
	answer_record(record.request, false);
	assert_refused(CHECK_INTENT_OURS);
	assert_int_equal(stage.acts.in_hand_count, 0);
}

/* The same ticket again: the recorded octets, and nothing is signed. */
static void test_repeat(void **state)
{
	struct facts facts = facts_with_good_ticket();
	uint64_t request;

	(void)state;
	give(&facts);
	(void)receive_intent(&request);
	answer_intent(request, INTENT_REPEAT);
	struct answer answer = receive_answer();
	assert_int_equal(answer.kind, ANSWER_CERTIFICATE);
	assert_true(bytes_equal(answer.certificate_pem,
		BYTES_OF_LITERAL("-----BEGIN CERTIFICATE-----\nMAMCAQc=\n-----END CERTIFICATE-----\n")));
	assert_true(bytes_equal(answer.chain_pem, BYTES_OF_LITERAL("chain")));
	assert_silence(stage.store[1]);
}

/* Answers that nobody waits for, or that come out of order, move nothing. */
static void test_answers_of_nobody(void **state)
{
	struct facts facts = facts_with_good_ticket();
	uint64_t request;

	(void)state;
	give(&facts);
	(void)receive_intent(&request);
	answer_intent(request + 1, INTENT_OPEN);
	answer_record(request, true);
	assert_silence(stage.store[1]);
	assert_silence(stage.verifier[1]);
	assert_int_equal(stage.acts.in_hand_count, 1);
	answer_intent(request, INTENT_OPEN);
	struct message record = receive(stage.store[1]);
	assert_int_equal(record.type, MESSAGE_RECORD);
	answer_intent(request, INTENT_OPEN);
	answer_intent(record.request, INTENT_OPEN);
	assert_silence(stage.store[1]); /* signed once */
}

/* CHECK_STORE_ANSWER: a store that does not answer. */
static void test_time(void **state)
{
	struct facts facts = facts_with_good_ticket();
	uint64_t request;

	(void)state;
	give(&facts);
	(void)receive_intent(&request);
	acts_tick(&stage.acts);
	assert_silence(stage.verifier[1]);
	stage.acts.in_hand[0].since_ms -= ACT_LIMIT_MS + 1000;
	acts_tick(&stage.acts);
	assert_refused(CHECK_STORE_ANSWER);
	answer_intent(request, INTENT_OPEN); /* too late: nothing is signed */
	assert_silence(stage.store[1]);
}

/* CHECK_STORE_ANSWER: no verifier takes more places than its front may have requests in flight. */
static void test_room(void **state)
{
	const struct facts facts = facts_with_good_ticket();
	int verifiers[ACT_COUNT_MAX / PENDING_MAX + 1]; /* other channels to the same far end */
	uint64_t request;

	(void)state;
	for (size_t i = 0; i < ACT_COUNT_MAX / PENDING_MAX + 1; i++) {
		verifiers[i] = dup(stage.verifier[0]);
		assert_true(verifiers[i] >= 0);
	}
	for (size_t i = 0; i < ACT_COUNT_MAX / PENDING_MAX; i++) {
		for (size_t j = 0; j < PENDING_MAX; j++) {
			acts_facts(&stage.acts, verifiers[i], VERIFIER_REQUEST, &facts);
			(void)receive_intent(&request);
		}
		acts_facts(&stage.acts, verifiers[i], VERIFIER_REQUEST, &facts);
		assert_refused(CHECK_STORE_ANSWER);
	}
	acts_facts(&stage.acts, verifiers[ACT_COUNT_MAX / PENDING_MAX], VERIFIER_REQUEST, &facts);
	assert_refused(CHECK_STORE_ANSWER);
	for (size_t i = 0; i < ACT_COUNT_MAX / PENDING_MAX + 1; i++)
		(void)close(verifiers[i]);
}

/* The answer is that one, or 503: what the authority had no memory for is nobody's fault. */
static void assert_answer_or_503(uint8_t kind)
{
	struct answer answer = receive_answer();

	if (answer.kind == ANSWER_REFUSED)
		assert_int_equal(check_row(answer.refusal.check)->status, 503);
	else
		assert_int_equal(answer.kind, kind);
}

/* From the ticket to the certificate, as far as it goes. */
static void go_on_to_record(void)
{
	struct message message = receive(stage.store[1]);

	if (message.type != MESSAGE_INTENT)
		return;
	answer_intent(message.request, INTENT_OPEN);
	message = receive(stage.store[1]);
	if (message.type != MESSAGE_RECORD)
		return;
	answer_record(message.request, true);
}

/* Each allocation of both acts fails once; a wrong ticket stays one that the store never sees. */
static void test_no_memory(void **state)
{
	const struct facts challenge = sound_facts(ACT_CHALLENGE), good = facts_with_good_ticket();
	struct facts wrong = good;
	bool has_failed = true;
	size_t count = 0;

	(void)state;
	failing_memory_or_skip();
	wrong.ticket[0] ^= 1;
	for (size_t n = 1; has_failed; n++) {
		failing_memory_in(n);
		give(&challenge);
		has_failed = failing_memory_has_failed();
		assert_answer_or_503(ANSWER_CHALLENGE);

		failing_memory_in(n);
		give(&wrong);
		has_failed |= failing_memory_has_failed();
		assert_silence(stage.store[1]);
		struct answer answer = receive_answer();
		assert_int_equal(answer.kind, ANSWER_REFUSED);
		if (answer.refusal.check != CHECK_TICKET)
			assert_int_equal(check_row(answer.refusal.check)->status, 503);

		failing_memory_in(n);
		give(&good);
		go_on_to_record();
		has_failed |= failing_memory_has_failed();
		assert_answer_or_503(ANSWER_CERTIFICATE);
		assert_int_equal(stage.acts.in_hand_count, 0);
		count = n;
	}
	print_message("# %zu allocations, each failed once\n", count - 1);
}

#define ON_STAGE(test) cmocka_unit_test_setup_teardown(test, open_stage, close_stage)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_STAGE(test_challenge),
		ON_STAGE(test_evidence_mask),
		ON_STAGE(test_not_ready),
		ON_STAGE(test_no_challenge),
		ON_STAGE(test_certificate),
		ON_STAGE(test_ticket),
		ON_STAGE(test_ticket_former),
		ON_STAGE(test_header_first),
		ON_STAGE(test_store_refuses),
		ON_STAGE(test_repeat),
		ON_STAGE(test_answers_of_nobody),
		ON_STAGE(test_time),
		ON_STAGE(test_room),
		ON_STAGE(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
