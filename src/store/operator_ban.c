#include "operator_verbs.h"

#include "bans.h"
#include "encoding.h"
#include "open_intent.h"

enum { BAN_REASON_MAX = 200 };

static const char *const subject_names[] = {
	[SUBJECT_SERIAL] = "serial", [SUBJECT_EK] = "ek", [SUBJECT_IK] = "ik",
};

/* What arguments 0 and 1 name. */
struct ban {
	enum subject subject;
	union {
		char serial[SERIAL_MAX + 1];
		uint8_t id[32];
	};
};

static struct bytes value_of(const struct ban *ban)
{
	return ban->subject == SUBJECT_SERIAL ? bytes_of_string(ban->serial) :
		BYTES_OF_ARRAY(ban->id);
}

static bool take_subject(struct operation *operation, enum subject *out)
{
	for (enum subject subject = SUBJECT_SERIAL; subject <= SUBJECT_IK; subject++) {
		if (bytes_equal(operation->request->arguments[0],
			bytes_of_string(subject_names[subject]))) {
			*out = subject;
			return true;
		}
	}
	operation_refuse(operation, "a ban names an ek, an ik or a serial");
	return false;
}

static bool take_ban(struct operation *operation, struct ban *out)
{
	if (!take_subject(operation, &out->subject))
		return false;
	if (out->subject == SUBJECT_SERIAL)
		return operation_serial(operation, 1, out->serial);
	return operation_id(operation, 1, "id", out->id);
}

static void add_value(struct operation *operation, enum subject subject, struct bytes value)
{
	row_string(operation, "kind", subject_names[subject]);
	if (subject == SUBJECT_SERIAL)
		row_text(operation, "value", value);
	else
		row_octets(operation, "value", value);
}

static void append_audit(struct operation *operation, const char *act, const struct ban *ban,
	const char *reason)
{
	struct audit_entry entry = audit_entry_of(act);

	audit_text(&entry, "kind", subject_names[ban->subject]);
	if (ban->subject == SUBJECT_SERIAL)
		audit_text(&entry, "value", ban->serial);
	else
		audit_octets(&entry, "value", BYTES_OF_ARRAY(ban->id));
	if (reason[0] != '\0')
		audit_text(&entry, "reason", reason);
	audit_append(operation->store, operation->actor, &entry);
}

static void finish(struct operation *operation, const struct ban *ban)
{
	add_value(operation, ban->subject, value_of(ban));
	row_send(operation);
	operation_done(operation);
}

void ban_add_verb(struct operation *operation)
{
	struct ban ban = { .subject = SUBJECT_SERIAL };
	char reason[BAN_REASON_MAX + 1];

	if (!take_ban(operation, &ban) ||
			!operation_text(operation, 2, "reason", reason, sizeof(reason)))
		return;
	if (!ban_add(operation->store, ban.subject, value_of(&ban), reason)) {
		operation_refuse(operation, "it is banned already");
		return;
	}
	append_audit(operation, "ban add", &ban, reason);
	(void)open_intent_close_subject(operation->store, ban.subject, value_of(&ban),
		operation->actor,
		"it was banned");
	finish(operation, &ban);
}

void ban_remove_verb(struct operation *operation)
{
	struct ban ban = { .subject = SUBJECT_SERIAL };

	if (!take_ban(operation, &ban))
		return;
	if (!ban_lift(operation->store, ban.subject, value_of(&ban))) {
		operation_not_found(operation, "there is no such ban");
		return;
	}
	append_audit(operation, "ban remove", &ban, "");
	finish(operation, &ban);
}

void ban_list(struct operation *operation)
{
	uint64_t last;

	if (!operation_after(operation, &last))
		return;
	owned_query query = query_of(&operation->store->database,
		"SELECT id, kind, value, reason, made_at_ms FROM ban WHERE lifted_at_ms IS NULL"
		" AND id > ?1 ORDER BY id LIMIT ?2",
		VALUES(value_u64(last), value_number(PAGE_ROWS)));

	while (query_next(&query)) {
		last = query_u64(&query);
		int64_t subject = query_number(&query);
		if (subject < SUBJECT_SERIAL || subject > SUBJECT_IK) {
			database_fail(&operation->store->database, FAULT_INVALID,
				"a ban of no kind");
			return;
		}
		add_value(operation, (enum subject)subject, query_bytes(&query));
		row_take_text(operation, "reason", &query);
		row_take_time_ms(operation, "since", &query);
		row_send(operation);
	}
	operation_done_page(operation, "%llu", (unsigned long long)last);
}
