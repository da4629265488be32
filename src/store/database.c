#include "database.h"

#include <assert.h>
#include <stdio.h>

/* How long another reader or writer of the file (an operator's sqlite3) may hold us up. */
enum { BUSY_TIMEOUT_MS = 2000 };

/* Pages in the write-ahead log after which they are written back: 4 MiB. */
enum { LOG_PAGES_MAX = 1000 };

/*
 * WAL with synchronous FULL: a commit has been synced when it returns. trusted_schema, defensive
 * and cell_size_check: a file that somebody altered is met with suspicion. The log is written back
 * by us, not by SQLite, because SQLite would drop the result of that sync.
 */
static const char settings[] =
	"PRAGMA journal_mode = WAL;"
	"PRAGMA synchronous = FULL;"
	"PRAGMA foreign_keys = ON;"
	"PRAGMA temp_store = MEMORY;"
	"PRAGMA trusted_schema = OFF;"
	"PRAGMA cell_size_check = ON;"
	"PRAGMA wal_autocheckpoint = 0;"
	"PRAGMA journal_size_limit = 16777216;";

static bool is_failed_sync(int extended_code)
{
	return extended_code == SQLITE_IOERR_FSYNC || extended_code == SQLITE_IOERR_DIR_FSYNC;
}

static enum fault fault_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return FAULT_BUSY;
	case SQLITE_CONSTRAINT:
		return FAULT_EXISTS;
	case SQLITE_NOMEM:
		return FAULT_NO_MEMORY;
	default:
		return FAULT_SYSTEM;
	}
}

void database_fail(struct database *database, enum fault fault, const char *why)
{
	if (database->fault != FAULT_NONE)
		return;
	database->fault = fault;
	(void)snprintf(database->error, sizeof(database->error), "%s", why);
}

/* SQLite's own failure. */
static void fail_by_sqlite(struct database *database, int code)
{
	if (is_failed_sync(sqlite3_extended_errcode(database->handle)))
		database->is_lost = true;
	database_fail(database, fault_of(code), sqlite3_errmsg(database->handle));
}

/* Outside the sticky fault: for the ends of transactions. */
static bool has_run(struct database *database, const char *sql)
{
	return sqlite3_exec(database->handle, sql, NULL, NULL, NULL) == SQLITE_OK;
}

void database_run_text(struct database *database, const char *sql)
{
	if (database->fault != FAULT_NONE)
		return;
	int code = sqlite3_exec(database->handle, sql, NULL, NULL, NULL);
	if (code != SQLITE_OK)
		fail_by_sqlite(database, code);
}

static int note_log_pages(void *context, sqlite3 *handle, const char *name, int pages)
{
	struct database *database = context;

	(void)handle;
	(void)name;
	database->log_pages = pages;
	return SQLITE_OK;
}

static void limit_pages(struct database *database, uint32_t page_count_max)
{
	char text[64];

	if (page_count_max == 0)
		return;
	(void)snprintf(text, sizeof(text), "PRAGMA max_page_count = %u", page_count_max);
	database_run_text(database, text);
}

enum fault database_open(const char *path, uint32_t page_count_max, struct database *database)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
		SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;

	*database = (struct database){ .handle = NULL };
	int code = sqlite3_open_v2(path, &database->handle, flags, NULL);
	if (code != SQLITE_OK) {
		database_fail(database, fault_of(code), sqlite3_errstr(code));
		return database->fault;
	}
	(void)sqlite3_busy_timeout(database->handle, BUSY_TIMEOUT_MS);
	(void)sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	(void)sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	database_run_text(database, settings);
	(void)sqlite3_wal_hook(database->handle, note_log_pages, database);
	limit_pages(database, page_count_max);
	return database->fault;
}

void database_close(struct database *database)
{
	for (size_t i = 0; i < database->statement_count; i++)
		(void)sqlite3_finalize(database->statements[i].statement);
	(void)sqlite3_close(database->handle);
	*database = (struct database){ .handle = NULL };
}

/* ---- groups and acts ---- */

void database_group_begin(struct database *database)
{
	database->fault = FAULT_NONE;
	database->is_group_failed = false;
	database_run_text(database, "BEGIN IMMEDIATE");
	if (database->fault != FAULT_NONE)
		database->is_group_failed = true;
}

/*
 * Writes the log back into the file. What cannot be written now (a reader is in the way, the disk
 * is full) stays in the log, where it is safe; a sync that fails is another matter.
 */
static void write_log_back(struct database *database)
{
	if (database->log_pages < LOG_PAGES_MAX)
		return;
	database->log_pages = 0;
	int code = sqlite3_wal_checkpoint_v2(database->handle, NULL, SQLITE_CHECKPOINT_PASSIVE,
		NULL, NULL);
	if (code != SQLITE_OK && is_failed_sync(sqlite3_extended_errcode(database->handle)))
		database->is_lost = true;
}

enum fault database_group_commit(struct database *database)
{
	if (!database->is_group_failed) {
		database->fault = FAULT_NONE;
		database_run_text(database, "COMMIT");
		database->is_group_failed = database->fault != FAULT_NONE;
	}
	if (database->is_group_failed) {
		if (sqlite3_get_autocommit(database->handle) == 0)
			(void)has_run(database, "ROLLBACK");
		return database->fault != FAULT_NONE ? database->fault : FAULT_SYSTEM;
	}
	write_log_back(database);
	return FAULT_NONE;
}

void database_act_begin(struct database *database)
{
	if (database->is_group_failed)
		return; /* The fault stands until the group ends. */
	database->fault = FAULT_NONE;
	database_run_text(database, "SAVEPOINT act");
}

/*
 * Back to where the act began. A full disk, among others, may have taken the whole transaction:
 * then the group is gone.
 */
static void roll_back_act(struct database *database)
{
	if (sqlite3_get_autocommit(database->handle) != 0 ||
			!has_run(database, "ROLLBACK TO act"))
		database->is_group_failed = true;
}

void database_act_undo(struct database *database)
{
	if (!database->is_group_failed)
		roll_back_act(database);
}

enum fault database_act_end(struct database *database)
{
	if (!database->is_group_failed && database->fault != FAULT_NONE)
		roll_back_act(database);
	if (!database->is_group_failed &&
			!has_run(database, "RELEASE act"))
		database->is_group_failed = true;
	if (database->is_group_failed && database->fault == FAULT_NONE)
		database_fail(database, FAULT_SYSTEM, sqlite3_errmsg(database->handle));
	return database->fault;
}

/* ---- queries ---- */

static sqlite3_stmt *prepare(struct database *database, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	assert(database->statement_count < DATABASE_STATEMENTS_MAX);
	int code = sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
		&statement, NULL);
	if (code != SQLITE_OK) {
		fail_by_sqlite(database, code);
		return NULL;
	}
	database->statements[database->statement_count++] =
		(struct database_statement){ sql, statement };
	return statement;
}

static sqlite3_stmt *statement_of(struct database *database, const char *sql)
{
	for (size_t i = 0; i < database->statement_count; i++) {
		if (database->statements[i].sql == sql) {
			assert(!sqlite3_stmt_busy(database->statements[i].statement));
			return database->statements[i].statement;
		}
	}
	return prepare(database, sql);
}

/* The bound octets stay where they are until the query ends. An empty view is not NULL. */
static int bind_value(sqlite3_stmt *statement, int position, const struct value *value)
{
	const void *data = value->bytes.data != NULL ? (const void *)value->bytes.data : "";

	switch (value->kind) {
	case VALUE_NOTHING:
		return sqlite3_bind_null(statement, position);
	case VALUE_NUMBER:
		return sqlite3_bind_int64(statement, position, value->number);
	case VALUE_TEXT:
		return sqlite3_bind_text64(statement, position, data, value->bytes.len,
			SQLITE_TRANSIENT,
			SQLITE_UTF8);
	case VALUE_OCTETS:
		return sqlite3_bind_blob64(statement, position, data, value->bytes.len,
			SQLITE_TRANSIENT);
	}
	return SQLITE_MISUSE;
}

struct query query_of(struct database *database, const char *sql, struct values values)
{
	struct query query = { .database = database };

	if (database->fault != FAULT_NONE)
		return query;
	query.statement = statement_of(database, sql);
	if (query.statement == NULL)
		return query;
	assert((size_t)sqlite3_bind_parameter_count(query.statement) == values.count);
	for (size_t i = 0; i < values.count; i++) {
		int code = bind_value(query.statement, (int)i + 1, &values.first[i]);
		if (code != SQLITE_OK)
			fail_by_sqlite(database, code);
	}
	return query;
}

bool query_next(struct query *query)
{
	if (query->statement == NULL || query->database->fault != FAULT_NONE)
		return false;
	query->column = 0;
	int code = sqlite3_step(query->statement);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		fail_by_sqlite(query->database, code);
	return code == SQLITE_ROW;
}

int64_t query_number(struct query *query)
{
	return sqlite3_column_int64(query->statement, query->column++);
}

uint64_t query_u64(struct query *query)
{
	int64_t number = query_number(query);

	if (number < 0)
		database_fail(query->database, FAULT_INVALID, "a row holds a number below 0");
	return number < 0 ? 0 : (uint64_t)number;
}

bool query_truth(struct query *query)
{
	return query_number(query) != 0;
}

struct bytes query_bytes(struct query *query)
{
	const void *data = sqlite3_column_blob(query->statement, query->column);
	int len = sqlite3_column_bytes(query->statement, query->column);

	query->column++;
	if (data == NULL && sqlite3_errcode(query->database->handle) == SQLITE_NOMEM)
		database_fail(query->database, FAULT_NO_MEMORY, "out of memory");
	return bytes_of(data, data == NULL ? 0 : (size_t)len);
}

bool query_is_nothing(struct query *query)
{
	return sqlite3_column_type(query->statement, query->column) == SQLITE_NULL;
}

void query_copy(struct query *query, uint8_t *out, size_t len)
{
	struct bytes bytes = query_bytes(query);

	if (bytes.len != len) {
		database_fail(query->database, FAULT_INVALID,
			"a row holds an id of the wrong size");
		return;
	}
	memcpy(out, bytes.data, len);
}

void query_text(struct query *query, char *out, size_t capacity)
{
	struct bytes bytes = query_bytes(query);

	out[0] = '\0';
	if (bytes.len >= capacity || (bytes.len > 0 && memchr(bytes.data, 0, bytes.len) != NULL)) {
		database_fail(query->database, FAULT_INVALID,
			"a row holds a text that is too long or has an octet of 0");
		return;
	}
	if (bytes.len > 0)
		memcpy(out, bytes.data, bytes.len);
	out[bytes.len] = '\0';
}

void query_end(struct query *query)
{
	if (query->statement == NULL)
		return;
	(void)sqlite3_reset(query->statement);
	(void)sqlite3_clear_bindings(query->statement);
	query->statement = NULL;
}

int64_t database_run(struct database *database, const char *sql, struct values values)
{
	owned_query query = query_of(database, sql, values);
	int64_t before = sqlite3_total_changes64(database->handle);

	while (query_next(&query))
		continue;
	if (database->fault != FAULT_NONE)
		return 0;
	return sqlite3_total_changes64(database->handle) - before;
}

int64_t database_number(struct database *database, const char *sql, struct values values,
	int64_t absent)
{
	owned_query query = query_of(database, sql, values);

	if (!query_next(&query) || query_is_nothing(&query))
		return absent;
	return query_number(&query);
}

bool database_has(struct database *database, const char *sql, struct values values)
{
	owned_query query = query_of(database, sql, values);

	return query_next(&query);
}
