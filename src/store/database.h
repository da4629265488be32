#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include "bytes.h"
#include "fault.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * database: one SQLite connection, and the only file of the store that calls SQLite to read or
 * write rows. Knows nothing of devices. A PostgreSQL back end is another implementation of this.
 *
 * Queries are prepared statements, kept for the life of the connection; SQL is always a string
 * literal and values are always bound.
 *
 * The first failure sticks, as with a reader: from then on every query finds no row and changes
 * nothing, so that the rules of an act stand one after the other and the act asks once, in
 * database_act_end, whether all of it was true. "No row" is never believed before that.
 */
enum { DATABASE_STATEMENTS_MAX = 192, DATABASE_ERROR_MAX = 255 };

struct database_statement {
	const char *sql; /* the literal's address is the key */
	sqlite3_stmt *statement;
};

struct database {
	sqlite3 *handle;
	enum fault fault;     /* the first of this act */
	bool is_group_failed; /* the whole transaction is gone: nothing of it may be answered */
	bool is_lost;         /* a sync to disk failed: the process ends */
	int log_pages;        /* pages in the write-ahead log after the last commit */
	char error[DATABASE_ERROR_MAX + 1];
	size_t statement_count;
	struct database_statement statements[DATABASE_STATEMENTS_MAX];
};

/*
 * Opens or creates the file, with the settings that the store's promises rest on. page_count_max 0:
 * as large as the disk. FAULT_SYSTEM; database->error says why.
 */
enum fault database_open(const char *path, uint32_t page_count_max, struct database *);
void database_close(struct database *);

/* Runs a literal without parameters, such as a schema. */
void database_run_text(struct database *, const char *sql);

/* ---- one group: all of its acts become durable together ---- */

void database_group_begin(struct database *);

/*
 * Makes the group durable. Any fault: nothing of the group is in the database. is_lost is set where
 * a sync failed.
 */
enum fault database_group_commit(struct database *);

/* ---- one act in the group: all of it, or nothing ---- */

void database_act_begin(struct database *);

/* Takes back what the act in hand has done; it may go on after that. */
void database_act_undo(struct database *);

/* The act's first fault; where there is one, nothing of the act remains. */
enum fault database_act_end(struct database *);

/* Records a fault of the caller's own, such as a row that makes no sense. */
void database_fail(struct database *, enum fault, const char *why);

/* ---- values and queries ---- */

enum value_kind { VALUE_NOTHING, VALUE_NUMBER, VALUE_TEXT, VALUE_OCTETS };

struct value {
	enum value_kind kind;
	int64_t number;
	struct bytes bytes;
};

static inline struct value value_nothing(void)
{
	return (struct value){ .kind = VALUE_NOTHING };
}

static inline struct value value_number(int64_t number)
{
	return (struct value){ .kind = VALUE_NUMBER, .number = number };
}

/* A time or a count, which never passes 2^63 (the year 292 million, in milliseconds). */
static inline struct value value_u64(uint64_t number)
{
	return value_number(number > INT64_MAX ? INT64_MAX : (int64_t)number);
}

static inline struct value value_text(const char *text)
{
	return (struct value){ .kind = VALUE_TEXT, .bytes = bytes_of_string(text) };
}

static inline struct value value_octets(struct bytes bytes)
{
	return (struct value){ .kind = VALUE_OCTETS, .bytes = bytes };
}

/* An id or a digest: an array of known size. */
#define VALUE_ARRAY(array) value_octets(BYTES_OF_ARRAY(array))
#define VALUE_ID(pointer) value_octets(bytes_of((pointer), 32))
#define VALUE_CERTIFICATE_NUMBER(pointer) value_octets(bytes_of((pointer), 16))

struct values {
	const struct value *first;
	size_t count;
};

/* The values of a query's ?1, ?2, … in order. */
#define VALUES(...) \
	((struct values){ (const struct value[]){ __VA_ARGS__ }, \
		sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value) })
#define NO_VALUES ((struct values){ NULL, 0 })

/* Inserts, updates or deletes; the number of rows that it touched, 0 after a fault. */
int64_t database_run(struct database *, const char *sql, struct values);

/* A single number: where the query has no row, or NULL, absent. */
int64_t database_number(struct database *, const char *sql, struct values, int64_t absent);

/* Whether the query has a row. */
bool database_has(struct database *, const char *sql, struct values);

/*
 *	owned_query q = query_of(database, "SELECT …", VALUES(…));
 *	while (query_next(&q)) { … query_u64(&q), query_text(&q) … }
 *
 * Columns are taken in order. Views live until the next query_next or the end of the scope.
 * No query may be made again while it is being read.
 */
struct query {
	struct database *database;
	sqlite3_stmt *statement; /* NULL after a fault */
	int column;
};

struct query query_of(struct database *, const char *sql, struct values);
bool query_next(struct query *);
int64_t query_number(struct query *);
uint64_t query_u64(struct query *);
bool query_truth(struct query *);
struct bytes query_bytes(struct query *);

/* Whether the next column, which is not taken, is NULL. */
bool query_is_nothing(struct query *);

/* Exactly len octets, or the row is corrupt: a fault. */
void query_copy(struct query *, uint8_t *out, size_t len);

/* A text that fits into capacity with its NUL, or the row is corrupt: a fault. */
void query_text(struct query *, char *out, size_t capacity);

void query_end(struct query *);

#define owned_query __attribute__((cleanup(query_end))) struct query

#endif
