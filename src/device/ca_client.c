#include "ca_client.h"

#include "interruption.h"
#include "report.h"

enum { ATTEMPTS_MAX = 4, BACK_OFF_MAX_S = 60 };

enum ca_reaction ca_reaction_of(long status)
{
	switch (status) {
	case 200:
		return CA_TAKE;
	case 409:
		return CA_START_AGAIN;
	case 429:
	case 503:
		return CA_WAIT;
	default:
		return CA_STOP;
	}
}

uint32_t ca_wait_s(uint32_t retry_after_s, unsigned attempt)
{
	if (retry_after_s != 0)
		return retry_after_s;
	return attempt < 6 ? UINT32_C(1) << attempt : BACK_OFF_MAX_S;
}

/* A 403 says nothing but its reference, which the operator can look up. */
static enum fault refused(struct https *https, const struct problem *problem)
{
	if (problem->reference[0] == '\0')
		return failure_set(https->failure, EXIT_CA_REFUSED, "ask whoever runs the CA",
			"the CA refused this device");
	char advice[sizeof(https->failure->advice)];
	(void)snprintf(advice, sizeof(advice),
		"whoever runs the CA learns why by `genuine-ca explain %s`", problem->reference);
	return failure_set(https->failure, EXIT_CA_REFUSED, advice,
		"the CA refused this device (reference %s)", problem->reference);
}

/* Whether it says to come again after more than a run has for its CA. */
static bool is_for_later(const struct https_answer *answer)
{
	return answer->retry_after_s > RUN_WITH_CA_S;
}

/* Every answer that is not taken ends here, in words. */
static enum fault stop(struct https *https, const struct https_answer *answer)
{
	struct problem problem = answer_problem(bytes_of(answer->body, answer->body_len));
	const char *colon = problem.detail[0] == '\0' ? "" : ": ";

	https->is_refused = !https->is_in_doubt && (answer->status == 403 || answer->status == 400);
	switch (answer->status) {
	case 403:
		return refused(https, &problem);
	case 400:
		return failure_set(https->failure, EXIT_CA_REFUSED,
			"this is an error of ours: report it",
			"the CA does not understand the request%s%s", colon, problem.detail);
	case 429:
	case 503:
		if (is_for_later(answer))
			return failure_set(https->failure, EXIT_CA_NOT_REACHED,
				"run it again when that time is over",
				"the CA has no time for this device for the next %u minutes (%ld)%s%s",
				answer->retry_after_s / 60 + 1, answer->status, colon,
				problem.detail);
		return failure_set(https->failure, EXIT_CA_NOT_REACHED,
			"run it again in a few minutes",
			"the CA has no time for this device now (%ld)%s%s", answer->status, colon,
			problem.detail);
	default:
		return failure_set(https->failure, EXIT_CA_REFUSED, "see that --ca names the CA",
			"%s answered %ld%s%s", https->origin, answer->status, colon,
			problem.detail);
	}
}

enum fault ca_wait(struct https *https, uint32_t wait_s, const char *why)
{
	if (wait_s >= https_left_s(https))
		return failure_set(https->failure, EXIT_CA_NOT_REACHED,
			"run it again in a few minutes",
			"the CA had %d minutes for this device and did not come to an end",
			RUN_WITH_CA_S / 60);
	report_note("%s; trying again in %u s", why, wait_s);
	if (!interruption_wait(wait_s))
		return FAULT_NONE;
	return failure_set(https->failure, EXIT_OTHER, "run it again to go on",
		"it was told to stop while it waited for the CA");
}

/* A captive portal's page, for one. */
static enum fault not_json(struct https *https)
{
	return failure_set(https->failure, EXIT_CA_REFUSED, "see that --ca names the CA",
		"the answer of %s is not a CA's (it is not application/json)", https->origin);
}

/* Posts until the answer is 200: FAULT_NONE. FAULT_BUSY: 409. */
static enum fault post(struct https *https, const char *path, const struct request *request,
	struct https_answer *answer)
{
	for (unsigned attempt = 0;; attempt++) {
		bool is_last = attempt + 1 == ATTEMPTS_MAX;
		enum fault fault =
			https_post(https, path, request->text, request->len, answer);
		https->is_in_doubt = https->is_in_doubt || fault != FAULT_NONE ||
			ca_reaction_of(answer->status) == CA_WAIT;
		if (fault == FAULT_TIMEOUT && !is_last)
			fault = ca_wait(https, ca_wait_s(0, attempt), https->failure->what);
		else if (fault != FAULT_NONE)
			return FAULT_DENIED;
		else if (ca_reaction_of(answer->status) == CA_TAKE)
			return answer->is_json ? FAULT_NONE : not_json(https);
		else if (ca_reaction_of(answer->status) == CA_START_AGAIN)
			return FAULT_BUSY;
		else if (ca_reaction_of(answer->status) == CA_STOP || is_last ||
				is_for_later(answer))
			return stop(https, answer);
		else
			fault = ca_wait(https, ca_wait_s(answer->retry_after_s, attempt),
				"the CA has no time for this device now");
		if (fault != FAULT_NONE)
			return fault;
	}
}

static enum fault too_large(struct https *https)
{
	return failure_set(https->failure, EXIT_OTHER, "this is an error of ours: report it",
		"what the TPM holds does not fit into one request");
}

static enum fault not_understood(struct https *https, enum fault fault)
{
	if (fault == FAULT_NONE)
		return FAULT_NONE;
	return failure_set(https->failure, EXIT_CA_REFUSED, "see that --ca names the CA",
		"the answer of %s is not a CA's (%s)", https->origin, fault_text(fault));
}

enum fault ca_get_challenge(
	struct https *https, const struct evidence *evidence, struct challenge *out)
{
	owned_request request;
	struct https_answer answer;

	if (request_for_challenge(&request, evidence) != FAULT_NONE)
		return too_large(https);
	enum fault fault = post(https, "/v1/getChallenge", &request, &answer);
	if (fault != FAULT_NONE)
		return fault;
	return not_understood(
		https, answer_challenge(bytes_of(answer.body, answer.body_len), out));
}

enum fault ca_get_certificate(struct https *https, const struct evidence *evidence,
	const struct challenge *challenge, const struct secret *ticket, struct issued *out)
{
	owned_request request;
	struct https_answer answer;

	if (request_for_certificate(
		    &request, evidence, BYTES_OF_ARRAY(challenge->header), ticket) != FAULT_NONE)
		return too_large(https);
	enum fault fault = post(https, "/v1/getCertificate", &request, &answer);
	if (fault != FAULT_NONE)
		return fault;
	return not_understood(https, answer_issued(bytes_of(answer.body, answer.body_len), out));
}
