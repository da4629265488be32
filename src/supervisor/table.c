#include "table.h"

#include "control_character.h"

#include <stdbool.h>
#include <string.h>

enum { COLUMN_COUNT_MAX = 32, VALUE_OCTETS_MAX = 1024, GAP = 2 };

static void show(const char *text, bool has_lines, FILE *file)
{
	while (*text != '\0') {
		size_t len = has_lines && *text == '\n' ? 0 : control_character_len(text);

		(void)fputc(len > 0 ? '?' : *text, file);
		text += len > 0 ? len : 1;
	}
}

/* What a value looks like in a column; at most VALUE_OCTETS_MAX octets of it. */
static void text_of(const json_t *value, char out[VALUE_OCTETS_MAX + 1])
{
	if (json_is_string(value))
		(void)snprintf(out, VALUE_OCTETS_MAX + 1, "%s", json_string_value(value));
	else if (json_is_integer(value))
		(void)snprintf(out, VALUE_OCTETS_MAX + 1, "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		(void)snprintf(out, VALUE_OCTETS_MAX + 1, "%s", json_is_true(value) ? "yes" : "no");
	else
		(void)snprintf(out, VALUE_OCTETS_MAX + 1, "-");
	if (out[0] == '\0')
		(void)snprintf(out, VALUE_OCTETS_MAX + 1, "-");
}

/* Columns on a terminal: UTF-8's following octets take no room. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text != '\0'; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void print_cell(const char *text, size_t width, bool is_last, FILE *file)
{
	show(text, false, file);
	for (size_t i = width_of(text); !is_last && i < width + GAP; i++)
		(void)fputc(' ', file);
	if (is_last)
		(void)fputc('\n', file);
}

/* ---- a listing ---- */

static void widen(json_t *row, size_t widths[COLUMN_COUNT_MAX])
{
	char text[VALUE_OCTETS_MAX + 1];
	const char *name;
	json_t *value;
	size_t column = 0;

	json_object_foreach(row, name, value) {
		if (column == COLUMN_COUNT_MAX)
			return;
		text_of(value, text);
		if (widths[column] < width_of(text))
			widths[column] = width_of(text);
		if (widths[column] < strlen(name))
			widths[column] = strlen(name);
		column++;
	}
}

static void print_row(json_t *row, const size_t widths[COLUMN_COUNT_MAX], bool is_heading,
	FILE *file)
{
	char text[VALUE_OCTETS_MAX + 1];
	size_t column = 0, count = json_object_size(row);
	const char *name;
	json_t *value;

	if (count > COLUMN_COUNT_MAX)
		count = COLUMN_COUNT_MAX;
	json_object_foreach(row, name, value) {
		if (column == count)
			return;
		text_of(value, text);
		print_cell(is_heading ? name : text, widths[column], column + 1 == count, file);
		column++;
	}
}

void table_print(const json_t *array, FILE *file)
{
	size_t widths[COLUMN_COUNT_MAX] = { 0 }, index;
	json_t *row;

	json_array_foreach(array, index, row)
		widen(row, widths);
	if (json_array_size(array) > 0)
		print_row(json_array_get(array, 0), widths, true, file);
	json_array_foreach(array, index, row)
		print_row(row, widths, false, file);
}

/* ---- one object ---- */

static bool is_pem(const json_t *value)
{
	return json_is_string(value) && strncmp(json_string_value(value), "-----BEGIN", 10) == 0;
}

static void print_scalars(json_t *object, size_t width, FILE *file)
{
	char text[VALUE_OCTETS_MAX + 1];
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value) {
		if (json_is_array(value) || is_pem(value))
			continue;
		text_of(value, text);
		print_cell(name, width, false, file);
		print_cell(text, 0, true, file);
	}
}

void table_print_object(const json_t *object, FILE *file)
{
	/* jansson's loops take no const; nothing is changed. */
	json_t *members = json_deep_copy(object);
	size_t width = 0;
	const char *name;
	json_t *value;

	json_object_foreach(members, name, value) {
		if (!json_is_array(value) && !is_pem(value) && width < strlen(name))
			width = strlen(name);
	}
	print_scalars(members, width, file);
	json_object_foreach(members, name, value) {
		bool is_table = json_is_array(value) && json_array_size(value) > 0;

		if (!is_table && !is_pem(value))
			continue;
		(void)fputc('\n', file);
		print_cell(name, 0, true, file);
		if (is_table)
			table_print(value, file);
		else
			show(json_string_value(value), true, file);
	}
	json_decref(members);
}
