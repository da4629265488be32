#include "operator_verbs.h"

#include "bindings.h"
#include "manifest.h"
#include "open_intent.h"
#include "profile_name.h"

#include <stdio.h>

/*
 * The import of a manifest: rows are staged in a temporary table of this connection, and the end
 * takes them over in one transaction, all or none (docs/PROTOCOL.md, "Who may be whom").
 */

struct staged_row {
	int64_t line;
	uint8_t ek_id[32];
	struct manifest_row row;
};

/* ---- begin ---- */

static bool take_flag(struct store *store, struct bytes flag)
{
	bool *is_set = NULL;

	if (bytes_equal(flag, BYTES_OF_LITERAL("add")))
		is_set = &store->import_adds;
	else if (bytes_equal(flag, BYTES_OF_LITERAL("replace")))
		is_set = &store->import_replaces;
	else if (bytes_equal(flag, BYTES_OF_LITERAL("again")))
		is_set = &store->import_returns;
	if (is_set != NULL)
		*is_set = true;
	return is_set != NULL;
}

void device_import_begin(struct operation *operation)
{
	struct store *store = operation->store;

	store->import_adds = store->import_replaces = store->import_returns = false;
	store->is_importing = false;
	for (size_t i = 0; i < operation->count; i++) {
		if (!take_flag(store, operation->request->arguments[i])) {
			operation_refuse(operation, "an import's flags are add, replace and again");
			return;
		}
	}
	(void)database_run(&store->database, "DELETE FROM temp.staged", NO_VALUES);
	store->is_importing = true;
	operation_done(operation);
}

/* ---- row ---- */

/* A list by ; of names: "device" where it is empty. */
static bool take_profiles(struct operation *operation, char out[MANIFEST_PROFILES_MAX + 1])
{
	if (!operation_text(operation, 2, "profile", out, MANIFEST_PROFILES_MAX + 1))
		return false;
	if (out[0] == '\0')
		(void)snprintf(out, MANIFEST_PROFILES_MAX + 1, "device");
	if (profile_list_is_well_formed(bytes_of_string(out)))
		return true;
	operation_refuse(operation,
		"the profile is not a list, by ;, of profiles' names (a-z, 0-9 and -)");
	return false;
}

static bool take_serial(struct operation *operation, char out[SERIAL_MAX + 1])
{
	out[0] = '\0';
	return operation->request->arguments[0].len == 0 || operation_serial(operation, 0, out);
}

void device_import_row(struct operation *operation)
{
	struct store *store = operation->store;
	struct staged_row staged = { .line = 0 };

	if (!store->is_importing) {
		operation_refuse(operation, "no import has begun");
		return;
	}
	/* An import that has lost a row is over: its end must not take over the others. */
	store->is_importing = false;
	if (!take_serial(operation, staged.row.serial) ||
			!operation_id(operation, 1, "EK id", staged.ek_id) ||
			!take_profiles(operation, staged.row.profiles) ||
			!operation_text(operation, 3, "group", staged.row.group,
			sizeof(staged.row.group)))
		return;
	(void)database_run(&store->database,
		"INSERT INTO temp.staged (serial, ek_id, profiles, line_group)"
		" VALUES (?1, ?2, ?3, ?4)",
		VALUES(value_text(staged.row.serial), VALUE_ARRAY(staged.ek_id),
			value_text(staged.row.profiles), value_text(staged.row.group)));
	store->is_importing = store->database.fault == FAULT_NONE;
	operation_done(operation);
}

/* ---- end: the rules ---- */

static bool is_same_row(const struct manifest_row *a, const struct manifest_row *b)
{
	return strcmp(a->serial, b->serial) == 0 && strcmp(a->profiles, b->profiles) == 0 &&
		strcmp(a->group, b->group) == 0;
}

static void serial_of_binding(struct store *store, int64_t binding, char out[SERIAL_MAX + 1])
{
	owned_query query = query_of(&store->database, "SELECT serial FROM binding WHERE id = ?1",
		VALUES(value_number(binding)));

	out[0] = '\0';
	if (query_next(&query))
		query_text(&query, out, SERIAL_MAX + 1);
}

static bool has_serial_where_needed(struct operation *operation, const struct staged_row *staged)
{
	if (staged->row.serial[0] != '\0' || operation->store->policy->binding != BINDING_MANIFEST)
		return true;
	operation_refuse(operation, "row %lld has no serial, and [identity]"
		" binding = manifest needs one",
		(long long)staged->line);
	return false;
}

/* An EK is never taken from a serial that has it: that one is to be released first. */
static bool has_no_other_serial(struct operation *operation, const struct staged_row *staged,
	const struct manifest_row *listed, const struct binding_member *member)
{
	const char *serial = staged->row.serial;
	char bound[SERIAL_MAX + 1] = "";

	if (member->binding != 0 && member->state != BINDING_RELEASED)
		serial_of_binding(operation->store, member->binding, bound);
	bool is_listed_elsewhere = listed->is_listed && listed->serial[0] != '\0' &&
		strcmp(listed->serial, serial) != 0;
	bool is_bound_elsewhere = bound[0] != '\0' && serial[0] != '\0' &&
		strcmp(bound, serial) != 0;
	if (!is_listed_elsewhere && !is_bound_elsewhere)
		return true;
	operation_refuse(operation, "row %lld: the EK has the serial %s; device release it first,"
		" then import with --replace --again", (long long)staged->line,
		is_listed_elsewhere ? listed->serial : bound);
	return false;
}

static bool may_return(struct operation *operation, const struct staged_row *staged,
	const struct binding_member *member)
{
	char former[SERIAL_MAX + 1];

	if (member->binding == 0 || member->state != BINDING_RELEASED)
		return true;
	serial_of_binding(operation->store, member->binding, former);
	if (!operation->store->import_returns) {
		operation_refuse(operation, "row %lld: the EK was released with %s; it comes"
			" back only with --again",
			(long long)staged->line, former);
		return false;
	}
	if (strcmp(former, staged->row.serial) != 0 && !operation->store->import_replaces) {
		operation_refuse(operation, "row %lld: the EK was released with %s; another"
			" serial needs --replace",
			(long long)staged->line, former);
		return false;
	}
	return true;
}

static bool may_join(struct operation *operation, const struct staged_row *staged,
	const struct manifest_row *listed, const struct binding_member *member)
{
	const struct binding_row binding = binding_of_serial(operation->store, staged->row.serial);
	bool is_bound = binding.id != 0 && (binding.has_ik || binding.state == BINDING_SUSPENDED);
	/* Not one that is listed without a serial: to the device it is as new as any other. */
	bool is_listed_for_it =
		listed->is_listed && strcmp(listed->serial, staged->row.serial) == 0;

	if (!is_bound || is_listed_for_it || member->binding == binding.id ||
		operation->store->import_adds)
		return true;
	operation_refuse(operation, "row %lld: %s has another EK already; --add where this is a"
		" further EK of the same device", (long long)staged->line, staged->row.serial);
	return false;
}

/* A serial whose device was released is given to another TPM only where that is said. */
static bool may_replace(struct operation *operation, const struct staged_row *staged,
	const struct binding_member *member)
{
	struct store *store = operation->store;
	const char *serial = staged->row.serial;
	bool was_released = database_has(&store->database,
		"SELECT 1 FROM binding WHERE serial = ?1 AND state = 3",
		VALUES(value_text(serial)));

	if (store->import_replaces || !was_released || binding_of_serial(store, serial).id != 0 ||
			manifest_has_serial(store, serial) || member->state == BINDING_RELEASED)
		return true;
	operation_refuse(operation, "row %lld: %s was released; another EK for it needs --replace",
		(long long)staged->line, serial);
	return false;
}

/* ---- end: taking over ---- */

static void append_audit(struct operation *operation, const char *act,
	const struct staged_row *staged)
{
	struct audit_entry entry = audit_entry_of(act);

	audit_text(&entry, "serial", staged->row.serial);
	audit_octets(&entry, "ek_id", BYTES_OF_ARRAY(staged->ek_id));
	audit_text(&entry, "profiles", staged->row.profiles);
	audit_text(&entry, "group", staged->row.group);
	audit_append(operation->store, operation->actor, &entry);
}

static void return_ek(struct store *store, const struct staged_row *staged,
	const struct binding_member *member)
{
	if (member->binding == 0 || member->state != BINDING_RELEASED)
		return;
	(void)database_run(&store->database,
		"UPDATE binding_ek SET returned_at_ms = ?3 WHERE binding = ?1 AND ek_id = ?2",
		VALUES(value_number(member->binding), VALUE_ARRAY(staged->ek_id),
		value_u64(store->now_ms)));
}

/*
 * What is being signed was judged by the former row, or without one. Its tickets are of no use any
 * more, and neither is its intent (S5).
 */
static void end_what_is_signed(struct operation *operation, const struct staged_row *staged)
{
	static const char why[] = "its manifest row was changed";

	(void)open_intent_close_subject(operation->store, SUBJECT_EK,
		BYTES_OF_ARRAY(staged->ek_id), operation->actor, why);
	(void)open_intent_close_subject(operation->store, SUBJECT_SERIAL,
		bytes_of_string(staged->row.serial), operation->actor, why);
}

struct import_count {
	int64_t rows, added, changed, unchanged;
};

static bool is_allowed(struct operation *operation, const struct staged_row *staged,
	struct import_count *count)
{
	const struct manifest_row listed = manifest_of_ek(operation->store, staged->ek_id);
	const struct binding_member member = binding_of_ek(operation->store, staged->ek_id);

	count->rows++;
	return has_serial_where_needed(operation, staged) &&
		has_no_other_serial(operation, staged, &listed, &member) &&
		may_return(operation, staged, &member) &&
		may_join(operation, staged, &listed, &member) &&
		may_replace(operation, staged, &member);
}

static bool take_over(struct operation *operation, const struct staged_row *staged,
	struct import_count *count)
{
	struct store *store = operation->store;
	const struct manifest_row listed = manifest_of_ek(store, staged->ek_id);
	const struct binding_member member = binding_of_ek(store, staged->ek_id);

	if (listed.is_listed && is_same_row(&listed, &staged->row)) {
		count->unchanged++;
		return true;
	}
	if (listed.is_listed)
		manifest_strike(store, staged->ek_id);
	return_ek(store, staged, &member);
	end_what_is_signed(operation, staged);
	manifest_add(store, staged->ek_id, &staged->row);
	append_audit(operation, listed.is_listed ? "device import change" :
		"device import add", staged);
	*(listed.is_listed ? &count->changed : &count->added) += 1;
	return true;
}

static bool has_no_ek_twice(struct operation *operation)
{
	int64_t line = database_number(&operation->store->database,
		"SELECT max(line) FROM temp.staged GROUP BY ek_id HAVING count(*) > 1 LIMIT 1",
		NO_VALUES, 0);

	if (line == 0)
		return true;
	operation_refuse(operation, "row %lld names an EK that an earlier row names",
		(long long)line);
	return false;
}

static bool next_staged(struct query *query, struct staged_row *out)
{
	if (!query_next(query))
		return false;
	out->line = query_number(query);
	query_text(query, out->row.serial, sizeof(out->row.serial));
	query_copy(query, out->ek_id, sizeof(out->ek_id));
	query_text(query, out->row.profiles, sizeof(out->row.profiles));
	query_text(query, out->row.group, sizeof(out->row.group));
	return true;
}

static bool each_staged(struct operation *operation, struct import_count *count,
	bool (*act)(struct operation *, const struct staged_row *, struct import_count *))
{
	struct staged_row staged = { .line = 0 };
	owned_query query = query_of(&operation->store->database,
		"SELECT line, serial, ek_id, profiles, line_group FROM temp.staged ORDER BY line",
		NO_VALUES);

	while (next_staged(&query, &staged)) {
		staged.row.is_listed = true;
		if (!act(operation, &staged, count))
			return false;
	}
	return true;
}

void device_import_end(struct operation *operation)
{
	struct import_count count = { 0 };

	if (!operation->store->is_importing) {
		operation_refuse(operation, "no import has begun");
		return;
	}
	operation->store->is_importing = false;
	/* All are judged by what was so before: their order in the file decides nothing. */
	if (!has_no_ek_twice(operation) || !each_staged(operation, &count, is_allowed) ||
			!each_staged(operation, &count, take_over))
		return;
	row_number(operation, "rows", count.rows);
	row_number(operation, "added", count.added);
	row_number(operation, "changed", count.changed);
	row_number(operation, "unchanged", count.unchanged);
	row_send(operation);
	operation_done(operation);
}
