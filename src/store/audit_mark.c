#include "audit.h"

#include "reader.h"
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { MARK_SIZE = 8 + 32, MARK_PATH_MAX = 4096 };

/* The hash of an entry of ours; all zeros for the one before the first. */
static bool has_entry(struct store *store, uint64_t seq, const uint8_t hash[32])
{
	return seq == 0 || database_has(&store->database,
		"SELECT 1 FROM audit WHERE seq = ?1 AND hash = ?2",
		VALUES(value_u64(seq), VALUE_ID(hash)));
}

static enum fault refuse(struct store *store, const char *path, const char *what)
{
	char why[DATABASE_ERROR_MAX + 1];

	(void)snprintf(why, sizeof(why),
		"the database %s than the CA has answered for (a restored backup?): bindings and"
		" revocations may be missing; if that is meant, remove %.60s",
		what, path);
	database_fail(&store->database, FAULT_INVALID, why);
	return store->database.fault;
}

static enum fault judge_mark(struct store *store, struct bytes mark, const char *path)
{
	struct reader reader = reader_of(mark);
	uint64_t seq = reader_u64(&reader);
	uint8_t hash[32] = { 0 };

	reader_copy(&reader, hash, sizeof(hash));
	/* A mark that was torn by a power cut says nothing; the database was synced. */
	if (reader_end(&reader) != FAULT_NONE)
		return FAULT_NONE;
	int64_t count = database_number(&store->database, "SELECT audit_count FROM state",
		NO_VALUES, 0);
	if (store->database.fault != FAULT_NONE)
		return store->database.fault;
	if (seq > (uint64_t)count)
		return refuse(store, path, "is older");
	if (!has_entry(store, seq, hash))
		return store->database.fault != FAULT_NONE ? store->database.fault :
			refuse(store, path, "has another history");
	return FAULT_NONE;
}

/* A mark that cannot be read is not the torn one of judge_mark: it may be newer than the database. */
static enum fault fail(struct store *store, const char *path)
{
	char why[DATABASE_ERROR_MAX + 1];

	(void)snprintf(why, sizeof(why), "%.150s: %s", path, strerror(errno));
	database_fail(&store->database, FAULT_SYSTEM, why);
	return FAULT_SYSTEM;
}

enum fault audit_check_mark(struct store *store, const char *database_path)
{
	char path[MARK_PATH_MAX];
	uint8_t mark[MARK_SIZE];

	if (snprintf(path, sizeof(path), "%s.mark", database_path) >= (int)sizeof(path)) {
		database_fail(&store->database, FAULT_TOO_LONG, "the database's path is too long");
		return FAULT_TOO_LONG;
	}
	store->audit_mark = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	ssize_t len = store->audit_mark < 0 ? -1 : pread(store->audit_mark, mark, sizeof(mark), 0);
	return len < 0 ? fail(store, path) : judge_mark(store, bytes_of(mark, (size_t)len), path);
}

static struct bytes current_mark(struct store *store, struct writer writer)
{
	owned_query query = query_of(&store->database, "SELECT audit_count, audit_head FROM state",
		NO_VALUES);

	if (query_next(&query)) {
		writer_u64(&writer, query_u64(&query));
		writer_bytes(&writer, query_bytes(&query));
	}
	return writer_written(&writer);
}

void audit_write_mark(struct store *store)
{
	int64_t changes = sqlite3_total_changes64(store->database.handle);
	uint8_t buffer[MARK_SIZE];

	if (changes == store->marked_changes || store->audit_mark < 0)
		return;
	struct bytes mark = current_mark(store, WRITER_OF_ARRAY(buffer));
	if (mark.len != MARK_SIZE)
		return;
	/* A mark that cannot be written is old, and an old mark only sees less. */
	if (pwrite(store->audit_mark, mark.data, mark.len, 0) == (ssize_t)mark.len)
		store->marked_changes = changes;
}

void audit_close_mark(struct store *store)
{
	if (store->audit_mark >= 0)
		(void)close(store->audit_mark);
	store->audit_mark = -1;
}
