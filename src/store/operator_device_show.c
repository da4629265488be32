#include "operator_verbs.h"

#include "bindings.h"

/*
 * Each serial that meets the condition, at most so many of them in their order, with its last binding
 * and the number of its manifest rows.
 */
#define DEVICES(condition, order_and_limit) \
	"WITH serials (serial) AS (" \
	"SELECT serial FROM manifest_row WHERE struck_at_ms IS NULL AND serial " condition \
	" UNION SELECT serial FROM binding WHERE serial " condition order_and_limit ")," \
	" devices AS (SELECT serials.serial AS serial, binding.id AS binding_id," \
	" binding.state AS state, binding.ik_id AS ik_id, binding.made_at_ms AS made_at_ms," \
	" coalesce(binding.rekey_is_permitted, 0) AS rekey_is_permitted," \
	" (SELECT count(*) FROM manifest_row" \
	" WHERE manifest_row.serial = serials.serial AND struck_at_ms IS NULL) AS listed" \
	" FROM serials LEFT JOIN binding ON binding.id =" \
	" (SELECT max(id) FROM binding WHERE binding.serial = serials.serial))"

#define ROWS_OF_DEVICE \
	"FROM manifest_row WHERE manifest_row.serial = devices.serial AND struck_at_ms IS NULL"
#define EKS_OF_BINDING "FROM binding_ek WHERE binding_ek.binding = devices.binding_id"

/* Whether a ban is in force on the device's serial, on one of its EKs or on its IK. */
#define BAN_OF(kind_number, value_is) \
	"EXISTS (SELECT 1 FROM ban WHERE kind = " kind_number " AND lifted_at_ms IS NULL" \
	" AND value " value_is ")"
#define IS_BANNED \
	BAN_OF("1", "= CAST(devices.serial AS BLOB)") \
	" OR " BAN_OF("2", "IN (SELECT ek_id " ROWS_OF_DEVICE \
		" UNION SELECT ek_id " EKS_OF_BINDING " AND returned_at_ms IS NULL)") \
	" OR " BAN_OF("3", "= devices.ik_id")

/* What take_state takes. */
#define STATE "coalesce(state, 0), devices.ik_id IS NOT NULL, listed > 0, " IS_BANNED

/* The last binding counts, unless it was released and the manifest has the serial again. */
static const char *state_name(bool is_banned, int64_t state, bool has_ik, bool is_listed)
{
	if (is_banned)
		return "banned";
	if (state == BINDING_SUSPENDED)
		return "suspended";
	if (state == BINDING_BOUND && (has_ik || !is_listed))
		return "bound";
	return is_listed ? "listed" : "released";
}

/* Takes state, has_ik, listed and banned, in this order. */
static const char *take_state(struct query *query)
{
	int64_t state = query_number(query);
	bool has_ik = query_truth(query);
	bool is_listed = query_truth(query);
	bool is_banned = query_truth(query);

	return state_name(is_banned, state, has_ik, is_listed);
}

/* ---- list ---- */

/* last: the serial of the last row. */
static void list_devices(struct operation *operation, char last[SERIAL_MAX + 1])
{
	owned_query query = query_of(&operation->store->database,
		DEVICES("> ?2", " ORDER BY serial LIMIT ?3")
		" SELECT devices.serial, devices.serial, " STATE ","
		" CASE WHEN listed > 0 THEN listed ELSE (SELECT count(*) " EKS_OF_BINDING ") END,"
		" CASE WHEN listed = 1 THEN (SELECT ek_id " ROWS_OF_DEVICE ")"
		" WHEN listed = 0 AND (SELECT count(*) " EKS_OF_BINDING ") = 1"
		" THEN (SELECT ek_id " EKS_OF_BINDING ") END,"
		" (SELECT max(line_group) " ROWS_OF_DEVICE "),"
		" certificate.number, certificate.not_after_s"
		" FROM devices LEFT JOIN certificate ON certificate.number ="
		" (SELECT newest.number FROM certificate AS newest"
		" WHERE newest.binding = devices.binding_id AND newest.is_current = 1"
		" AND NOT EXISTS (SELECT 1 FROM revocation"
		" WHERE revocation.number = newest.number AND effective_at_ms <= ?1)"
		" ORDER BY newest.profile = 'device' DESC, newest.recorded_at_ms DESC LIMIT 1)"
		" ORDER BY devices.serial",
		VALUES(value_u64(operation->store->now_ms), value_text(operation->after),
			value_number(PAGE_ROWS)));

	while (query_next(&query)) {
		query_text(&query, last, SERIAL_MAX + 1);
		row_take_text(operation, "serial", &query);
		row_string(operation, "state", take_state(&query));
		row_take_number(operation, "eks", &query);
		row_take_octets(operation, "ek_id", &query);
		row_take_text(operation, "group", &query);
		row_take_octets(operation, "certificate", &query);
		row_take_time_s(operation, "not_after", &query);
		row_send(operation);
	}
}

/* Rows that vouch for an EK without a serial, until it has one; those behind last, which goes along. */
static void list_nameless(struct operation *operation, uint64_t *last)
{
	owned_query query = query_of(&operation->store->database,
		"SELECT id, ek_id, line_group FROM manifest_row WHERE serial = ''"
		" AND struck_at_ms IS NULL AND id > ?1"
		" AND ek_id NOT IN (SELECT ek_id FROM binding_ek WHERE returned_at_ms IS NULL)"
		" ORDER BY id LIMIT ?2",
		VALUES(value_u64(*last), value_number(PAGE_ROWS)));

	while (query_next(&query)) {
		*last = query_u64(&query);
		row_nothing(operation, "serial");
		row_string(operation, "state", "listed");
		row_number(operation, "eks", 1);
		row_take_octets(operation, "ek_id", &query);
		row_take_text(operation, "group", &query);
		row_nothing(operation, "certificate");
		row_nothing(operation, "not_after");
		row_send(operation);
	}
}

/* Behind the last serial come the rows without one, of which #ID is the name. */
void device_list(struct operation *operation)
{
	char serial[SERIAL_MAX + 1] = "";
	uint64_t id = 0;

	if (operation->after[0] != '#')
		list_devices(operation, serial);
	else if (!operation_number(operation, bytes_of_string(operation->after + 1), &id))
		return;
	if (operation->row_count == PAGE_ROWS) {
		operation_done_page(operation, "%s", serial);
		return;
	}
	list_nameless(operation, &id);
	operation_done_page(operation, "#%llu", (unsigned long long)id);
}

/* ---- show ---- */

static bool show_device(struct operation *operation, const char *serial, int64_t *binding)
{
	owned_query query = query_of(&operation->store->database,
		DEVICES("= ?1", "") " SELECT " STATE ", made_at_ms, rekey_is_permitted,"
		" coalesce(binding_id, 0) FROM devices WHERE serial = ?1",
		VALUES(value_text(serial)));

	if (!query_next(&query))
		return false;
	row_string(operation, "kind", "device");
	row_string(operation, "serial", serial);
	row_string(operation, "state", take_state(&query));
	row_take_time_ms(operation, "since", &query);
	row_take_truth(operation, "rekey_permitted", &query);
	*binding = query_number(&query);
	row_send(operation);
	return true;
}

static void show_eks(struct operation *operation, const char *serial, int64_t binding)
{
	owned_query query = query_of(&operation->store->database,
		"WITH eks (ek_id) AS (SELECT ek_id FROM manifest_row WHERE serial = ?1"
		" AND struck_at_ms IS NULL"
		" UNION SELECT ek_id FROM binding_ek WHERE binding = ?2)"
		" SELECT eks.ek_id, manifest_row.id IS NOT NULL, manifest_row.profiles,"
		" manifest_row.line_group,"
		" binding_ek.binding IS NOT NULL FROM eks"
		" LEFT JOIN manifest_row ON manifest_row.ek_id = eks.ek_id"
		" AND manifest_row.struck_at_ms IS NULL"
		" LEFT JOIN binding_ek ON binding_ek.ek_id = eks.ek_id AND binding_ek.binding = ?2"
		" AND binding_ek.returned_at_ms IS NULL ORDER BY eks.ek_id",
		VALUES(value_text(serial), value_number(binding)));

	while (query_next(&query)) {
		row_string(operation, "kind", "ek");
		row_take_octets(operation, "ek_id", &query);
		row_take_truth(operation, "listed", &query);
		row_take_text(operation, "profiles", &query);
		row_take_text(operation, "group", &query);
		row_take_truth(operation, "bound", &query);
		row_send(operation);
	}
}

static void show_iks(struct operation *operation, int64_t binding)
{
	owned_query query = query_of(&operation->store->database,
		"SELECT binding_ik.ik_id, binding_ik.ik_id = binding.ik_id, binding_ik.joined_at_ms"
		" FROM binding_ik JOIN binding ON binding.id = binding_ik.binding"
		" WHERE binding_ik.binding = ?1"
		" ORDER BY binding_ik.joined_at_ms",
		VALUES(value_number(binding)));

	while (query_next(&query)) {
		row_string(operation, "kind", "ik");
		row_take_octets(operation, "ik_id", &query);
		row_take_truth(operation, "current", &query);
		row_take_time_ms(operation, "since", &query);
		row_send(operation);
	}
}

void device_show(struct operation *operation)
{
	char serial[SERIAL_MAX + 1];
	int64_t binding = 0;

	if (!operation_serial(operation, 0, serial))
		return;
	if (!show_device(operation, serial, &binding)) {
		operation_not_found(operation, "there is no device %s", serial);
		return;
	}
	show_eks(operation, serial, binding);
	show_iks(operation, binding);
	certificate_rows_of_serial(operation, serial);
	operation_done(operation);
}
