#ifndef TESTS_ATTACKS_AUTHORITY_STAGE_H
#define TESTS_ATTACKS_AUTHORITY_STAGE_H

#include "acts.h"

/*
 * authority_stage: the authority's acts (src/authority/acts.h) with a channel to a verifier and one
 * to a store at whose far ends the attacks stand. What is asked goes through acts_facts, as what a
 * verifier sends does.
 */
struct authority_stage {
	struct materials materials;
	EVP_PKEY *ca_key;
	struct acts acts;
	int verifier[2], store[2];
	uint8_t frame[FRAME_MAX];
};

/* One at a time: there is one. It lasts until the process ends. */
struct authority_stage *authority_stage_open(void);

/* Facts of a device with that EK which an authority takes for sound; all else is sample_facts'. */
struct facts authority_stage_facts(const struct authority_stage *, const struct tpm_key *ek);

/* Gives the facts to the acts, takes the answer, which views the stage until the next one. Where
 * the store is asked for its leave, it refuses, with CHECK_NOT_BANNED. */
struct answer authority_stage_ask(struct authority_stage *, const struct facts *);

/* A header of now with another nonce at each call. */
struct ticket_header authority_stage_header(const struct authority_stage *);

#endif
