#ifndef VERIFIER_JUDGE_H
#define VERIFIER_JUDGE_H

#include "check.h"
#include "message.h"
#include "policy.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * judge: evidence in, facts out, or the first check that does not hold. All of the verifier's
 * checks stand in one table, cheap before dear; each sets its bit in the evidence mask only when
 * it holds, and the authority acts on the full mask alone.
 */
struct verdict {
	bool is_sound;
	struct facts facts;         /* where is_sound */
	struct refusal refusal;     /* else; with serial and EK id where they were known by then */
	bool has_extension_request; /* the CSR asked for extensions, which nobody reads */
	bool is_past_not_after;     /* the EK certificate's end has passed, and expiry = warn */
};

/*
 * Judges by policy at now_s, seconds since 1970. Keeps nothing of the evidence. Where memory ran out
 * on the way, whatever the checks said, the refusal is BACK_END: not the evidence's fault.
 */
void judge(const struct policy *, const struct evidence *, int64_t now_s, struct verdict *out);

#endif
