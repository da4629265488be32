#include "message.h"
#include "must_hold.h"
#include "seeds.h"


static uint8_t buffer[FRAME_MAX];

static void finish(const struct writer *w, const char *target, const char *name)
{
	struct bytes frame;
	enum fault fault = writer_end(w, &frame);

	must_hold(fault == FAULT_NONE);
	seed_write(target, frame, "%s", name);
}

static struct writer begin(enum message_type type)
{
	return message_begin(buffer, sizeof(buffer), type, 0x0102030405060708);
}

#define SEED(target, message_type, writer_name, ...) \
	do { \
		const struct writer_name message = { __VA_ARGS__ }; \
		struct writer seed_writer = begin(message_type); \
\
		writer_name##_write(&seed_writer, &message); \
		finish(&seed_writer, target, name); \
	} while (0)

#define SOME(text) BYTES_OF_LITERAL(text)
#define REFUSAL { .check = CHECK_EK_LISTED, .retry_after_s = 60, .saw = "what it saw", \
	.serial = "SN-0001", .has_ek_id = true, .ek_id = { 1, 2, 3 } }

static void evidence_seeds(void)
{
	const char *name = "evidence-challenge";
	SEED("frames_verifier", MESSAGE_EVIDENCE, evidence, .act = ACT_CHALLENGE, .csr = SOME("csr"),
		.ik_public = SOME("ik"), .ek_public = SOME("ek"), .has_ek_certificate = true,
		.ek_certificate = SOME("certificate"), .ek_chain_count = 2,
		.ek_chain = { SOME("one"), SOME("two") }, .profile = SOME("device"));
	name = "evidence-certificate";
	SEED("frames_verifier", MESSAGE_EVIDENCE, evidence, .act = ACT_CERTIFICATE,
		.csr = SOME("csr"), .ik_public = SOME("ik"), .ek_public = SOME("ek"),
		.profile = SOME("device"), .challenge = SOME("header"),
		.ticket = SOME("0123456789abcdef0123456789abcdef"));
}

/* Both the front and the verifier read answers. */
static void answer_seeds(const char *target)
{
	const char *name = "answer-challenge";
	SEED(target, MESSAGE_ANSWER, answer, .kind = ANSWER_CHALLENGE, .credential = SOME("credential"),
		.challenge = SOME("header"));
	name = "answer-certificate";
	SEED(target, MESSAGE_ANSWER, answer, .kind = ANSWER_CERTIFICATE,
		.certificate_pem = SOME("-----BEGIN"), .chain_pem = SOME("-----BEGIN"));
	name = "answer-refused";
	SEED(target, MESSAGE_ANSWER, answer, .kind = ANSWER_REFUSED, .refusal = REFUSAL);
}

static void load_seed(const char *target)
{
	const char *name = "load";
	SEED(target, MESSAGE_LOAD, load, .kind = LOAD_CONFIGURATION, .octets = SOME("[ca]\nname = A\n"));
}

static void crl_seed(const char *target)
{
	const char *name = "crl";
	SEED(target, MESSAGE_CRL, crl_notice, .number = 7, .this_update_s = 1795392000,
		.next_update_s = 1795996800, .size = 500);
}

static void facts_seeds(void)
{
	static struct facts facts = { .act = ACT_CERTIFICATE, .evidence_mask = EVIDENCE_MASK_FULL,
		.ik = { .template = TEMPLATE_IK_P256_NODA, .a_len = 32, .b_len = 31, .a = { 1 }, .b = { 2 } },
		.ek = { .template = TEMPLATE_EK_L1, .a_len = 256, .a = { 0x80 } },
		.serial = "SN-0001", .profile = "device", .has_ek_certificate = true };
	struct writer w = begin(MESSAGE_FACTS);
	const char *name = "refused-evidence";

	facts_write(&w, &facts);
	finish(&w, "frames_authority", "facts");
	SEED("frames_authority", MESSAGE_REFUSED, refused_evidence, .header = { 1, 2 },
		.refusal = REFUSAL);
}

#define STATE .state = { .now_ms = UINT64_C(1795392000000), .crl_is_due = true }

static void store_answer_seeds(void)
{
	const char *name = "intent-open";
	SEED("frames_authority", MESSAGE_INTENT_ANSWER, intent_answer, STATE, .verdict = INTENT_OPEN);
	name = "intent-repeat";
	SEED("frames_authority", MESSAGE_INTENT_ANSWER, intent_answer, STATE, .verdict = INTENT_REPEAT,
		.certificate = SOME("der"), .chain_pem = SOME("pem"));
	name = "intent-refused";
	SEED("frames_authority", MESSAGE_INTENT_ANSWER, intent_answer, STATE,
		.verdict = INTENT_REFUSED, .refusal = REFUSAL);
	name = "recorded";
	SEED("frames_authority", MESSAGE_RECORD_ANSWER, record_answer, STATE, .is_recorded = true);
	name = "record-refused";
	SEED("frames_authority", MESSAGE_RECORD_ANSWER, record_answer, STATE, .refusal = REFUSAL);
	name = "tidy";
	SEED("frames_authority", MESSAGE_TIDY_ANSWER, tidy_answer, STATE, .crl_number = 3,
		.crl_next_update_s = 1795996800);
	name = "revoked-page";
	SEED("frames_authority", MESSAGE_REVOKED_ANSWER, revoked_page, STATE, .is_last = true,
		.count = 2, .revoked = { { { 0x40, 1 }, 1795392000, 1 }, { { 0x40, 2 }, 1795392001, 0 } });
}

static void store_seeds(void)
{
	const char *name = "intent";
	SEED("frames_store", MESSAGE_INTENT, intent, .serial = "SN-0001", .profile = "device",
		.ek_id = { 1 }, .ik_id = { 2 }, .issued_at_ms = UINT64_C(1795392000000),
		.number = { 0x40 }, .owner = { 9 }, .ek_trust = 1, .binding = 1);
	name = "record";
	SEED("frames_store", MESSAGE_RECORD, record, .number = { 0x40 }, .not_before_s = 1795392000,
		.not_after_s = 1826928000, .certificate = SOME("der"), .chain_pem = SOME("pem"));
}

static void operator_request_seed(const char *target)
{
	const char *name = "operator-request";
	SEED(target, MESSAGE_OPERATOR, operator_request, .verb = SOME("certificate revoke"), .count = 3,
		.arguments = { SOME("SN-0001"), SOME("keyCompromise"), SOME("by=root") });
}

static void operator_answer_seeds(void)
{
	const char *name = "operator-row";
	SEED("frames_supervisor", MESSAGE_OPERATOR_ROW, operator_row, .count = 4, .fields = {
		{ .name = SOME("serial"), .kind = FIELD_TEXT, .text = SOME("SN-0001") },
		{ .name = SOME("eks"), .kind = FIELD_NUMBER, .number = -1 },
		{ .name = SOME("listed"), .kind = FIELD_TRUTH, .number = 1 },
		{ .name = SOME("group"), .kind = FIELD_NOTHING } });
	name = "operator-end";
	SEED("frames_supervisor", MESSAGE_OPERATOR_END, operator_end, .is_done = true);
	name = "operator-not-found";
	SEED("frames_supervisor", MESSAGE_OPERATOR_END, operator_end, .is_not_found = true,
		.text = SOME("there is no device SN-0001"));
}

/* ---- what is made of messages ---- */

static void answer_body_seed(const struct answer *answer, const char *name)
{
	struct writer w = WRITER_OF_ARRAY(buffer);

	answer_write(&w, answer);
	finish(&w, "answer_json", name);
}

static void answer_body_seeds(void)
{
	answer_body_seed(&(struct answer){ .kind = ANSWER_CHALLENGE, .credential = SOME("credential"),
		.challenge = SOME("header") }, "challenge");
	answer_body_seed(&(struct answer){ .kind = ANSWER_CERTIFICATE,
		.certificate_pem = SOME("-----BEGIN\nA\n"), .chain_pem = SOME("") }, "certificate");
	answer_body_seed(&(struct answer){ .kind = ANSWER_REFUSED, .refusal = REFUSAL }, "403");
	answer_body_seed(&(struct answer){ .kind = ANSWER_REFUSED,
		.refusal = { .check = CHECK_CSR_DER, .saw = "what it saw" } }, "400");
}

/* A listing, a certificate with its PEM, and a device with its parts (store/operator.h). */
static void rows_seeds(void)
{
	const struct operator_row rows[] = {
		{ 3, { { SOME("kind"), FIELD_TEXT, SOME("device"), 0 },
			{ SOME("serial"), FIELD_TEXT, SOME("SN-0001"), 0 },
			{ SOME("rekey_permitted"), FIELD_TRUTH, SOME(""), 1 } } },
		{ 3, { { SOME("kind"), FIELD_TEXT, SOME("ek"), 0 },
			{ SOME("rows"), FIELD_NUMBER, SOME(""), -7 }, { SOME("since"), FIELD_NOTHING, SOME(""), 0 } } },
		{ 2, { { SOME("serial"), FIELD_TEXT, SOME("SN-0001"), 0 },
			{ SOME("certificate"), FIELD_TEXT, SOME("-----BEGIN CERTIFICATE-----\nAA==\n"), 0 } } },
	};

	for (uint8_t choice = 0; choice < 6; choice++) {
		static uint8_t whole[4096];
		struct writer w = WRITER_OF_ARRAY(whole);

		writer_u8(&w, choice < 3 ? choice : (uint8_t)(0x81 + choice));
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct writer body = WRITER_OF_ARRAY(buffer);

			operator_row_write(&body, &rows[(i + (choice == 1 ? 2 : 0)) % 3]);
			writer_tpm2b(&w, writer_written(&body));
		}
		seed_write("rows", writer_written(&w), "form-%u", choice);
	}
}

void seeds_of_messages(void)
{
	static const char *const loading[] = { "frames_front", "frames_verifier", "frames_authority",
		"frames_store" };

	evidence_seeds();
	answer_seeds("frames_front");
	answer_seeds("frames_verifier");
	for (size_t i = 0; i < sizeof(loading) / sizeof(loading[0]); i++)
		load_seed(loading[i]);
	crl_seed("frames_front");
	crl_seed("frames_store");
	crl_seed("frames_supervisor");
	facts_seeds();
	store_answer_seeds();
	store_seeds();
	operator_request_seed("frames_store");
	operator_request_seed("frames_supervisor");
	operator_answer_seeds();
	answer_body_seeds();
	rows_seeds();
}
