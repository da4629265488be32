#include "acts.h"

#include "challenge.h"
#include "channel.h"
#include "header_check.h"
#include "log.h"
#include "ticket.h"

#include <openssl/evp.h>

/* A refusal that the device may try again. */
enum { RETRY_AFTER_S = 2 };

static void send_answer(int verifier, uint64_t request, const struct answer *answer)
{
	uint8_t buffer[FRAME_MAX];
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_ANSWER, request);
	struct bytes frame;

	answer_write(&w, answer);
	if (writer_end(&w, &frame) != FAULT_NONE || channel_send(verifier, frame) != FAULT_NONE)
		log_warning("an answer could not be sent; the device will ask again");
}

static void send_refusal(int verifier, uint64_t request, const struct refusal *refusal)
{
	const struct answer answer = { .kind = ANSWER_REFUSED, .refusal = *refusal };

	send_answer(verifier, request, &answer);
}

/* A refusal about these facts, so that `explain` can name the device. */
static struct refusal refusal_about(const struct facts *facts, const struct areas *areas)
{
	struct refusal refusal = { .retry_after_s = RETRY_AFTER_S, .has_ek_id = areas != NULL };

	memcpy(refusal.serial, facts->serial, sizeof(refusal.serial));
	if (areas != NULL)
		memcpy(refusal.ek_id, areas->ek_id, sizeof(refusal.ek_id));
	return refusal;
}

static bool is_ready(const struct acts *acts, struct refusal *out)
{
	if (acts->materials != NULL && acts->clock.is_known && !acts->is_paused)
		return true;
	refusal_set(out, CHECK_EVIDENCE_MASK, "starting or reloading");
	return false;
}

/*
 * CHECK_EVIDENCE_MASK: every check held, and they were made under the policy in force. During a
 * reload a verifier may be a moment behind: 503, the device asks again.
 */
static bool evidence_is_whole(
	const struct acts *acts, const struct facts *facts, struct refusal *out)
{
	if (!is_ready(acts, out))
		return false;
	if (facts->evidence_mask == EVIDENCE_MASK_FULL &&
		memcmp(facts->fingerprint, acts->materials->fingerprint,
			sizeof(facts->fingerprint)) == 0)
		return true;
	refusal_set(out, CHECK_EVIDENCE_MASK, "mask %016llx, fingerprint %02x%02x..",
		(unsigned long long)facts->evidence_mask, facts->fingerprint[0],
		facts->fingerprint[1]);
	return false;
}

static void make_challenge(
	struct acts *acts, int verifier, uint64_t request, const struct facts *facts)
{
	struct challenge challenge;
	struct refusal refusal = refusal_about(facts, NULL);
	enum fault fault = challenge_make(
		acts->materials, facts, store_clock_now_ms(&acts->clock), &challenge);

	if (fault != FAULT_NONE) {
		refusal_set(&refusal, CHECK_STORE_ANSWER, "no challenge: %s", fault_text(fault));
		send_refusal(verifier, request, &refusal);
		return;
	}
	const struct answer answer = { .kind = ANSWER_CHALLENGE, .credential = challenge.credential,
		.challenge = challenge.header };
	send_answer(verifier, request, &answer);
}

/*
 * CHECK_TICKET, CHECK_TICKET_FORMER: the MAC over header and facts, compared in constant time. The
 * expected ticket is wiped here and shown nowhere. One that cannot be computed says nothing of the
 * device: 503.
 */
static bool ticket_holds(const struct acts *acts, const struct facts *facts,
	const struct areas *areas, const struct ticket_header *header, struct refusal *out)
{
	const struct materials *m = acts->materials;
	owned_secret expected = { 0 };
	bool is_current =
		header_ca_id_is_current(m, header) && header_fingerprint_is_current(m, header);

	enum fault fault = challenge_ticket(m, facts, areas, header, &expected);

	if (fault != FAULT_NONE) {
		refusal_set(out, CHECK_STORE_ANSWER, "no ticket: %s", fault_text(fault));
		return false;
	}
	if (secret_equal(secret_bytes(&expected), BYTES_OF_ARRAY(facts->ticket)))
		return true;
	refusal_set(out, is_current ? CHECK_TICKET : CHECK_TICKET_FORMER, "another ticket");
	return false;
}

/*
 * A free place; NULL where all are taken, or as many by this verifier as its front has requests in
 * flight. One that is taken could have all of them else, and nobody's devices would be served.
 */
static struct act_in_hand *take_place(struct acts *acts, int verifier)
{
	struct act_in_hand *place = NULL;
	size_t count = 0;

	for (size_t i = 0; i < ACT_COUNT_MAX; i++) {
		struct act_in_hand *act = &acts->in_hand[i];

		if (act->is_used)
			count += act->verifier == verifier;
		else if (place == NULL)
			place = act;
	}
	return count < PENDING_MAX ? place : NULL;
}

static struct act_in_hand *find_act(struct acts *acts, uint64_t store_request)
{
	for (size_t i = 0; i < ACT_COUNT_MAX; i++) {
		if (acts->in_hand[i].is_used && acts->in_hand[i].store_request == store_request)
			return &acts->in_hand[i];
	}
	return NULL;
}

static void end_act(struct acts *acts, struct act_in_hand *act)
{
	act->is_used = false;
	acts->in_hand_count--;
}

static void refuse_act(struct acts *acts, struct act_in_hand *act, const struct refusal *refusal)
{
	struct refusal about = *refusal;

	memcpy(about.serial, act->serial, sizeof(about.serial));
	about.has_ek_id = true;
	memcpy(about.ek_id, act->ek_id, sizeof(about.ek_id));
	send_refusal(act->verifier, act->verifier_request, &about);
	end_act(acts, act);
}

/* Asks the store; where it does not take the question the act is refused. */
static void ask_store(struct acts *acts, struct act_in_hand *act, const struct writer *frame)
{
	struct bytes octets;

	if (writer_end(frame, &octets) == FAULT_NONE &&
		channel_send(acts->store, octets) == FAULT_NONE)
		return;
	struct refusal refusal = { .retry_after_s = RETRY_AFTER_S };
	refusal_set(&refusal, CHECK_STORE_ANSWER, "the store does not keep up");
	refuse_act(acts, act, &refusal);
}

static void ask_intent(struct acts *acts, struct act_in_hand *act, const struct facts *facts,
	const struct areas *areas, const struct ticket_header *header)
{
	uint8_t buffer[FRAME_MAX];
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_INTENT, act->store_request);
	struct intent intent = { .issued_at_ms = header->issued_at_ms,
		.ek_trust = (uint8_t)acts->materials->configuration.trust,
		.binding = (uint8_t)acts->materials->configuration.binding };

	memcpy(intent.ticket_hash, act->ticket_hash, sizeof(intent.ticket_hash));
	memcpy(intent.serial, facts->serial, sizeof(intent.serial));
	memcpy(intent.profile, facts->profile, sizeof(intent.profile));
	memcpy(intent.ek_id, areas->ek_id, sizeof(intent.ek_id));
	memcpy(intent.ik_id, areas->ik_id, sizeof(intent.ik_id));
	memcpy(intent.number, act->draft.number, sizeof(intent.number));
	memcpy(intent.tbs_digest, act->draft.tbs_digest, sizeof(intent.tbs_digest));
	memcpy(intent.owner, acts->owner, sizeof(intent.owner));
	intent_write(&w, &intent);
	ask_store(acts, act, &w);
}

/* The act in hand, its draft written; false where it cannot be. */
static bool begin_act(struct acts *acts, struct act_in_hand *act, const struct facts *facts,
	const struct areas *areas, struct refusal *out)
{
	uint64_t now_s = store_clock_now_ms(&acts->clock) / 1000;

	if (act == NULL) {
		refusal_set(out, CHECK_STORE_ANSWER, "too many acts are in hand");
		return false;
	}
	if (EVP_Digest(facts->ticket, sizeof(facts->ticket), act->ticket_hash, NULL, EVP_sha256(),
		    NULL) != 1) {
		refusal_set(out, CHECK_STORE_ANSWER, "no digest");
		return false;
	}
	return certificate_draft_write(acts->materials, facts, areas, now_s, &act->draft, out);
}

static void make_certificate(struct acts *acts, int verifier, uint64_t request,
	const struct facts *facts, const struct ticket_header *header)
{
	struct areas areas;
	struct refusal refusal = refusal_about(facts, NULL);
	struct act_in_hand *act = take_place(acts, verifier);

	if (areas_write(facts, &areas) != FAULT_NONE) {
		refusal_set(&refusal, CHECK_EVIDENCE_MASK, "numbers that are no keys");
		send_refusal(verifier, request, &refusal);
		return;
	}
	refusal = refusal_about(facts, &areas);
	if (!ticket_holds(acts, facts, &areas, header, &refusal) ||
		!begin_act(acts, act, facts, &areas, &refusal)) {
		send_refusal(verifier, request, &refusal);
		return;
	}
	act->is_used = true;
	act->is_signed = false;
	act->store_request = acts->next_request++;
	act->verifier = verifier;
	act->verifier_request = request;
	act->since_ms = monotonic_now_ms();
	memcpy(act->serial, facts->serial, sizeof(act->serial));
	memcpy(act->ek_id, areas.ek_id, sizeof(act->ek_id));
	acts->in_hand_count++;
	ask_intent(acts, act, facts, &areas, header);
}

/* The header of getCertificate: decided before anything else. */
static bool header_holds(const struct acts *acts, struct bytes octets, struct ticket_header *header,
	struct refusal *out)
{
	if (!is_ready(acts, out))
		return false;
	if (ticket_header_read(octets, header) != FAULT_NONE) {
		refusal_set(out, CHECK_HEADER_FORM, "challenge: %zu octets", octets.len);
		return false;
	}
	return header_check(acts->materials, header, store_clock_now_ms(&acts->clock), out);
}

void acts_facts(struct acts *acts, int verifier, uint64_t request, const struct facts *facts)
{
	struct refusal refusal = refusal_about(facts, NULL);
	struct ticket_header header;

	if (facts->act == ACT_CERTIFICATE &&
		!header_holds(acts, BYTES_OF_ARRAY(facts->header), &header, &refusal)) {
		send_refusal(verifier, request, &refusal);
		return;
	}
	if (!evidence_is_whole(acts, facts, &refusal)) {
		send_refusal(verifier, request, &refusal);
		return;
	}
	if (facts->act == ACT_CHALLENGE)
		make_challenge(acts, verifier, request, facts);
	else
		make_certificate(acts, verifier, request, facts, &header);
}

void acts_refused(
	struct acts *acts, int verifier, uint64_t request, const struct refused_evidence *refused)
{
	struct refusal refusal = refused->refusal;
	struct ticket_header header;

	if (header_holds(acts, BYTES_OF_ARRAY(refused->header), &header, &refusal))
		refusal = refused->refusal;
	send_refusal(verifier, request, &refusal);
}

static void send_certificate(
	const struct act_in_hand *act, struct bytes der, struct bytes chain_pem)
{
	char pem[CERTIFICATE_PEM_MAX + 1];
	struct refusal refusal = { .retry_after_s = RETRY_AFTER_S };

	if (certificate_pem_write(der, pem, sizeof(pem)) != FAULT_NONE) {
		refusal_set(&refusal, CHECK_STORE_ANSWER, "a certificate of %zu octets", der.len);
		send_refusal(act->verifier, act->verifier_request, &refusal);
		return;
	}
	const struct answer answer = { .kind = ANSWER_CERTIFICATE,
		.certificate_pem = bytes_of_string(pem),
		.chain_pem = chain_pem };
	send_answer(act->verifier, act->verifier_request, &answer);
}

static void ask_record(struct acts *acts, struct act_in_hand *act)
{
	uint8_t buffer[FRAME_MAX];

	act->store_request = acts->next_request++;
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_RECORD, act->store_request);
	struct record record = {
		.not_before_s = act->draft.not_before_s,
		.not_after_s = act->draft.not_after_s,
		.certificate = bytes_of(act->certificate, act->certificate_len),
		.chain_pem = bytes_of_string(acts->materials->chain_pem),
	};

	memcpy(record.ticket_hash, act->ticket_hash, sizeof(record.ticket_hash));
	memcpy(record.number, act->draft.number, sizeof(record.number));
	memcpy(record.owner, acts->owner, sizeof(record.owner));
	record_write(&w, &record);
	ask_store(acts, act, &w);
}

/* Leave was given: sign, verify, have it recorded. */
static void sign_act(struct acts *acts, struct act_in_hand *act)
{
	struct refusal refusal = { .retry_after_s = RETRY_AFTER_S };
	struct bytes certificate;

	if (!certificate_sign(acts->materials, &act->draft, act->certificate,
		    sizeof(act->certificate), &certificate, &refusal)) {
		log_error("a certificate could not be signed: %s", refusal.saw);
		refuse_act(acts, act, &refusal);
		return;
	}
	act->certificate_len = certificate.len;
	act->is_signed = true;
	ask_record(acts, act);
}

void acts_intent_answer(struct acts *acts, uint64_t request, const struct intent_answer *answer)
{
	struct act_in_hand *act = find_act(acts, request);

	store_clock_learn(&acts->clock, answer->state.now_ms);
	if (act == NULL || act->is_signed)
		return;
	if (answer->verdict == INTENT_REFUSED) {
		refuse_act(acts, act, &answer->refusal);
	} else if (answer->verdict == INTENT_REPEAT) {
		send_certificate(act, answer->certificate, answer->chain_pem);
		end_act(acts, act);
	} else {
		sign_act(acts, act);
	}
}

void acts_record_answer(struct acts *acts, uint64_t request, const struct record_answer *answer)
{
	struct act_in_hand *act = find_act(acts, request);

	store_clock_learn(&acts->clock, answer->state.now_ms);
	if (act == NULL || !act->is_signed)
		return;
	if (!answer->is_recorded) {
		refuse_act(acts, act, &answer->refusal);
		return;
	}
	send_certificate(act, bytes_of(act->certificate, act->certificate_len),
		bytes_of_string(acts->materials->chain_pem));
	end_act(acts, act);
}

void acts_tick(struct acts *acts)
{
	uint64_t now_ms = monotonic_now_ms();
	struct refusal refusal = { .retry_after_s = RETRY_AFTER_S };

	if (acts->in_hand_count == 0)
		return;
	refusal_set(&refusal, CHECK_STORE_ANSWER, "no answer within %d ms", ACT_LIMIT_MS);
	for (size_t i = 0; i < ACT_COUNT_MAX; i++) {
		struct act_in_hand *act = &acts->in_hand[i];

		if (act->is_used && now_ms - act->since_ms > ACT_LIMIT_MS)
			refuse_act(acts, act, &refusal);
	}
}
