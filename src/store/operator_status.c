#include "operator_verbs.h"

#include "revocation.h"

#include "limits.h"

#include <stdio.h>

/*
 * How the store is: what the operator is to know before devices or those who trust them find out.
 */

/* Warnings in one text, with a semicolon between two. */
struct warnings {
	char text[320];
	size_t len;
};

__attribute__((format(printf, 2, 3)))
static void warn(struct warnings *warnings, const char *format, ...)
{
	size_t room = sizeof(warnings->text) - warnings->len;
	va_list arguments;

	va_start(arguments, format);
	int len = vsnprintf(warnings->text + warnings->len, room, format, arguments);
	va_end(arguments);
	if (len > 0)
		warnings->len += (size_t)len < room ? (size_t)len : room - 1;
}

static void warn_of_list(struct warnings *warnings, uint64_t revoked)
{
	if (revoked < CRL_ENTRY_COUNT_MANY)
		return;
	warn(warnings, "%s%s", warnings->len > 0 ? "; " : "", revoked > CRL_ENTRY_COUNT_MAX ?
		"more is revoked than the revocation list has room for, and no new one is made" :
		"the revocation list is nearly full");
}

static void add_list(struct operation *operation)
{
	owned_query query = query_of(&operation->store->database,
		"SELECT number, next_update_s FROM crl ORDER BY number DESC LIMIT 1", NO_VALUES);

	if (query_next(&query)) {
		row_take_number(operation, "crl_number", &query);
		row_take_time_s(operation, "crl_next_update", &query);
		return;
	}
	row_nothing(operation, "crl_number");
	row_nothing(operation, "crl_next_update");
}

void store_status(struct operation *operation)
{
	struct store *store = operation->store;
	const char *trouble = store_clock_trouble(store);
	uint64_t revoked = revocation_count(store);
	struct warnings warnings = { .len = 0 };

	if (trouble != NULL)
		warn(&warnings, "%s", trouble);
	warn_of_list(&warnings, revoked);
	row_number(operation, "clock_ahead_s", (int64_t)(store->clock.behind_ms / 1000));
	row_number(operation, "revoked", (int64_t)revoked);
	row_number(operation, "revoked_max", CRL_ENTRY_COUNT_MAX);
	add_list(operation);
	if (warnings.len > 0)
		row_string(operation, "warning", warnings.text);
	else
		row_nothing(operation, "warning");
	row_send(operation);
	operation_done(operation);
}
