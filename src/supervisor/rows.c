#include "rows.h"

#include "table.h"

#include <string.h>

enum { NAME_OCTETS_MAX = 64 };

enum fault rows_open(struct rows *out)
{
	json_t *list = json_array();

	if (list == NULL)
		return FAULT_NO_MEMORY;
	*out = (struct rows){ .list = list };
	return FAULT_NONE;
}

void rows_close(struct rows *rows)
{
	json_decref(rows->list);
	rows->list = NULL;
}

static json_t *value_of(const struct operator_field *field)
{
	switch ((enum operator_field_kind)field->kind) {
	case FIELD_TEXT:
		/* jansson takes no null pointer, not even for nothing. */
		return field->text.len == 0 ? json_string("") :
			json_stringn((const char *)field->text.data, field->text.len);
	case FIELD_NUMBER:
		return json_integer(field->number);
	case FIELD_TRUTH:
		return json_boolean(field->number != 0);
	case FIELD_NOTHING:
		break;
	}
	return json_null();
}

void rows_add(struct rows *rows, json_t *object)
{
	if (object == NULL || json_array_append_new(rows->list, object) != 0)
		rows->is_lost = true;
}

void rows_take(void *context, const struct operator_row *row)
{
	struct rows *rows = context;
	json_t *object = json_object();

	for (size_t i = 0; i < row->count && object != NULL; i++) {
		const struct operator_field *field = &row->fields[i];
		char name[NAME_OCTETS_MAX + 1];

		if (field->name.len == 0 || field->name.len > NAME_OCTETS_MAX) {
			rows->is_lost = true;
			continue;
		}
		memcpy(name, field->name.data, field->name.len);
		name[field->name.len] = '\0';
		if (json_object_set_new(object, name, value_of(field)) != 0)
			rows->is_lost = true;
	}
	rows_add(rows, object);
}

/* "ek" → "eks": the array in which the rows of a kind stand. */
static bool put_into_group(json_t *object, const char *kind, json_t *row)
{
	char name[NAME_OCTETS_MAX];

	if (snprintf(name, sizeof(name), "%ss", kind) >= (int)sizeof(name) ||
			json_object_del(row, "kind") != 0)
		return false;
	json_t *group = json_object_get(object, name);
	if (group == NULL) {
		group = json_array();
		if (json_object_set_new(object, name, group) != 0)
			return false;
	}
	return json_array_append(group, row) == 0;
}

/* A kind of which there is no row is an empty array: programs need not ask whether it is there. */
static bool put_empty_groups(json_t *object)
{
	static const char *const groups[] = { "eks", "iks", "certificates" };
	bool is_whole = true;

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (json_object_get(object, groups[i]) == NULL)
			is_whole = is_whole && json_object_set_new(object, groups[i], json_array()) == 0;
	}
	return is_whole;
}

/* The object of ROWS_GROUPED; the caller frees it. NULL where out of memory. */
static json_t *group_rows(const struct rows *rows)
{
	json_t *object = json_object();
	size_t index;
	json_t *row;
	bool is_whole = object != NULL;

	json_array_foreach(rows->list, index, row) {
		const char *kind = json_string_value(json_object_get(row, "kind"));

		if (kind == NULL || strcmp(kind, "device") == 0)
			is_whole = is_whole && json_object_update(object, row) == 0;
		else
			is_whole = is_whole && put_into_group(object, kind, row);
	}
	is_whole = is_whole && put_empty_groups(object);
	if (is_whole)
		(void)json_object_del(object, "kind");
	if (!is_whole)
		json_decref(object);
	return is_whole ? object : NULL;
}

/* JSON_ENSURE_ASCII leaves DEL as it is; it can stand within a string alone. */
static int put_without_delete(const char *text, size_t len, void *context)
{
	FILE *file = context;

	for (size_t i = 0; i < len; i++)
		if ((text[i] == '\x7f' ? fputs("\\u007F", file) : fputc(text[i], file)) == EOF)
			return -1;
	return 0;
}

/* In ASCII: JSON may hold what a terminal obeys, and is often looked at on one. */
static enum fault print_json(const json_t *value, FILE *file)
{
	if (json_dump_callback(value, put_without_delete, file, JSON_INDENT(2) | JSON_ENSURE_ASCII) !=
			0 || fputc('\n', file) == EOF)
		return FAULT_SYSTEM;
	return FAULT_NONE;
}

static enum fault print_object(const json_t *object, bool is_json, FILE *file)
{
	if (object == NULL)
		return FAULT_NO_MEMORY;
	if (is_json)
		return print_json(object, file);
	table_print_object(object, file);
	return FAULT_NONE;
}

enum fault rows_print(const struct rows *rows, enum rows_form form, bool is_json, FILE *file)
{
	if (rows->is_lost)
		return FAULT_NO_MEMORY;
	if (form == ROWS_LIST && is_json)
		return print_json(rows->list, file);
	if (form == ROWS_LIST) {
		table_print(rows->list, file);
		return FAULT_NONE;
	}
	if (json_array_size(rows->list) == 0)
		return FAULT_INVALID;
	if (form == ROWS_OBJECT)
		return print_object(json_array_get(rows->list, 0), is_json, file);
	json_t *object = group_rows(rows);
	enum fault fault = print_object(object, is_json, file);
	json_decref(object);
	return fault;
}
