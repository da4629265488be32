#ifndef TESTS_ATTACKS_FRESHNESS_H
#define TESTS_ATTACKS_FRESHNESS_H

#include "authority_stage.h"

/*
 * freshness: what must be new in each challenge, kept for many challenges made for the same
 * evidence, and looked through for repetitions.
 *
 * Of each field the last 16 octets are kept: a field that repeats repeats them, and two random ones
 * never agree in them. The seed leaves the authority only encrypted, by RSA with a padding that is
 * random by itself, so a constant seed would show in no field. But encIdentity is AES-CFB under a
 * key of seed and Name with an IV of zeros, and the test knows what is encrypted, for it has the
 * tickets' master: so the first block of the key stream is kept, and it repeats where a seed does.
 */
enum fresh_field {
	FRESH_NONCE,
	FRESH_ENCRYPTED_SECRET, /* OAEP's ciphertext, or the ephemeral point */
	FRESH_INTEGRITY,
	FRESH_ENC_IDENTITY,
	FRESH_SEED,
	FRESH_FIELD_COUNT,
};

enum { FRESH_OCTETS = 16 };

struct freshness {
	uint8_t (*seen[FRESH_FIELD_COUNT])[FRESH_OCTETS];
	size_t count;
};

/* Makes count challenges for these facts by the authority's act and keeps their fields. */
struct freshness freshness_of(struct authority_stage *, const struct facts *, size_t count);
void freshness_close(struct freshness *);

/* How many values of that field stand there once more. Sorts them. */
size_t freshness_repeats(struct freshness *, enum fresh_field);

/* How many of the 128 bits kept of that field have one value in all challenges. */
unsigned freshness_idle_bits(const struct freshness *, enum fresh_field);

const char *freshness_name(enum fresh_field);

#endif
