/*
 * Row 15. What is accepted as a template's key is written again as it came, and libtss2-mu takes
 * all of it for the same; what we only read, libtss2-mu reads as we do, if it takes it whole.
 */
#include "in_process.h"

#include "chance.h"
#include "sample_key.h"
#include "second_opinion.h"

#include <openssl/evp.h>

enum { INPUTS = 1000000, INPUTS_SMALL = 20000, CHANGES_MAX = 4 };

/* A valid TPM2B_PUBLIC, and how many of its octets stand before the key's numbers. */
struct valid_area {
	const struct template_row *row;
	uint8_t octets[TPM2B_PUBLIC_MAX];
	size_t len, head_len;
};

static struct valid_area valid_area_of(const struct template_row *row)
{
	struct valid_area valid = { .row = row };
	struct writer w = WRITER_OF_ARRAY(valid.octets);
	EVP_PKEY *private_key = NULL;
	struct tpm_key key = sample_key(row, &private_key);

	EVP_PKEY_free(private_key);
	tpm2b_public_write(&w, &key);
	valid.len = writer_written(&w).len;
	valid.head_len = valid.len - key.a_len - key.b_len;
	return valid;
}

/* One to four bits or whole octets; half of the time among those that are no number. */
static void change(const struct valid_area *valid, struct chance *chance, uint8_t *octets)
{
	uint32_t changes = 1 + chance_below(chance, CHANGES_MAX);

	memcpy(octets, valid->octets, valid->len);
	for (uint32_t i = 0; i < changes; i++) {
		size_t end = chance_below(chance, 2) == 0 ? valid->head_len : valid->len;
		bool is_bit = chance_below(chance, 2) == 0;
		uint8_t mask = (uint8_t)(is_bit ? 1u << chance_below(chance, 8) : chance_below(chance, 256));

		octets[chance_below(chance, (uint32_t)end)] ^= mask;
	}
}

static void judge_area(const struct valid_area *valid, struct bytes input, struct tally *tally)
{
	struct tpmt_public ours;
	TPMT_PUBLIC theirs;
	bool is_read = tpm2b_public_read(input, &ours) == FAULT_NONE;
	bool is_whole = is_read && second_opinion_read(bytes_of(input.data + 2, input.len - 2), &theirs);
	bool is_same = is_whole && second_opinion_is_same(&ours, &theirs);
	const struct template_row *row = is_read ? template_of(&ours, valid->row->is_ek) : NULL;
	const char *second = is_same ? "reads the same" : is_whole ? "reads another" : "does not read it";

	if (row == NULL || !template_area_fits(row, &ours)) {
		tally_note(tally, false, is_same || !is_whole, "%s: refused; libtss2-mu %s",
			valid->row->name, second);
		return;
	}
	bool is_rewritten = second_opinion_is_rewritten(row, &ours, input);
	tally_note(tally, true, is_same && is_rewritten, "%s: accepted as %s, written again %s; "
		"libtss2-mu %s", valid->row->name, row->name, is_rewritten ? "as it came" : "otherwise",
		second);
}

void flipped_areas(bool is_small, struct tally *tally)
{
	struct chance chance = { 15 };
	size_t count;
	const struct template_row *rows = template_rows(&count);
	size_t inputs = (size_t)(is_small ? INPUTS_SMALL : INPUTS) / count;

	for (size_t i = 0; i < count; i++) {
		struct valid_area valid = valid_area_of(&rows[i]);
		uint8_t octets[TPM2B_PUBLIC_MAX];

		for (size_t j = 0; j < inputs; j++) {
			change(&valid, &chance, octets);
			judge_area(&valid, bytes_of(octets, valid.len), tally);
		}
	}
}
