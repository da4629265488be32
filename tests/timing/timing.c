/*
 * timing: row 88 of docs/ATTACKS.md: whether the time of an answer tells how near a ticket was.
 *
 *	timing [--small] [SAMPLES]
 *
 * Each line is one act: how many samples, the largest |t| and at which percentile, the two means.
 * The controls compare as one must not, by a loop and by memcmp, and the loop has to be found out, else
 * the harness shows nothing. The exit status is 0 where it is, and no act of the product is over the
 * limit. --small takes few samples and judges the control alone.
 */
#include "authority_stage.h"
#include "challenge.h"
#include "chance.h"
#include "dudect.h"
#include "early_compare.h"
#include "encoding.h"
#include "sample_key.h"
#include "secret.h"

#include <assert.h>
#include <math.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

enum { SAMPLES = 10000000, SAMPLES_SMALL = 50000, ACT_SHARE = 10 };
enum { TEXT_LEN = BASE64_CAPACITY(TICKET_SIZE) - 1 };

static const double limit = 4.5, control_least = 50;

/* ---- comparing: a guess that is wrong in its first octet, or in its last ---- */

static const uint8_t errors[2][TICKET_SIZE] = { { [0] = 1 }, { [TICKET_SIZE - 1] = 1 } };
static struct secret expected = { .len = TICKET_SIZE };
static uint8_t guess[TICKET_SIZE];
static volatile bool is_equal; /* so that no comparison is left out */

static void renew_expected(void)
{
	assert(RAND_bytes(expected.data, TICKET_SIZE) == 1);
}

static void spoil(const uint8_t *right, unsigned class, uint8_t *out)
{
	for (size_t i = 0; i < TICKET_SIZE; i++)
		out[i] = right[i] ^ errors[class][i];
}

static void prepare_guess(unsigned class)
{
	spoil(expected.data, class, guess);
}

static void compare_secret(void)
{
	is_equal = secret_equal(secret_bytes(&expected), BYTES_OF_ARRAY(guess));
}

static void compare_early(void)
{
	is_equal = early_compare(secret_bytes(&expected), BYTES_OF_ARRAY(guess));
}

static void compare_memory(void)
{
	is_equal = memcmp(expected.data, guess, TICKET_SIZE) == 0;
}

/* ---- decoding: the text of one ticket, or of a random one ---- */

static char texts[2][TEXT_LEN + 1];
static uint8_t text[TEXT_LEN];

/* Another fixed one with each batch would be random as well: it stays. */
static void renew_text(void)
{
	static const uint8_t fixed[TICKET_SIZE] = { 0x00, 0x10, 0x83, 0x10, 0x51, 0x87 };

	base64_encode(BYTES_OF_ARRAY(fixed), texts[0], sizeof(texts[0]));
}

static void prepare_text(unsigned class)
{
	static struct chance chance = { 88 };
	uint8_t ticket[TICKET_SIZE];

	chance_octets(&chance, ticket, sizeof(ticket));
	base64_encode(BYTES_OF_ARRAY(ticket), texts[1], sizeof(texts[1]));
	for (size_t i = 0; i < TEXT_LEN; i++) {
		uint8_t is_random = (uint8_t)-class;

		text[i] = (uint8_t)((texts[0][i] & ~is_random) | (texts[1][i] & is_random));
	}
}

static void decode(void)
{
	uint8_t octets[TICKET_SIZE];
	struct bytes out;

	is_equal = base64_decode(BYTES_OF_ARRAY(text), octets, sizeof(octets), &out) == FAULT_NONE;
}

/* ---- the act of getCertificate, from a verifier's facts to the refusal ---- */

static struct authority_stage *stage;
static struct facts facts;

static void renew_facts(void)
{
	struct areas areas;
	EVP_PKEY *private_key = NULL;

	stage = authority_stage_open();
	if (facts.act == 0) {
		struct tpm_key ek = sample_key(template_row(TEMPLATE_EK_L2), &private_key);

		facts = authority_stage_facts(stage, &ek);
		facts.act = ACT_CERTIFICATE;
		EVP_PKEY_free(private_key);
	}
	struct ticket_header header = authority_stage_header(stage);
	struct writer w = WRITER_OF_ARRAY(facts.header);
	ticket_header_write(&w, &header);
	assert(areas_write(&facts, &areas) == FAULT_NONE);
	assert(challenge_ticket(&stage->materials, &facts, &areas, &header, &expected) == FAULT_NONE);
}

static void prepare_facts(unsigned class)
{
	spoil(expected.data, class, facts.ticket);
}

static void refuse(void)
{
	struct answer answer = authority_stage_ask(stage, &facts);

	assert(answer.kind == ANSWER_REFUSED && answer.refusal.check == CHECK_TICKET);
}

/* ---- */

enum role { CONTROL, CONTROL_UNJUDGED, PRODUCT };

/*
 * memcmp is not to be relied on either way, so it is shown and not judged: gcc expands one of 32 octets
 * into words and ends at the first that differs; glibc's own compares all 32 at once where the processor
 * can. What memcheck finds (undefined_secret.c) does not depend on that.
 */
static const struct entry {
	struct timed timed;
	enum role role;
	uint64_t share; /* one of so many samples: what takes long */
} entries[] = {
	{ { "control: a loop", renew_expected, prepare_guess, compare_early }, CONTROL, 1 },
	{ { "control: memcmp", renew_expected, prepare_guess, compare_memory }, CONTROL_UNJUDGED, 1 },
	{ { "secret_equal", renew_expected, prepare_guess, compare_secret }, PRODUCT, 1 },
	{ { "base64_decode", renew_text, prepare_text, decode }, PRODUCT, 1 },
	{ { "getCertificate", renew_facts, prepare_facts, refuse }, PRODUCT, ACT_SHARE },
};

static bool is_right(const struct entry *entry, const struct dudect_result *result, bool is_small)
{
	if (entry->role == CONTROL)
		return fabs(result->t) >= control_least;
	return entry->role == CONTROL_UNJUDGED || is_small || fabs(result->t) < limit;
}

static bool try_entry(const struct entry *entry, uint64_t samples, bool is_small)
{
	struct dudect_result result = dudect(&entry->timed, samples);
	bool is_good = is_right(entry, &result, is_small);

	(void)printf("%-16s %10llu samples  |t| %8.2f  at %3u %%  means %.2f %.2f%s\n", entry->timed.name,
		(unsigned long long)samples, fabs(result.t), result.percentile, result.mean[0],
		result.mean[1], is_good ? "" : "  wrong");
	(void)fflush(stdout);
	return is_good;
}

int main(int argc, char **argv)
{
	bool is_small = argc > 1 && strcmp(argv[1], "--small") == 0, is_good = true;
	uint64_t samples = is_small ? SAMPLES_SMALL : argc > 1 ? strtoull(argv[1], NULL, 10) : SAMPLES;

	(void)printf("limit %.1f; a loop that is over %.0f\n", limit, control_least);
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		if (!try_entry(&entries[i], samples / entries[i].share, is_small))
			is_good = false;
	}
	return is_good && samples > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
