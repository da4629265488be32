#include "open_intent.h"

#include "audit.h"
#include "revocation.h"

#define OPEN_INTENT_COLUMNS \
	"SELECT id, serial, profile, ek_id, ik_id, ticket_hash, tbs_digest, number, owner," \
	" lease_until_ms" \
	" FROM intent WHERE state = 1"

/* Takes the row that query is about to give, if there is one. */
static bool take(struct query *query, struct open_intent *out)
{
	struct open_intent intent;

	if (!query_next(query))
		return false;
	intent.id = query_number(query);
	query_text(query, intent.serial, sizeof(intent.serial));
	query_text(query, intent.profile, sizeof(intent.profile));
	query_copy(query, intent.ek_id, sizeof(intent.ek_id));
	query_copy(query, intent.ik_id, sizeof(intent.ik_id));
	query_copy(query, intent.ticket_hash, sizeof(intent.ticket_hash));
	query_copy(query, intent.tbs_digest, sizeof(intent.tbs_digest));
	query_copy(query, intent.number, sizeof(intent.number));
	query_copy(query, intent.owner, sizeof(intent.owner));
	intent.lease_until_ms = query_u64(query);
	if (query->database->fault != FAULT_NONE)
		return false;
	*out = intent;
	return true;
}

bool open_intent_of_subjects(struct store *store, const char *serial, const uint8_t ek_id[32],
	const uint8_t ik_id[32], struct open_intent *out)
{
	owned_query query = query_of(&store->database,
		OPEN_INTENT_COLUMNS " AND (serial = ?1 OR ek_id = ?2 OR ik_id = ?3)"
		" ORDER BY lease_until_ms DESC LIMIT 1",
		VALUES(value_text(serial), VALUE_ID(ek_id), VALUE_ID(ik_id)));

	return take(&query, out);
}

bool open_intent_of_ticket(struct store *store, const uint8_t ticket_hash[32],
	struct open_intent *out)
{
	owned_query query = query_of(&store->database, OPEN_INTENT_COLUMNS " AND ticket_hash = ?1",
		VALUES(VALUE_ID(ticket_hash)));

	return take(&query, out);
}

void open_intent_write(struct store *store, const struct intent *intent)
{
	(void)database_run(&store->database,
		"INSERT INTO intent (state, ticket_hash, serial, profile, ek_id, ik_id, number,"
		" tbs_digest, owner, opened_at_ms, lease_until_ms)"
		" VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
		VALUES(VALUE_ARRAY(intent->ticket_hash), value_text(intent->serial),
			value_text(intent->profile), VALUE_ARRAY(intent->ek_id),
			VALUE_ARRAY(intent->ik_id),
			VALUE_ARRAY(intent->number), VALUE_ARRAY(intent->tbs_digest),
			VALUE_ARRAY(intent->owner), value_u64(store->now_ms),
			value_u64(store->now_ms + INTENT_LEASE_MS)));
}

static void set_state(struct store *store, const struct open_intent *intent, int state)
{
	(void)database_run(&store->database,
		"UPDATE intent SET state = ?2, closed_at_ms = ?3 WHERE id = ?1 AND state = 1",
		VALUES(value_number(intent->id), value_number(state), value_u64(store->now_ms)));
}

void open_intent_finish(struct store *store, const struct open_intent *intent)
{
	set_state(store, intent, 2);
}

void open_intent_close(struct store *store, const struct open_intent *intent, const char *actor,
	const char *why)
{
	struct audit_entry entry = audit_entry_of("intent close");

	set_state(store, intent, 3);
	revocation_add_intent(store, intent->number);
	audit_text(&entry, "serial", intent->serial);
	audit_octets(&entry, "number", BYTES_OF_ARRAY(intent->number));
	audit_octets(&entry, "tbs_digest", BYTES_OF_ARRAY(intent->tbs_digest));
	audit_text(&entry, "why", why);
	audit_append(store, actor, &entry);
}

static bool find_run_out(struct store *store, struct open_intent *out)
{
	owned_query query = query_of(&store->database,
		OPEN_INTENT_COLUMNS " AND lease_until_ms <= ?1 LIMIT 1",
		VALUES(value_u64(store->now_ms)));

	return take(&query, out);
}

size_t open_intent_close_run_out(struct store *store)
{
	struct open_intent intent;
	size_t count = 0;

	for (; find_run_out(store, &intent); count++)
		open_intent_close(store, &intent, "authority", "its lease has run out");
	return count;
}

static bool find_of_subject(struct store *store, enum subject subject, struct bytes value,
	struct open_intent *out)
{
	owned_query query = query_of(&store->database,
		OPEN_INTENT_COLUMNS " AND ((?1 = 1 AND serial = CAST(?2 AS TEXT))"
		" OR (?1 = 2 AND ek_id = ?2)"
		" OR (?1 = 3 AND ik_id = ?2)) LIMIT 1",
		VALUES(value_number(subject), value_octets(value)));

	return take(&query, out);
}

size_t open_intent_close_subject(struct store *store, enum subject subject, struct bytes value,
	const char *actor, const char *why)
{
	struct open_intent intent;
	size_t count = 0;

	for (; find_of_subject(store, subject, value, &intent); count++)
		open_intent_close(store, &intent, actor, why);
	return count;
}

static bool find_of_binding(struct store *store, int64_t binding, struct open_intent *out)
{
	owned_query query = query_of(&store->database,
		OPEN_INTENT_COLUMNS " AND (serial = (SELECT serial FROM binding WHERE id = ?1)"
		" OR ek_id IN (SELECT ek_id FROM binding_ek WHERE binding = ?1)"
		" OR ik_id IN (SELECT ik_id FROM binding_ik WHERE binding = ?1)) LIMIT 1",
		VALUES(value_number(binding)));

	return take(&query, out);
}

size_t open_intent_close_binding(struct store *store, int64_t binding, const char *actor,
	const char *why)
{
	struct open_intent intent;
	size_t count = 0;

	for (; find_of_binding(store, binding, &intent); count++)
		open_intent_close(store, &intent, actor, why);
	return count;
}
