#ifndef IPC_MESSAGE_H
#define IPC_MESSAGE_H

#include "bytes.h"
#include "check.h"
#include "fault.h"
#include "limits.h"
#include "reader.h"
#include "templates.h"
#include "writer.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * message: what the roles say to one another: every frame on every channel is one of these.
 *
 *   frame = type u16 ‖ request u64 ‖ body        request: chosen by who asks, given back in answers
 *
 * Integers big-endian, variable fields with a u32 size, nothing left over. A frame that does not
 * read is no fault to be handled: the peer is taken; the reader logs and exits (the authority, where
 * it is a verifier's, has the supervisor end that one). An answer to a request that nobody waits for
 * any more (it timed out, a role was restarted) is dropped.
 */
enum message_type {
	MESSAGE_EVIDENCE = 1, /* front → verifier: what the device sent */
	MESSAGE_FACTS = 2,    /* verifier → authority: what was found in it */
	MESSAGE_ANSWER = 3,   /* authority → verifier → front, or verifier → front */
	MESSAGE_REFUSED = 4,  /* verifier → authority: getCertificate, evidence refused */

	MESSAGE_INTENT = 8, /* authority → store: may this be signed? */
	MESSAGE_INTENT_ANSWER = 9,
	MESSAGE_RECORD = 10, /* authority → store: this was signed */
	MESSAGE_RECORD_ANSWER = 11,
	MESSAGE_TIDY = 12, /* authority → store: close run-out intents, what time is it? */
	MESSAGE_TIDY_ANSWER = 13,
	MESSAGE_REVOKED = 14, /* authority → store: a page of what is revoked */
	MESSAGE_REVOKED_ANSWER = 15,
	MESSAGE_CRL = 16, /* authority → store, → supervisor → front; DER in a descriptor */
	MESSAGE_CRL_ANSWER = 17, /* store → authority: kept */

	MESSAGE_LOAD = 32,         /* supervisor → role: one item of what it works with */
	MESSAGE_LOAD_END = 33,     /* … that was all: prepare it beside what is in force */
	MESSAGE_LOADED = 34,       /* role → supervisor: prepared */
	MESSAGE_LOAD_REFUSED = 35, /* role → supervisor: not possible, body is one line why */
	MESSAGE_COMMIT = 36,       /* supervisor → role: prepared becomes in force */
	MESSAGE_ABANDON = 37,      /* supervisor → role: forget what was prepared */
	MESSAGE_TICK = 38, /* supervisor → authority, each second and after an operator's act */
	MESSAGE_COMMITTED = 40, /* role → supervisor: it is so; the first time: in its sandbox */
	MESSAGE_TAKEN = 41,     /* authority → supervisor: the verifier of this number, u16, is taken */
	MESSAGE_STOP = 39,      /* supervisor → role: take nothing new, finish, exit 0 */

	MESSAGE_OPERATOR = 48, /* operator → supervisor → store */
	MESSAGE_OPERATOR_ROW = 49,
	MESSAGE_OPERATOR_END = 50,
	MESSAGE_TLS = 51, /* supervisor → authority: make a TLS certificate; and the answer */
};

/* Request numbers that are nobody's: for messages that are no answer and want none. */
enum { REQUEST_NONE = 0 };

struct message {
	uint16_t type; /* enum message_type */
	uint64_t request;
	struct bytes body;
};

/* Reads the envelope. FAULT_TRUNCATED. The body views frame. */
enum fault message_read(struct bytes frame, struct message *out);

/* Starts a frame in buffer; the body follows through the same writer. */
struct writer message_begin(uint8_t *buffer, size_t capacity, enum message_type, uint64_t request);

/* ---- MESSAGE_EVIDENCE ---- */

enum act { ACT_CHALLENGE = 1, ACT_CERTIFICATE = 2 };

/* The members of the request after JSON and base64: views, sizes within limits.h, nothing read. */
struct evidence {
	uint8_t act; /* enum act */
	struct bytes csr;
	struct bytes ik_public;
	struct bytes ek_public;
	bool has_ek_certificate;
	struct bytes ek_certificate;
	size_t ek_chain_count;
	struct bytes ek_chain[EK_CHAIN_COUNT_MAX];
	struct bytes profile;    /* "device" where the member was left out */
	struct bytes challenge;  /* ACT_CERTIFICATE: the header, of any length; else empty */
	struct bytes ticket;     /* ACT_CERTIFICATE: TICKET_SIZE octets; else empty */
};

void evidence_write(struct writer *, const struct evidence *);
enum fault evidence_read(struct bytes body, struct evidence *out); /* views into body */

/* ---- MESSAGE_FACTS ---- */

/* The form of a serial (docs/PROTOCOL.md, "Who may be whom"): 1 to 63 octets of A-Z 0-9 -. */
bool serial_is_well_formed(struct bytes serial);

/*
 * What the authority acts on. The two keys as numbers, never as octets of the device's;
 * evidence_mask has the bit of every check that held (check.h, numbers below 64).
 */
struct facts {
	uint8_t act; /* enum act */
	uint64_t evidence_mask;
	uint8_t fingerprint[32]; /* of the policy under which the evidence was judged */
	struct tpm_key ik, ek;
	char serial[SERIAL_MAX + 1];
	char profile[PROFILE_NAME_MAX + 1];
	uint8_t csr_digest[32];
	bool has_ek_certificate;
	uint8_t ek_certificate_digest[32]; /* where has_ek_certificate */
	uint8_t header[CHALLENGE_HEADER_SIZE]; /* ACT_CERTIFICATE */
	uint8_t ticket[TICKET_SIZE];           /* ACT_CERTIFICATE */
};

void facts_write(struct writer *, const struct facts *);

/* FAULT_INVALID also for serials, profiles, templates and numbers that no honest verifier sends. */
enum fault facts_read(struct bytes body, struct facts *out);

/* ---- MESSAGE_REFUSED ---- */

/*
 * At getCertificate the header is decided before anything else, and only the authority knows the
 * time and the ca_id: so it hears of refused evidence too, and answers 409 where the header is not
 * acceptable, else with this refusal. At getChallenge the verifier answers the front itself.
 */
struct refused_evidence {
	uint8_t header[CHALLENGE_HEADER_SIZE];
	struct refusal refusal;
};

void refused_evidence_write(struct writer *, const struct refused_evidence *);
enum fault refused_evidence_read(struct bytes body, struct refused_evidence *out);

/* ---- MESSAGE_ANSWER ---- */

enum answer_kind { ANSWER_CHALLENGE = 1, ANSWER_CERTIFICATE = 2, ANSWER_REFUSED = 3 };

struct answer {
	uint8_t kind;            /* enum answer_kind */
	struct bytes credential; /* ANSWER_CHALLENGE: the credential file */
	struct bytes challenge;  /* ANSWER_CHALLENGE: the header */
	struct bytes certificate_pem; /* ANSWER_CERTIFICATE */
	struct bytes chain_pem;       /* ANSWER_CERTIFICATE; empty where a root issues */
	struct refusal refusal;       /* ANSWER_REFUSED; its check's row gives the HTTP status */
};

void answer_write(struct writer *, const struct answer *);
enum fault answer_read(struct bytes body, struct answer *out); /* views into body */

void refusal_write(struct writer *, const struct refusal *);
void refusal_read(struct reader *, struct refusal *out);

/* ---- authority ↔ store ---- */

enum { CERTIFICATE_NUMBER_SIZE = 16, OWNER_SIZE = 16 };

struct intent {
	uint8_t ticket_hash[32]; /* SHA-256 of the ticket */
	char serial[SERIAL_MAX + 1];
	char profile[PROFILE_NAME_MAX + 1];
	uint8_t ek_id[32], ik_id[32];
	uint64_t issued_at_ms;   /* of the ticket */
	uint8_t number[CERTIFICATE_NUMBER_SIZE];
	uint8_t tbs_digest[32];
	uint8_t owner[OWNER_SIZE]; /* random, once per start of the authority */
	uint8_t ek_trust, binding; /* by which the draft was made: enum trust, enum binding */
};

void intent_write(struct writer *, const struct intent *);
enum fault intent_read(struct bytes body, struct intent *out);

/* What every answer of the store carries. */
struct store_state {
	uint64_t now_ms; /* the store's clock, which never goes back */
	bool crl_is_due; /* something was revoked since the last list, or there is none */
};

enum intent_verdict {
	INTENT_OPEN = 1,   /* sign, then record */
	INTENT_REPEAT = 2, /* this ticket has its certificate: send these octets again */
	INTENT_REFUSED = 3,
};

struct intent_answer {
	struct store_state state;
	uint8_t verdict;          /* enum intent_verdict */
	struct bytes certificate; /* INTENT_REPEAT: DER */
	struct bytes chain_pem;   /* INTENT_REPEAT */
	struct refusal refusal;   /* INTENT_REFUSED */
};

void intent_answer_write(struct writer *, const struct intent_answer *);
enum fault intent_answer_read(struct bytes body, struct intent_answer *out);

struct record {
	uint8_t ticket_hash[32];
	uint8_t number[CERTIFICATE_NUMBER_SIZE];
	uint8_t owner[OWNER_SIZE];
	uint64_t not_before_s, not_after_s; /* seconds since 1970 UTC, as in the certificate */
	struct bytes certificate;           /* DER */
	struct bytes chain_pem;
};

void record_write(struct writer *, const struct record *);
enum fault record_read(struct bytes body, struct record *out);

struct record_answer {
	struct store_state state;
	bool is_recorded;
	struct refusal refusal; /* where not recorded */
};

void record_answer_write(struct writer *, const struct record_answer *);
enum fault record_answer_read(struct bytes body, struct record_answer *out);

/* MESSAGE_TIDY has no body; MESSAGE_TIDY_ANSWER and MESSAGE_CRL_ANSWER are a store_state. */
struct tidy_answer {
	struct store_state state;
	uint64_t crl_number;        /* of the last list kept; 0 where there is none */
	uint64_t crl_next_update_s; /* 0 where there is none */
};

void tidy_answer_write(struct writer *, const struct tidy_answer *);
enum fault tidy_answer_read(struct bytes body, struct tidy_answer *out);

enum { REVOKED_PAGE_MAX = 512 };

struct revoked {
	uint8_t number[CERTIFICATE_NUMBER_SIZE];
	uint64_t revoked_at_s;
	uint8_t reason; /* CRLReason (RFC 5280, 5.3.1); 0 is left out of the list */
};

/* MESSAGE_REVOKED: the number after which to go on; sixteen octets of 0 to begin. */
struct revoked_page {
	struct store_state state;
	bool is_last;
	size_t count;
	struct revoked revoked[REVOKED_PAGE_MAX]; /* ascending by number */
};

void revoked_page_write(struct writer *, const struct revoked_page *);
enum fault revoked_page_read(struct bytes body, struct revoked_page *out);

/* MESSAGE_CRL: the list itself, DER, is in the descriptor that comes along (a memfd). */
struct crl_notice {
	uint64_t number;
	uint64_t this_update_s, next_update_s;
	uint32_t size;
};

void crl_notice_write(struct writer *, const struct crl_notice *);
enum fault crl_notice_read(struct bytes body, struct crl_notice *out);

/* ---- supervisor → roles ---- */

/*
 * What a role is given at start and at each reload: items, then MESSAGE_LOAD_END. The role
 * prepares them beside what is in force and says MESSAGE_LOADED or MESSAGE_LOAD_REFUSED; when all
 * have prepared, MESSAGE_COMMIT makes it so everywhere, all or nothing, and each says
 * MESSAGE_COMMITTED.
 */
enum load_kind {
	LOAD_CONFIGURATION = 1, /* all: genuine.conf as it stands; read by configuration_read */
	LOAD_FINGERPRINT = 2,   /* verifier, authority: 32 octets */
	LOAD_FORMER_FINGERPRINT = 3, /* authority: 32 octets ‖ u64 until (ms since 1970) */
	LOAD_CA_CERTIFICATE = 4, /* verifier, authority, front: DER, one item each, issuer first */
	LOAD_ANCHOR = 5,         /* verifier: u32-sized marks (text) ‖ DER */
	LOAD_CRL = 6,         /* verifier: a TPM vendor's revocation list, DER, in a descriptor */
	LOAD_CA_KEY = 7,      /* authority: PEM, in a descriptor */
	LOAD_TICKET_KEYS = 8, /* authority: the file ticket.keys, in a descriptor */
	LOAD_TLS_CERTIFICATE = 9, /* front: PEM chain, in a descriptor */
	LOAD_TLS_KEY = 10,        /* front: PEM, in a descriptor */
	LOAD_EXPECTED = 11,       /* store: the file of expected serials, in a descriptor */
	LOAD_REFUSALS = 12,       /* front, at start only: its ring of refusals, in a descriptor */
	LOAD_LISTEN = 13,         /* front, at start only: the listening socket, in a descriptor */
};

struct load {
	uint8_t kind; /* enum load_kind */
	struct bytes octets;
};

void load_write(struct writer *, const struct load *);
enum fault load_read(struct bytes body, struct load *out);

/* ---- operator ↔ store, through the supervisor ---- */

enum { OPERATOR_ARGUMENTS_MAX = 8, OPERATOR_ARGUMENT_MAX = 1024, OPERATOR_FIELDS_MAX = 24 };

/* One act: a verb such as "device list", and its arguments, as text. Verbs: store/operator.h. */
struct operator_request {
	struct bytes verb;
	size_t count;
	struct bytes arguments[OPERATOR_ARGUMENTS_MAX];
};

void operator_request_write(struct writer *, const struct operator_request *);
enum fault operator_request_read(struct bytes body, struct operator_request *out);

/* A row of a listing: named fields in order, each text, number, truth or nothing (JSON's). */
enum operator_field_kind { FIELD_TEXT = 1, FIELD_NUMBER = 2, FIELD_TRUTH = 3, FIELD_NOTHING = 4 };

struct operator_field {
	struct bytes name;
	uint8_t kind;
	struct bytes text;
	int64_t number; /* FIELD_NUMBER; FIELD_TRUTH: 0 or 1 */
};

struct operator_row {
	size_t count;
	struct operator_field fields[OPERATOR_FIELDS_MAX];
};

void operator_row_write(struct writer *, const struct operator_row *);
enum fault operator_row_read(struct bytes body, struct operator_row *out);

/*
 * The end of an act. is_done false: nothing was changed, and text is one plain sentence why. is_done:
 * text is empty, or names the row behind which a listing goes on.
 */
struct operator_end {
	bool is_done;
	bool is_not_found; /* where not done: there is no such thing (exit status 1) */
	struct bytes text;
};

void operator_end_write(struct writer *, const struct operator_end *);
enum fault operator_end_read(struct bytes body, struct operator_end *out);

#endif
