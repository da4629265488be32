#include "change.h"

#define ON_CONFLICT_STAMP \
	" ON CONFLICT (kind, value) DO UPDATE SET changed_at_ms = excluded.changed_at_ms"

void change_stamp(struct store *store, enum subject subject, struct bytes value)
{
	(void)database_run(&store->database,
		"INSERT INTO change (kind, value, changed_at_ms)"
		" VALUES (?1, ?2, ?3)" ON_CONFLICT_STAMP,
		VALUES(value_number(subject), value_octets(value), value_u64(store->now_ms)));
}

void change_stamp_binding(struct store *store, int64_t binding)
{
	const struct values values = VALUES(value_number(binding), value_u64(store->now_ms));

	(void)database_run(&store->database,
		"INSERT INTO change (kind, value, changed_at_ms)"
		" SELECT 1, CAST(serial AS BLOB), ?2 FROM binding WHERE id = ?1" ON_CONFLICT_STAMP,
		values);
	(void)database_run(&store->database,
		"INSERT INTO change (kind, value, changed_at_ms)"
		" SELECT 2, ek_id, ?2 FROM binding_ek WHERE binding = ?1" ON_CONFLICT_STAMP,
		values);
	(void)database_run(&store->database,
		"INSERT INTO change (kind, value, changed_at_ms)"
		" SELECT 3, ik_id, ?2 FROM binding_ik WHERE binding = ?1" ON_CONFLICT_STAMP,
		values);
}

uint64_t change_latest(struct store *store, const char *serial, const uint8_t ek_id[32],
	const uint8_t ik_id[32])
{
	int64_t latest = database_number(&store->database,
		"SELECT max(changed_at_ms) FROM change"
		" WHERE (kind, value) IN (VALUES (1, ?1), (2, ?2), (3, ?3))",
		VALUES(value_octets(bytes_of_string(serial)), VALUE_ID(ek_id), VALUE_ID(ik_id)), 0);

	return latest < 0 ? 0 : (uint64_t)latest;
}
