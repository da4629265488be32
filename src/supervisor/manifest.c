#include "manifest.h"

#include "ek_identity.h"
#include "utf8.h"

#include <jansson.h>
#include <string.h>

static const char *const column_names[COLUMN_COUNT] = {
	"serial", "ek_id", "ek_certificate", "ek_public", "profile", "group" };

/* What one line says, before the EK id is worked out: a view for each column, NULL where none. */
struct fields {
	const char *text[COLUMN_COUNT];
};

static enum fault complain(const struct manifest *m, struct trouble *trouble, const char *what)
{
	return trouble_say(trouble, FAULT_INVALID, "%s: line %zu: %s", m->name, m->line, what);
}

/* ---- lines ---- */

static enum fault check_line(const struct manifest *m, struct bytes line, struct trouble *trouble)
{
	if (line.len > MANIFEST_LINE_MAX)
		return complain(m, trouble, "is longer than 16384 octets");
	if (m->line == 1 && line.len >= 3 && memcmp(line.data, "\xef\xbb\xbf", 3) == 0)
		return complain(m, trouble,
			"begins with a byte order mark; save the file as UTF-8 without one");
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		return complain(
			m, trouble, "ends with CR LF; lines end with LF alone (dos2unix does it)");
	if (memchr(line.data, '\0', line.len) != NULL || !utf8_is_valid(line))
		return complain(m, trouble, "is not UTF-8 text");
	return FAULT_NONE;
}

/* The next line that counts, in m->text. FAULT_NOT_FOUND at the end of the file. */
static enum fault next_line(struct manifest *m, struct trouble *trouble)
{
	for (;;) {
		size_t len = 0;
		int c;

		while ((c = fgetc(m->file)) != EOF && c != '\n' && len <= MANIFEST_LINE_MAX)
			m->text[len++] = (char)c;
		if (c == EOF && ferror(m->file))
			return trouble_say(trouble, FAULT_SYSTEM, "%s: cannot be read", m->name);
		if (c == EOF && len == 0)
			return FAULT_NOT_FOUND;
		m->line++;
		m->text[len] = '\0';
		enum fault fault = check_line(m, bytes_of(m->text, len), trouble);
		if (fault != FAULT_NONE)
			return fault;
		if (len > 0 && m->text[0] != '#')
			return FAULT_NONE;
	}
}

/* ---- CSV ---- */

static enum fault column_of_name(const char *name, enum manifest_column *out)
{
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		if (strcmp(column_names[i], name) == 0) {
			*out = (enum manifest_column)i;
			return FAULT_NONE;
		}
	}
	return FAULT_NOT_FOUND;
}

static bool has_column(const struct manifest *m, enum manifest_column column)
{
	for (size_t i = 0; i < m->column_count; i++) {
		if (m->columns[i] == column)
			return true;
	}
	return false;
}

static bool has_one_ek_column(const struct manifest *m)
{
	return has_column(m, COLUMN_EK_ID) + has_column(m, COLUMN_EK_CERTIFICATE) +
		has_column(m, COLUMN_EK_PUBLIC) == 1;
}

static enum fault read_header(struct manifest *m, struct trouble *trouble)
{
	char *rest = m->text, *name;

	while ((name = strsep(&rest, ",")) != NULL) {
		enum manifest_column column;

		if (column_of_name(name, &column) != FAULT_NONE || has_column(m, column))
			return complain(m, trouble, "the header line is serial,ek_id,profile,group "
				"(or ek_certificate or ek_public in place of ek_id)");
		m->columns[m->column_count++] = column;
	}
	if (!has_column(m, COLUMN_SERIAL) || !has_one_ek_column(m))
		return complain(m, trouble, "the header line needs serial and one of ek_id, "
			"ek_certificate and ek_public");
	return FAULT_NONE;
}

static enum fault read_csv(struct manifest *m, struct fields *out, struct trouble *trouble)
{
	char *rest = m->text, *value;
	size_t count = 0;

	if (strchr(m->text, '"') != NULL)
		return complain(m, trouble, "holds a quotation mark; fields are not quoted");
	while ((value = strsep(&rest, ",")) != NULL) {
		if (count == m->column_count)
			return complain(m, trouble, "has more fields than the header line");
		out->text[m->columns[count++]] = value;
	}
	if (count < m->column_count)
		return complain(m, trouble, "has fewer fields than the header line");
	return FAULT_NONE;
}

/* ---- JSON Lines ---- */

static enum fault take_member(const struct manifest *m, const char *name, const json_t *value,
	struct fields *out, struct trouble *trouble)
{
	enum manifest_column column;

	if (column_of_name(name, &column) != FAULT_NONE)
		return complain(m, trouble,
			"has a member other than serial, ek_id, ek_certificate, "
			"ek_public, profile and group");
	if (!json_is_string(value))
		return complain(m, trouble, "has a member that is not a string");
	out->text[column] = json_string_value(value);
	return FAULT_NONE;
}

/* The views live as long as *object, which the caller frees. */
static enum fault read_json(const struct manifest *m, json_t **object, struct fields *out,
	struct trouble *trouble)
{
	json_error_t error;
	const char *name;
	json_t *value;

	*object = json_loads(m->text, JSON_REJECT_DUPLICATES, &error);
	if (*object == NULL)
		return complain(m, trouble, "is not one JSON object without duplicate members");
	json_object_foreach(*object, name, value) {
		enum fault fault = take_member(m, name, value, out, trouble);

		if (fault != FAULT_NONE)
			return fault;
	}
	return FAULT_NONE;
}

/* ---- fields to a row ---- */

static enum fault id_of_base64(const char *text, enum manifest_column column, uint8_t out[32])
{
	uint8_t buffer[MANIFEST_LINE_MAX];
	struct bytes octets;
	enum fault fault = base64_decode(bytes_of_string(text), buffer, sizeof(buffer), &octets);

	if (fault != FAULT_NONE)
		return fault;
	return column == COLUMN_EK_CERTIFICATE ? ek_id_of_certificate(octets, out) :
		ek_id_of_public(octets, out);
}

static bool is_given(const struct fields *fields, enum manifest_column column)
{
	return fields->text[column] != NULL && fields->text[column][0] != '\0';
}

static enum fault take_ek(const struct manifest *m, const struct fields *fields, char *out,
	struct trouble *trouble)
{
	bool has_id = is_given(fields, COLUMN_EK_ID);
	bool has_certificate = is_given(fields, COLUMN_EK_CERTIFICATE);
	enum manifest_column column = has_certificate ? COLUMN_EK_CERTIFICATE : COLUMN_EK_PUBLIC;
	uint8_t id[32];

	if (has_id + has_certificate + is_given(fields, COLUMN_EK_PUBLIC) != 1)
		return complain(
			m, trouble, "needs exactly one of ek_id, ek_certificate and ek_public");
	enum fault fault = has_id ? hex_decode(bytes_of_string(fields->text[COLUMN_EK_ID]), id, 32)
				  : id_of_base64(fields->text[column], column, id);
	if (fault != FAULT_NONE)
		return complain(m, trouble,
			has_id ? "ek_id is not 64 hexadecimal digits"
			: has_certificate
				? "ek_certificate is not the base64 of an EK certificate's DER"
				: "ek_public is not the base64 of an EK's TPM2B_PUBLIC");
	hex_encode(BYTES_OF_ARRAY(id), out, HEX_CAPACITY(32));
	return FAULT_NONE;
}

static enum fault take_text(const struct manifest *m, const struct fields *fields,
	enum manifest_column column, char out[MANIFEST_FIELD_MAX + 1], struct trouble *trouble)
{
	const char *text = fields->text[column] != NULL ? fields->text[column] : "";
	size_t len = strlen(text);

	if (len > MANIFEST_FIELD_MAX)
		return complain(m, trouble, "has a field of more than 512 octets");
	memcpy(out, text, len + 1);
	return FAULT_NONE;
}

static enum fault take_fields(const struct manifest *m, const struct fields *fields,
	struct manifest_row *out, struct trouble *trouble)
{
	struct manifest_row row = { .line = m->line };
	enum fault fault = take_ek(m, fields, row.ek_id, trouble);

	if (fault == FAULT_NONE)
		fault = take_text(m, fields, COLUMN_SERIAL, row.serial, trouble);
	if (fault == FAULT_NONE)
		fault = take_text(m, fields, COLUMN_PROFILE, row.profile, trouble);
	if (fault == FAULT_NONE)
		fault = take_text(m, fields, COLUMN_GROUP, row.group, trouble);
	if (fault == FAULT_NONE)
		*out = row;
	return fault;
}

/* The first line that counts: a header, or already an object. */
static enum fault begin(struct manifest *m, struct trouble *trouble)
{
	enum fault fault = next_line(m, trouble);

	if (fault == FAULT_NOT_FOUND)
		return trouble_say(trouble, FAULT_INVALID, "%s: is empty", m->name);
	if (fault != FAULT_NONE)
		return fault;
	m->has_begun = true;
	m->is_json = m->text[0] == '{';
	if (m->is_json)
		return FAULT_NONE;
	fault = read_header(m, trouble);
	return fault != FAULT_NONE ? fault : next_line(m, trouble);
}

void manifest_open(FILE *file, const char *name, struct manifest *out)
{
	*out = (struct manifest){ .file = file, .name = name };
}

enum fault manifest_next(struct manifest *m, struct manifest_row *out, struct trouble *trouble)
{
	struct fields fields = { { NULL } };
	json_t *object = NULL;
	enum fault fault = m->has_begun ? next_line(m, trouble) : begin(m, trouble);

	if (fault != FAULT_NONE)
		return fault;
	fault = m->is_json ? read_json(m, &object, &fields, trouble)
			   : read_csv(m, &fields, trouble);
	if (fault == FAULT_NONE)
		fault = take_fields(m, &fields, out, trouble);
	json_decref(object);
	return fault;
}
