/*
 * Target: operator_row_read, then rows_take and rows_print (src/supervisor/rows.h, table.h): what a
 * taken store may have a command print. The first octet chooses the form. Input: bodies of
 * MESSAGE_OPERATOR_ROW, each with a u16 size.
 * Holds: a terminal is told nothing that it would obey; --json is JSON, in ASCII.
 */
#include "fuzz.h"

#include "reader.h"
#include "rows.h"

enum { PRINTED_MAX = 1 << 20 };

static char printed[PRINTED_MAX];

static void demand_plain(size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)printed[i];

		must_hold((c >= 0x20 && c != 0x7f) || c == '\n');
		/* U+0080 to U+009F, some of which terminals obey as well. */
		must_hold(c != 0xc2 || i + 1 == len || (uint8_t)printed[i + 1] >= 0xa0);
	}
}

static void demand_json(size_t len)
{
	json_t *value = json_loadb(printed, len, JSON_ALLOW_NUL, NULL);

	must_hold(value != NULL);
	json_decref(value);
	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)printed[i];

		must_hold((c >= 0x20 && c < 0x7f) || c == '\n');
	}
}

static void print(const struct rows *rows, enum rows_form form, bool is_json)
{
	FILE *file = fmemopen(printed, sizeof(printed), "w");

	must_hold(file != NULL);
	bool is_printed = rows_print(rows, form, is_json, file) == FAULT_NONE && ferror(file) == 0;
	long len = ftell(file);
	(void)fclose(file);
	if (!is_printed || len < 0 || len >= PRINTED_MAX)
		return;
	if (is_json)
		demand_json((size_t)len);
	else
		demand_plain((size_t)len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct reader r = reader_of(bytes_of(data, len));
	uint8_t choice = reader_u8(&r);
	static struct operator_row row;
	owned_rows rows = { 0 };

	must_hold(rows_open(&rows) == FAULT_NONE);
	while (r.rest.len > 0 && r.fault == FAULT_NONE) {
		if (operator_row_read(reader_tpm2b(&r, UINT16_MAX), &row) == FAULT_NONE)
			rows_take(&rows, &row);
	}
	print(&rows, (enum rows_form)(choice % 3), (choice & 0x80) != 0);
	return 0;
}
