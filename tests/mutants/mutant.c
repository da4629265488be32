#include "check.h"

#include <stdint.h>

/* Before mutant.h makes something else of it. */
static const uint64_t mask_full = EVIDENCE_MASK_FULL;

#include "mutant.h"

#include <stdio.h>

enum { BITS = 64, MORE = MUTANT_MASK + BITS, EVERY, END };

static int spared = -1;

/* A role has no environment and soon no files: so the number lies in one, and is read at once. */
__attribute__((constructor)) static void read_number(void)
{
	FILE *file = fopen(GENUINE_MUTANT_FILE, "re");

	if (file == NULL)
		return;
	if (fscanf(file, "%d", &spared) != 1)
		spared = -1;
	(void)fclose(file);
}

bool mutant_spares(enum check check)
{
	return (int)check == spared;
}

uint64_t mutant_mask_wanted(uint64_t said)
{
	uint64_t ignored = 0;

	if (spared == EVERY)
		ignored = UINT64_MAX;
	else if (spared == MORE)
		ignored = ~mask_full;
	else if (spared >= MUTANT_MASK && spared < MUTANT_MASK + BITS)
		ignored = UINT64_C(1) << (spared - MUTANT_MASK);
	return (said | ignored) == (mask_full | ignored) ? said : mask_full;
}
