#ifndef MUTANTS_MUTANT_H
#define MUTANTS_MUTANT_H

#include "check.h"

/*
 * mutant: switches one check off, in a build that is made for this alone (meson -Dmutants=true) and
 * never shipped. This header is put before every source of the roles by the compiler's -include; the
 * sources know nothing of it, so an ordinary build has not an octet of it.
 *
 * Where a check finds that it does not hold it says so by refusal_set, and returns. Here a check
 * that is switched off returns at this point as if it had held. What a check of evidence would have
 * left for those after it is made by mutant_verifier.c. The number is read before main.
 */
bool mutant_spares(enum check check);

/* What a rule returns where it holds; the front's return an enum fault. */
#ifndef MUTANT_HELD
#define MUTANT_HELD true
#endif

#define refusal_set(refusal, check, ...) \
	do { \
		if (mutant_spares(check)) \
			return MUTANT_HELD; \
		(refusal_set)((refusal), (check), __VA_ARGS__); \
	} while (0)

/*
 * The authority acts on EVIDENCE_MASK_FULL alone. The numbers from MUTANT_MASK on are authorities
 * that do not miss the bit of one check; then one that takes more bits than there are checks; then
 * one that does not look at the mask at all. Its one comparison is of facts->evidence_mask.
 */
enum { MUTANT_MASK = 1000 };

uint64_t mutant_mask_wanted(uint64_t said);

#undef EVIDENCE_MASK_FULL
#define EVIDENCE_MASK_FULL mutant_mask_wanted(facts->evidence_mask)

#endif
