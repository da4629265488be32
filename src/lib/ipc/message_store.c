#include "message.h"

static void write_state(struct writer *w, const struct store_state *state)
{
	writer_u64(w, state->now_ms);
	writer_u8(w, state->crl_is_due);
}

static struct store_state read_state(struct reader *r)
{
	struct store_state state = { .now_ms = reader_u64(r) };

	state.crl_is_due = reader_truth(r);
	return state;
}

void intent_write(struct writer *w, const struct intent *intent)
{
	writer_bytes(w, BYTES_OF_ARRAY(intent->ticket_hash));
	writer_sized(w, bytes_of_string(intent->serial));
	writer_sized(w, bytes_of_string(intent->profile));
	writer_bytes(w, BYTES_OF_ARRAY(intent->ek_id));
	writer_bytes(w, BYTES_OF_ARRAY(intent->ik_id));
	writer_u64(w, intent->issued_at_ms);
	writer_bytes(w, BYTES_OF_ARRAY(intent->number));
	writer_bytes(w, BYTES_OF_ARRAY(intent->tbs_digest));
	writer_bytes(w, BYTES_OF_ARRAY(intent->owner));
	writer_u8(w, intent->ek_trust);
	writer_u8(w, intent->binding);
}

enum fault intent_read(struct bytes body, struct intent *out)
{
	struct reader r = reader_of(body);
	struct intent intent = { 0 };

	reader_copy(&r, intent.ticket_hash, sizeof(intent.ticket_hash));
	reader_text(&r, intent.serial, sizeof(intent.serial));
	reader_text(&r, intent.profile, sizeof(intent.profile));
	reader_copy(&r, intent.ek_id, sizeof(intent.ek_id));
	reader_copy(&r, intent.ik_id, sizeof(intent.ik_id));
	intent.issued_at_ms = reader_u64(&r);
	reader_copy(&r, intent.number, sizeof(intent.number));
	reader_copy(&r, intent.tbs_digest, sizeof(intent.tbs_digest));
	reader_copy(&r, intent.owner, sizeof(intent.owner));
	intent.ek_trust = reader_u8(&r);
	intent.binding = reader_u8(&r);
	if (!serial_is_well_formed(bytes_of_string(intent.serial)))
		reader_fail(&r, FAULT_INVALID);

	enum fault fault = reader_end(&r);
	if (fault == FAULT_NONE)
		*out = intent;
	return fault;
}

void intent_answer_write(struct writer *w, const struct intent_answer *answer)
{
	write_state(w, &answer->state);
	writer_u8(w, answer->verdict);
	if (answer->verdict == INTENT_REPEAT) {
		writer_sized(w, answer->certificate);
		writer_sized(w, answer->chain_pem);
	} else if (answer->verdict == INTENT_REFUSED) {
		refusal_write(w, &answer->refusal);
	}
}

enum fault intent_answer_read(struct bytes body, struct intent_answer *out)
{
	struct reader r = reader_of(body);
	struct intent_answer answer = { .state = read_state(&r) };

	answer.verdict = reader_u8(&r);
	if (answer.verdict == INTENT_REPEAT) {
		answer.certificate = reader_sized(&r, CERTIFICATE_MAX);
		answer.chain_pem = reader_sized(&r, CHAIN_MAX);
	} else if (answer.verdict == INTENT_REFUSED) {
		refusal_read(&r, &answer.refusal);
	} else if (answer.verdict != INTENT_OPEN) {
		reader_fail(&r, FAULT_INVALID);
	}

	enum fault fault = reader_end(&r);
	if (fault == FAULT_NONE)
		*out = answer;
	return fault;
}

void record_write(struct writer *w, const struct record *record)
{
	writer_bytes(w, BYTES_OF_ARRAY(record->ticket_hash));
	writer_bytes(w, BYTES_OF_ARRAY(record->number));
	writer_bytes(w, BYTES_OF_ARRAY(record->owner));
	writer_u64(w, record->not_before_s);
	writer_u64(w, record->not_after_s);
	writer_sized(w, record->certificate);
	writer_sized(w, record->chain_pem);
}

enum fault record_read(struct bytes body, struct record *out)
{
	struct reader r = reader_of(body);
	struct record record = { 0 };

	reader_copy(&r, record.ticket_hash, sizeof(record.ticket_hash));
	reader_copy(&r, record.number, sizeof(record.number));
	reader_copy(&r, record.owner, sizeof(record.owner));
	record.not_before_s = reader_u64(&r);
	record.not_after_s = reader_u64(&r);
	record.certificate = reader_sized(&r, CERTIFICATE_MAX);
	record.chain_pem = reader_sized(&r, CHAIN_MAX);
	if (record.certificate.len == 0 || record.not_before_s > record.not_after_s)
		reader_fail(&r, FAULT_INVALID);

	enum fault fault = reader_end(&r);
	if (fault == FAULT_NONE)
		*out = record;
	return fault;
}

void record_answer_write(struct writer *w, const struct record_answer *answer)
{
	write_state(w, &answer->state);
	writer_u8(w, answer->is_recorded);
	if (!answer->is_recorded)
		refusal_write(w, &answer->refusal);
}

enum fault record_answer_read(struct bytes body, struct record_answer *out)
{
	struct reader r = reader_of(body);
	struct record_answer answer = { .state = read_state(&r) };

	answer.is_recorded = reader_truth(&r);
	if (!answer.is_recorded)
		refusal_read(&r, &answer.refusal);
	enum fault fault = reader_end(&r);
	if (fault == FAULT_NONE)
		*out = answer;
	return fault;
}

void tidy_answer_write(struct writer *w, const struct tidy_answer *answer)
{
	write_state(w, &answer->state);
	writer_u64(w, answer->crl_number);
	writer_u64(w, answer->crl_next_update_s);
}

enum fault tidy_answer_read(struct bytes body, struct tidy_answer *out)
{
	struct reader r = reader_of(body);
	struct tidy_answer answer = { .state = read_state(&r) };

	answer.crl_number = reader_u64(&r);
	answer.crl_next_update_s = reader_u64(&r);
	enum fault fault = reader_end(&r);
	if (fault == FAULT_NONE)
		*out = answer;
	return fault;
}

void revoked_page_write(struct writer *w, const struct revoked_page *page)
{
	write_state(w, &page->state);
	writer_u8(w, page->is_last);
	writer_u16(w, (uint16_t)page->count);
	for (size_t i = 0; i < page->count; i++) {
		writer_bytes(w, BYTES_OF_ARRAY(page->revoked[i].number));
		writer_u64(w, page->revoked[i].revoked_at_s);
		writer_u8(w, page->revoked[i].reason);
	}
}

static void read_revoked(struct reader *r, struct revoked_page *page)
{
	page->count = reader_u16(r);
	if (page->count > REVOKED_PAGE_MAX) {
		reader_fail(r, FAULT_TOO_LONG);
		return;
	}
	for (size_t i = 0; i < page->count; i++) {
		reader_copy(r, page->revoked[i].number, CERTIFICATE_NUMBER_SIZE);
		page->revoked[i].revoked_at_s = reader_u64(r);
		page->revoked[i].reason = reader_u8(r);
	}
}

enum fault revoked_page_read(struct bytes body, struct revoked_page *out)
{
	struct reader r = reader_of(body);
	struct revoked_page page = { .state = read_state(&r) };

	page.is_last = reader_truth(&r);
	read_revoked(&r, &page);
	enum fault fault = reader_end(&r);
	if (fault == FAULT_NONE)
		*out = page;
	return fault;
}
