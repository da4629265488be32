#include "commands.h"

#include "folder.h"
#include "load_set.h"
#include "operator_client.h"
#include "operator_name.h"
#include "trust_store.h"

#include <stdio.h>

/*
 * Files first, then the reload, which records what came in or went out; without a server the store
 * alone is what reloads. What it would not load stays written, and the sentence says so.
 */
static enum fault reload(struct operator_client *client, struct trouble *trouble)
{
	const struct order order = { "reload", 1, { operator_name_argument() } };
	struct trouble why = { "" };
	enum fault fault = client->is_local ?
		server_reload(client->server, false, operator_name_argument(), &why) :
		operator_ask(client, &order, NULL, &why);

	if (fault == FAULT_NONE)
		return FAULT_NONE;
	return trouble_say(trouble, fault, client->is_local ?
		"done, but not in the audit chain: %.300s" :
		"done, but the running server goes on as before: %.300s", why.text);
}

static void close_client(struct operator_client *client)
{
	struct trouble ignored;

	(void)operator_close(client, &ignored);
}

/* ---- import ---- */

static enum fault import_files(const struct folder *folder, const struct invocation *invocation,
	struct trust_batch *batch, size_t *added, struct trouble *trouble)
{
	struct configuration configuration;
	enum fault fault = load_set_configuration(folder, &configuration, trouble);

	batch->is_laboratory = fault == FAULT_NONE && configuration.is_laboratory;
	for (size_t i = 0; i < invocation->count && fault == FAULT_NONE; i++)
		fault = trust_batch_add(batch, invocation->arguments[i], trouble);
	return fault != FAULT_NONE ? fault : trust_batch_import(batch, folder, added, trouble);
}

static enum fault import(const struct invocation *invocation, struct trust_batch *batch,
	size_t *added, struct trouble *trouble)
{
	struct operator_client client;
	enum fault fault = operator_open(invocation->directory, &client, trouble);

	if (fault != FAULT_NONE)
		return fault;
	fault = import_files(&client.folder, invocation, batch, added, trouble);
	if (fault == FAULT_NONE)
		fault = reload(&client, trouble);
	close_client(&client);
	return fault;
}

static int say_imported(const struct invocation *invocation, size_t count, size_t added)
{
	if (invocation->is_json)
		(void)printf("{\"read\": %zu, \"added\": %zu}\n", count, added);
	else
		(void)printf("%zu read, %zu new\n", count, added);
	return fflush(stdout) == 0 ? STATUS_DONE : STATUS_FAILED;
}

int command_trust_import(struct invocation *invocation)
{
	const char *marks = invocation_value(invocation, "--mark");
	struct trouble trouble = { "" };
	struct trust_batch batch = { 0 };
	size_t added = 0;

	if (!invocation_is_good(invocation, 1, SIZE_MAX))
		return STATUS_USAGE;
	enum fault fault = trust_marks_normalise(marks != NULL ? marks : "", batch.marks, &trouble);
	if (fault == FAULT_NONE)
		fault = import(invocation, &batch, &added, &trouble);
	size_t count = batch.count;
	trust_batch_close(&batch);
	return fault != FAULT_NONE ? invocation_fail(fault, &trouble) :
		say_imported(invocation, count, added);
}

/* ---- list and remove ---- */

int command_trust_list(struct invocation *invocation)
{
	struct trouble trouble = { "" };
	owned_folder folder = { 0 };
	owned_rows rows = { 0 };

	if (!invocation_is_good(invocation, 0, 0))
		return STATUS_USAGE;
	enum fault fault = rows_open(&rows);
	if (fault == FAULT_NONE)
		fault = folder_open(invocation->directory, &folder, &trouble);
	if (fault == FAULT_NONE)
		fault = trust_describe(&folder, rows.list, &trouble);
	return fault != FAULT_NONE ? invocation_fail(fault, &trouble) :
		invocation_print(invocation, &rows, ROWS_LIST);
}

int command_trust_remove(struct invocation *invocation)
{
	char removed[DIGEST_HEX_CAPACITY] = "";
	struct trouble trouble = { "" };
	struct operator_client client;
	owned_rows rows = { 0 };

	if (!invocation_is_good(invocation, 1, 1))
		return STATUS_USAGE;
	enum fault fault = rows_open(&rows);
	if (fault == FAULT_NONE)
		fault = operator_open(invocation->directory, &client, &trouble);
	if (fault != FAULT_NONE)
		return invocation_fail(fault, &trouble);
	fault = trust_remove(&client.folder, invocation->arguments[0], removed, &trouble);
	if (fault == FAULT_NONE)
		fault = reload(&client, &trouble);
	close_client(&client);
	rows_add(&rows, json_pack("{s:s}", "removed", removed));
	return fault != FAULT_NONE ? invocation_fail(fault, &trouble) :
		invocation_print(invocation, &rows, ROWS_OBJECT);
}
