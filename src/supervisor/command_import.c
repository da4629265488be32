#include "commands.h"

#include "manifest.h"
#include "operator_client.h"
#include "operator_name.h"
#include "owned.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

OWNED_TYPE(FILE, fclose)

/* An import on its way: rows are sent ahead of their answers, a window at a time. */
struct import {
	struct operator_client *client;
	struct manifest *manifest;
	size_t sent, answered;
	size_t lines[OPERATOR_WINDOW]; /* of the rows that have no answer yet, by their number */
};

/* The first order of an import, with the flags that stand on the command line. */
static struct order order_to_begin(struct invocation *invocation)
{
	static const struct {
		const char *option, *argument;
	} known[] = { { "--add", "add" }, { "--replace", "replace" }, { "--again", "again" } };
	struct order order = { .verb = "device import begin" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (invocation_flag(invocation, known[i].option))
			order.arguments[order.count++] = known[i].argument;
	}
	return order;
}

/* Takes the answer to the oldest row that has none. */
static enum fault await_row(struct import *import, struct trouble *trouble)
{
	struct trouble why = { "" };
	size_t line = import->lines[import->answered++ % OPERATOR_WINDOW];
	enum fault fault = operator_await(import->client, NULL, &why);

	if (fault == FAULT_NONE)
		return FAULT_NONE;
	return trouble_say(trouble, fault, "%s: line %zu: %.300s; nothing was imported",
		import->manifest->name, line, why.text);
}

static enum fault send_row(struct import *import, const struct manifest_row *row,
	struct trouble *trouble)
{
	const struct order order = { "device import row", 4,
		{ row->serial, row->ek_id, row->profile, row->group } };

	if (import->sent - import->answered == OPERATOR_WINDOW) {
		enum fault fault = await_row(import, trouble);

		if (fault != FAULT_NONE)
			return fault;
	}
	import->lines[import->sent++ % OPERATOR_WINDOW] = row->line;
	return operator_send(import->client, &order, trouble);
}

static enum fault send_rows(struct import *import, struct trouble *trouble)
{
	struct manifest_row row;
	enum fault fault;

	while ((fault = manifest_next(import->manifest, &row, trouble)) == FAULT_NONE) {
		fault = send_row(import, &row, trouble);
		if (fault != FAULT_NONE)
			return fault;
	}
	while (fault == FAULT_NOT_FOUND && import->answered < import->sent) {
		enum fault refused = await_row(import, trouble);

		if (refused != FAULT_NONE)
			return refused;
	}
	return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

/* The store counts rows, the operator's editor lines: "row 3 …" of the store is found again. */
static size_t line_of_row(FILE *file, const char *name, size_t number)
{
	struct manifest *manifest = malloc(sizeof(*manifest));
	struct manifest_row row = { .line = 0 };
	struct trouble trouble;

	if (manifest == NULL)
		return 0;
	rewind(file);
	manifest_open(file, name, manifest);
	while (number > 0 && manifest_next(manifest, &row, &trouble) == FAULT_NONE)
		number--;
	free(manifest);
	return number == 0 ? row.line : 0;
}

/* Whether it was told no (operator_ask). Else it may be done: the store commits before it answers. */
static bool is_refusal(enum fault fault)
{
	return fault == FAULT_DENIED || fault == FAULT_NOT_FOUND;
}

static enum fault end(struct import *import, struct rows *rows, struct trouble *trouble)
{
	const struct order order = { "device import end", 1, { operator_name_argument() } };
	const struct row_sink sink = { rows_take, rows };
	struct trouble why = { "" };
	size_t number = 0, line = 0;
	enum fault fault = operator_ask(import->client, &order, &sink, &why);

	if (fault == FAULT_NONE)
		return FAULT_NONE;
	if (!is_refusal(fault))
		return trouble_say(trouble, fault, "%s: %.300s; whether it was imported is not known,"
			" genuine-ca device list and device show tell",
			import->manifest->name, why.text);
	if (sscanf(why.text, "row %zu", &number) == 1)
		line = line_of_row(import->manifest->file, import->manifest->name, number);
	if (line == 0)
		return trouble_say(trouble, fault, "%s: %.300s; nothing was imported",
			import->manifest->name, why.text);
	const char *rest = why.text + strcspn(why.text, "0123456789");
	return trouble_say(trouble, fault, "%s: line %zu%.300s; nothing was imported",
		import->manifest->name, line, rest + strspn(rest, "0123456789"));
}

static enum fault run(struct import *import, const struct order *begin, struct rows *rows,
	struct trouble *trouble)
{
	enum fault fault = operator_ask(import->client, begin, NULL, trouble);

	if (fault == FAULT_NONE)
		fault = send_rows(import, trouble);
	return fault != FAULT_NONE ? fault : end(import, rows, trouble);
}

int command_device_import(struct invocation *invocation)
{
	struct operator_client client;
	struct trouble trouble = { "" }, ignored;
	owned_rows rows = { 0 };
	static struct manifest manifest;
	const struct order begin = order_to_begin(invocation);

	if (!invocation_is_good(invocation, 1, 1))
		return STATUS_USAGE;
	const char *name = invocation->arguments[0];
	owned(FILE) *file = fopen(name, "re");
	if (file == NULL)
		return invocation_fail(
			trouble_say(&trouble, FAULT_SYSTEM, "%s: %s", name, strerror(errno)),
			&trouble);
	manifest_open(file, name, &manifest);
	enum fault fault = rows_open(&rows);
	if (fault == FAULT_NONE)
		fault = operator_open(invocation->directory, &client, &trouble);
	if (fault != FAULT_NONE)
		return invocation_fail(fault, &trouble);
	struct import import = { .client = &client, .manifest = &manifest };
	fault = run(&import, &begin, &rows, &trouble);
	(void)operator_close(&client, &ignored);
	return fault != FAULT_NONE ? invocation_fail(fault, &trouble) :
		invocation_print(invocation, &rows, ROWS_OBJECT);
}
