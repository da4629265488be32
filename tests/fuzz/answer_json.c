/*
 * Target: answer_read, then answer_json_result and answer_json_problem (src/front/answer_json.h): what
 * a taken verifier or authority may have the front send. Input: the body of MESSAGE_ANSWER.
 * Holds: what is written is one JSON object; a 403 is the same for all but its reference.
 */
#include "fuzz.h"

#include "answer_json.h"

#include <jansson.h>

static struct answer_body body, plain_body;

static void demand_object(const struct answer_body *written)
{
	json_t *object = json_loadb(written->text, written->len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL,
		NULL);

	must_hold(json_is_object(object));
	json_decref(object);
}

static void demand_problem(const struct refusal *refusal)
{
	struct refusal plain = { .check = refusal->check };
	enum fault fault = answer_json_problem(refusal, "0123456789abcdef", false, &body);
	enum fault plain_fault = answer_json_problem(&plain, "0123456789abcdef", false, &plain_body);

	must_hold(fault == FAULT_NONE && plain_fault == FAULT_NONE);
	demand_object(&body);
	if (check_row(refusal->check)->status == 403)
		must_hold(bytes_equal(bytes_of(body.text, body.len),
			bytes_of(plain_body.text, plain_body.len)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct answer answer;

	if (answer_read(bytes_of(data, len), &answer) != FAULT_NONE)
		return 0;
	if (answer.kind == ANSWER_REFUSED)
		demand_problem(&answer.refusal);
	else if (answer_json_result(&answer, &body) == FAULT_NONE)
		demand_object(&body);
	return 0;
}
