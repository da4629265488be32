/*
 * Rows 3, 6 and 9. All 65,536 values of one field, in an area of every template, judged by the
 * verifier's judge() in evidence that is sound but for this one word.
 */
#include "in_process.h"

#include "kit.h"

#include <string.h>

enum { WORDS = 0x10000, STEP_SMALL = 251, TYPE_AT = 2, NAME_ALG_AT = 4, WORD_SIZE = 2 };

/* A field of the areas, and which of its values the row is not about. */
struct field {
	const char *name;
	size_t (*offset)(const struct kit_buffer *area, const struct template_row *);
	bool (*is_another)(const struct template_row *, uint16_t word);
};

static size_t type_offset(const struct kit_buffer *area, const struct template_row *row)
{
	(void)area;
	(void)row;
	return TYPE_AT;
}

static size_t name_alg_offset(const struct kit_buffer *area, const struct template_row *row)
{
	(void)area;
	(void)row;
	return NAME_ALG_AT;
}

/* Before the curve's kdf, and the two coordinates with their sizes. 0: the area has no curve. */
static size_t curve_offset(const struct kit_buffer *area, const struct template_row *row)
{
	size_t coordinate = WORD_SIZE + (row->key_bits + 7u) / 8;

	return row->type == TPM_ALG_ECC ? area->len - 2 * coordinate - 2 * WORD_SIZE : 0;
}

static bool is_other_type(const struct template_row *row, uint16_t word)
{
	(void)row;
	return word == TPM_ALG_RSA || word == TPM_ALG_ECC;
}

static bool is_own_name_alg(const struct template_row *row, uint16_t word)
{
	return word == row->name_alg;
}

/* An IK may be on any of the three; then its numbers and its CSR are wrong, and that is row 10. */
static bool is_other_curve(const struct template_row *row, uint16_t word)
{
	return word == row->curve_id || (!row->is_ek &&
		(word == TPM_ECC_NIST_P256 || word == TPM_ECC_NIST_P384 || word == TPM_ECC_NIST_P521));
}

static void judge_word(const struct kit *kit, const struct template_row *row,
	const char *field_name, uint16_t word, struct tally *tally)
{
	enum check right = row->is_ek ? CHECK_EK_TEMPLATE : CHECK_IK_ALGORITHMS;
	struct verdict verdict;

	kit_judge(kit, &verdict);
	tally_note(tally, verdict.is_sound, !verdict.is_sound && verdict.refusal.check == right,
		"%s %s: %s %04x: %s", row->is_ek ? "EK" : "IK", row->name, field_name, word,
		verdict.is_sound ? "sound" : verdict.refusal.saw);
}

static void judge_area(struct kit *kit, const struct template_row *row, const struct field *field,
	struct tally *tally, size_t step)
{
	struct kit_buffer *area = row->is_ek ? &kit->ek_public : &kit->ik_public;
	const struct kit_buffer good = *area;
	size_t at = field->offset(area, row);

	for (size_t word = 0; at > 0 && word < WORDS; word += step) {
		struct writer w = writer_of(area->data + at, WORD_SIZE);

		writer_u16(&w, (uint16_t)word);
		if (!field->is_another(row, (uint16_t)word))
			judge_word(kit, row, field->name, (uint16_t)word, tally);
	}
	*area = good;
}

/* The control: with the words that are right, the evidence is. */
static void judge_honest(const struct kit *kit, const struct template_row *row,
	struct tally *tally)
{
	struct verdict verdict;

	kit_judge(kit, &verdict);
	if (!verdict.is_sound)
		tally_wrong(tally, "%s, unchanged: %s", row->name, verdict.refusal.saw);
}

static void judge_template(const struct template_row *row, const struct field *field,
	struct tally *tally, size_t step)
{
	static struct kit kit;

	kit = row->is_ek ? kit_of(TEMPLATE_IK_P256, row->template)
			 : kit_of(row->template, TEMPLATE_EK_L2);
	kit_build(&kit);
	judge_honest(&kit, row, tally);
	judge_area(&kit, row, field, tally, step);
	kit_close(&kit);
}

/* In a sample templates of P-256 alone: RSA keys take a while to make. */
static void judge_templates(const struct field *field, bool is_small, struct tally *tally)
{
	size_t count;
	const struct template_row *rows = template_rows(&count);

	for (size_t i = 0; i < count; i++) {
		if (!is_small || rows[i].curve_id == TPM_ECC_NIST_P256)
			judge_template(&rows[i], field, tally, is_small ? STEP_SMALL : 1);
	}
}

void area_types(bool is_small, struct tally *tally)
{
	const struct field field = { "type", type_offset, is_other_type };

	judge_templates(&field, is_small, tally);
}

void area_name_algorithms(bool is_small, struct tally *tally)
{
	const struct field field = { "nameAlg", name_alg_offset, is_own_name_alg };

	judge_templates(&field, is_small, tally);
}

void area_curves(bool is_small, struct tally *tally)
{
	const struct field field = { "curve", curve_offset, is_other_curve };

	judge_templates(&field, is_small, tally);
}
