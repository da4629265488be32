#ifndef AUTHORITY_ACTS_H
#define AUTHORITY_ACTS_H

#include "certificate.h"
#include "materials.h"
#include "message.h"
#include "store_clock.h"

/*
 * acts: the authority's two acts for facts that a verifier sends.
 *
 * A challenge is made and answered at once. A certificate waits twice for the store: for leave to
 * sign (the intent) and for the record; only then it leaves (S3). Acts in hand stand in a table of
 * fixed size, of which one verifier gets PENDING_MAX at most. One that the store does not answer in
 * time is refused, its intent runs out by itself.
 */
enum { ACT_COUNT_MAX = 256, ACT_LIMIT_MS = 4000 };

/* A getCertificate between its intent and its answer. */
struct act_in_hand {
	bool is_used, is_signed;
	uint64_t store_request;    /* the number of the question that waits at the store */
	uint64_t verifier_request; /* the verifier's own number, given back in the answer */
	int verifier;              /* the channel that the facts came by */
	uint64_t since_ms;         /* monotonic */
	char serial[SERIAL_MAX + 1];
	uint8_t ek_id[32], ticket_hash[32];
	struct certificate_draft draft;
	uint8_t certificate[CERTIFICATE_MAX];
	size_t certificate_len;
};

struct acts {
	int store;                  /* channel */
	const struct materials *materials; /* in force; NULL before the first commit */
	bool is_paused;             /* a reload waits for the acts in hand: nothing new is begun */
	struct store_clock clock;
	uint8_t owner[OWNER_SIZE];  /* random, once per start */
	uint64_t next_request;
	size_t in_hand_count;
	struct act_in_hand in_hand[ACT_COUNT_MAX];
};

/* Facts from a verifier: answers at once or takes the act in hand. */
void acts_facts(struct acts *, int verifier, uint64_t request, const struct facts *);

/*
 * Evidence for getCertificate that the verifier refused: the header is decided before anything
 * else, so a header that is not acceptable answers 409 instead of the refusal.
 */
void acts_refused(struct acts *, int verifier, uint64_t request, const struct refused_evidence *);

/* The store's answers. One that no act waits for is dropped. */
void acts_intent_answer(struct acts *, uint64_t request, const struct intent_answer *);
void acts_record_answer(struct acts *, uint64_t request, const struct record_answer *);

/* Refuses the acts that have waited too long; to be called at least each second. */
void acts_tick(struct acts *);

#endif
