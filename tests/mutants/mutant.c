#include "mutant.h"

#undef refusal_set

#include <stdio.h>

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
