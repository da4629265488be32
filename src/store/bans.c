#include "bans.h"

#include "change.h"

bool ban_is_in_force(struct store *store, enum subject subject, struct bytes value)
{
	return database_has(&store->database,
		"SELECT 1 FROM ban WHERE kind = ?1 AND value = ?2 AND lifted_at_ms IS NULL",
		VALUES(value_number(subject), value_octets(value)));
}

bool ban_add(struct store *store, enum subject subject, struct bytes value, const char *reason)
{
	if (ban_is_in_force(store, subject, value))
		return false;
	(void)database_run(&store->database,
		"INSERT INTO ban (kind, value, reason, made_at_ms) VALUES (?1, ?2, ?3, ?4)",
		VALUES(value_number(subject), value_octets(value), value_text(reason),
			value_u64(store->now_ms)));
	change_stamp(store, subject, value);
	return true;
}

bool ban_lift(struct store *store, enum subject subject, struct bytes value)
{
	int64_t lifted = database_run(&store->database,
		"UPDATE ban SET lifted_at_ms = ?3 WHERE kind = ?1 AND value = ?2"
		" AND lifted_at_ms IS NULL",
		VALUES(value_number(subject), value_octets(value), value_u64(store->now_ms)));

	if (lifted > 0)
		change_stamp(store, subject, value);
	return lifted > 0;
}
