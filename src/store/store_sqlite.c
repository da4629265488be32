#include "store_sqlite.h"

#include "audit.h"
#include "revocation.h"
#include "schema.h"

#include <stdio.h>
#include <stdlib.h>

static enum fault open_database(struct store *store, const struct store_options *options)
{
	enum fault fault = database_open(options->path, options->page_count_max, &store->database);

	if (fault == FAULT_NONE)
		fault = schema_apply(&store->database);
	if (fault != FAULT_NONE)
		return fault;
	int64_t reserved_ms = database_number(&store->database,
		"SELECT clock_reserved_ms FROM state", NO_VALUES, -1);
	if (reserved_ms < 0)
		database_fail(&store->database, FAULT_INVALID,
			"the database has lost its state row");
	if (store->database.fault != FAULT_NONE)
		return store->database.fault;
	store->reserved_ms = (uint64_t)reserved_ms;
	store->clock = clock_open(options->clock, store->reserved_ms);
	return audit_check_mark(store, options->path);
}

enum fault store_open(const struct store_options *options, struct store **out,
	struct store_error *error)
{
	struct store *store = calloc(1, sizeof(*store));

	if (store == NULL) {
		(void)snprintf(error->text, sizeof(error->text), "out of memory");
		return FAULT_NO_MEMORY;
	}
	store->audit_mark = -1;
	enum fault fault = open_database(store, options);
	if (fault != FAULT_NONE) {
		(void)snprintf(error->text, sizeof(error->text), "%s", store->database.error);
		store_close(store);
		return fault;
	}
	store->is_open = true;
	*out = store;
	return FAULT_NONE;
}

/* The next start need not begin ahead: what was given out is known exactly. */
static void give_back_reserve(struct store *store)
{
	store_group_begin(store);
	store_act_begin(store);
	(void)database_run(&store->database, "UPDATE state SET clock_reserved_ms = ?1",
		VALUES(value_u64(store->now_ms)));
	(void)!store_act_end(store);
	(void)!store_group_commit(store);
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	if (store->is_open && !store->database.is_lost)
		give_back_reserve(store);
	audit_close_mark(store);
	database_close(&store->database);
	free(store);
}

void store_use(struct store *store, const struct policy *policy)
{
	store->policy = policy;
}

void store_group_begin(struct store *store)
{
	store->group_reserved_ms = store->reserved_ms;
	database_group_begin(&store->database);
}

enum fault store_group_commit(struct store *store)
{
	enum fault fault = database_group_commit(&store->database);

	if (fault != FAULT_NONE)
		return fault;
	store->reserved_ms = store->group_reserved_ms;
	audit_write_mark(store);
	return FAULT_NONE;
}

bool store_is_lost(const struct store *store)
{
	return store->database.is_lost;
}

const char *store_failure(const struct store *store)
{
	return store->database.error;
}

const char *store_alert(const struct store *store)
{
	return store->alert[0] != '\0' ? store->alert : NULL;
}

const char *store_clock_trouble(const struct store *store)
{
	static char text[CLOCK_TEXT_MAX + 1];

	if (!clock_is_wrong(&store->clock))
		return NULL;
	clock_say(&store->clock, text);
	return text;
}

struct store_state store_state_unknown(const struct store *store)
{
	uint64_t now_ms = store->clock.now_ms;

	/* What is not reserved in the database must not be given out. */
	return (struct store_state){ .now_ms = now_ms < store->reserved_ms ? now_ms :
		store->reserved_ms };
}

/* Written in the same transaction as the act whose time it covers, so durable before the answer. */
static void reserve_time(struct store *store)
{
	store->act_reserved_ms = store->group_reserved_ms;
	if (store->now_ms < store->group_reserved_ms)
		return;
	store->group_reserved_ms = store->now_ms + CLOCK_RESERVE_MS;
	(void)database_run(&store->database, "UPDATE state SET clock_reserved_ms = ?1",
		VALUES(value_u64(store->group_reserved_ms)));
}

void store_act_begin(struct store *store)
{
	database_act_begin(&store->database);
	store->now_ms = clock_now(&store->clock);
	store->alert[0] = '\0';
	reserve_time(store);
}

void store_act_undo(struct store *store)
{
	database_act_undo(&store->database);
	store->group_reserved_ms = store->act_reserved_ms;
	reserve_time(store);
}

enum fault store_act_end(struct store *store)
{
	enum fault fault = database_act_end(&store->database);

	if (fault != FAULT_NONE)
		store->group_reserved_ms = store->act_reserved_ms;
	return fault;
}

struct store_state store_state(struct store *store)
{
	return (struct store_state){ .now_ms = store->now_ms,
		.crl_is_due = revocation_is_due(store) };
}
