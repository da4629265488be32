#ifndef TEST_STORE_KIT_H
#define TEST_STORE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "operator.h"
#include "store.h"

/*
 * kit: a store on a database of its own in a temporary directory, with a clock that stands still
 * until the test moves it, and short ways to ask it.
 */
enum { KIT_ROWS_TEXT = 1 << 18 };

struct kit {
	char directory[64];
	char path[128];
	uint64_t realtime_ms, monotonic_ms;
	uint32_t page_count_max;
	struct policy policy;
	struct store *store;
	uint8_t counter;          /* makes tickets and numbers different */
	size_t row_count;         /* of the last act */
	char rows[KIT_ROWS_TEXT]; /* as lines: name=value name=value … */
	struct operator_result result;
};

/* For cmocka: a fresh store, trust = both, binding = manifest, rekey = supersede, overlap 24 h. */
int kit_setup(void **state);
int kit_teardown(void **state);

/* Opens the store again, as after a restart; kit_stop without kit_start is the end. */
void kit_start(struct kit *);
void kit_stop(struct kit *);

/* As after a kill -9: the store's memory is gone, nothing was closed. */
void kit_crash(struct kit *);

void kit_advance(struct kit *, uint64_t milliseconds);

/* An intent with a fresh ticket, issued now, a second after whatever was before. */
struct intent kit_intent(struct kit *, const char *serial, uint8_t ek, uint8_t ik);

/* Asks, in a group of its own. */
struct intent_answer kit_ask(struct kit *, const struct intent *);

/* The check that refuses; -1 where it opens, -2 where it repeats. */
enum { KIT_OPENS = -1, KIT_REPEATS = -2 };
int kit_verdict(struct kit *, const struct intent *);

/* The record of that intent, and what the store says to it. */
struct record kit_record_of(const struct kit *, const struct intent *);
struct record_answer kit_record(struct kit *, const struct intent *);

/* Asks and records; both must succeed. */
void kit_issue(struct kit *, const struct intent *);

/* A whole provisioning with a fresh ticket; what was asked. */
struct intent kit_provision(struct kit *, const char *serial, uint8_t ek, uint8_t ik);

struct tidy_answer kit_tidy(struct kit *);

/* Whether the number is on the list that would be made now. */
bool kit_is_revoked(struct kit *, const struct intent *);

/* Does an act; arguments end with NULL. Its rows are in kit->rows. */
bool kit_operate(struct kit *, const char *verb, ...) __attribute__((sentinel));

/* The rows' text has this piece, such as "state=bound". */
bool kit_has(const struct kit *, const char *piece);

/* Imports one row without profile and group; flags as "add again". */
bool kit_import(struct kit *, const char *serial, uint8_t ek, const char *flags);

/* An id of 32 equal octets, as hexadecimal; the result lives until the next call but one. */
const char *kit_hex(uint8_t octet);

/* Reads or changes the database behind the store's back, through a connection of its own. */
void kit_sql(struct kit *, const char *sql);
int64_t kit_sql_number(struct kit *, const char *sql);

/* All that must not change when nothing changes: a digest of every table but the clock. */
uint64_t kit_dump(struct kit *);

#define KIT_TEST(function) cmocka_unit_test_setup_teardown(function, kit_setup, kit_teardown)

#endif
