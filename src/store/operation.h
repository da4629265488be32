#ifndef STORE_OPERATION_H
#define STORE_OPERATION_H

#include "audit.h"
#include "operator.h"
#include "store_sqlite.h"

/*
 * operation: one act of the operator's while it is done: its arguments, the row that it is making,
 * and how it ended. What the verbs' own functions share.
 */
enum { ROW_SPACE = 44000 }; /* the texts of one row, within FRAME_MAX */

/* A listing is told by pages of so many rows, so that devices wait for a page, not for all of it. */
enum { PAGE_ROWS = 500, AFTER_MAX = SERIAL_MAX };

struct operation {
	struct store *store;
	const struct operator_request *request;
	size_t count; /* of arguments, without by=NAME */
	char actor[AUDIT_NAME_MAX + 1];
	char after[AFTER_MAX + 1]; /* the row behind which this page begins; empty: the first one */
	bool is_change;
	const struct operator_sink *sink;
	struct operator_result *result;
	struct operator_row row;
	size_t row_count;
	size_t used;
	char space[ROW_SPACE];
};

/* ---- how it ends: each verb calls exactly one of these ---- */

void operation_done(struct operation *);

/* A listing: where the page is full, the next one begins behind the row whose name this is. */
__attribute__((format(printf, 2, 3)))
void operation_done_page(struct operation *, const char *last_format, ...);
__attribute__((format(printf, 2, 3)))
void operation_refuse(struct operation *, const char *format, ...);
__attribute__((format(printf, 2, 3)))
void operation_not_found(struct operation *, const char *format, ...);

/* ---- arguments: false where they are not right, and the operation is refused ---- */

/* A text of printable UTF-8 that fits with its NUL; empty where the argument was left out. */
bool operation_text(struct operation *, size_t position, const char *what, char *out,
	size_t capacity);
bool operation_serial(struct operation *, size_t position, char out[SERIAL_MAX + 1]);
bool operation_id(struct operation *, size_t position, const char *what, uint8_t out[32]);
bool operation_number(struct operation *, struct bytes text, uint64_t *out); /* 0 to INT64_MAX */

/* The number of the row behind which this page begins, 0 for the first one. */
bool operation_after(struct operation *, uint64_t *out);

/* ---- the row: fields are added, then it is sent; texts are copied ---- */

void row_text(struct operation *, const char *name, struct bytes text);
void row_string(struct operation *, const char *name, const char *text);
void row_octets(struct operation *, const char *name, struct bytes octets); /* as hexadecimal */
void row_number(struct operation *, const char *name, int64_t number);
void row_truth(struct operation *, const char *name, bool truth);
void row_nothing(struct operation *, const char *name);
void row_time_s(struct operation *, const char *name, uint64_t seconds);
void row_time_ms(struct operation *, const char *name, uint64_t milliseconds);
void row_send(struct operation *);

/* ---- the query's next column, as the row's next field; NULL as nothing ---- */

void row_take_text(struct operation *, const char *name, struct query *);
void row_take_octets(struct operation *, const char *name, struct query *);
void row_take_number(struct operation *, const char *name, struct query *);
void row_take_truth(struct operation *, const char *name, struct query *);
void row_take_time_s(struct operation *, const char *name, struct query *);
void row_take_time_ms(struct operation *, const char *name, struct query *);

#endif
