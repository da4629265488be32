#include "kit.h"

#include "database.h"
#include "encoding.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint64_t start_ms = 1800000000000;

static void read_clock(void *context, uint64_t *realtime_ms, uint64_t *monotonic_ms)
{
	const struct kit *kit = context;

	*realtime_ms = kit->realtime_ms;
	*monotonic_ms = kit->monotonic_ms;
}

void kit_start(struct kit *kit)
{
	const struct store_options options = { .path = kit->path, .clock = { read_clock, kit },
		.page_count_max = kit->page_count_max };
	struct store_error error;

	if (store_open(&options, &kit->store, &error) != FAULT_NONE)
		fail_msg("store_open: %s", error.text);
	store_use(kit->store, &kit->policy);
}

void kit_stop(struct kit *kit)
{
	store_close(kit->store);
	kit->store = NULL;
}

/* The connection is leaked on purpose: its locks go with a copy of the files as they are now. */
void kit_crash(struct kit *kit)
{
	char command[512], crashed[sizeof(kit->directory)];

	(void)snprintf(crashed, sizeof(crashed), "%.60s2", kit->directory);
	(void)snprintf(command, sizeof(command), "cp -r %s %s", kit->directory, crashed);
	assert_int_equal(system(command), 0);
	store_close(kit->store);
	(void)snprintf(command, sizeof(command), "rm -rf %s && mv %s %s", kit->directory, crashed,
		kit->directory);
	assert_int_equal(system(command), 0);
	kit->store = NULL;
}

int kit_setup(void **state)
{
	struct kit *kit = calloc(1, sizeof(*kit));

	if (kit == NULL)
		return -1;
	/* In memory where that may be: nobody cuts the power here, and every act is synced. */
	(void)snprintf(kit->directory, sizeof(kit->directory), "%s/genuine-store-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(kit->directory) == NULL)
		return -1;
	(void)snprintf(kit->path, sizeof(kit->path), "%s/genuine.db", kit->directory);
	kit->realtime_ms = start_ms;
	kit->monotonic_ms = 1000;
	kit->policy = (struct policy){ .trust = TRUST_BOTH, .binding = BINDING_MANIFEST,
		.rekey = REKEY_SUPERSEDE, .overlap_s = 86400 };
	kit_start(kit);
	*state = kit;
	return 0;
}

int kit_teardown(void **state)
{
	struct kit *kit = *state;
	char command[128];

	kit_stop(kit);
	(void)snprintf(command, sizeof(command), "rm -rf %s", kit->directory);
	int status = system(command);
	free(kit);
	return status;
}

void kit_advance(struct kit *kit, uint64_t milliseconds)
{
	kit->realtime_ms += milliseconds;
	kit->monotonic_ms += milliseconds;
}

struct intent kit_intent(struct kit *kit, const char *serial, uint8_t ek, uint8_t ik)
{
	struct intent intent = { .profile = "device", .ek_trust = (uint8_t)kit->policy.trust,
		.binding = (uint8_t)kit->policy.binding };

	kit_advance(kit, 1000);
	kit->counter++;
	(void)snprintf(intent.serial, sizeof(intent.serial), "%s", serial);
	memset(intent.ek_id, ek, sizeof(intent.ek_id));
	memset(intent.ik_id, ik, sizeof(intent.ik_id));
	memset(intent.ticket_hash, kit->counter, sizeof(intent.ticket_hash));
	memset(intent.number, kit->counter, sizeof(intent.number));
	intent.number[0] = 0x41;
	memset(intent.tbs_digest, 0x77, sizeof(intent.tbs_digest));
	memset(intent.owner, 0x55, sizeof(intent.owner));
	intent.issued_at_ms = kit->realtime_ms;
	return intent;
}

struct intent_answer kit_ask(struct kit *kit, const struct intent *intent)
{
	struct intent_answer answer;

	store_group_begin(kit->store);
	store_intent(kit->store, intent, &answer);
	assert_int_equal(store_group_commit(kit->store), FAULT_NONE);
	return answer;
}

int kit_verdict(struct kit *kit, const struct intent *intent)
{
	const struct intent_answer answer = kit_ask(kit, intent);

	if (answer.verdict == INTENT_OPEN)
		return KIT_OPENS;
	return answer.verdict == INTENT_REPEAT ? KIT_REPEATS : answer.refusal.check;
}

struct record kit_record_of(const struct kit *kit, const struct intent *intent)
{
	struct record record = { .not_before_s = kit->realtime_ms / 1000 - 300,
		.not_after_s = kit->realtime_ms / 1000 + UINT64_C(365) * 86400,
		.certificate = BYTES_OF_LITERAL("certificate"),
		.chain_pem = BYTES_OF_LITERAL("chain") };

	memcpy(record.ticket_hash, intent->ticket_hash, sizeof(record.ticket_hash));
	memcpy(record.number, intent->number, sizeof(record.number));
	memcpy(record.owner, intent->owner, sizeof(record.owner));
	return record;
}

struct record_answer kit_record(struct kit *kit, const struct intent *intent)
{
	const struct record record = kit_record_of(kit, intent);
	struct record_answer answer;

	store_group_begin(kit->store);
	store_record(kit->store, &record, &answer);
	assert_int_equal(store_group_commit(kit->store), FAULT_NONE);
	return answer;
}

void kit_issue(struct kit *kit, const struct intent *intent)
{
	assert_int_equal(kit_verdict(kit, intent), KIT_OPENS);
	assert_true(kit_record(kit, intent).is_recorded);
}

struct intent kit_provision(struct kit *kit, const char *serial, uint8_t ek, uint8_t ik)
{
	const struct intent intent = kit_intent(kit, serial, ek, ik);

	kit_issue(kit, &intent);
	return intent;
}

struct tidy_answer kit_tidy(struct kit *kit)
{
	struct tidy_answer answer;

	store_group_begin(kit->store);
	assert_int_equal(store_tidy(kit->store, &answer), FAULT_NONE);
	assert_int_equal(store_group_commit(kit->store), FAULT_NONE);
	return answer;
}

bool kit_is_revoked(struct kit *kit, const struct intent *intent)
{
	static struct revoked_page page;
	uint8_t after[CERTIFICATE_NUMBER_SIZE] = { 0 };
	bool is_found = false;

	store_group_begin(kit->store);
	do {
		assert_int_equal(store_revoked(kit->store, after, &page), FAULT_NONE);
		for (size_t i = 0; i < page.count; i++) {
			assert_true(memcmp(page.revoked[i].number, after, sizeof(after)) > 0);
			memcpy(after, page.revoked[i].number, sizeof(after));
			is_found |= memcmp(after, intent->number, sizeof(after)) == 0;
		}
	} while (!page.is_last);
	assert_int_equal(store_group_commit(kit->store), FAULT_NONE);
	return is_found;
}

/* ---- the operator ---- */

static void put_field(struct kit *kit, const struct operator_field *field)
{
	size_t used = strlen(kit->rows);
	char *end = kit->rows + used;
	size_t rest = sizeof(kit->rows) - used;

	if (field->kind == FIELD_TEXT)
		(void)snprintf(end, rest, "%.*s=%.*s ", (int)field->name.len,
			(const char *)field->name.data,
			(int)field->text.len, (const char *)field->text.data);
	else if (field->kind == FIELD_NOTHING)
		(void)snprintf(end, rest, "%.*s=- ", (int)field->name.len,
			(const char *)field->name.data);
	else
		(void)snprintf(end, rest, "%.*s=%lld ", (int)field->name.len,
		(const char *)field->name.data,
			(long long)field->number);
}

static void take_row(void *context, const struct operator_row *row)
{
	struct kit *kit = context;
	size_t used;

	for (size_t i = 0; i < row->count; i++)
		put_field(kit, &row->fields[i]);
	used = strlen(kit->rows);
	(void)snprintf(kit->rows + used, sizeof(kit->rows) - used, "\n");
	kit->row_count++;
}

bool kit_operate(struct kit *kit, const char *verb, ...)
{
	struct operator_request request = { .verb = bytes_of_string(verb) };
	const struct operator_sink sink = { .row = take_row, .context = kit };
	const char *argument;
	va_list arguments;

	va_start(arguments, verb);
	while ((argument = va_arg(arguments, const char *)) != NULL)
		request.arguments[request.count++] = bytes_of_string(argument);
	va_end(arguments);
	kit_advance(kit, 1000);
	kit->row_count = 0;
	kit->rows[0] = '\0';
	store_operate(kit->store, &request, &sink, &kit->result);
	if (!kit->result.is_done)
		print_message("# %s: %s\n", verb, kit->result.text);
	return kit->result.is_done;
}

bool kit_has(const struct kit *kit, const char *piece)
{
	return strstr(kit->rows, piece) != NULL;
}

const char *kit_hex(uint8_t octet)
{
	static char texts[2][HEX_CAPACITY(32)];
	static unsigned turn;
	uint8_t id[32];

	turn = 1 - turn;
	memset(id, octet, sizeof(id));
	hex_encode(BYTES_OF_ARRAY(id), texts[turn], sizeof(texts[turn]));
	return texts[turn];
}

static bool begin_import(struct kit *kit, const char *flags)
{
	char text[32];
	char *flag[4] = { NULL };
	size_t count = 0;

	(void)snprintf(text, sizeof(text), "%s", flags);
	for (char *piece = strtok(text, " "); piece != NULL && count < 3; piece = strtok(NULL, " "))
		flag[count++] = piece;
	return kit_operate(kit, "device import begin", flag[0], flag[1], flag[2], NULL);
}

bool kit_import(struct kit *kit, const char *serial, uint8_t ek, const char *flags)
{
	assert_true(begin_import(kit, flags));
	return kit_operate(kit, "device import row", serial, kit_hex(ek), "", "line-1", NULL) &&
		kit_operate(kit, "device import end", NULL);
}

/* ---- behind the store's back ---- */

static int64_t run_sql(struct kit *kit, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *handle = NULL;
	int64_t number = 0;

	assert_int_equal(sqlite3_open(kit->path, &handle), SQLITE_OK);
	(void)sqlite3_busy_timeout(handle, 2000);
	if (sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(handle));
	int code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	else if (code != SQLITE_DONE)
		fail_msg("%s: %s", sql, sqlite3_errmsg(handle));
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(handle);
	return number;
}

void kit_sql(struct kit *kit, const char *sql)
{
	(void)run_sql(kit, sql);
}

int64_t kit_sql_number(struct kit *kit, const char *sql)
{
	return run_sql(kit, sql);
}

static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *octets = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ octets[i]) * UINT64_C(1099511628211);
	return hash;
}

static uint64_t dump_table(sqlite3 *handle, const char *sql, uint64_t hash)
{
	sqlite3_stmt *statement = NULL;

	assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(statement); i++) {
			const void *data = sqlite3_column_blob(statement, i);
			hash = mix(hash, data, (size_t)sqlite3_column_bytes(statement, i));
			hash = mix(hash, "|", 1);
		}
	}
	(void)sqlite3_finalize(statement);
	return hash;
}

uint64_t kit_dump(struct kit *kit)
{
	static const char *const tables[] = {
		"SELECT audit_count, audit_head FROM state",
		"SELECT * FROM change", "SELECT * FROM manifest_row",
		"SELECT * FROM binding", "SELECT * FROM binding_ek", "SELECT * FROM binding_ik",
		"SELECT * FROM rekey", "SELECT * FROM ban", "SELECT * FROM intent",
		"SELECT * FROM certificate",
		"SELECT * FROM revocation", "SELECT * FROM crl", "SELECT * FROM audit",
	};
	uint64_t hash = UINT64_C(14695981039346656037);
	sqlite3 *handle = NULL;

	assert_int_equal(sqlite3_open(kit->path, &handle), SQLITE_OK);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		hash = dump_table(handle, tables[i], hash);
	(void)sqlite3_close(handle);
	return hash;
}
