#include "commands.h"

#include "operator_client.h"
#include "operator_name.h"

#include <stdio.h>
#include <string.h>

/* ---- asking ---- */

/* Asks, prints the rows in that form, and lets a new revocation list be made where one is due. */
static int ask(const struct invocation *invocation, const struct order *order, enum rows_form form,
	bool revokes, struct rows *rows)
{
	struct operator_client client;
	struct trouble trouble = { "" }, list_trouble = { "" };
	const struct row_sink sink = { rows_take, rows };
	enum fault fault = operator_open(invocation->directory, &client, &trouble);

	if (fault != FAULT_NONE)
		return invocation_fail(fault, &trouble);
	fault = operator_ask(&client, order, &sink, &trouble);
	client.needs_list = fault == FAULT_NONE && revokes;
	/* The act stands, whatever becomes of the list: the server makes it when it starts. */
	if (operator_close(&client, &list_trouble) != FAULT_NONE)
		(void)fprintf(stderr, "genuine-ca: done, but without a new revocation list: %s\n",
			list_trouble.text);
	if (fault != FAULT_NONE)
		return invocation_fail(fault, &trouble);
	return invocation_print(invocation, rows, form);
}

static int ask_and_print(const struct invocation *invocation, const struct order *order,
	enum rows_form form, bool revokes)
{
	owned_rows rows = { 0 };
	struct trouble trouble = { "out of memory" };

	if (rows_open(&rows) != FAULT_NONE)
		return invocation_fail(FAULT_NO_MEMORY, &trouble);
	return ask(invocation, order, form, revokes, &rows);
}

/* A listing: the arguments as they are. */
static int list(struct invocation *invocation, const char *verb, size_t max)
{
	struct order order = { .verb = verb };

	if (!invocation_is_good(invocation, 0, max))
		return STATUS_USAGE;
	for (size_t i = 0; i < invocation->count; i++)
		order.arguments[order.count++] = invocation->arguments[i];
	return ask_and_print(invocation, &order, ROWS_LIST, false);
}

/* A change, told with the name of who makes it. extra is one argument more, or NULL. */
static int change(struct invocation *invocation, const char *verb, size_t count, const char *extra,
	bool revokes)
{
	struct order order = { .verb = verb };

	if (!invocation_is_good(invocation, count, count))
		return STATUS_USAGE;
	for (size_t i = 0; i < count; i++)
		order.arguments[order.count++] = invocation->arguments[i];
	if (extra != NULL)
		order.arguments[order.count++] = extra;
	order.arguments[order.count++] = operator_name_argument();
	return ask_and_print(invocation, &order, ROWS_OBJECT, revokes);
}

/* ---- devices ---- */

int command_device_list(struct invocation *invocation)
{
	return list(invocation, "device list", 0);
}

int command_device_show(struct invocation *invocation)
{
	if (!invocation_is_good(invocation, 1, 1))
		return STATUS_USAGE;
	const struct order order = { "device show", 1, { invocation->arguments[0] } };
	return ask_and_print(invocation, &order, ROWS_GROUPED, false);
}

int command_device_suspend(struct invocation *invocation)
{
	return change(invocation, "device suspend", 1, NULL, true);
}

int command_device_restore(struct invocation *invocation)
{
	return change(invocation, "device restore", 1, NULL, true);
}

int command_device_release(struct invocation *invocation)
{
	return change(invocation, "device release", 1, NULL, true);
}

int command_device_rekey(struct invocation *invocation)
{
	return change(invocation, "device rekey", 1, NULL, false);
}

/* ---- bans ---- */

int command_ban_add(struct invocation *invocation)
{
	const char *reason = invocation_value(invocation, "--reason");

	return change(invocation, "ban add", 2, reason, true);
}

int command_ban_remove(struct invocation *invocation)
{
	return change(invocation, "ban remove", 2, NULL, false);
}

int command_ban_list(struct invocation *invocation)
{
	return list(invocation, "ban list", 0);
}

/* ---- certificates ---- */

int command_certificate_list(struct invocation *invocation)
{
	return list(invocation, "certificate list", 1);
}

int command_certificate_show(struct invocation *invocation)
{
	if (!invocation_is_good(invocation, 1, 1))
		return STATUS_USAGE;
	const struct order order = { "certificate show", 1, { invocation->arguments[0] } };
	return ask_and_print(invocation, &order, ROWS_OBJECT, false);
}

int command_certificate_revoke(struct invocation *invocation)
{
	const char *reason = invocation_value(invocation, "--reason");

	return change(invocation, "certificate revoke", 1, reason, true);
}

/* ---- the audit chain ---- */

int command_audit_list(struct invocation *invocation)
{
	return list(invocation, "audit list", 1);
}

/* A broken chain is printed like a whole one, and the exit status says which it was. */
int command_audit_verify(struct invocation *invocation)
{
	struct order order = { .verb = "audit verify" };
	owned_rows rows = { 0 };
	struct trouble trouble = { "out of memory" };

	if (!invocation_is_good(invocation, 0, 2) || invocation->count == 1) {
		if (invocation->count == 1)
			(void)fprintf(
				stderr, "genuine-ca: audit verify takes SEQ and HASH together\n");
		return STATUS_USAGE;
	}
	for (size_t i = 0; i < invocation->count; i++)
		order.arguments[order.count++] = invocation->arguments[i];
	if (rows_open(&rows) != FAULT_NONE)
		return invocation_fail(FAULT_NO_MEMORY, &trouble);
	int status = ask(invocation, &order, ROWS_OBJECT, false, &rows);
	bool is_whole = json_is_true(json_object_get(json_array_get(rows.list, 0), "whole"));
	return status == STATUS_DONE && !is_whole ? STATUS_FAILED : status;
}
