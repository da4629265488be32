#include "answer_json.h"

#include "encoding.h"
#include "http_answer.h"
#include "memory_watch.h"
#include "owned.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>

OWNED_TYPE(json_t, json_decref)

static enum fault write_object(const json_t *object, struct answer_body *out)
{
	if (object == NULL)
		return memory_watch_has_failed() ? FAULT_NO_MEMORY : FAULT_INVALID;
	size_t len = json_dumpb(object, out->text, sizeof(out->text), JSON_COMPACT);

	if (len == 0)
		return FAULT_NO_MEMORY;
	if (len > sizeof(out->text))
		return FAULT_TOO_LONG;
	out->len = len;
	return FAULT_NONE;
}

static json_t *challenge_object(const struct answer *answer)
{
	char credential[BASE64_CAPACITY(CREDENTIAL_MAX)];
	char challenge[BASE64_CAPACITY(CHALLENGE_HEADER_SIZE)];

	base64_encode(answer->credential, credential, sizeof(credential));
	base64_encode(answer->challenge, challenge, sizeof(challenge));
	return json_pack("{s:s, s:s}", "credential", credential, "challenge", challenge);
}

/* A view as a JSON string; NULL where it is not UTF-8. */
static json_t *text_value(struct bytes text)
{
	return json_stringn(text.len == 0 ? "" : (const char *)text.data, text.len);
}

/* A member that is NULL makes json_pack fail, and it releases the others. */
static json_t *certificate_object(const struct answer *answer)
{
	return json_pack("{s:o, s:o}", "certificate", text_value(answer->certificate_pem), "chain",
		text_value(answer->chain_pem));
}

enum fault answer_json_result(const struct answer *answer, struct answer_body *out)
{
	memory_watch_begin();
	owned(json_t) *object = answer->kind == ANSWER_CHALLENGE ? challenge_object(answer)
		: certificate_object(answer);

	return write_object(object, out);
}

/* What may be said. Of 400 everything, for whoever writes a client; of 403 nothing. */
static void write_detail(const struct refusal *refusal, const struct check_row *row, char *out,
	size_t capacity)
{
	switch (row->status) {
	case 403:
		(void)snprintf(out, capacity,
			"refused; the operator of this CA can ask why by the reference");
		return;
	case 409:
		(void)snprintf(out, capacity, "start-again: begin anew with getChallenge");
		return;
	case 429:
		(void)snprintf(out, capacity, "too many requests; try again after Retry-After");
		return;
	case 503:
		(void)snprintf(out, capacity, "not now; try again after Retry-After");
		return;
	default:
		(void)snprintf(out, capacity, "%s%s(%s; %s)", refusal->saw,
			refusal->saw[0] == '\0' ? "" : " ", row->rule, row->clause);
	}
}

enum fault answer_json_problem(const struct refusal *refusal, const char *reference,
	bool is_explaining, struct answer_body *out)
{
	const struct check_row *row = check_row(refusal->check);
	char detail[512];

	assert(row != NULL);
	write_detail(refusal, row, detail, sizeof(detail));
	owned(json_t) *object = json_pack("{s:s, s:i, s:s, s:s*, s:s*}", "title",
		http_phrase(row->status), "status", (int)row->status, "detail", detail, "reference",
		reference, "reason", is_explaining && row->status == 403 ? row->reason : NULL);

	return write_object(object, out);
}
