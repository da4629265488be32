#include "rekey.h"

#include "encoding.h"
#include "revocation.h"

#include <stdio.h>

enum { REKEY_YEAR_MAX = 5 };

static const uint64_t day_ms = 86400000;
static const uint64_t year_ms = 365 * (uint64_t)86400000;

static bool is_rekey(const struct binding_row *binding, const uint8_t ik_id[32])
{
	return binding->id != 0 && binding->has_ik &&
		memcmp(binding->ik_id, ik_id, sizeof(binding->ik_id)) != 0;
}

static int64_t count_within(struct store *store, int64_t binding, uint64_t period_ms)
{
	uint64_t since_ms = store->now_ms < period_ms ? 0 : store->now_ms - period_ms;

	return database_number(&store->database,
		"SELECT count(*) FROM rekey WHERE binding = ?1 AND at_ms > ?2",
		VALUES(value_number(binding), value_u64(since_ms)), 0);
}

const char *rekey_refused(struct store *store, const struct binding_row *binding,
	const uint8_t ik_id[32])
{
	if (!is_rekey(binding, ik_id) || binding->rekey_is_permitted)
		return NULL;
	if (store->policy->rekey == REKEY_OPERATOR)
		return "another IK needs the operator's device rekey";
	if (count_within(store, binding->id, day_ms) >= 1)
		return "another IK for the second time in 24 hours";
	if (count_within(store, binding->id, year_ms) >= REKEY_YEAR_MAX)
		return "another IK for the sixth time in a year";
	return NULL;
}

/* A line of the log: a thief who has cleared the TPM of a stolen device looks just like this. */
static void say_alert(struct store *store, const struct binding_row *binding,
	const uint8_t ik_id[32])
{
	char former[HEX_CAPACITY(32)], now[HEX_CAPACITY(32)];

	hex_encode(BYTES_OF_ARRAY(binding->ik_id), former, sizeof(former));
	hex_encode(bytes_of(ik_id, 32), now, sizeof(now));
	(void)snprintf(store->alert, sizeof(store->alert), "rekey of %s: IK %s in place of IK %s",
		binding->serial, now, former);
}

bool rekey_take(struct store *store, const struct binding_row *binding, const uint8_t ik_id[32])
{
	binding_join_ik(store, binding->id, ik_id);
	if (!is_rekey(binding, ik_id))
		return false;
	(void)database_run(&store->database,
		"INSERT INTO rekey (binding, at_ms, former_ik_id, ik_id) VALUES (?1, ?2, ?3, ?4)",
		VALUES(value_number(binding->id), value_u64(store->now_ms),
		VALUE_ARRAY(binding->ik_id),
			VALUE_ID(ik_id)));
	say_alert(store, binding, ik_id);
	binding_permit_rekey(store, binding->id, false);
	(void)revocation_supersede(store, binding->id, ik_id,
		store->now_ms + (uint64_t)store->policy->overlap_s * 1000);
	return true;
}
