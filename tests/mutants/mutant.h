#ifndef MUTANTS_MUTANT_H
#define MUTANTS_MUTANT_H

#include "check.h"

/*
 * mutant: switches one check off, in a build that is made for this alone (meson -Dmutants=true) and
 * never shipped. This header is put before every source of the roles by the compiler's -include; the
 * sources know nothing of it, so an ordinary build has not an octet of it.
 *
 * Where a check finds that it does not hold it says so by refusal_set, and returns. Here a check
 * that is switched off returns at this point as if it had held. The number is read before main.
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

#endif
