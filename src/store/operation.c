#include "operation.h"

#include "encoding.h"
#include "utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- how it ends ---- */

void operation_done(struct operation *operation)
{
	operation->result->is_done = true;
}

void operation_done_page(struct operation *operation, const char *last_format, ...)
{
	struct operator_result *result = operation->result;
	va_list arguments;

	operation_done(operation);
	if (operation->row_count < PAGE_ROWS)
		return;
	va_start(arguments, last_format);
	(void)vsnprintf(result->text, sizeof(result->text), last_format, arguments);
	va_end(arguments);
}

static void refuse(struct operation *operation, bool is_not_found, const char *format,
	va_list arguments)
{
	struct operator_result *result = operation->result;

	result->is_done = false;
	result->is_not_found = is_not_found;
	(void)vsnprintf(result->text, sizeof(result->text), format, arguments);
}

void operation_refuse(struct operation *operation, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	refuse(operation, false, format, arguments);
	va_end(arguments);
}

void operation_not_found(struct operation *operation, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	refuse(operation, true, format, arguments);
	va_end(arguments);
}

/* ---- arguments ---- */

static bool is_printable(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < 0x20 || text.data[i] == 0x7f)
			return false;
	}
	return utf8_is_valid(text);
}

static struct bytes argument(const struct operation *operation, size_t position)
{
	return position < operation->count ? operation->request->arguments[position] :
		bytes_of(NULL, 0);
}

bool operation_text(struct operation *operation, size_t position, const char *what, char *out,
	size_t capacity)
{
	struct bytes text = argument(operation, position);

	if (text.len >= capacity || !is_printable(text)) {
		operation_refuse(operation, "the %s is not a text of at most %zu printable"
			" characters", what,
			capacity - 1);
		return false;
	}
	if (text.len > 0)
		memcpy(out, text.data, text.len);
	out[text.len] = '\0';
	return true;
}

bool operation_serial(struct operation *operation, size_t position, char out[SERIAL_MAX + 1])
{
	struct bytes serial = argument(operation, position);

	if (!serial_is_well_formed(serial)) {
		operation_refuse(operation, "a serial is 1 to 63 of A-Z 0-9 -, neither first nor"
			" last -");
		return false;
	}
	memcpy(out, serial.data, serial.len);
	out[serial.len] = '\0';
	return true;
}

bool operation_id(struct operation *operation, size_t position, const char *what, uint8_t out[32])
{
	if (hex_decode(argument(operation, position), out, 32) == FAULT_NONE)
		return true;
	operation_refuse(operation, "the %s is not 64 hexadecimal digits", what);
	return false;
}

bool operation_number(struct operation *operation, struct bytes text, uint64_t *out)
{
	char digits[20] = "", *end = digits;

	if (text.len < sizeof(digits))
		memcpy(digits, text.data, text.len);
	unsigned long long number = strtoull(digits, &end, 10);
	if (digits[0] < '0' || digits[0] > '9' || end != digits + text.len || number > INT64_MAX) {
		operation_refuse(operation, "an entry's number is a decimal number");
		return false;
	}
	*out = number;
	return true;
}

bool operation_after(struct operation *operation, uint64_t *out)
{
	*out = 0;
	return operation->after[0] == '\0' ||
		operation_number(operation, bytes_of_string(operation->after), out);
}

/* ---- rows ---- */

static struct operator_field *add_field(struct operation *operation, const char *name,
	enum operator_field_kind kind)
{
	assert(operation->row.count < OPERATOR_FIELDS_MAX);
	struct operator_field *field = &operation->row.fields[operation->row.count++];

	*field = (struct operator_field){ .name = bytes_of_string(name), .kind = (uint8_t)kind };
	return field;
}

/* Room for a text of the row, which lives until the row is sent. */
static char *take_space(struct operation *operation, size_t len)
{
	assert(len <= ROW_SPACE - operation->used);
	char *space = operation->space + operation->used;

	operation->used += len;
	return space;
}

void row_text(struct operation *operation, const char *name, struct bytes text)
{
	char *copy = take_space(operation, text.len);

	if (text.len > 0)
		memcpy(copy, text.data, text.len);
	add_field(operation, name, FIELD_TEXT)->text = bytes_of(copy, text.len);
}

void row_string(struct operation *operation, const char *name, const char *text)
{
	row_text(operation, name, bytes_of_string(text));
}

void row_octets(struct operation *operation, const char *name, struct bytes octets)
{
	char *hex = take_space(operation, HEX_CAPACITY(octets.len));

	hex_encode(octets, hex, HEX_CAPACITY(octets.len));
	add_field(operation, name, FIELD_TEXT)->text = bytes_of_string(hex);
}

void row_number(struct operation *operation, const char *name, int64_t number)
{
	add_field(operation, name, FIELD_NUMBER)->number = number;
}

void row_truth(struct operation *operation, const char *name, bool truth)
{
	add_field(operation, name, FIELD_TRUTH)->number = truth;
}

void row_nothing(struct operation *operation, const char *name)
{
	(void)add_field(operation, name, FIELD_NOTHING);
}

void row_time_s(struct operation *operation, const char *name, uint64_t seconds)
{
	const time_t time = (time_t)seconds;
	char text[40];
	struct tm date;

	if (gmtime_r(&time, &date) == NULL ||
			strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &date) == 0)
		row_nothing(operation, name);
	else
		row_string(operation, name, text);
}

void row_time_ms(struct operation *operation, const char *name, uint64_t milliseconds)
{
	row_time_s(operation, name, milliseconds / 1000);
}

/* A change's only row waits for the commit. */
void row_send(struct operation *operation)
{
	operation->row_count++;
	if (operation->is_change) {
		assert(operation->row_count == 1);
		return;
	}
	operation->sink->row(operation->sink->context, &operation->row);
	operation->row.count = 0;
	operation->used = 0;
}

/* ---- columns as fields ---- */

/* Adds nothing for a NULL, which it takes. */
static bool take_nothing(struct operation *operation, const char *name, struct query *query)
{
	if (!query_is_nothing(query))
		return false;
	(void)query_bytes(query);
	row_nothing(operation, name);
	return true;
}

void row_take_text(struct operation *operation, const char *name, struct query *query)
{
	if (!take_nothing(operation, name, query))
		row_text(operation, name, query_bytes(query));
}

void row_take_octets(struct operation *operation, const char *name, struct query *query)
{
	if (!take_nothing(operation, name, query))
		row_octets(operation, name, query_bytes(query));
}

void row_take_number(struct operation *operation, const char *name, struct query *query)
{
	if (!take_nothing(operation, name, query))
		row_number(operation, name, query_number(query));
}

void row_take_truth(struct operation *operation, const char *name, struct query *query)
{
	row_truth(operation, name, query_truth(query));
}

void row_take_time_s(struct operation *operation, const char *name, struct query *query)
{
	if (!take_nothing(operation, name, query))
		row_time_s(operation, name, query_u64(query));
}

void row_take_time_ms(struct operation *operation, const char *name, struct query *query)
{
	if (!take_nothing(operation, name, query))
		row_time_ms(operation, name, query_u64(query));
}
