/*
 * Target: answer_challenge, answer_issued, answer_problem (src/device/answer.h): what the CA sends
 * to the device.
 * Holds: texts end, and those for a terminal are printable ASCII; a credential has its size.
 */
#include "fuzz.h"

#include "answer.h"

static void demand_printable(const char *text, size_t capacity)
{
	must_hold(memchr(text, 0, capacity) != NULL);
	for (; *text != '\0'; text++)
		must_hold(*text >= 0x20 && *text <= 0x7e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct challenge challenge;
	static struct issued issued;
	struct bytes body = bytes_of(data, len);

	if (answer_challenge(body, &challenge) == FAULT_NONE)
		must_hold(challenge.credential_len <= sizeof(challenge.credential));
	if (answer_issued(body, &issued) == FAULT_NONE) {
		must_hold(memchr(issued.certificate, 0, sizeof(issued.certificate)) != NULL);
		must_hold(memchr(issued.chain, 0, sizeof(issued.chain)) != NULL);
	}
	struct problem problem = answer_problem(body);
	demand_printable(problem.detail, sizeof(problem.detail));
	demand_printable(problem.reference, sizeof(problem.reference));
	return 0;
}
