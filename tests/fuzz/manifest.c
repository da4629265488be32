/*
 * Target: manifest_open, manifest_next (src/supervisor/manifest.h): CSV, and JSON Lines where the
 * first line that counts begins with a brace.
 * Holds: every row has an EK id of 64 lower-case digits and texts that end; a refusal says why.
 */
#include "fuzz.h"

#include "manifest.h"

static void demand_row(const struct manifest_row *row, size_t line_before)
{
	must_hold(row->line > line_before);
	must_hold(strlen(row->ek_id) == 64 && strspn(row->ek_id, "0123456789abcdef") == 64);
	must_hold(memchr(row->serial, 0, sizeof(row->serial)) != NULL);
	must_hold(memchr(row->profile, 0, sizeof(row->profile)) != NULL);
	must_hold(memchr(row->group, 0, sizeof(row->group)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct manifest manifest;
	static struct manifest_row row;
	struct trouble trouble = { "" };
	FILE *file = len > 0 ? fmemopen((void *)(uintptr_t)data, len, "r") : NULL;
	enum fault fault = FAULT_NONE;

	if (file == NULL)
		return 0;
	manifest_open(file, "manifest", &manifest);
	for (size_t line = 0; fault == FAULT_NONE; line = row.line) {
		fault = manifest_next(&manifest, &row, &trouble);
		if (fault == FAULT_NONE)
			demand_row(&row, line);
	}
	must_hold(fault == FAULT_NOT_FOUND || trouble.text[0] != '\0');
	(void)fclose(file);
	return 0;
}
