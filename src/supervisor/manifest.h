#ifndef SUPERVISOR_MANIFEST_H
#define SUPERVISOR_MANIFEST_H

#include "bytes.h"
#include "encoding.h"
#include "fault.h"
#include "limits.h"
#include "trouble.h"

#include <stdbool.h>
#include <stdio.h>

/*
 * manifest: the file in which a production line wrote down which EK has which serial
 * (docs/PROTOCOL.md, "Who may be whom"), read line by line and strictly:
 *
 *   CSV         a header line that names the columns, then rows; no quotes
 *   JSON Lines  one object a line with the same names
 *
 * serial, profile and group may be empty or left out; exactly one of ek_id (64 hex digits),
 * ek_certificate (base64 DER) and ek_public (base64 TPM2B_PUBLIC) must be there. UTF-8 without a
 * byte order mark, lines end with LF; empty lines and lines that begin with # are skipped. Whether
 * serials and profiles may be what they are is the store's to say.
 */
enum { MANIFEST_FIELD_MAX = 512, MANIFEST_LINE_MAX = 16384 };

struct manifest_row {
	size_t line; /* from 1 */
	char serial[MANIFEST_FIELD_MAX + 1];
	char ek_id[HEX_CAPACITY(32)];
	char profile[MANIFEST_FIELD_MAX + 1];
	char group[MANIFEST_FIELD_MAX + 1];
};

enum manifest_column {
	COLUMN_SERIAL, COLUMN_EK_ID, COLUMN_EK_CERTIFICATE, COLUMN_EK_PUBLIC, COLUMN_PROFILE,
	COLUMN_GROUP, COLUMN_COUNT
};

struct manifest {
	FILE *file;       /* the caller's */
	const char *name; /* in messages */
	size_t line;
	bool has_begun;   /* the first line that counts was seen */
	bool is_json;
	size_t column_count;                       /* CSV */
	enum manifest_column columns[COLUMN_COUNT]; /* CSV: what stands where */
	char text[MANIFEST_LINE_MAX + 2];
};

void manifest_open(FILE *, const char *name, struct manifest *out);

/* The next row. FAULT_NOT_FOUND at the end; FAULT_INVALID with file and line. */
enum fault manifest_next(struct manifest *, struct manifest_row *out, struct trouble *);

#endif
