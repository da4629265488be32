#include "revocation.h"

/* A date that stands already may only come nearer. */
#define ON_CONFLICT_NEARER \
	" ON CONFLICT (number) DO UPDATE SET reason = excluded.reason," \
	" effective_at_ms = excluded.effective_at_ms, made_at_ms = excluded.made_at_ms" \
	" WHERE excluded.effective_at_ms < effective_at_ms"

/*
 * What ended before this has ended: by the store's clock, and by the system's where that is behind, for
 * then the store's may have believed a time that never was. One before the build's date says nothing.
 * Only lists go by it: what is revoked is revoked, ended or not, for the clock may be ahead just now.
 */
static uint64_t surely_past_s(const struct store *store)
{
	uint64_t system_s = (store->now_ms - store->clock.behind_ms) / 1000;

	return system_s < GENUINE_RELEASE_TIME ? store->now_ms / 1000 : system_s;
}

void revocation_add_intent(struct store *store, const uint8_t number[CERTIFICATE_NUMBER_SIZE])
{
	(void)database_run(&store->database,
		"INSERT INTO revocation (number, reason, effective_at_ms, made_at_ms, not_after_s)"
		" VALUES (?1, 0, ?2, ?2, NULL)",
		VALUES(VALUE_CERTIFICATE_NUMBER(number), value_u64(store->now_ms)));
}

void revocation_add(struct store *store, const uint8_t number[CERTIFICATE_NUMBER_SIZE],
	enum crl_reason reason)
{
	(void)database_run(&store->database,
		"INSERT INTO revocation (number, reason, effective_at_ms, made_at_ms, not_after_s)"
		" SELECT number, ?2, ?3, ?3, not_after_s FROM certificate"
		" WHERE number = ?1" ON_CONFLICT_NEARER,
		VALUES(VALUE_CERTIFICATE_NUMBER(number), value_number(reason),
		value_u64(store->now_ms)));
}

int64_t revocation_add_binding(struct store *store, int64_t binding, enum crl_reason reason)
{
	return database_run(&store->database,
		"INSERT INTO revocation (number, reason, effective_at_ms, made_at_ms, not_after_s)"
		" SELECT number, ?2, ?3, ?3, not_after_s FROM certificate"
		" WHERE binding = ?1" ON_CONFLICT_NEARER,
		VALUES(value_number(binding), value_number(reason), value_u64(store->now_ms)));
}

int64_t revocation_supersede(struct store *store, int64_t binding, const uint8_t ik_id[32],
	uint64_t at_ms)
{
	return database_run(&store->database,
		"INSERT INTO revocation (number, reason, effective_at_ms, made_at_ms, not_after_s)"
		" SELECT number, ?2, ?3, ?4, not_after_s FROM certificate"
		" WHERE binding = ?1 AND ik_id <> ?5" ON_CONFLICT_NEARER,
		VALUES(value_number(binding), value_number(CRL_REASON_SUPERSEDED), value_u64(at_ms),
			value_u64(store->now_ms), VALUE_ID(ik_id)));
}

bool revocation_is_in_force(struct store *store, const uint8_t number[CERTIFICATE_NUMBER_SIZE])
{
	return database_has(&store->database,
		"SELECT 1 FROM revocation WHERE number = ?1 AND effective_at_ms <= ?2",
		VALUES(VALUE_CERTIFICATE_NUMBER(number), value_u64(store->now_ms)));
}

struct kept_list kept_list_of(struct store *store)
{
	struct kept_list kept = { .number = 0 };
	owned_query query = query_of(&store->database,
		"SELECT number, this_update_s, next_update_s, complete_until_ms FROM crl"
		" ORDER BY number DESC LIMIT 1", NO_VALUES);

	if (!query_next(&query))
		return kept;
	kept.number = query_u64(&query);
	kept.this_update_s = query_u64(&query);
	kept.next_update_s = query_u64(&query);
	kept.complete_until_ms = query_u64(&query);
	return kept;
}

static uint64_t ended_s(const struct store *store, const struct kept_list *kept)
{
	uint64_t past_s = surely_past_s(store);

	return kept->this_update_s < past_s ? kept->this_update_s : past_s;
}

uint64_t revocation_ended_s(struct store *store)
{
	const struct kept_list kept = kept_list_of(store);

	return ended_s(store, &kept);
}

uint64_t revocation_count(struct store *store)
{
	return (uint64_t)database_number(&store->database,
		"SELECT count(*) FROM revocation" REVOCATION_ON_LIST,
		VALUES(value_u64(store->now_ms), value_u64(revocation_ended_s(store))), 0);
}

/*
 * Whether the list that is kept was made while the clock was ahead, and left out what by now has not
 * ended. A store that did not make it itself does not know what it left out: not more than had ended
 * when it was made.
 */
static bool is_short(const struct store *store, const struct kept_list *kept)
{
	uint64_t left_out_s =
		kept->number == store->list_number ? store->list_ended_s : kept->this_update_s;

	return ended_s(store, kept) + CLOCK_BEHIND_MAX_MS / 1000 < left_out_s;
}

bool revocation_is_due(struct store *store)
{
	const struct kept_list kept = kept_list_of(store);

	if (kept.number == 0 || is_short(store, &kept))
		return true;
	return database_has(&store->database,
			"SELECT 1 FROM revocation WHERE effective_at_ms BETWEEN ?1 AND ?2",
			VALUES(value_u64(kept.complete_until_ms), value_u64(store->now_ms))) ||
		database_has(&store->database,
			"SELECT 1 FROM revocation WHERE made_at_ms >= ?1 AND effective_at_ms <= ?2",
			VALUES(value_u64(kept.complete_until_ms), value_u64(store->now_ms)));
}
