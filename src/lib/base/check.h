#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include "limits.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * check: the list of everything that can refuse a device, in the order in which it is asked.
 *
 * One row a check: its number (stable: logs, `genuine-ca explain` and tests name it), its
 * reason code, the HTTP status that the device sees, the clause of the standard or of
 * docs/PROTOCOL.md that it enforces, and the rule in one sentence. The code that makes the check
 * is one small function, found by grep for CHECK_<name>.
 *
 * Numbers below 64 are the verifier's checks of the evidence: each sets its bit in the evidence
 * mask only when it holds, and the authority acts on the full mask alone. 64 to 95 are the
 * front's, 96 to 127 the authority's, 128 and above the store's.
 *
 * The device sees of a 403 nothing but a reference; the row is what the operator sees.
 */
#include "check_list.h"

enum check {
#define CHECK_ENUM(name, number, reason, status, clause, rule) CHECK_##name = (number),
	CHECK_LIST(CHECK_ENUM)
#undef CHECK_ENUM
};

/* The bits of all the verifier's checks: the only evidence mask on which the authority acts. */
#define CHECK_EVIDENCE_BIT(name, number, reason, status, clause, rule) \
	| ((number) < 64 ? UINT64_C(1) << ((number) & 63) : 0)
#define EVIDENCE_MASK_FULL (UINT64_C(0) CHECK_LIST(CHECK_EVIDENCE_BIT))

struct check_row {
	enum check check;
	const char *name;   /* such as "CSR_KEY" */
	const char *reason; /* such as "E_CSR_KEY" */
	uint16_t status;    /* HTTP */
	const char *clause;
	const char *rule;
};

/* The row of a check; NULL where no check has that number (it may come from another process). */
const struct check_row *check_row(uint16_t number);

/*
 * refusal: which check refused and what it saw, for the operator and for a 400's detail. Text is
 * printable ASCII: it is made by log_escape or from numbers. Serial and EK id where known, so
 * that `explain` can name the device; otherwise serial is empty and has_ek_id false.
 */
struct refusal {
	uint16_t check;
	uint32_t retry_after_s; /* 429 and 503 only */
	char saw[SAW_MAX + 1];
	char serial[SERIAL_MAX + 1];
	bool has_ek_id;
	uint8_t ek_id[32];
};

/* Sets check and saw; leaves the rest. */
__attribute__((format(printf, 3, 4)))
void refusal_set(struct refusal *, enum check, const char *saw_format, ...);

#endif
