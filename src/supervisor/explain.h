#ifndef SUPERVISOR_EXPLAIN_H
#define SUPERVISOR_EXPLAIN_H

#include "folder.h"
#include "refusal_ring.h"
#include "trouble.h"

#include <jansson.h>

/*
 * explain: what a refusal was, for the operator who was told its reference. The rings are files of
 * the folder (refusals.N), so this works with a running server and without.
 */

/* Looks for the reference, 16 hex digits, in every ring. FAULT_NOT_FOUND, FAULT_INVALID. */
enum fault explain_find(const struct folder *, const char *reference, struct ring_entry *out,
	struct trouble *);

/*
 * The refusal as an object: reference, time, source, act, status, check, reason, clause, rule, saw,
 * serial, ek_id, next. next is what an operator can do. NULL where memory runs out.
 */
json_t *explain_object(const struct ring_entry *);

#endif
