#include "operator_verbs.h"

#include "bindings.h"
#include "change.h"
#include "encoding.h"
#include "open_intent.h"
#include "revocation.h"

#include <stdio.h>

struct reason_row {
	enum crl_reason reason;
	const char *name; /* RFC 5280, 5.3.1 */
};

static const struct reason_row reasons[] = {
	{ CRL_REASON_UNSPECIFIED, "unspecified" },
	{ CRL_REASON_KEY_COMPROMISE, "keyCompromise" },
	{ CRL_REASON_AFFILIATION_CHANGED, "affiliationChanged" },
	{ CRL_REASON_SUPERSEDED, "superseded" },
	{ CRL_REASON_CESSATION_OF_OPERATION, "cessationOfOperation" },
	{ CRL_REASON_PRIVILEGE_WITHDRAWN, "privilegeWithdrawn" },
};

static const char *reason_name(int64_t reason)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if ((int64_t)reasons[i].reason == reason)
			return reasons[i].name;
	}
	return "unknown";
}

/* ---- list, show ---- */

/* ?1 is now in milliseconds; a revocation that is yet to come is shown with its date. */
#define CERTIFICATE_COLUMNS \
	"SELECT certificate.number, serial, profile," \
	" CASE WHEN revocation.effective_at_ms <= ?1 THEN 'revoked'" \
	" WHEN certificate.not_after_s < ?1 / 1000 THEN 'ended'" \
	" WHEN is_current THEN 'current' ELSE 'former' END," \
	" not_before_s, certificate.not_after_s, recorded_at_ms, revocation.effective_at_ms," \
	" revocation.reason"
#define CERTIFICATE_FROM \
	" FROM certificate LEFT JOIN revocation ON revocation.number = certificate.number"

static void take_reason(struct operation *operation, struct query *query)
{
	if (query_is_nothing(query)) {
		row_take_number(operation, "reason", query);
		return;
	}
	row_string(operation, "reason", reason_name(query_number(query)));
}

static void take_certificate(struct operation *operation, struct query *query)
{
	row_take_octets(operation, "number", query);
	row_take_text(operation, "serial", query);
	row_take_text(operation, "profile", query);
	row_take_text(operation, "state", query);
	row_take_time_s(operation, "not_before", query);
	row_take_time_s(operation, "not_after", query);
	row_take_time_ms(operation, "recorded", query);
	row_take_time_ms(operation, "revoked", query);
	take_reason(operation, query);
}

/* Certificates are never deleted: their rowids are in the order in which they were recorded. */
void certificate_list(struct operation *operation)
{
	char serial[SERIAL_MAX + 1] = "";
	uint64_t last;

	if (!operation_after(operation, &last) ||
			(operation->count == 1 && !operation_serial(operation, 0, serial)))
		return;
	owned_query query = query_of(&operation->store->database,
		serial[0] == '\0' ?
			CERTIFICATE_COLUMNS ", certificate.rowid" CERTIFICATE_FROM
			" WHERE ?4 = '' AND certificate.rowid > ?2"
			" ORDER BY certificate.rowid LIMIT ?3" :
			CERTIFICATE_COLUMNS ", certificate.rowid" CERTIFICATE_FROM
			" WHERE serial = ?4 AND certificate.rowid > ?2"
			" ORDER BY recorded_at_ms, certificate.rowid LIMIT ?3",
		VALUES(value_u64(operation->store->now_ms), value_u64(last),
			value_number(PAGE_ROWS), value_text(serial)));

	while (query_next(&query)) {
		take_certificate(operation, &query);
		last = query_u64(&query);
		row_send(operation);
	}
	operation_done_page(operation, "%llu", (unsigned long long)last);
}

void certificate_rows_of_serial(struct operation *operation, const char *serial)
{
	owned_query query = query_of(&operation->store->database,
		CERTIFICATE_COLUMNS CERTIFICATE_FROM " WHERE serial = ?2 ORDER BY recorded_at_ms",
		VALUES(value_u64(operation->store->now_ms), value_text(serial)));

	while (query_next(&query)) {
		row_string(operation, "kind", "certificate");
		take_certificate(operation, &query);
		row_send(operation);
	}
}

/* RFC 7468, 5.1: lines of 64 characters. */
static void add_pem(struct operation *operation, struct bytes der)
{
	enum { LINE = 64 };
	char base64[BASE64_CAPACITY(CERTIFICATE_MAX)], pem[BASE64_CAPACITY(CERTIFICATE_MAX) * 2];
	size_t len = 0;

	if (der.len > CERTIFICATE_MAX) {
		database_fail(&operation->store->database, FAULT_INVALID,
			"a recorded certificate is too long");
		return;
	}
	base64_encode(der, base64, sizeof(base64));
	len += (size_t)snprintf(pem, sizeof(pem), "-----BEGIN CERTIFICATE-----\n");
	for (const char *rest = base64; *rest != '\0'; rest += strnlen(rest, LINE))
		len += (size_t)snprintf(pem + len, sizeof(pem) - len, "%.*s\n", LINE, rest);
	len += (size_t)snprintf(pem + len, sizeof(pem) - len, "-----END CERTIFICATE-----\n");
	row_text(operation, "certificate", bytes_of(pem, len));
}

static bool number_of(struct bytes text, uint8_t out[CERTIFICATE_NUMBER_SIZE])
{
	return hex_decode(text, out, CERTIFICATE_NUMBER_SIZE) == FAULT_NONE;
}

void certificate_show(struct operation *operation)
{
	uint8_t number[CERTIFICATE_NUMBER_SIZE];

	if (!number_of(operation->request->arguments[0], number)) {
		operation_refuse(operation, "a certificate's number is 32 hexadecimal digits");
		return;
	}
	owned_query query = query_of(&operation->store->database,
		CERTIFICATE_COLUMNS ", ek_id, ik_id, certificate, chain_pem" CERTIFICATE_FROM
		" WHERE certificate.number = ?2",
		VALUES(value_u64(operation->store->now_ms), VALUE_ARRAY(number)));

	if (!query_next(&query)) {
		operation_not_found(operation, "there is no certificate with this number");
		return;
	}
	take_certificate(operation, &query);
	row_take_octets(operation, "ek_id", &query);
	row_take_octets(operation, "ik_id", &query);
	add_pem(operation, query_bytes(&query));
	row_take_text(operation, "chain", &query);
	row_send(operation);
	operation_done(operation);
}

/* ---- revoke ---- */

/* What argument 0 names: a device, or one of its certificates. */
struct revocation_target {
	bool is_device; /* a serial, or a current certificate: all of the binding */
	int64_t binding;
	char serial[SERIAL_MAX + 1];
	bool is_number; /* number is the certificate's that was named */
	uint8_t number[CERTIFICATE_NUMBER_SIZE];
};

static bool target_of_serial(struct operation *operation, struct revocation_target *target)
{
	struct bytes text = operation->request->arguments[0];
	char serial[SERIAL_MAX + 1];

	if (!serial_is_well_formed(text))
		return false;
	memcpy(serial, text.data, text.len);
	serial[text.len] = '\0';
	const struct binding_row binding = binding_of_serial(operation->store, serial);
	target->is_device = true;
	target->binding = binding.id;
	memcpy(target->serial, serial, sizeof(serial));
	return binding.id != 0 && binding.has_ik;
}

static bool target_of_number(struct operation *operation, struct revocation_target *target)
{
	if (!number_of(operation->request->arguments[0], target->number))
		return false;
	target->is_number = true;
	owned_query query = query_of(&operation->store->database,
		"SELECT binding, serial, is_current FROM certificate WHERE number = ?1",
		VALUES(VALUE_ARRAY(target->number)));
	if (!query_next(&query))
		return false;
	target->binding = query_number(&query);
	query_text(&query, target->serial, sizeof(target->serial));
	target->is_device = query_truth(&query);
	return true;
}

static bool take_reason_argument(struct operation *operation, enum crl_reason *out)
{
	*out = CRL_REASON_UNSPECIFIED;
	if (operation->count < 2)
		return true;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (bytes_equal(bytes_of_string(reasons[i].name),
			operation->request->arguments[1])) {
			*out = reasons[i].reason;
			return true;
		}
	}
	operation_refuse(operation, "the reason is one of unspecified, keyCompromise,"
		" affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn");
	return false;
}

/* Suspends what is bound; a binding that was released stays so. */
static bool suspend(struct operation *operation, const struct revocation_target *target)
{
	const struct binding_row binding = binding_of_serial(operation->store, target->serial);

	(void)open_intent_close_binding(operation->store, target->binding, operation->actor,
		"its binding was revoked");
	if (binding.id != target->binding)
		return false;
	binding_set_state(operation->store, target->binding, BINDING_SUSPENDED);
	change_stamp_binding(operation->store, target->binding);
	return true;
}

static int64_t revoke(struct operation *operation, const struct revocation_target *target,
	enum crl_reason reason)
{
	if (target->is_device)
		return revocation_add_binding(operation->store, target->binding, reason);
	revocation_add(operation->store, target->number, reason);
	return 1;
}

static void append_audit(struct operation *operation, const struct revocation_target *target,
	enum crl_reason reason, int64_t count, bool is_suspended)
{
	struct audit_entry entry = audit_entry_of("certificate revoke");

	audit_text(&entry, "serial", target->serial);
	if (target->is_number)
		audit_octets(&entry, "number", BYTES_OF_ARRAY(target->number));
	audit_text(&entry, "reason", reason_name(reason));
	audit_number(&entry, "revoked", (uint64_t)count);
	audit_text(&entry, "suspended", is_suspended ? "yes" : "no");
	audit_append(operation->store, operation->actor, &entry);
}

void certificate_revoke(struct operation *operation)
{
	struct revocation_target target = { .binding = 0 };
	enum crl_reason reason;

	if (!take_reason_argument(operation, &reason))
		return;
	if (!target_of_serial(operation, &target) && !target_of_number(operation, &target)) {
		operation_not_found(operation,
			"there is neither a device nor a certificate of that name");
		return;
	}
	if (target.is_number && revocation_is_in_force(operation->store, target.number)) {
		operation_refuse(operation, "it is revoked already");
		return;
	}
	int64_t count = revoke(operation, &target, reason);
	bool is_suspended = target.is_device && suspend(operation, &target);
	append_audit(operation, &target, reason, count, is_suspended);
	row_string(operation, "serial", target.serial);
	row_number(operation, "revoked", count);
	row_truth(operation, "suspended", is_suspended);
	row_send(operation);
	operation_done(operation);
}
