#include "audit.h"
#include "bindings.h"
#include "change.h"
#include "open_intent.h"
#include "rekey.h"
#include "store_sqlite.h"

/*
 * The record transaction (docs/PROTOCOL.md, "Who may be whom"): a certificate that was signed is
 * kept, and with it who the device is from now on.
 */

/* The intent must still be open, and of this authority's, and for this certificate. */
static bool find_our_intent(struct store *store, const struct record *record,
	struct open_intent *intent, struct refusal *refusal)
{
	if (open_intent_of_ticket(store, record->ticket_hash, intent) &&
			memcmp(intent->owner, record->owner, sizeof(intent->owner)) == 0 &&
			memcmp(intent->number, record->number, sizeof(intent->number)) == 0)
		return true;
	refusal_set(refusal, CHECK_INTENT_OURS, "the intent was closed before its record came");
	return false;
}

static struct binding_row find_or_make_binding(struct store *store,
	const struct open_intent *intent)
{
	if (binding_of_serial(store, intent->serial).id == 0)
		(void)binding_make(store, intent->serial, BINDING_BOUND);
	return binding_of_serial(store, intent->serial);
}

/* The newest is the current one; the database admits no second. */
static void write_certificate(struct store *store, const struct open_intent *intent,
	const struct record *record, int64_t binding)
{
	(void)database_run(&store->database,
		"UPDATE certificate SET is_current = 0 WHERE binding = ?1 AND profile = ?2"
		" AND is_current = 1",
		VALUES(value_number(binding), value_text(intent->profile)));
	(void)database_run(&store->database,
		"INSERT INTO certificate (number, binding, serial, profile, ek_id, ik_id,"
		" ticket_hash,"
		" is_current, not_before_s, not_after_s, recorded_at_ms, certificate, chain_pem)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9, ?10, ?11, ?12)",
		VALUES(VALUE_ARRAY(intent->number), value_number(binding),
		value_text(intent->serial),
			value_text(intent->profile), VALUE_ARRAY(intent->ek_id),
			VALUE_ARRAY(intent->ik_id),
			VALUE_ARRAY(intent->ticket_hash), value_u64(record->not_before_s),
			value_u64(record->not_after_s), value_u64(store->now_ms),
			value_octets(record->certificate), value_octets(record->chain_pem)));
}

static void write_audit(struct store *store, const struct open_intent *intent,
	const struct record *record, const char *act)
{
	struct audit_entry entry = audit_entry_of(act);

	audit_text(&entry, "serial", intent->serial);
	audit_text(&entry, "profile", intent->profile);
	audit_octets(&entry, "ek_id", BYTES_OF_ARRAY(intent->ek_id));
	audit_octets(&entry, "ik_id", BYTES_OF_ARRAY(intent->ik_id));
	audit_octets(&entry, "number", BYTES_OF_ARRAY(intent->number));
	audit_number(&entry, "not_after", record->not_after_s);
	audit_append(store, "authority", &entry);
}

static void write_record(struct store *store, const struct open_intent *intent,
	const struct record *record)
{
	const struct binding_row binding = find_or_make_binding(store, intent);
	bool is_renewal = binding.has_ik;

	binding_join_ek(store, binding.id, intent->ek_id);
	bool is_rekey = rekey_take(store, &binding, intent->ik_id);
	write_certificate(store, intent, record, binding.id);
	open_intent_finish(store, intent);
	change_stamp_binding(store, binding.id);
	write_audit(store, intent, record, is_rekey ? "rekey" : is_renewal ? "renew" : "bind");
}

void store_record(struct store *store, const struct record *record, struct record_answer *out)
{
	struct open_intent intent;

	*out = (struct record_answer){ .is_recorded = false };
	store_act_begin(store);
	out->is_recorded = find_our_intent(store, record, &intent, &out->refusal);
	if (out->is_recorded)
		write_record(store, &intent, record);
	out->state = store_state(store);
	if (store_act_end(store) == FAULT_NONE)
		return;
	out->is_recorded = false;
	out->state = store_state_unknown(store);
	refusal_set(&out->refusal, CHECK_STORE_WORKS, "%s", store_failure(store));
}
