#include "commands.h"

#include "operator_client.h"
#include "operator_name.h"
#include "own_memory.h"
#include "owned.h"
#include "rotate.h"
#include "serve.h"

#include <stdio.h>

int command_serve(struct invocation *invocation)
{
	const char *listen = invocation_value(invocation, "--listen");

	return invocation_is_good(invocation, 0, 0) ? serve(invocation->directory, listen) :
		STATUS_USAGE;
}

/* Asks a running server; is_running says whether there was one to be asked. */
static enum fault ask_server(const char *directory, const struct order *order,
	const struct row_sink *sink, bool *is_running, struct trouble *trouble)
{
	struct operator_client client;
	enum fault fault = operator_open_running(directory, &client, is_running, trouble);

	if (fault != FAULT_NONE || !*is_running)
		return fault;
	fault = operator_ask(&client, order, sink, trouble);
	struct trouble ignored;
	(void)operator_close(&client, &ignored);
	return fault;
}

static int say_done(const struct invocation *invocation, const char *member, const char *sentence)
{
	if (invocation->is_json)
		(void)printf("{\"%s\": true}\n", member);
	else
		(void)printf("%s\n", sentence);
	return fflush(stdout) == 0 ? STATUS_DONE : STATUS_FAILED;
}

static struct order now_order(const char *verb, bool is_now)
{
	const char *name = operator_name_argument();

	return is_now ? (struct order){ verb, 2, { "now", name } }
		      : (struct order){ verb, 1, { name } };
}

/*
 * Nobody answered. The socket is opened last and closed first: a server that starts or ends has the
 * lock already, or still, and may have read what was there before.
 */
static enum fault say_nobody_answers(const char *directory, struct trouble *trouble)
{
	owned_folder folder = { 0 };
	owned_descriptor lock = -1;
	enum fault fault = folder_open(directory, &folder, trouble);

	if (fault == FAULT_NONE)
		fault = folder_lock(&folder, &lock, trouble);
	if (fault == FAULT_BUSY)
		return trouble_say(trouble, fault,
			"in %s a server is starting or ending, or another command is at work: try again",
			directory);
	if (fault != FAULT_NONE)
		return fault;
	return trouble_say(trouble, FAULT_NOT_FOUND,
		"no server is running in %s; it reads all of it when it starts", directory);
}

int command_reload(struct invocation *invocation)
{
	bool is_now = invocation_flag(invocation, "--now"), is_running = false;
	const struct order order = now_order("reload", is_now);
	struct trouble trouble = { "" };

	if (!invocation_is_good(invocation, 0, 0))
		return STATUS_USAGE;
	enum fault fault = ask_server(invocation->directory, &order, NULL, &is_running, &trouble);
	if (fault == FAULT_NONE && !is_running)
		fault = say_nobody_answers(invocation->directory, &trouble);
	if (fault != FAULT_NONE)
		return invocation_fail(fault, &trouble);
	return say_done(invocation, "reloaded", "reloaded");
}

int command_rotate(struct invocation *invocation)
{
	bool is_now = invocation_flag(invocation, "--now");
	const struct order order = now_order("rotate", is_now);
	struct trouble trouble = { "" }, ignored;
	struct operator_client client;

	if (!invocation_is_good(invocation, 0, 0))
		return STATUS_USAGE;
	enum fault fault = operator_open(invocation->directory, &client, &trouble);
	if (fault == FAULT_NONE) {
		(void)!own_memory_hide();
		(void)!own_memory_lock();
		fault = client.is_local ? rotate_ticket_keys(client.server, is_now,
						  operator_name_argument(), &trouble)
					: operator_ask(&client, &order, NULL, &trouble);
		(void)operator_close(&client, &ignored);
	}
	if (fault != FAULT_NONE)
		return invocation_fail(fault, &trouble);
	return say_done(invocation, "rotated", is_now ?
		"rotated: challenges that are on their way start again" :
		"rotated: challenges that are on their way stay good for eleven minutes");
}

/*
 * Asks a running server: the supervisor first, then the store, whose row joins the supervisor's. A
 * store that does not answer just now is a warning, no failure: the rest is worth knowing.
 */
static enum fault ask_status(const char *directory, struct rows *rows, bool *is_running,
	struct trouble *trouble)
{
	const struct order server = { .verb = "status" }, store = { .verb = "store status" };
	const struct row_sink sink = { rows_take, rows };
	struct operator_client client;
	struct trouble ignored;
	enum fault fault = operator_open_running(directory, &client, is_running, trouble);

	if (fault != FAULT_NONE || !*is_running)
		return fault;
	fault = operator_ask(&client, &server, &sink, trouble);
	if (fault == FAULT_NONE && operator_ask(&client, &store, &sink, &ignored) != FAULT_NONE)
		rows_add(rows, json_pack("{s:s}", "warning", ignored.text));
	(void)operator_close(&client, &ignored);
	return fault;
}

/* All rows in the first. */
static void join_rows(struct rows *rows)
{
	json_t *first = json_array_get(rows->list, 0), *row;
	size_t index;

	json_array_foreach(rows->list, index, row) {
		if (json_object_update(first, row) != 0)
			rows->is_lost = true;
	}
}

int command_status(struct invocation *invocation)
{
	struct trouble trouble = { "" };
	owned_rows rows = { 0 };
	bool is_running = false;

	if (!invocation_is_good(invocation, 0, 0))
		return STATUS_USAGE;
	enum fault fault = rows_open(&rows);
	if (fault == FAULT_NONE)
		fault = ask_status(invocation->directory, &rows, &is_running, &trouble);
	if (fault != FAULT_NONE)
		return invocation_fail(fault, &trouble);
	if (!is_running)
		rows_add(&rows, json_pack("{s:b}", "running", 0));
	join_rows(&rows);
	int status = invocation_print(invocation, &rows, ROWS_OBJECT);
	return status == STATUS_DONE && !is_running ? STATUS_FAILED : status;
}
