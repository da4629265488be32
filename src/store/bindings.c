#include "bindings.h"

static void read_ik(struct query *query, struct binding_row *row)
{
	row->has_ik = !query_is_nothing(query);
	if (row->has_ik)
		query_copy(query, row->ik_id, sizeof(row->ik_id));
}

struct binding_row binding_of_serial(struct store *store, const char *serial)
{
	struct binding_row row = { .id = 0 };
	owned_query query = query_of(&store->database,
		"SELECT id, serial, state, rekey_is_permitted, ik_id FROM binding"
		" WHERE serial = ?1 AND state <> 3",
		VALUES(value_text(serial)));

	if (!query_next(&query))
		return row;
	row.id = query_number(&query);
	query_text(&query, row.serial, sizeof(row.serial));
	row.state = (enum binding_state)query_number(&query);
	row.rekey_is_permitted = query_truth(&query);
	read_ik(&query, &row);
	return row;
}

static struct binding_member read_member(struct query *query)
{
	struct binding_member member = { .binding = 0 };

	if (query_next(query)) {
		member.binding = query_number(query);
		member.state = (enum binding_state)query_number(query);
	}
	return member;
}

struct binding_member binding_of_ek(struct store *store, const uint8_t ek_id[32])
{
	owned_query query = query_of(&store->database,
		"SELECT binding.id, binding.state FROM binding_ek JOIN binding"
		" ON binding.id = binding_ek.binding"
		" WHERE binding_ek.ek_id = ?1 AND binding_ek.returned_at_ms IS NULL",
		VALUES(VALUE_ID(ek_id)));

	return read_member(&query);
}

struct binding_member binding_of_ik(struct store *store, const uint8_t ik_id[32])
{
	owned_query query = query_of(&store->database,
		"SELECT binding.id, binding.state FROM binding_ik JOIN binding"
		" ON binding.id = binding_ik.binding"
		" WHERE binding_ik.ik_id = ?1",
		VALUES(VALUE_ID(ik_id)));

	return read_member(&query);
}

int64_t binding_make(struct store *store, const char *serial, enum binding_state state)
{
	(void)database_run(&store->database,
		"INSERT INTO binding (serial, state, made_at_ms) VALUES (?1, ?2, ?3)",
		VALUES(value_text(serial), value_number(state), value_u64(store->now_ms)));
	return binding_of_serial(store, serial).id;
}

/*
 * Not INSERT OR IGNORE, which would also pass over an EK that is in another binding: that must fail
 * (S2).
 */
void binding_join_ek(struct store *store, int64_t binding, const uint8_t ek_id[32])
{
	(void)database_run(&store->database,
		"INSERT INTO binding_ek (binding, ek_id, joined_at_ms) VALUES (?1, ?2, ?3)"
		" ON CONFLICT (binding, ek_id) DO NOTHING",
		VALUES(value_number(binding), VALUE_ID(ek_id), value_u64(store->now_ms)));
}

void binding_join_listed_eks(struct store *store, int64_t binding)
{
	(void)database_run(&store->database,
		"INSERT INTO binding_ek (binding, ek_id, joined_at_ms)"
		" SELECT binding.id, manifest_row.ek_id, ?2 FROM binding JOIN manifest_row"
		" ON manifest_row.serial = binding.serial AND manifest_row.struck_at_ms IS NULL"
		" WHERE binding.id = ?1 ON CONFLICT (binding, ek_id) DO NOTHING",
		VALUES(value_number(binding), value_u64(store->now_ms)));
}

void binding_join_ik(struct store *store, int64_t binding, const uint8_t ik_id[32])
{
	if (binding_of_ik(store, ik_id).binding != binding) {
		(void)database_run(&store->database,
			"INSERT INTO binding_ik (ik_id, binding, joined_at_ms) VALUES (?1, ?2, ?3)",
			VALUES(VALUE_ID(ik_id), value_number(binding), value_u64(store->now_ms)));
	}
	(void)database_run(&store->database, "UPDATE binding SET ik_id = ?2 WHERE id = ?1",
		VALUES(value_number(binding), VALUE_ID(ik_id)));
}

void binding_set_state(struct store *store, int64_t binding, enum binding_state state)
{
	const struct value released_at = state == BINDING_RELEASED ? value_u64(store->now_ms) :
		value_nothing();

	(void)database_run(&store->database,
		"UPDATE binding SET state = ?2, released_at_ms = ?3 WHERE id = ?1",
		VALUES(value_number(binding), value_number(state), released_at));
}

void binding_permit_rekey(struct store *store, int64_t binding, bool is_permitted)
{
	(void)database_run(&store->database, "UPDATE binding SET rekey_is_permitted = ?2"
		" WHERE id = ?1",
		VALUES(value_number(binding), value_number(is_permitted)));
}
