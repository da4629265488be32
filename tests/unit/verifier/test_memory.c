#include "kit.h"

#include "failing_memory.h"
#include "memory_watch.h"
#include "owned.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* Fails each allocation of a judgement in turn; returns how many there were. */
static size_t judge_without_memory(const struct kit *kit, const struct verdict *right)
{
	struct verdict verdict;

	for (size_t n = 1;; n++) {
		failing_memory_in(n);
		kit_judge(kit, &verdict);
		if (!failing_memory_has_failed()) {
			assert_int_equal(verdict.is_sound, right->is_sound);
			assert_int_equal(verdict.refusal.check, right->refusal.check);
			return n - 1;
		}
		if (verdict.is_sound || verdict.refusal.check != CHECK_BACK_END)
			fail_msg("allocation %zu: %s, check %u: %s", n,
				verdict.is_sound ? "sound" : "refused", verdict.refusal.check,
				verdict.refusal.saw);
	}
}

static void through_all(struct kit *kit, const char *what)
{
	struct verdict right;

	kit_judge(kit, &right); /* the library makes some things once */
	print_message("# %s: %zu allocations, each failed once\n", what,
		judge_without_memory(kit, &right));
	kit_close(kit);
}

static void test_sound(void **state)
{
	static const struct {
		enum tpm_template ik, ek;
		const char *what;
	} keys[] = {
		{ TEMPLATE_IK_P256, TEMPLATE_EK_L2, "P-256, sound" },
		{ TEMPLATE_IK_RSA2048, TEMPLATE_EK_L1, "RSA, sound" },
	};

	(void)state;
	failing_memory_or_skip();
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct kit kit = kit_of(keys[i].ik, keys[i].ek);

		kit.configuration = "[identity]\nserial_pattern = (SN|AB)-[0-9]+\n";
		kit_build(&kit);
		through_all(&kit, keys[i].what);
	}
}

/* What is to be refused stays so, or is put off; and never is a list of revoked ones overlooked. */
static void test_refused(void **state)
{
	struct kit kit = kit_of(TEMPLATE_IK_P256, TEMPLATE_EK_L2);

	(void)state;
	failing_memory_or_skip();
	kit.has_crl = true;
	kit_build(&kit);
	through_all(&kit, "revoked");

	kit = kit_of(TEMPLATE_IK_P256, TEMPLATE_EK_L2);
	kit.is_vendor_unknown = true;
	kit_build(&kit);
	through_all(&kit, "of an unknown vendor");
}

static void load(struct policy *policy, enum load_kind kind, struct bytes octets, int descriptor)
{
	const struct load item = { .kind = (uint8_t)kind, .octets = octets };

	assert_int_equal(policy_load(policy, &item, descriptor), FAULT_NONE);
}

static void load_anchor(struct policy *policy, const struct kit_certificate *says)
{
	static struct kit_buffer anchor;
	uint8_t item[KIT_OCTETS_MAX + 16];
	struct writer w = WRITER_OF_ARRAY(item);

	kit_certificate_write(says, &anchor);
	writer_sized(&w, bytes_of(NULL, 0)); /* no marks */
	writer_bytes(&w, bytes_of(anchor.data, anchor.len));
	load(policy, LOAD_ANCHOR, writer_written(&w), -1);
}

/* A vendor's root, a CA below it, and the root's list that names that CA. */
static struct policy *policy_with_revoked(const struct kit *kit)
{
	static const uint8_t fingerprint[32] = { 1 };
	static struct kit_buffer ca, list;
	struct kit_certificate below = kit->vendor;
	owned_descriptor file = memfd_create("crl", MFD_CLOEXEC);
	struct policy *policy = NULL;

	assert_int_equal(policy_open(&policy), FAULT_NONE);
	kit_certificate_write(&kit->vendor, &ca);
	load(policy, LOAD_CONFIGURATION, BYTES_OF_LITERAL("[ca]\nname = Test\n"), -1);
	load(policy, LOAD_FINGERPRINT, BYTES_OF_ARRAY(fingerprint), -1);
	load(policy, LOAD_CA_CERTIFICATE, bytes_of(ca.data, ca.len), -1);
	load_anchor(policy, &kit->vendor);
	below.subject = "Below";
	below.key = kit->ca_key;
	below.number = 77;
	load_anchor(policy, &below);
	kit_crl_write(&kit->vendor, below.number, &list);
	assert_int_equal(write(file, list.data, list.len), (ssize_t)list.len);
	load(policy, LOAD_CRL, bytes_of(NULL, 0), file);
	return policy;
}

/* A load is refused whatever it was that there was no memory for: else a revoked CA might not be one. */
static void test_sealing(void **state)
{
	struct kit kit = kit_of(TEMPLATE_IK_P256, TEMPLATE_EK_L2);
	bool has_failed = true;
	size_t n;

	(void)state;
	failing_memory_or_skip();
	for (n = 1; has_failed; n++) {
		struct policy *policy = policy_with_revoked(&kit);

		failing_memory_in(n);
		enum fault fault = policy_complete(policy);
		has_failed = failing_memory_has_failed();
		assert_int_equal(fault, has_failed ? FAULT_DENIED : FAULT_NONE);
		policy_close(policy);
	}
	print_message("# sealing: %zu allocations, each failed once\n", n - 2);
}

/* Octets that a library has no use for are no lack of memory, whatever it says of them. */
static void test_hostile(void **state)
{
	struct kit kit = kit_of(TEMPLATE_IK_P256, TEMPLATE_EK_L2);
	struct verdict verdict;
	size_t sound = 0;

	(void)state;
	kit_build(&kit);
	for (size_t i = 0; i < kit.certificate.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			kit.certificate.data[i] ^= (uint8_t)(1U << bit);
			kit_judge(&kit, &verdict);
			kit.certificate.data[i] ^= (uint8_t)(1U << bit);
			sound += verdict.is_sound;
			if (!verdict.is_sound)
				assert_int_not_equal(verdict.refusal.check, CHECK_BACK_END);
		}
	}
	print_message("# %zu octets of an EK certificate, each bit flipped, %zu sound\n",
		kit.certificate.len, sound);
	kit_close(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_sealing),
		cmocka_unit_test(test_hostile),
	};

	if (!memory_watch_openssl())
		return 1;
	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
