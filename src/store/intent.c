#include "audit.h"
#include "bans.h"
#include "bindings.h"
#include "certificate_quota.h"
#include "change.h"
#include "encoding.h"
#include "manifest.h"
#include "open_intent.h"
#include "rekey.h"
#include "revocation.h"
#include "store_sqlite.h"

#include <stdio.h>

/*
 * The intent transaction (docs/PROTOCOL.md, "Who may be whom"): may a certificate be signed for
 * this serial, EK and IK? The rules stand below in the protocol's order, one function each.
 */

/* A device that asks again while its first request is signed need not wait for the lease. */
enum { RETRY_SOON_S = 5 };

/* Whoever asks, and all that is known about the three names. */
struct claim {
	struct store *store;
	const struct intent *intent;
	struct manifest_row row;    /* of the EK */
	struct binding_row binding; /* of the serial */
	struct binding_member ek, ik;
	struct refusal *refusal;
};

static struct claim claim_of(struct store *store, const struct intent *intent,
	struct refusal *refusal)
{
	return (struct claim){
		.store = store,
		.intent = intent,
		.row = manifest_of_ek(store, intent->ek_id),
		.binding = binding_of_serial(store, intent->serial),
		.ek = binding_of_ek(store, intent->ek_id),
		.ik = binding_of_ik(store, intent->ik_id),
		.refusal = refusal,
	};
}

/*
 * The certificate says by which trust and binding it was given. In the moment between the store's part
 * of a reload and the authority's it would say others than these rules: 503, the device asks again.
 */
static bool is_of_policy_in_force(const struct claim *claim)
{
	const struct policy *policy = claim->store->policy;

	if (claim->intent->ek_trust == policy->trust && claim->intent->binding == policy->binding)
		return true;
	claim->refusal->retry_after_s = RETRY_SOON_S;
	refusal_set(claim->refusal, CHECK_EVIDENCE_MASK, "the draft is of another policy");
	return false;
}

/* ---- (1) bans and suspension ---- */

static bool is_not_banned(const struct claim *claim)
{
	const char *banned = NULL;

	if (ban_is_in_force(claim->store, SUBJECT_SERIAL, bytes_of_string(claim->intent->serial)))
		banned = "serial";
	else if (ban_is_in_force(claim->store, SUBJECT_EK, BYTES_OF_ARRAY(claim->intent->ek_id)))
		banned = "EK";
	else if (ban_is_in_force(claim->store, SUBJECT_IK, BYTES_OF_ARRAY(claim->intent->ik_id)))
		banned = "IK";
	if (banned == NULL)
		return true;
	refusal_set(claim->refusal, CHECK_NOT_BANNED, "the %s is banned", banned);
	return false;
}

static bool is_not_suspended(const struct claim *claim)
{
	if (claim->binding.state != BINDING_SUSPENDED && claim->ek.state != BINDING_SUSPENDED &&
			claim->ik.state != BINDING_SUSPENDED)
		return true;
	refusal_set(claim->refusal, CHECK_NOT_SUSPENDED, "the device is suspended");
	return false;
}

/* ---- (2) the manifest, the expected serials, other bindings ---- */

static bool is_not_released(const struct claim *claim)
{
	if (claim->ek.state != BINDING_RELEASED)
		return true;
	refusal_set(claim->refusal, CHECK_NOT_RELEASED, "the EK's binding was released");
	return false;
}

static bool has_ek_listed(const struct claim *claim)
{
	if (claim->row.is_listed || !policy_uses_manifest(claim->store->policy))
		return true;
	refusal_set(claim->refusal, CHECK_EK_LISTED, "no manifest row has this EK");
	return false;
}

/* The serial that binding = endorsement gives an EK: the first 40 digits of its id. */
static bool serial_is_of_ek(const struct intent *intent)
{
	char digits[HEX_CAPACITY(32)];

	hex_encode(BYTES_OF_ARRAY(intent->ek_id), digits, sizeof(digits));
	for (size_t i = 0; i < 40; i++) {
		if (digits[i] >= 'a')
			digits[i] = (char)(digits[i] - 'a' + 'A');
	}
	digits[40] = '\0';
	return strcmp(digits, intent->serial) == 0;
}

static bool has_serial_of_row(const struct claim *claim)
{
	enum binding binding = claim->store->policy->binding;
	bool is_given = claim->row.is_listed && claim->row.serial[0] != '\0';
	bool is_right = is_given ? strcmp(claim->row.serial, claim->intent->serial) == 0 :
		binding != BINDING_MANIFEST;

	if (binding == BINDING_ENDORSEMENT && !serial_is_of_ek(claim->intent))
		is_right = false;
	if (!is_right)
		refusal_set(claim->refusal, CHECK_SERIAL_BINDING, "claimed %s, the EK has %s",
			claim->intent->serial, is_given ? claim->row.serial : "another");
	return is_right;
}

static bool has_profile_allowed(const struct claim *claim)
{
	const char *profiles = claim->row.is_listed ? claim->row.profiles : "device";

	if (manifest_allows(profiles, claim->intent->profile))
		return true;
	refusal_set(claim->refusal, CHECK_PROFILE_ALLOWED, "asked for %s", claim->intent->profile);
	return false;
}

static bool has_serial_expected(const struct claim *claim)
{
	const struct policy *policy = claim->store->policy;

	if (policy->binding != BINDING_FIRST ||
			expected_has(policy->expected, bytes_of_string(claim->intent->serial)))
		return true;
	refusal_set(claim->refusal, CHECK_SERIAL_EXPECTED, "%s is not expected",
		claim->intent->serial);
	return false;
}

static bool has_ek_to_itself(const struct claim *claim)
{
	if (claim->ek.binding == 0 || claim->ek.binding == claim->binding.id)
		return true;
	refusal_set(claim->refusal, CHECK_EK_BINDING, "the EK is bound to another serial than %s",
		claim->intent->serial);
	return false;
}

static bool has_ik_to_itself(const struct claim *claim)
{
	if (claim->ik.binding == 0 || claim->ik.binding == claim->binding.id)
		return true;
	refusal_set(claim->refusal, CHECK_IK_BINDING, "the IK was another binding's before");
	return false;
}

/* A further EK of the same device is one that the manifest lists with the same serial. */
static bool has_serial_to_itself(const struct claim *claim)
{
	bool is_same_device = claim->row.is_listed &&
		strcmp(claim->row.serial, claim->intent->serial) == 0;

	if (claim->binding.id == 0 || claim->ek.binding == claim->binding.id || is_same_device)
		return true;
	refusal_set(claim->refusal, CHECK_SERIAL_FREE, "%s is bound to another EK",
		claim->intent->serial);
	return false;
}

/* ---- (3) the same ticket again ---- */

static void take_recorded(struct store *store, struct query *query, struct intent_answer *answer)
{
	struct bytes certificate = query_bytes(query), chain = query_bytes(query);

	if (certificate.len > sizeof(store->repeat_certificate) ||
		chain.len > sizeof(store->repeat_chain)) {
		database_fail(&store->database, FAULT_INVALID,
			"a recorded certificate is too long");
		return;
	}
	memcpy(store->repeat_certificate, certificate.data, certificate.len);
	if (chain.len > 0)
		memcpy(store->repeat_chain, chain.data, chain.len);
	answer->verdict = INTENT_REPEAT;
	answer->certificate = bytes_of(store->repeat_certificate, certificate.len);
	answer->chain_pem = bytes_of(store->repeat_chain, chain.len);
}

static bool is_not_revoked(const struct claim *claim,
	const uint8_t number[CERTIFICATE_NUMBER_SIZE])
{
	if (!revocation_is_in_force(claim->store, number))
		return true;
	refusal_set(claim->refusal, CHECK_TICKET_REVOKED, "the ticket's certificate is revoked");
	return false;
}

/* Whether this ticket has its certificate: then the answer is complete. */
static bool is_answered_before(const struct claim *claim, struct intent_answer *answer)
{
	uint8_t number[CERTIFICATE_NUMBER_SIZE];
	owned_query query = query_of(&claim->store->database,
		"SELECT number, certificate, chain_pem FROM certificate WHERE ticket_hash = ?1",
		VALUES(VALUE_ARRAY(claim->intent->ticket_hash)));

	if (!query_next(&query))
		return false;
	query_copy(&query, number, sizeof(number));
	if (is_not_revoked(claim, number))
		take_recorded(claim->store, &query, answer);
	return true;
}

/* ---- (4) to (6) ---- */

static bool is_later_than_changes(const struct claim *claim)
{
	const struct intent *intent = claim->intent;

	if (intent->issued_at_ms > change_latest(claim->store, intent->serial, intent->ek_id,
		intent->ik_id))
		return true;
	refusal_set(claim->refusal, CHECK_NO_LATER_CHANGE,
		"%s has changed since the ticket was issued",
		intent->serial);
	return false;
}

static bool has_lease_run_out(const struct claim *claim, uint64_t lease_until_ms)
{
	if (lease_until_ms <= claim->store->now_ms)
		return true;
	uint64_t rest_s = (lease_until_ms - claim->store->now_ms) / 1000 + 1;

	claim->refusal->retry_after_s = rest_s < RETRY_SOON_S ? (uint32_t)rest_s : RETRY_SOON_S;
	refusal_set(claim->refusal, CHECK_NO_OPEN_INTENT, "a certificate for %s is being signed",
		claim->intent->serial);
	return false;
}

/* Those whose lease has run out are closed on the way. */
static bool has_no_open_intent(const struct claim *claim)
{
	const struct intent *intent = claim->intent;
	struct open_intent open;

	while (open_intent_of_subjects(claim->store, intent->serial, intent->ek_id, intent->ik_id,
		&open)) {
		if (!has_lease_run_out(claim, open.lease_until_ms))
			return false;
		open_intent_close(claim->store, &open, "authority", "its lease has run out");
	}
	return true;
}

static bool is_within_quota(const struct claim *claim)
{
	return certificate_quota_holds(
		claim->store, claim->binding.id, claim->intent, claim->refusal);
}

static bool may_rekey(const struct claim *claim)
{
	const char *why = rekey_refused(claim->store, &claim->binding, claim->intent->ik_id);

	if (why == NULL)
		return true;
	refusal_set(claim->refusal, CHECK_REKEY, "%s: %s", claim->intent->serial, why);
	return false;
}

/* ---- (7) ---- */

static void write_intent(struct store *store, const struct intent *intent)
{
	struct audit_entry entry = audit_entry_of("intent");

	open_intent_write(store, intent);
	audit_text(&entry, "serial", intent->serial);
	audit_text(&entry, "profile", intent->profile);
	audit_octets(&entry, "ek_id", BYTES_OF_ARRAY(intent->ek_id));
	audit_octets(&entry, "ik_id", BYTES_OF_ARRAY(intent->ik_id));
	audit_octets(&entry, "number", BYTES_OF_ARRAY(intent->number));
	audit_octets(&entry, "tbs_digest", BYTES_OF_ARRAY(intent->tbs_digest));
	audit_append(store, "authority", &entry);
}

typedef bool rule(const struct claim *);

static rule *const rules_of_who[] = {
	is_of_policy_in_force, is_not_banned, is_not_suspended,
	is_not_released, has_ek_listed, has_serial_of_row, has_profile_allowed, has_serial_expected,
	has_ek_to_itself, has_ik_to_itself, has_serial_to_itself,
};

static rule *const rules_of_when[] = {
	is_later_than_changes, has_no_open_intent, is_within_quota, may_rekey,
};

static bool all_hold(rule *const *rules, size_t count, const struct claim *claim)
{
	for (size_t i = 0; i < count; i++) {
		if (!rules[i](claim))
			return false;
	}
	return true;
}

static void decide(const struct claim *claim, struct intent_answer *answer)
{
	answer->verdict = INTENT_REFUSED;
	if (!all_hold(rules_of_who, sizeof(rules_of_who) / sizeof(rules_of_who[0]), claim))
		return;
	if (is_answered_before(claim, answer))
		return;
	if (!all_hold(rules_of_when, sizeof(rules_of_when) / sizeof(rules_of_when[0]), claim))
		return;
	write_intent(claim->store, claim->intent);
	answer->verdict = INTENT_OPEN;
}

static void refuse_unchanged(struct store *store, struct intent_answer *answer, const char *saw)
{
	answer->verdict = INTENT_REFUSED;
	answer->state = store_state_unknown(store);
	refusal_set(&answer->refusal, CHECK_STORE_WORKS, "%s", saw);
}

/* Refusals after a good ticket that tell of somebody who would be, or has been, another device. */
static const enum check masquerades[] = {
	CHECK_NOT_BANNED, CHECK_SERIAL_BINDING, CHECK_EK_BINDING, CHECK_IK_BINDING, CHECK_SERIAL_FREE,
};

static void say_alert(struct store *store, const struct intent_answer *answer)
{
	const struct refusal *refusal = &answer->refusal;
	char ek_id[HEX_CAPACITY(32)];

	if (answer->verdict != INTENT_REFUSED)
		return;
	hex_encode(BYTES_OF_ARRAY(refusal->ek_id), ek_id, sizeof(ek_id));
	for (size_t i = 0; i < sizeof(masquerades) / sizeof(masquerades[0]); i++) {
		if (refusal->check == masquerades[i])
			(void)snprintf(store->alert, sizeof(store->alert),
				"refused by %s: %s, which claims %s: %s", check_row(refusal->check)->name,
				ek_id, refusal->serial, refusal->saw);
	}
}

void store_intent(struct store *store, const struct intent *intent, struct intent_answer *out)
{
	*out = (struct intent_answer){ .verdict = INTENT_REFUSED };
	(void)memcpy(out->refusal.serial, intent->serial, sizeof(out->refusal.serial));
	(void)memcpy(out->refusal.ek_id, intent->ek_id, sizeof(out->refusal.ek_id));
	out->refusal.has_ek_id = true;

	store_act_begin(store);
	const char *trouble = store_clock_trouble(store);
	if (trouble != NULL) {
		refusal_set(&out->refusal, CHECK_STORE_WORKS, "%s", trouble);
	} else {
		const struct claim claim = claim_of(store, intent, &out->refusal);
		decide(&claim, out);
	}
	out->state = store_state(store);
	if (store_act_end(store) != FAULT_NONE)
		refuse_unchanged(store, out, store_failure(store));
	say_alert(store, out);
}
