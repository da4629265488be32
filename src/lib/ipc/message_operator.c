#include "message.h"

/* Sizes of a row's parts: a name is short; a text may be a certificate in PEM or a list in
 * base64. */
enum { FIELD_NAME_MAX = 64, FIELD_TEXT_MAX = FRAME_MAX, VERB_MAX = 64 };

void operator_request_write(struct writer *w, const struct operator_request *request)
{
	writer_sized(w, request->verb);
	writer_u8(w, (uint8_t)request->count);
	for (size_t i = 0; i < request->count; i++)
		writer_sized(w, request->arguments[i]);
}

enum fault operator_request_read(struct bytes body, struct operator_request *out)
{
	struct reader r = reader_of(body);
	struct operator_request request = { .verb = reader_sized(&r, VERB_MAX) };

	request.count = reader_u8(&r);
	if (request.count > OPERATOR_ARGUMENTS_MAX) {
		reader_fail(&r, FAULT_TOO_LONG);
		request.count = 0;
	}
	for (size_t i = 0; i < request.count; i++)
		request.arguments[i] = reader_sized(&r, OPERATOR_ARGUMENT_MAX);

	enum fault fault = reader_end(&r);
	if (fault == FAULT_NONE)
		*out = request;
	return fault;
}

void operator_row_write(struct writer *w, const struct operator_row *row)
{
	writer_u8(w, (uint8_t)row->count);
	for (size_t i = 0; i < row->count; i++) {
		const struct operator_field *field = &row->fields[i];

		writer_sized(w, field->name);
		writer_u8(w, field->kind);
		if (field->kind == FIELD_TEXT)
			writer_sized(w, field->text);
		else if (field->kind != FIELD_NOTHING)
			writer_u64(w, (uint64_t)field->number);
	}
}

static struct operator_field read_field(struct reader *r)
{
	struct operator_field field = { .name = reader_sized(r, FIELD_NAME_MAX) };

	field.kind = reader_u8(r);
	if (field.kind < FIELD_TEXT || field.kind > FIELD_NOTHING)
		reader_fail(r, FAULT_INVALID);
	else if (field.kind == FIELD_TEXT)
		field.text = reader_sized(r, FIELD_TEXT_MAX);
	else if (field.kind != FIELD_NOTHING)
		field.number = (int64_t)reader_u64(r);
	return field;
}

enum fault operator_row_read(struct bytes body, struct operator_row *out)
{
	struct reader r = reader_of(body);
	struct operator_row row = { .count = reader_u8(&r) };

	if (row.count > OPERATOR_FIELDS_MAX) {
		reader_fail(&r, FAULT_TOO_LONG);
		row.count = 0;
	}
	for (size_t i = 0; i < row.count; i++)
		row.fields[i] = read_field(&r);

	enum fault fault = reader_end(&r);
	if (fault == FAULT_NONE)
		*out = row;
	return fault;
}

void operator_end_write(struct writer *w, const struct operator_end *end)
{
	writer_u8(w, end->is_done);
	writer_u8(w, end->is_not_found);
	writer_sized(w, end->text);
}

enum fault operator_end_read(struct bytes body, struct operator_end *out)
{
	struct reader r = reader_of(body);
	struct operator_end end = { .is_done = reader_truth(&r) };

	end.is_not_found = reader_truth(&r);
	end.text = reader_sized(&r, FRAME_MAX);
	enum fault fault = reader_end(&r);
	if (fault == FAULT_NONE)
		*out = end;
	return fault;
}
