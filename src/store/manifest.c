#include "manifest.h"

#include "change.h"

struct manifest_row manifest_of_ek(struct store *store, const uint8_t ek_id[32])
{
	struct manifest_row row = { .is_listed = false };
	owned_query query = query_of(&store->database,
		"SELECT serial, profiles, line_group FROM manifest_row"
		" WHERE ek_id = ?1 AND struck_at_ms IS NULL",
		VALUES(VALUE_ID(ek_id)));

	if (!query_next(&query))
		return row;
	row.is_listed = true;
	query_text(&query, row.serial, sizeof(row.serial));
	query_text(&query, row.profiles, sizeof(row.profiles));
	query_text(&query, row.group, sizeof(row.group));
	return row;
}

bool manifest_allows(const char *profiles, const char *profile)
{
	struct bytes wanted = bytes_of_string(profile);

	for (;;) {
		size_t len = strcspn(profiles, ";");

		if (bytes_equal(bytes_of(profiles, len), wanted))
			return true;
		if (profiles[len] == '\0')
			return false;
		profiles += len + 1;
	}
}

void manifest_add(struct store *store, const uint8_t ek_id[32], const struct manifest_row *row)
{
	(void)database_run(&store->database,
		"INSERT INTO manifest_row (serial, ek_id, profiles, line_group, added_at_ms)"
		" VALUES (?1, ?2, ?3, ?4, ?5)",
		VALUES(value_text(row->serial), VALUE_ID(ek_id), value_text(row->profiles),
			value_text(row->group), value_u64(store->now_ms)));
	if (row->serial[0] != '\0')
		change_stamp(store, SUBJECT_SERIAL, bytes_of_string(row->serial));
	change_stamp(store, SUBJECT_EK, bytes_of(ek_id, 32));
}

void manifest_strike(struct store *store, const uint8_t ek_id[32])
{
	(void)database_run(&store->database,
		"UPDATE manifest_row SET struck_at_ms = ?2 WHERE ek_id = ?1"
		" AND struck_at_ms IS NULL",
		VALUES(VALUE_ID(ek_id), value_u64(store->now_ms)));
	change_stamp(store, SUBJECT_EK, bytes_of(ek_id, 32));
}

void manifest_strike_binding(struct store *store, int64_t binding)
{
	(void)database_run(&store->database,
		"UPDATE manifest_row SET struck_at_ms = ?2 WHERE struck_at_ms IS NULL"
		" AND ek_id IN (SELECT ek_id FROM binding_ek WHERE binding = ?1)",
		VALUES(value_number(binding), value_u64(store->now_ms)));
}

bool manifest_has_serial(struct store *store, const char *serial)
{
	return database_has(&store->database,
		"SELECT 1 FROM manifest_row WHERE serial = ?1 AND struck_at_ms IS NULL",
		VALUES(value_text(serial)));
}
