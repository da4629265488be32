#include "certificate_quota.h"

struct quota {
	int count;
	uint64_t period_ms;
	const char *name;
};

static const struct quota ten_minutes = { 10, 10 * 60 * 1000, "ten minutes" };
static const struct quota a_day = { 24, 24 * 60 * 60 * 1000, "a day" };

/* When the last certificate but count - 1 of EK or binding was recorded; 0: not within the period. */
static uint64_t recorded_before(
	struct store *store, int64_t binding, const struct intent *intent, const struct quota *quota)
{
	uint64_t since_ms = store->now_ms < quota->period_ms ? 0 : store->now_ms - quota->period_ms;
	const struct value after = value_u64(since_ms), skip = value_number(quota->count - 1);
	int64_t of_ek = database_number(&store->database,
		"SELECT recorded_at_ms FROM certificate WHERE ek_id = ?1 AND recorded_at_ms > ?2"
		" ORDER BY recorded_at_ms DESC LIMIT 1 OFFSET ?3",
		VALUES(VALUE_ARRAY(intent->ek_id), after, skip), 0);
	int64_t of_binding = database_number(&store->database,
		"SELECT recorded_at_ms FROM certificate WHERE binding = ?1 AND recorded_at_ms > ?2"
		" ORDER BY recorded_at_ms DESC LIMIT 1 OFFSET ?3",
		VALUES(value_number(binding), after, skip), 0);

	return (uint64_t)(of_ek > of_binding ? of_ek : of_binding);
}

static bool holds(struct store *store, int64_t binding, const struct intent *intent,
	const struct quota *quota, struct refusal *out)
{
	uint64_t recorded_ms = recorded_before(store, binding, intent, quota);

	if (recorded_ms == 0)
		return true;
	out->retry_after_s = (uint32_t)((recorded_ms + quota->period_ms - store->now_ms) / 1000 + 1);
	refusal_set(out, CHECK_QUOTA, "%s had %d certificates in %s", intent->serial, quota->count,
		quota->name);
	return false;
}

bool certificate_quota_holds(struct store *store, int64_t binding, const struct intent *intent,
	struct refusal *out)
{
	return holds(store, binding, intent, &a_day, out) &&
		holds(store, binding, intent, &ten_minutes, out);
}
