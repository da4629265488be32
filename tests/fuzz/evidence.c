/*
 * Target: evidence_read, then judge (src/verifier/judge.h): all checks of the verifier, under a
 * policy of trust = both with an anchor of fixed/. Input: the body of MESSAGE_EVIDENCE.
 * Holds: what is sound has every bit of the mask, and facts that the authority's reader takes; what
 * is not has a check that was not held and a text that ends.
 */
#include "fuzz.h"

#include "fixed.h"
#include "judge.h"

#include <openssl/err.h>

enum { NOW_S = 1795392000 }; /* 2026-11-23 */

static struct policy *policy;

static void load(enum load_kind kind, struct bytes octets)
{
	const struct load item = { .kind = (uint8_t)kind, .octets = octets };

	must_hold(policy_load(policy, &item, -1) == FAULT_NONE);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const uint8_t fingerprint[32] = { 0xf1 };
	static uint8_t buffer[ANCHOR_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);

	(void)argc;
	(void)argv;
	writer_sized(&w, BYTES_OF_LITERAL("hints"));
	writer_bytes(&w, fixed_file("root.der"));
	must_hold(policy_open(&policy) == FAULT_NONE);
	load(LOAD_CONFIGURATION, BYTES_OF_LITERAL("[ca]\nname = Test\n"));
	load(LOAD_FINGERPRINT, BYTES_OF_ARRAY(fingerprint));
	load(LOAD_CA_CERTIFICATE, fixed_file("ca.der"));
	load(LOAD_ANCHOR, writer_written(&w));
	must_hold(policy_complete(policy) == FAULT_NONE);
	return 0;
}

static void demand_facts(const struct facts *facts)
{
	uint8_t buffer[4096];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct facts again;
	struct bytes body;

	must_hold(facts->evidence_mask == EVIDENCE_MASK_FULL);
	facts_write(&w, facts);
	must_hold(writer_end(&w, &body) == FAULT_NONE);
	must_hold(facts_read(body, &again) == FAULT_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct verdict verdict;
	struct evidence evidence;

	if (evidence_read(bytes_of(data, len), &evidence) != FAULT_NONE)
		return 0;
	judge(policy, &evidence, NOW_S, &verdict);
	if (verdict.is_sound) {
		demand_facts(&verdict.facts);
	} else {
		must_hold(check_row(verdict.refusal.check) != NULL);
		must_hold(memchr(verdict.refusal.saw, 0, sizeof(verdict.refusal.saw)) != NULL);
	}
	ERR_clear_error();
	return 0;
}
