#ifndef FRONT_ANSWER_JSON_H
#define FRONT_ANSWER_JSON_H

#include "check.h"
#include "fault.h"
#include "message.h"

#include <stddef.h>

/*
 * answer_json: the bodies of answers: the two endpoints' results, and problem documents (RFC 9457)
 * for everything that is not 200.
 *
 * Of a 403 there is one body and no other; its only varying member is reference. Who may know why
 * asks the operator. is_explaining (laboratories and the demo) adds the reason code.
 */
enum { ANSWER_BODY_MAX = 32768 };

struct answer_body {
	size_t len;
	char text[ANSWER_BODY_MAX];
};

/*
 * 200: of an ANSWER_CHALLENGE or ANSWER_CERTIFICATE. FAULT_INVALID where it is not text;
 * FAULT_NO_MEMORY.
 */
enum fault answer_json_result(const struct answer *, struct answer_body *out);

/*
 * A problem document for a refusal, whose check must have a row. reference: hexadecimal, or NULL
 * for those that have none.
 */
enum fault answer_json_problem(const struct refusal *, const char *reference, bool is_explaining,
	struct answer_body *out);

#endif
