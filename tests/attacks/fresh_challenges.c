/*
 * Row 86. Three quarters of the challenges for an EK of RSA-2048, one quarter for an EK of P-256,
 * which takes half as long again.
 */
#include "in_process.h"

#include "freshness.h"
#include "sample_key.h"

#include <openssl/evp.h>

enum { INPUTS = 1000000, INPUTS_SMALL = 2000 };

static void judge_fields(struct freshness *f, const char *template_name, struct tally *tally)
{
	for (enum fresh_field field = 0; field < FRESH_FIELD_COUNT; field++) {
		size_t repeats = freshness_repeats(f, field);
		unsigned idle = freshness_idle_bits(f, field);

		if (repeats > 0)
			tally_wrong(tally, "%s: %s repeats %zu times", template_name,
				freshness_name(field), repeats);
		if (idle > 0)
			tally_wrong(tally, "%s: %u bits of %s never change", template_name, idle,
				freshness_name(field));
	}
}

static void challenge_template(enum tpm_template template, size_t count, struct tally *tally)
{
	const struct template_row *row = template_row(template);
	struct authority_stage *stage = authority_stage_open();
	EVP_PKEY *private_key = NULL;
	struct tpm_key ek = sample_key(row, &private_key);
	struct facts facts = authority_stage_facts(stage, &ek);

	EVP_PKEY_free(private_key);
	facts.act = ACT_CHALLENGE;
	struct freshness f = freshness_of(stage, &facts, count);
	for (size_t i = 0; i < f.count; i++)
		tally_note(tally, true, true, "a challenge");
	judge_fields(&f, row->name, tally);
	freshness_close(&f);
}

void fresh_challenges(bool is_small, struct tally *tally)
{
	size_t quarter = (size_t)(is_small ? INPUTS_SMALL : INPUTS) / 4;

	challenge_template(TEMPLATE_EK_L1, 3 * quarter, tally);
	challenge_template(TEMPLATE_EK_L2, quarter, tally);
}
