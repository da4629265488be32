#include "message.h"

#include "profile_name.h"

enum fault message_read(struct bytes frame, struct message *out)
{
	struct reader r = reader_of(frame);
	struct message message = { .type = reader_u16(&r) };

	message.request = reader_u64(&r);
	if (r.fault != FAULT_NONE)
		return r.fault;
	message.body = r.rest;
	*out = message;
	return FAULT_NONE;
}

struct writer message_begin(
	uint8_t *buffer, size_t capacity, enum message_type type, uint64_t request)
{
	struct writer w = writer_of(buffer, capacity);

	writer_u16(&w, (uint16_t)type);
	writer_u64(&w, request);
	return w;
}

static void write_text(struct writer *w, const char *text)
{
	writer_sized(w, bytes_of_string(text));
}

/* ---- evidence ---- */

void evidence_write(struct writer *w, const struct evidence *evidence)
{
	writer_u8(w, evidence->act);
	writer_sized(w, evidence->csr);
	writer_sized(w, evidence->ik_public);
	writer_sized(w, evidence->ek_public);
	writer_u8(w, evidence->has_ek_certificate);
	writer_sized(w, evidence->ek_certificate);
	writer_u8(w, (uint8_t)evidence->ek_chain_count);
	for (size_t i = 0; i < evidence->ek_chain_count; i++)
		writer_sized(w, evidence->ek_chain[i]);
	writer_sized(w, evidence->profile);
	writer_sized(w, evidence->challenge);
	writer_sized(w, evidence->ticket);
}

/* The chain's certificates: at most EK_CHAIN_COUNT_MAX, EK_CHAIN_MAX octets in all. */
static void read_ek_chain(struct reader *r, struct evidence *evidence)
{
	size_t total = 0;

	evidence->ek_chain_count = reader_u8(r);
	if (evidence->ek_chain_count > EK_CHAIN_COUNT_MAX) {
		reader_fail(r, FAULT_TOO_LONG);
		return;
	}
	for (size_t i = 0; i < evidence->ek_chain_count; i++) {
		evidence->ek_chain[i] = reader_sized(r, EK_CHAIN_MAX);
		total += evidence->ek_chain[i].len;
	}
	if (total > EK_CHAIN_MAX)
		reader_fail(r, FAULT_TOO_LONG);
}

static bool evidence_is_consistent(const struct evidence *evidence)
{
	bool is_certificate = evidence->act == ACT_CERTIFICATE;

	return (is_certificate || evidence->act == ACT_CHALLENGE) &&
		evidence->has_ek_certificate == (evidence->ek_certificate.len > 0) &&
		evidence->ticket.len == (is_certificate ? TICKET_SIZE : 0) &&
		(is_certificate || evidence->challenge.len == 0);
}

enum fault evidence_read(struct bytes body, struct evidence *out)
{
	struct reader r = reader_of(body);
	struct evidence evidence = { .act = reader_u8(&r) };

	evidence.csr = reader_sized(&r, CSR_MAX);
	evidence.ik_public = reader_sized(&r, TPM2B_PUBLIC_MAX);
	evidence.ek_public = reader_sized(&r, TPM2B_PUBLIC_MAX);
	evidence.has_ek_certificate = reader_truth(&r);
	evidence.ek_certificate = reader_sized(&r, EK_CERTIFICATE_MAX);
	read_ek_chain(&r, &evidence);
	evidence.profile = reader_sized(&r, PROFILE_NAME_MAX);
	evidence.challenge = reader_sized(&r, CHALLENGE_HEADER_MAX);
	evidence.ticket = reader_sized(&r, TICKET_SIZE);
	if (!evidence_is_consistent(&evidence))
		reader_fail(&r, FAULT_INVALID);

	enum fault fault = reader_end(&r);
	if (fault == FAULT_NONE)
		*out = evidence;
	return fault;
}

/* ---- facts ---- */

static void write_key(struct writer *w, const struct tpm_key *key)
{
	writer_u8(w, key->template);
	writer_sized(w, bytes_of(key->a, key->a_len));
	writer_sized(w, bytes_of(key->b, key->b_len));
}

/* A key of the right kind whose numbers fit its template: sizes only, the gates are the
 * verifier's. */
static void read_key(struct reader *r, bool is_ek, struct tpm_key *out)
{
	out->template = reader_u8(r);
	const struct template_row *row = template_row(out->template);
	struct bytes a = reader_sized(r, sizeof(out->a)), b = reader_sized(r, sizeof(out->b));

	if (r->fault != FAULT_NONE)
		return;
	if (row == NULL || row->is_ek != is_ek || a.len == 0 || !template_numbers_fit(row, a, b)) {
		reader_fail(r, FAULT_INVALID);
		return;
	}
	out->a_len = (uint16_t)a.len;
	memcpy(out->a, a.data, a.len);
	out->b_len = (uint16_t)b.len;
	if (b.len > 0)
		memcpy(out->b, b.data, b.len);
}

void facts_write(struct writer *w, const struct facts *facts)
{
	writer_u8(w, facts->act);
	writer_u64(w, facts->evidence_mask);
	writer_bytes(w, BYTES_OF_ARRAY(facts->fingerprint));
	write_key(w, &facts->ik);
	write_key(w, &facts->ek);
	write_text(w, facts->serial);
	write_text(w, facts->profile);
	writer_bytes(w, BYTES_OF_ARRAY(facts->csr_digest));
	writer_u8(w, facts->has_ek_certificate);
	writer_bytes(w, BYTES_OF_ARRAY(facts->ek_certificate_digest));
	writer_bytes(w, BYTES_OF_ARRAY(facts->header));
	writer_bytes(w, BYTES_OF_ARRAY(facts->ticket));
}

bool serial_is_well_formed(struct bytes serial)
{
	if (serial.len == 0 || serial.len > SERIAL_MAX)
		return false;
	for (size_t i = 0; i < serial.len; i++) {
		uint8_t c = serial.data[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return serial.data[0] != '-' && serial.data[serial.len - 1] != '-';
}

enum fault facts_read(struct bytes body, struct facts *out)
{
	struct reader r = reader_of(body);
	struct facts facts = { .act = reader_u8(&r) };

	facts.evidence_mask = reader_u64(&r);
	reader_copy(&r, facts.fingerprint, sizeof(facts.fingerprint));
	read_key(&r, false, &facts.ik);
	read_key(&r, true, &facts.ek);
	reader_text(&r, facts.serial, sizeof(facts.serial));
	reader_text(&r, facts.profile, sizeof(facts.profile));
	reader_copy(&r, facts.csr_digest, sizeof(facts.csr_digest));
	facts.has_ek_certificate = reader_truth(&r);
	reader_copy(&r, facts.ek_certificate_digest, sizeof(facts.ek_certificate_digest));
	reader_copy(&r, facts.header, sizeof(facts.header));
	reader_copy(&r, facts.ticket, sizeof(facts.ticket));
	if (facts.act != ACT_CHALLENGE && facts.act != ACT_CERTIFICATE)
		reader_fail(&r, FAULT_INVALID);
	if (!serial_is_well_formed(bytes_of_string(facts.serial)) ||
			!profile_name_is_well_formed(bytes_of_string(facts.profile)))
		reader_fail(&r, FAULT_INVALID);

	enum fault fault = reader_end(&r);
	if (fault == FAULT_NONE)
		*out = facts;
	return fault;
}

/* ---- answers ---- */

void refusal_write(struct writer *w, const struct refusal *refusal)
{
	writer_u16(w, refusal->check);
	writer_u32(w, refusal->retry_after_s);
	write_text(w, refusal->saw);
	write_text(w, refusal->serial);
	writer_u8(w, refusal->has_ek_id);
	writer_bytes(w, BYTES_OF_ARRAY(refusal->ek_id));
}

void refusal_read(struct reader *r, struct refusal *out)
{
	struct refusal refusal = { .check = reader_u16(r) };

	refusal.retry_after_s = reader_u32(r);
	reader_text(r, refusal.saw, sizeof(refusal.saw));
	reader_text(r, refusal.serial, sizeof(refusal.serial));
	refusal.has_ek_id = reader_truth(r);
	reader_copy(r, refusal.ek_id, sizeof(refusal.ek_id));
	if (r->fault == FAULT_NONE && check_row(refusal.check) == NULL)
		reader_fail(r, FAULT_INVALID);
	if (r->fault == FAULT_NONE)
		*out = refusal;
}

void refused_evidence_write(struct writer *w, const struct refused_evidence *refused)
{
	writer_bytes(w, BYTES_OF_ARRAY(refused->header));
	refusal_write(w, &refused->refusal);
}

enum fault refused_evidence_read(struct bytes body, struct refused_evidence *out)
{
	struct reader r = reader_of(body);
	struct refused_evidence refused = { 0 };

	reader_copy(&r, refused.header, sizeof(refused.header));
	refusal_read(&r, &refused.refusal);
	enum fault fault = reader_end(&r);
	if (fault == FAULT_NONE)
		*out = refused;
	return fault;
}

void answer_write(struct writer *w, const struct answer *answer)
{
	writer_u8(w, answer->kind);
	if (answer->kind == ANSWER_CHALLENGE) {
		writer_sized(w, answer->credential);
		writer_sized(w, answer->challenge);
	} else if (answer->kind == ANSWER_CERTIFICATE) {
		writer_sized(w, answer->certificate_pem);
		writer_sized(w, answer->chain_pem);
	} else {
		refusal_write(w, &answer->refusal);
	}
}

static void read_answer_content(struct reader *r, struct answer *answer)
{
	if (answer->kind == ANSWER_CHALLENGE) {
		answer->credential = reader_sized(r, CREDENTIAL_MAX);
		answer->challenge = reader_sized(r, CHALLENGE_HEADER_SIZE);
	} else if (answer->kind == ANSWER_CERTIFICATE) {
		answer->certificate_pem = reader_sized(r, CERTIFICATE_PEM_MAX);
		answer->chain_pem = reader_sized(r, CHAIN_MAX);
	} else if (answer->kind == ANSWER_REFUSED) {
		refusal_read(r, &answer->refusal);
	} else {
		reader_fail(r, FAULT_INVALID);
	}
}

enum fault answer_read(struct bytes body, struct answer *out)
{
	struct reader r = reader_of(body);
	struct answer answer = { .kind = reader_u8(&r) };

	read_answer_content(&r, &answer);
	enum fault fault = reader_end(&r);
	if (fault == FAULT_NONE)
		*out = answer;
	return fault;
}

/* ---- loads ---- */

void load_write(struct writer *w, const struct load *load)
{
	writer_u8(w, load->kind);
	writer_bytes(w, load->octets);
}

enum fault load_read(struct bytes body, struct load *out)
{
	struct reader r = reader_of(body);
	struct load load = { .kind = reader_u8(&r) };

	if (load.kind < LOAD_CONFIGURATION || load.kind > LOAD_LISTEN)
		reader_fail(&r, FAULT_INVALID);
	if (r.fault != FAULT_NONE)
		return r.fault;
	load.octets = r.rest;
	*out = load;
	return FAULT_NONE;
}

/* ---- revocation lists ---- */

void crl_notice_write(struct writer *w, const struct crl_notice *notice)
{
	writer_u64(w, notice->number);
	writer_u64(w, notice->this_update_s);
	writer_u64(w, notice->next_update_s);
	writer_u32(w, notice->size);
}

enum fault crl_notice_read(struct bytes body, struct crl_notice *out)
{
	struct reader r = reader_of(body);
	struct crl_notice notice = { .number = reader_u64(&r) };

	notice.this_update_s = reader_u64(&r);
	notice.next_update_s = reader_u64(&r);
	notice.size = reader_u32(&r);
	if (notice.size == 0 || notice.size > CRL_MAX)
		reader_fail(&r, FAULT_INVALID);
	enum fault fault = reader_end(&r);
	if (fault == FAULT_NONE)
		*out = notice;
	return fault;
}
