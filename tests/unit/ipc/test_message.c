/*
 * Every message: written, read and written again it is the same; cut at any octet, or with one more,
 * it is none; and whatever a flipped bit makes of it is refused or is another message's one encoding.
 */
#include "message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static uint8_t written[FRAME_MAX], again_buffer[FRAME_MAX];

static struct refusal sample_refusal(void)
{
	struct refusal refusal = { .retry_after_s = 17, .serial = "SN-0001", .has_ek_id = true };

	refusal_set(&refusal, CHECK_CSR_KEY, "another key");
	memset(refusal.ek_id, 0xe1, sizeof(refusal.ek_id));
	return refusal;
}

static struct tpm_key sample_key(enum tpm_template template, size_t a_len, size_t b_len)
{
	struct tpm_key key = { .template = (uint8_t)template, .a_len = (uint16_t)a_len, .b_len = (uint16_t)b_len };

	memset(key.a, 0xc5, a_len);
	memset(key.b, 0x22, b_len);
	return key;
}

/* ---- one sample of each message, and reading it to write it again ---- */

static struct evidence sample_evidence(void)
{
	static const uint8_t ticket[TICKET_SIZE] = { 1, 2, 3 };

	return (struct evidence){ .act = ACT_CERTIFICATE, .csr = BYTES_OF_LITERAL("csr"),
		.ik_public = BYTES_OF_LITERAL("ik"), .ek_public = BYTES_OF_LITERAL("ek"), .has_ek_certificate = true,
		.ek_certificate = BYTES_OF_LITERAL("certificate"), .ek_chain_count = 2,
		.ek_chain = { BYTES_OF_LITERAL("first"), BYTES_OF_LITERAL("second") }, .profile = BYTES_OF_LITERAL("device"),
		.challenge = BYTES_OF_LITERAL("challenge"), .ticket = BYTES_OF_ARRAY(ticket) };
}

static void write_evidence(struct writer *w)
{
	struct evidence evidence = sample_evidence();

	evidence_write(w, &evidence);
}

static void write_evidence_for_challenge(struct writer *w)
{
	struct evidence evidence = { .act = ACT_CHALLENGE, .csr = BYTES_OF_LITERAL("csr"),
		.ik_public = BYTES_OF_LITERAL("ik"), .ek_public = BYTES_OF_LITERAL("ek"), .profile = BYTES_OF_LITERAL("device") };

	evidence_write(w, &evidence);
}

static enum fault again_evidence(struct bytes body, struct writer *w)
{
	struct evidence evidence;
	enum fault fault = evidence_read(body, &evidence);

	if (fault == FAULT_NONE)
		evidence_write(w, &evidence);
	return fault;
}

static struct facts sample_facts(void)
{
	struct facts facts = { .act = ACT_CERTIFICATE, .evidence_mask = EVIDENCE_MASK_FULL,
		.ik = sample_key(TEMPLATE_IK_P256_NODA, 31, 32), .ek = sample_key(TEMPLATE_EK_L1, 256, 0),
		.serial = "SN-0001", .profile = "device", .has_ek_certificate = true };

	memset(facts.fingerprint, 1, sizeof(facts.fingerprint));
	memset(facts.csr_digest, 2, sizeof(facts.csr_digest));
	memset(facts.ek_certificate_digest, 3, sizeof(facts.ek_certificate_digest));
	memset(facts.header, 4, sizeof(facts.header));
	memset(facts.ticket, 5, sizeof(facts.ticket));
	return facts;
}

static void write_facts(struct writer *w)
{
	struct facts facts = sample_facts();

	facts_write(w, &facts);
}

static enum fault again_facts(struct bytes body, struct writer *w)
{
	struct facts facts;
	enum fault fault = facts_read(body, &facts);

	if (fault == FAULT_NONE)
		facts_write(w, &facts);
	return fault;
}

static void write_refused_evidence(struct writer *w)
{
	struct refused_evidence refused = { .refusal = sample_refusal() };

	memset(refused.header, 6, sizeof(refused.header));
	refused_evidence_write(w, &refused);
}

static enum fault again_refused_evidence(struct bytes body, struct writer *w)
{
	struct refused_evidence refused;
	enum fault fault = refused_evidence_read(body, &refused);

	if (fault == FAULT_NONE)
		refused_evidence_write(w, &refused);
	return fault;
}

static void write_answer_challenge(struct writer *w)
{
	struct answer answer = { .kind = ANSWER_CHALLENGE, .credential = BYTES_OF_LITERAL("credential"),
		.challenge = BYTES_OF_LITERAL("header") };

	answer_write(w, &answer);
}

static void write_answer_certificate(struct writer *w)
{
	struct answer answer = { .kind = ANSWER_CERTIFICATE, .certificate_pem = BYTES_OF_LITERAL("certificate"),
		.chain_pem = BYTES_OF_LITERAL("chain") };

	answer_write(w, &answer);
}

static void write_answer_refused(struct writer *w)
{
	struct answer answer = { .kind = ANSWER_REFUSED, .refusal = sample_refusal() };

	answer_write(w, &answer);
}

static enum fault again_answer(struct bytes body, struct writer *w)
{
	struct answer answer;
	enum fault fault = answer_read(body, &answer);

	if (fault == FAULT_NONE)
		answer_write(w, &answer);
	return fault;
}

static void write_intent(struct writer *w)
{
	struct intent intent = { .serial = "SN-0001", .profile = "device", .issued_at_ms = 1800000000000,
		.ek_trust = 2, .binding = 1 };

	memset(intent.ticket_hash, 1, sizeof(intent.ticket_hash));
	memset(intent.ek_id, 2, sizeof(intent.ek_id));
	memset(intent.ik_id, 3, sizeof(intent.ik_id));
	memset(intent.number, 4, sizeof(intent.number));
	memset(intent.tbs_digest, 5, sizeof(intent.tbs_digest));
	memset(intent.owner, 6, sizeof(intent.owner));
	intent_write(w, &intent);
}

static enum fault again_intent(struct bytes body, struct writer *w)
{
	struct intent intent;
	enum fault fault = intent_read(body, &intent);

	if (fault == FAULT_NONE)
		intent_write(w, &intent);
	return fault;
}

#define STATE { .now_ms = 1800000000123, .crl_is_due = true }

static void write_intent_open(struct writer *w)
{
	struct intent_answer answer = { .state = STATE, .verdict = INTENT_OPEN };

	intent_answer_write(w, &answer);
}

static void write_intent_repeat(struct writer *w)
{
	struct intent_answer answer = { .state = STATE, .verdict = INTENT_REPEAT, .certificate = BYTES_OF_LITERAL("der"),
		.chain_pem = BYTES_OF_LITERAL("chain") };

	intent_answer_write(w, &answer);
}

static void write_intent_refused(struct writer *w)
{
	struct intent_answer answer = { .state = STATE, .verdict = INTENT_REFUSED, .refusal = sample_refusal() };

	intent_answer_write(w, &answer);
}

static enum fault again_intent_answer(struct bytes body, struct writer *w)
{
	struct intent_answer answer;
	enum fault fault = intent_answer_read(body, &answer);

	if (fault == FAULT_NONE)
		intent_answer_write(w, &answer);
	return fault;
}

static void write_record(struct writer *w)
{
	struct record record = { .not_before_s = 1800000000, .not_after_s = 1831535999,
		.certificate = BYTES_OF_LITERAL("der"), .chain_pem = BYTES_OF_LITERAL("chain") };

	memset(record.ticket_hash, 1, sizeof(record.ticket_hash));
	memset(record.number, 2, sizeof(record.number));
	memset(record.owner, 3, sizeof(record.owner));
	record_write(w, &record);
}

static enum fault again_record(struct bytes body, struct writer *w)
{
	struct record record;
	enum fault fault = record_read(body, &record);

	if (fault == FAULT_NONE)
		record_write(w, &record);
	return fault;
}

static void write_recorded(struct writer *w)
{
	struct record_answer answer = { .state = STATE, .is_recorded = true };

	record_answer_write(w, &answer);
}

static void write_not_recorded(struct writer *w)
{
	struct record_answer answer = { .state = STATE, .refusal = sample_refusal() };

	record_answer_write(w, &answer);
}

static enum fault again_record_answer(struct bytes body, struct writer *w)
{
	struct record_answer answer;
	enum fault fault = record_answer_read(body, &answer);

	if (fault == FAULT_NONE)
		record_answer_write(w, &answer);
	return fault;
}

static void write_tidy_answer(struct writer *w)
{
	struct tidy_answer answer = { .state = STATE, .crl_number = 3, .crl_next_update_s = 1800600000 };

	tidy_answer_write(w, &answer);
}

static enum fault again_tidy_answer(struct bytes body, struct writer *w)
{
	struct tidy_answer answer;
	enum fault fault = tidy_answer_read(body, &answer);

	if (fault == FAULT_NONE)
		tidy_answer_write(w, &answer);
	return fault;
}

static void write_revoked_page(struct writer *w)
{
	static struct revoked_page page = { .state = STATE, .is_last = true, .count = 2 };

	for (size_t i = 0; i < page.count; i++) {
		memset(page.revoked[i].number, (int)(0x40 + i), CERTIFICATE_NUMBER_SIZE);
		page.revoked[i].revoked_at_s = 1800000000 + i;
		page.revoked[i].reason = (uint8_t)(4 + i);
	}
	revoked_page_write(w, &page);
}

static enum fault again_revoked_page(struct bytes body, struct writer *w)
{
	static struct revoked_page page;
	enum fault fault = revoked_page_read(body, &page);

	if (fault == FAULT_NONE)
		revoked_page_write(w, &page);
	return fault;
}

static void write_crl_notice(struct writer *w)
{
	struct crl_notice notice = { .number = 7, .this_update_s = 1800000000, .next_update_s = 1800604800, .size = 1234 };

	crl_notice_write(w, &notice);
}

static enum fault again_crl_notice(struct bytes body, struct writer *w)
{
	struct crl_notice notice;
	enum fault fault = crl_notice_read(body, &notice);

	if (fault == FAULT_NONE)
		crl_notice_write(w, &notice);
	return fault;
}

static void write_operator_request(struct writer *w)
{
	struct operator_request request = { .verb = BYTES_OF_LITERAL("device list"), .count = 2,
		.arguments = { BYTES_OF_LITERAL("SN-0001"), BYTES_OF_LITERAL("") } };

	operator_request_write(w, &request);
}

static enum fault again_operator_request(struct bytes body, struct writer *w)
{
	struct operator_request request;
	enum fault fault = operator_request_read(body, &request);

	if (fault == FAULT_NONE)
		operator_request_write(w, &request);
	return fault;
}

static void write_operator_row(struct writer *w)
{
	struct operator_row row = { .count = 4, .fields = {
		{ .name = BYTES_OF_LITERAL("serial"), .kind = FIELD_TEXT, .text = BYTES_OF_LITERAL("SN-0001") },
		{ .name = BYTES_OF_LITERAL("count"), .kind = FIELD_NUMBER, .number = -5 },
		{ .name = BYTES_OF_LITERAL("banned"), .kind = FIELD_TRUTH, .number = 1 },
		{ .name = BYTES_OF_LITERAL("group"), .kind = FIELD_NOTHING } } };

	operator_row_write(w, &row);
}

static enum fault again_operator_row(struct bytes body, struct writer *w)
{
	struct operator_row row;
	enum fault fault = operator_row_read(body, &row);

	if (fault == FAULT_NONE)
		operator_row_write(w, &row);
	return fault;
}

static void write_operator_end(struct writer *w)
{
	struct operator_end end = { .is_not_found = true, .text = BYTES_OF_LITERAL("no such device") };

	operator_end_write(w, &end);
}

static enum fault again_operator_end(struct bytes body, struct writer *w)
{
	struct operator_end end;
	enum fault fault = operator_end_read(body, &end);

	if (fault == FAULT_NONE)
		operator_end_write(w, &end);
	return fault;
}

static const struct kind {
	const char *name;
	void (*write)(struct writer *);
	enum fault (*again)(struct bytes body, struct writer *);
} kinds[] = {
	{ "evidence", write_evidence, again_evidence },
	{ "evidence for a challenge", write_evidence_for_challenge, again_evidence },
	{ "facts", write_facts, again_facts },
	{ "refused evidence", write_refused_evidence, again_refused_evidence },
	{ "answer: challenge", write_answer_challenge, again_answer },
	{ "answer: certificate", write_answer_certificate, again_answer },
	{ "answer: refused", write_answer_refused, again_answer },
	{ "intent", write_intent, again_intent },
	{ "intent answer: open", write_intent_open, again_intent_answer },
	{ "intent answer: repeat", write_intent_repeat, again_intent_answer },
	{ "intent answer: refused", write_intent_refused, again_intent_answer },
	{ "record", write_record, again_record },
	{ "record answer: recorded", write_recorded, again_record_answer },
	{ "record answer: not recorded", write_not_recorded, again_record_answer },
	{ "tidy answer", write_tidy_answer, again_tidy_answer },
	{ "revoked page", write_revoked_page, again_revoked_page },
	{ "crl notice", write_crl_notice, again_crl_notice },
	{ "operator request", write_operator_request, again_operator_request },
	{ "operator row", write_operator_row, again_operator_row },
	{ "operator end", write_operator_end, again_operator_end },
};
enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

static struct bytes body_of(const struct kind *kind)
{
	struct writer w = writer_of(written, sizeof(written) - 1);
	struct bytes body;

	kind->write(&w);
	assert_int_equal(writer_end(&w, &body), FAULT_NONE);
	return body;
}

/* True where it is refused, or written again is what it was. */
static bool is_refused_or_same(const struct kind *kind, struct bytes body, enum fault *fault)
{
	struct writer w = WRITER_OF_ARRAY(again_buffer);

	*fault = kind->again(body, &w);
	return *fault != FAULT_NONE || bytes_equal(writer_written(&w), body);
}

static void test_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < KIND_COUNT; i++) {
		enum fault fault;

		if (!is_refused_or_same(&kinds[i], body_of(&kinds[i]), &fault) || fault != FAULT_NONE)
			fail_msg("%s: %s", kinds[i].name, fault_text(fault));
	}
}

/* In memory of exactly the size, for a checker of memory to see a read past the end. */
static void test_truncated(void **state)
{
	(void)state;
	for (size_t i = 0; i < KIND_COUNT; i++) {
		struct bytes body = body_of(&kinds[i]);
		struct writer w = WRITER_OF_ARRAY(again_buffer);

		for (size_t len = 0; len < body.len; len++) {
			uint8_t *cut = test_malloc(len + 1);

			memcpy(cut, body.data, len);
			if (kinds[i].again(bytes_of(cut, len), &w) == FAULT_NONE)
				fail_msg("%s: read when cut to %zu octets", kinds[i].name, len);
			test_free(cut);
		}
		written[body.len] = 0;
		if (kinds[i].again(bytes_of(written, body.len + 1), &w) != FAULT_TRAILING)
			fail_msg("%s: read with an octet too many", kinds[i].name);
	}
}

static void test_every_bit(void **state)
{
	(void)state;
	for (size_t i = 0; i < KIND_COUNT; i++) {
		struct bytes body = body_of(&kinds[i]);
		enum fault fault;

		for (size_t bit = 0; bit < body.len * 8; bit++) {
			written[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (!is_refused_or_same(&kinds[i], body, &fault))
				fail_msg("%s: bit %zu of octet %zu is lost", kinds[i].name, bit % 8, bit / 8);
			written[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

/* ---- fields, one by one ---- */

static void test_facts_fields(void **state)
{
	struct facts facts = sample_facts(), out;
	struct writer w = WRITER_OF_ARRAY(written);

	(void)state;
	facts_write(&w, &facts);
	memset(&out, 0xee, sizeof(out));
	assert_int_equal(facts_read(writer_written(&w), &out), FAULT_NONE);
	assert_int_equal(out.act, ACT_CERTIFICATE);
	assert_true(out.evidence_mask == EVIDENCE_MASK_FULL);
	assert_string_equal(out.serial, "SN-0001");
	assert_string_equal(out.profile, "device");
	assert_int_equal(out.ik.a_len, 31);
	assert_int_equal(out.ek.a_len, 256);
	assert_memory_equal(out.fingerprint, facts.fingerprint, 32);
	assert_memory_equal(out.csr_digest, facts.csr_digest, 32);
	assert_memory_equal(out.ek_certificate_digest, facts.ek_certificate_digest, 32);
	assert_memory_equal(out.header, facts.header, CHALLENGE_HEADER_SIZE);
	assert_memory_equal(out.ticket, facts.ticket, TICKET_SIZE);
	assert_true(out.has_ek_certificate);
}

static void assert_facts_refused(const struct facts *facts)
{
	struct writer w = WRITER_OF_ARRAY(written);
	struct facts out = { .act = 77 };

	facts_write(&w, facts);
	assert_int_equal(facts_read(writer_written(&w), &out), FAULT_INVALID);
	assert_int_equal(out.act, 77);
}

/* What no honest verifier sends. */
static void test_facts_refused(void **state)
{
	static const char *const serials[] = { "", "-", "-A", "A-", "a", "SN_1", "SN 1", "SN.1", "SN\n", "SN\x7f", "\xc3\x84", "A/B" };
	struct facts facts = sample_facts();

	(void)state;
	for (size_t i = 0; i < sizeof(serials) / sizeof(serials[0]); i++) {
		facts = sample_facts();
		(void)snprintf(facts.serial, sizeof(facts.serial), "%s", serials[i]);
		assert_facts_refused(&facts);
	}
	facts = sample_facts();
	facts.act = 0;
	assert_facts_refused(&facts);
	facts.act = 3;
	assert_facts_refused(&facts);
	facts = sample_facts();
	facts.ik = sample_key(TEMPLATE_EK_L2, 32, 32); /* an EK for an IK: activation would prove nothing */
	assert_facts_refused(&facts);
	facts = sample_facts();
	facts.ek = sample_key(TEMPLATE_IK_RSA2048, 256, 0);
	assert_facts_refused(&facts);
	facts = sample_facts();
	facts.ik.template = 99;
	assert_facts_refused(&facts);
	facts = sample_facts();
	facts.ek.a_len = 255;
	assert_facts_refused(&facts);
	facts = sample_facts();
	facts.ik.a_len = 0;
	assert_facts_refused(&facts);
	facts = sample_facts();
	facts.profile[0] = '\t';
	assert_facts_refused(&facts);
}

static void test_serial_form(void **state)
{
	(void)state;
	assert_true(serial_is_well_formed(BYTES_OF_LITERAL("A")));
	assert_true(serial_is_well_formed(BYTES_OF_LITERAL("0")));
	assert_true(serial_is_well_formed(BYTES_OF_LITERAL("A--9")));
	for (unsigned c = 0; c < 256; c++) {
		const uint8_t serial[] = { 'A', (uint8_t)c, 'Z' };
		bool is_allowed = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';

		assert_int_equal(serial_is_well_formed(BYTES_OF_ARRAY(serial)), is_allowed);
	}
	char too_long[64];
	memset(too_long, 'A', sizeof(too_long));
	assert_true(serial_is_well_formed(bytes_of(too_long, 63)));
	assert_false(serial_is_well_formed(bytes_of(too_long, 64)));
	assert_false(serial_is_well_formed(bytes_of(NULL, 0)));
}

static void assert_evidence(const struct evidence *evidence, enum fault wanted)
{
	struct writer w = WRITER_OF_ARRAY(written);
	struct evidence out = { .act = 77 };

	evidence_write(&w, evidence);
	assert_int_equal(w.fault, FAULT_NONE);
	assert_int_equal(evidence_read(writer_written(&w), &out), wanted);
	assert_int_equal(out.act, wanted == FAULT_NONE ? evidence->act : 77);
}

/* Each member at its largest size, and one octet over it. */
static void test_evidence_sizes(void **state)
{
	static const uint8_t octets[EK_CHAIN_MAX + 1] = { 0 };
	struct evidence evidence = sample_evidence();
	struct {
		struct bytes *member;
		size_t max;
	} rows[] = {
		{ &evidence.csr, CSR_MAX }, { &evidence.ik_public, TPM2B_PUBLIC_MAX }, { &evidence.ek_public, TPM2B_PUBLIC_MAX },
		{ &evidence.ek_certificate, EK_CERTIFICATE_MAX }, { &evidence.profile, PROFILE_NAME_MAX },
		{ &evidence.challenge, CHALLENGE_HEADER_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes kept = *rows[i].member;

		*rows[i].member = bytes_of(octets, rows[i].max);
		assert_evidence(&evidence, FAULT_NONE);
		*rows[i].member = bytes_of(octets, rows[i].max + 1);
		assert_evidence(&evidence, FAULT_TOO_LONG);
		*rows[i].member = kept;
	}
	evidence.ek_chain[0] = bytes_of(octets, EK_CHAIN_MAX - evidence.ek_chain[1].len);
	assert_evidence(&evidence, FAULT_NONE);
	evidence.ek_chain[0].len++;
	assert_evidence(&evidence, FAULT_TOO_LONG);
	evidence = sample_evidence();
	evidence.ek_chain_count = EK_CHAIN_COUNT_MAX;
	assert_evidence(&evidence, FAULT_NONE);
}

/* The largest that a front may send fits into a frame. */
static void test_evidence_fits(void **state)
{
	static const uint8_t octets[EK_CHAIN_MAX] = { 0 };
	struct evidence evidence = sample_evidence();
	struct writer w = message_begin(written, sizeof(written), MESSAGE_EVIDENCE, UINT64_MAX);

	(void)state;
	evidence.csr = bytes_of(octets, CSR_MAX);
	evidence.ik_public = evidence.ek_public = bytes_of(octets, TPM2B_PUBLIC_MAX);
	evidence.ek_certificate = bytes_of(octets, EK_CERTIFICATE_MAX);
	evidence.ek_chain_count = EK_CHAIN_COUNT_MAX;
	for (size_t i = 0; i < EK_CHAIN_COUNT_MAX; i++)
		evidence.ek_chain[i] = bytes_of(octets, EK_CHAIN_MAX / EK_CHAIN_COUNT_MAX);
	evidence.profile = bytes_of(octets, PROFILE_NAME_MAX);
	evidence.challenge = bytes_of(octets, CHALLENGE_HEADER_MAX);
	evidence_write(&w, &evidence);
	assert_int_equal(w.fault, FAULT_NONE);
}

static void test_evidence_refused(void **state)
{
	struct evidence evidence = sample_evidence();

	(void)state;
	evidence.act = 0;
	assert_evidence(&evidence, FAULT_INVALID);
	evidence.act = 3;
	assert_evidence(&evidence, FAULT_INVALID);
	evidence.act = ACT_CHALLENGE; /* with challenge and ticket */
	assert_evidence(&evidence, FAULT_INVALID);
	evidence.ticket.len = 0; /* with challenge */
	assert_evidence(&evidence, FAULT_INVALID);
	evidence.challenge.len = 0;
	assert_evidence(&evidence, FAULT_NONE);
	evidence = sample_evidence();
	evidence.ticket.len = TICKET_SIZE - 1;
	assert_evidence(&evidence, FAULT_INVALID);
	evidence = sample_evidence();
	evidence.has_ek_certificate = false;
	assert_evidence(&evidence, FAULT_INVALID);
	evidence = sample_evidence();
	evidence.ek_certificate.len = 0;
	assert_evidence(&evidence, FAULT_INVALID);
}

static void test_counts(void **state)
{
	struct writer w = WRITER_OF_ARRAY(written);
	struct evidence evidence;
	struct operator_request request;
	struct operator_row row;
	static struct revoked_page page;

	(void)state;
	writer_u8(&w, ACT_CHALLENGE);
	writer_sized(&w, bytes_of(NULL, 0));
	writer_sized(&w, bytes_of(NULL, 0));
	writer_sized(&w, bytes_of(NULL, 0));
	writer_u8(&w, 0);
	writer_sized(&w, bytes_of(NULL, 0));
	writer_u8(&w, EK_CHAIN_COUNT_MAX + 1);
	assert_int_equal(evidence_read(writer_written(&w), &evidence), FAULT_TOO_LONG);

	w = WRITER_OF_ARRAY(written);
	writer_sized(&w, BYTES_OF_LITERAL("verb"));
	writer_u8(&w, OPERATOR_ARGUMENTS_MAX + 1);
	assert_int_equal(operator_request_read(writer_written(&w), &request), FAULT_TOO_LONG);

	w = WRITER_OF_ARRAY(written);
	writer_u8(&w, OPERATOR_FIELDS_MAX + 1);
	assert_int_equal(operator_row_read(writer_written(&w), &row), FAULT_TOO_LONG);

	w = WRITER_OF_ARRAY(written);
	writer_u64(&w, 1);
	writer_u8(&w, 0);
	writer_u8(&w, 1);
	writer_u16(&w, REVOKED_PAGE_MAX + 1);
	assert_int_equal(revoked_page_read(writer_written(&w), &page), FAULT_TOO_LONG);
}

/* A whole page of what is revoked fits into a frame, and comes back whole. */
static void test_full_page(void **state)
{
	static struct revoked_page page = { .count = REVOKED_PAGE_MAX }, out;
	struct writer w = message_begin(written, sizeof(written), MESSAGE_REVOKED_ANSWER, 1);
	struct message message;

	(void)state;
	for (size_t i = 0; i < REVOKED_PAGE_MAX; i++)
		page.revoked[i].revoked_at_s = i;
	revoked_page_write(&w, &page);
	assert_int_equal(message_read(writer_written(&w), &message), FAULT_NONE);
	assert_int_equal(revoked_page_read(message.body, &out), FAULT_NONE);
	assert_int_equal(out.count, REVOKED_PAGE_MAX);
	assert_true(out.revoked[REVOKED_PAGE_MAX - 1].revoked_at_s == REVOKED_PAGE_MAX - 1);
}

static void test_refusal(void **state)
{
	struct refusal refusal = sample_refusal(), out = { .check = 9999 };
	struct writer w = WRITER_OF_ARRAY(written);
	struct reader r;

	(void)state;
	refusal_write(&w, &refusal);
	r = reader_of(writer_written(&w));
	refusal_read(&r, &out);
	assert_int_equal(reader_end(&r), FAULT_NONE);
	assert_memory_equal(&out, &refusal, sizeof(out));

	refusal.check = 60; /* a number that no check has */
	w = WRITER_OF_ARRAY(written);
	refusal_write(&w, &refusal);
	r = reader_of(writer_written(&w));
	out.check = 9999;
	refusal_read(&r, &out);
	assert_int_equal(r.fault, FAULT_INVALID);
	assert_int_equal(out.check, 9999);

	refusal = sample_refusal();
	memcpy(refusal.saw, "a\nb", 4); /* a line that is two */
	w = WRITER_OF_ARRAY(written);
	refusal_write(&w, &refusal);
	r = reader_of(writer_written(&w));
	refusal_read(&r, &out);
	assert_int_equal(r.fault, FAULT_INVALID);
}

static void test_crl_size(void **state)
{
	static const struct {
		uint32_t size;
		enum fault fault;
	} rows[] = { { 0, FAULT_INVALID }, { 1, FAULT_NONE }, { CRL_MAX, FAULT_NONE }, { CRL_MAX + 1, FAULT_INVALID } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct crl_notice notice = { .size = rows[i].size }, out;
		struct writer w = WRITER_OF_ARRAY(written);

		crl_notice_write(&w, &notice);
		assert_int_equal(crl_notice_read(writer_written(&w), &out), rows[i].fault);
	}
}

static void test_record_refused(void **state)
{
	struct record record = { .not_before_s = 2, .not_after_s = 2, .certificate = BYTES_OF_LITERAL("der") }, out;
	struct writer w = WRITER_OF_ARRAY(written);

	(void)state;
	record_write(&w, &record);
	assert_int_equal(record_read(writer_written(&w), &out), FAULT_NONE);
	record.not_after_s = 1;
	w = WRITER_OF_ARRAY(written);
	record_write(&w, &record);
	assert_int_equal(record_read(writer_written(&w), &out), FAULT_INVALID);
	record.not_after_s = 2;
	record.certificate.len = 0;
	w = WRITER_OF_ARRAY(written);
	record_write(&w, &record);
	assert_int_equal(record_read(writer_written(&w), &out), FAULT_INVALID);
}

/* Kinds and verdicts that there are not, with nothing behind them that could be left over. */
static void test_kinds(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 256; kind++) {
		struct writer w = WRITER_OF_ARRAY(written);
		struct intent_answer intent_answer;
		struct answer answer;
		struct operator_row row;
		const uint8_t octet = (uint8_t)kind;

		assert_int_not_equal(answer_read(bytes_of(&octet, 1), &answer), FAULT_NONE);
		if (kind < ANSWER_CHALLENGE || kind > ANSWER_REFUSED)
			assert_int_equal(answer_read(bytes_of(&octet, 1), &answer), FAULT_INVALID);
		writer_u64(&w, 1);
		writer_u8(&w, 0);
		writer_u8(&w, octet);
		assert_int_equal(intent_answer_read(writer_written(&w), &intent_answer), kind == INTENT_OPEN ? FAULT_NONE :
			kind == INTENT_REPEAT || kind == INTENT_REFUSED ? FAULT_TRUNCATED : FAULT_INVALID);
		w = WRITER_OF_ARRAY(written);
		writer_u8(&w, 1);
		writer_sized(&w, BYTES_OF_LITERAL("name"));
		writer_u8(&w, octet);
		assert_int_equal(operator_row_read(writer_written(&w), &row), kind == FIELD_NOTHING ? FAULT_NONE :
			kind >= FIELD_TEXT && kind < FIELD_NOTHING ? FAULT_TRUNCATED : FAULT_INVALID);
	}
}

/* Texts at their longest, and one octet over; and what no serial or profile is. */
static void test_texts(void **state)
{
	struct intent intent = { .serial = "SN-0001" }, out;
	struct facts facts = sample_facts(), facts_out;
	struct refusal refusal = sample_refusal(), refusal_out;
	struct writer w = WRITER_OF_ARRAY(written);

	(void)state;
	memset(intent.serial, 'A', SERIAL_MAX);
	memset(intent.profile, 'p', PROFILE_NAME_MAX);
	intent_write(&w, &intent);
	assert_int_equal(intent_read(writer_written(&w), &out), FAULT_NONE);
	assert_string_equal(out.serial, intent.serial);
	assert_string_equal(out.profile, intent.profile);
	written[32 + 4] = 'a'; /* the serial's first character */
	assert_int_equal(intent_read(writer_written(&w), &out), FAULT_INVALID);
	written[32 + 4] = 'A';
	written[32 + 4 + SERIAL_MAX + 4] = '\0'; /* the profile's: behind it another one would be hidden */
	assert_int_equal(intent_read(writer_written(&w), &out), FAULT_INVALID);

	w = WRITER_OF_ARRAY(written);
	memset(facts.serial, 'A', SERIAL_MAX);
	memset(facts.profile, 'p', PROFILE_NAME_MAX);
	facts_write(&w, &facts);
	assert_int_equal(facts_read(writer_written(&w), &facts_out), FAULT_NONE);
	assert_string_equal(facts_out.profile, facts.profile);

	w = WRITER_OF_ARRAY(written);
	facts.profile[1] = '~';
	facts_write(&w, &facts);
	assert_int_equal(facts_read(writer_written(&w), &facts_out), FAULT_INVALID);

	w = WRITER_OF_ARRAY(written);
	memset(refusal.saw, 's', SAW_MAX);
	refusal_write(&w, &refusal);
	struct reader r = reader_of(writer_written(&w));
	refusal_read(&r, &refusal_out);
	assert_int_equal(reader_end(&r), FAULT_NONE);
	assert_string_equal(refusal_out.saw, refusal.saw);

	w = WRITER_OF_ARRAY(written);
	writer_u16(&w, CHECK_CSR_KEY);
	writer_u32(&w, 0);
	writer_sized(&w, bytes_of(again_buffer, SAW_MAX + 1));
	r = reader_of(writer_written(&w));
	refusal_read(&r, &refusal_out);
	assert_int_equal(reader_end(&r), FAULT_TOO_LONG);
}

static void test_operator_largest(void **state)
{
	struct operator_request request = { .verb = BYTES_OF_LITERAL("verb"), .count = OPERATOR_ARGUMENTS_MAX }, request_out;
	struct operator_row row = { .count = OPERATOR_FIELDS_MAX }, row_out;
	struct writer w = WRITER_OF_ARRAY(written);

	(void)state;
	request.arguments[OPERATOR_ARGUMENTS_MAX - 1] = BYTES_OF_LITERAL("last");
	operator_request_write(&w, &request);
	assert_int_equal(operator_request_read(writer_written(&w), &request_out), FAULT_NONE);
	assert_int_equal(request_out.count, OPERATOR_ARGUMENTS_MAX);
	assert_true(bytes_equal(request_out.arguments[OPERATOR_ARGUMENTS_MAX - 1], BYTES_OF_LITERAL("last")));
	w = WRITER_OF_ARRAY(written);
	for (size_t i = 0; i < OPERATOR_FIELDS_MAX; i++)
		row.fields[i] = (struct operator_field){ .kind = FIELD_NUMBER, .number = INT64_MIN + (int64_t)i };
	operator_row_write(&w, &row);
	assert_int_equal(operator_row_read(writer_written(&w), &row_out), FAULT_NONE);
	assert_int_equal(row_out.count, OPERATOR_FIELDS_MAX);
	assert_true(row_out.fields[OPERATOR_FIELDS_MAX - 1].number == INT64_MIN + OPERATOR_FIELDS_MAX - 1);
}

/* ---- envelope and loads ---- */

static void test_envelope(void **state)
{
	struct writer w = message_begin(written, sizeof(written), MESSAGE_TIDY, 0x0102030405060708);
	struct message message = { .type = 77 };

	(void)state;
	writer_u8(&w, 0xaa);
	for (size_t len = 0; len < 10; len++)
		assert_int_equal(message_read(bytes_of(written, len), &message), FAULT_TRUNCATED);
	assert_int_equal(message.type, 77);
	assert_int_equal(message_read(writer_written(&w), &message), FAULT_NONE);
	assert_int_equal(message.type, MESSAGE_TIDY);
	assert_true(message.request == 0x0102030405060708);
	assert_int_equal(message.body.len, 1);
	assert_int_equal(message.body.data[0], 0xaa);
}

static void test_load(void **state)
{
	struct load load = { .kind = LOAD_ANCHOR, .octets = BYTES_OF_LITERAL("octets") }, out;
	struct writer w = WRITER_OF_ARRAY(written);

	(void)state;
	load_write(&w, &load);
	assert_int_equal(load_read(writer_written(&w), &out), FAULT_NONE);
	assert_int_equal(out.kind, LOAD_ANCHOR);
	assert_true(bytes_equal(out.octets, load.octets));
	assert_int_equal(load_read(bytes_of(NULL, 0), &out), FAULT_TRUNCATED);
	for (unsigned kind = 0; kind < 256; kind++) {
		uint8_t body = (uint8_t)kind;
		bool is_known = kind >= LOAD_CONFIGURATION && kind <= LOAD_LISTEN;

		assert_int_equal(load_read(bytes_of(&body, 1), &out), is_known ? FAULT_NONE : FAULT_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_both_ways), cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_every_bit), cmocka_unit_test(test_facts_fields), cmocka_unit_test(test_facts_refused),
		cmocka_unit_test(test_serial_form), cmocka_unit_test(test_evidence_sizes),
		cmocka_unit_test(test_evidence_fits), cmocka_unit_test(test_evidence_refused), cmocka_unit_test(test_counts),
		cmocka_unit_test(test_full_page), cmocka_unit_test(test_refusal), cmocka_unit_test(test_crl_size),
		cmocka_unit_test(test_record_refused), cmocka_unit_test(test_kinds), cmocka_unit_test(test_texts),
		cmocka_unit_test(test_operator_largest), cmocka_unit_test(test_envelope), cmocka_unit_test(test_load) };

	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
