#include "freshness.h"

#include "challenge.h"
#include "credential.h"
#include "reader.h"

#include <assert.h>
#include <stdlib.h>

static void keep(struct freshness *f, enum fresh_field field, struct bytes value)
{
	assert(value.len >= FRESH_OCTETS);
	memcpy(f->seen[field][f->count], value.data + value.len - FRESH_OCTETS, FRESH_OCTETS);
}

/* The first block of the key stream under which the sized ticket was encrypted. */
static void keep_seed(struct freshness *f, struct bytes enc_identity, const struct secret *ticket)
{
	uint8_t plain[2 + TICKET_SIZE], stream[FRESH_OCTETS];
	struct writer w = WRITER_OF_ARRAY(plain);

	writer_tpm2b(&w, secret_bytes(ticket));
	assert(enc_identity.len == writer_written(&w).len);
	for (size_t i = 0; i < FRESH_OCTETS; i++)
		stream[i] = enc_identity.data[i] ^ plain[i];
	keep(f, FRESH_SEED, BYTES_OF_ARRAY(stream));
}

/* TPM2B_ID_OBJECT: integrityHMAC, sized, then encIdentity (TPM 2.0 Part 2, 12.4.3). */
static void keep_credential(struct freshness *f, struct bytes file, const struct secret *ticket)
{
	struct bytes id_object, secret;

	assert(credential_file_read(file, &id_object, &secret) == FAULT_NONE);
	struct reader r = reader_of(id_object);
	(void)reader_u16(&r);
	struct bytes integrity = reader_tpm2b(&r, DIGEST_MAX);
	keep(f, FRESH_ENCRYPTED_SECRET, secret);
	keep(f, FRESH_INTEGRITY, integrity);
	keep(f, FRESH_ENC_IDENTITY, r.rest);
	keep_seed(f, r.rest, ticket);
}

static void take_challenge(struct freshness *f, struct authority_stage *stage,
	const struct facts *facts, const struct areas *areas)
{
	struct answer answer = authority_stage_ask(stage, facts);
	struct ticket_header header;
	owned_secret ticket = { 0 };

	assert(answer.kind == ANSWER_CHALLENGE);
	assert(ticket_header_read(answer.challenge, &header) == FAULT_NONE);
	assert(challenge_ticket(&stage->materials, facts, areas, &header, &ticket) == FAULT_NONE);
	keep(f, FRESH_NONCE, BYTES_OF_ARRAY(header.nonce));
	keep_credential(f, answer.credential, &ticket);
	f->count++;
}

struct freshness freshness_of(
	struct authority_stage *stage, const struct facts *facts, size_t count)
{
	struct freshness f = { 0 };
	struct areas areas;

	assert(areas_write(facts, &areas) == FAULT_NONE);
	for (size_t i = 0; i < FRESH_FIELD_COUNT; i++) {
		f.seen[i] = calloc(count, FRESH_OCTETS);
		assert(f.seen[i] != NULL);
	}
	while (f.count < count)
		take_challenge(&f, stage, facts, &areas);
	return f;
}

void freshness_close(struct freshness *f)
{
	for (size_t i = 0; i < FRESH_FIELD_COUNT; i++)
		free(f->seen[i]);
	*f = (struct freshness){ 0 };
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, FRESH_OCTETS);
}

size_t freshness_repeats(struct freshness *f, enum fresh_field field)
{
	size_t repeats = 0;

	qsort(f->seen[field], f->count, FRESH_OCTETS, compare);
	for (size_t i = 1; i < f->count; i++)
		repeats += compare(f->seen[field][i - 1], f->seen[field][i]) == 0;
	return repeats;
}

unsigned freshness_idle_bits(const struct freshness *f, enum fresh_field field)
{
	unsigned idle = 0;

	for (size_t octet = 0; octet < FRESH_OCTETS; octet++) {
		uint8_t moved = 0;

		for (size_t i = 1; i < f->count; i++)
			moved |= (uint8_t)(f->seen[field][i][octet] ^ f->seen[field][0][octet]);
		idle += (unsigned)__builtin_popcount(0xffu & ~moved);
	}
	return idle;
}

const char *freshness_name(enum fresh_field field)
{
	static const char *const names[FRESH_FIELD_COUNT] = { "nonce", "encryptedSecret",
		"integrityHMAC", "encIdentity", "seed" };

	return names[field];
}
