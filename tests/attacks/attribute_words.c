/* Row 30. Judged by the verifier's judge(), of evidence that is sound but for this one word. */
#include "in_process.h"

#include "chance.h"
#include "kit.h"

enum { INPUTS = 10000000, INPUTS_SMALL = 2000, ATTRIBUTES_AT = 6, BITS = 32 };

static const uint32_t accepted[] = { 0x00040072, 0x00040472 };

static void judge_word(struct kit *kit, uint32_t word, struct tally *tally)
{
	struct verdict verdict;
	struct writer w = writer_of(kit->ik_public.data + ATTRIBUTES_AT, sizeof(word));

	writer_u32(&w, word);
	kit_judge(kit, &verdict);
	bool may_pass = word == accepted[0] || word == accepted[1];
	tally_note(tally, verdict.is_sound,
		verdict.is_sound ? may_pass : !may_pass && verdict.refusal.check == CHECK_IK_ATTRIBUTES,
		"%08x: %s", word, verdict.is_sound ? "sound" : verdict.refusal.saw);
}

/* The word itself, and with one, two and three bits flipped: 5,489 words. */
static void judge_neighbours(struct kit *kit, uint32_t word, struct tally *tally)
{
	judge_word(kit, word, tally);
	for (unsigned i = 0; i < BITS; i++) {
		uint32_t one = word ^ UINT32_C(1) << i;

		judge_word(kit, one, tally);
		for (unsigned j = i + 1; j < BITS; j++) {
			uint32_t two = one ^ UINT32_C(1) << j;

			judge_word(kit, two, tally);
			for (unsigned k = j + 1; k < BITS; k++)
				judge_word(kit, two ^ UINT32_C(1) << k, tally);
		}
	}
}

void attribute_words(bool is_small, struct tally *tally)
{
	static struct kit kit;
	struct chance chance = { 30 };

	kit = kit_of(TEMPLATE_IK_RSA2048, TEMPLATE_EK_L2);
	kit_build(&kit);
	judge_neighbours(&kit, accepted[0], tally);
	kit_close(&kit);

	kit = kit_of(TEMPLATE_IK_P256, TEMPLATE_EK_L2);
	kit_build(&kit);
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++)
		judge_neighbours(&kit, accepted[i], tally);
	for (size_t i = 0; i < (size_t)(is_small ? INPUTS_SMALL : INPUTS); i++)
		judge_word(&kit, (uint32_t)chance_u64(&chance), tally);
	kit_close(&kit);
}
