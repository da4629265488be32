#include "kit.h"

#include "owned.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What a policy needs to be complete; each may be left out. */
enum part { CONFIGURATION = 1, FINGERPRINT = 2, CA_CERTIFICATE = 4, ALL = 7 };

static const uint8_t fingerprint[33] = { 0xab };
static const struct bytes configuration = { (const uint8_t *)"[ca]\nname = Test\n", 17 };
static struct kit_buffer ca;

static int make_ca(void **state)
{
	struct kit kit = kit_of(TEMPLATE_IK_P256, TEMPLATE_EK_L2);

	(void)state;
	kit_certificate_write(&kit.vendor, &ca);
	kit_close(&kit);
	return 0;
}

static enum fault load(struct policy *policy, enum load_kind kind, struct bytes octets, int descriptor)
{
	const struct load item = { .kind = (uint8_t)kind, .octets = octets };

	return policy_load(policy, &item, descriptor);
}

static void load_good(struct policy *policy, enum load_kind kind, struct bytes octets)
{
	assert_int_equal(load(policy, kind, octets, -1), FAULT_NONE);
	assert_string_equal(policy->refused, "");
}

static struct policy *policy_of(unsigned parts)
{
	struct policy *policy = NULL;

	assert_int_equal(policy_open(&policy), FAULT_NONE);
	if ((parts & CONFIGURATION) != 0)
		load_good(policy, LOAD_CONFIGURATION, configuration);
	if ((parts & FINGERPRINT) != 0)
		load_good(policy, LOAD_FINGERPRINT, bytes_of(fingerprint, 32));
	if ((parts & CA_CERTIFICATE) != 0)
		load_good(policy, LOAD_CA_CERTIFICATE, bytes_of(ca.data, ca.len));
	return policy;
}

static void test_all_parts(void **state)
{
	struct policy *policy = policy_of(ALL);

	(void)state;
	assert_int_equal(policy_complete(policy), FAULT_NONE);
	assert_memory_equal(policy->fingerprint, fingerprint, 32);
	policy_close(policy);
}

/* Without our CA's key a device could bring that as its own; a ticket is bound to the fingerprint. */
static void test_a_part_is_left_out(void **state)
{
	(void)state;
	for (unsigned left_out = CONFIGURATION; left_out < ALL; left_out <<= 1) {
		struct policy *policy = policy_of(ALL & ~left_out);

		assert_int_equal(policy_complete(policy), FAULT_DENIED);
		assert_non_null(strstr(policy->refused, "no configuration, no fingerprint or"));
		policy_close(policy);
	}
}

/* The item is taken, and the load refused, with that in the line why. */
static void assert_refused(enum load_kind kind, struct bytes octets, const char *why)
{
	struct policy *policy = policy_of(ALL);

	assert_int_equal(load(policy, kind, octets, -1), FAULT_NONE);
	assert_int_equal(policy_complete(policy), FAULT_DENIED);
	if (strstr(policy->refused, why) == NULL)
		fail_msg("%s, not: %s", policy->refused, why);
	policy_close(policy);
}

static void test_items_that_cannot_be_used(void **state)
{
	const struct bytes cut_ca = bytes_of(ca.data, ca.len - 1);

	(void)state;
	assert_refused(LOAD_CONFIGURATION, configuration, "came twice");
	assert_refused(LOAD_FINGERPRINT, bytes_of(fingerprint, 31), "31 octets");
	assert_refused(LOAD_FINGERPRINT, bytes_of(fingerprint, 33), "33 octets");
	assert_refused(LOAD_CA_CERTIFICATE, cut_ca, "do not read");
	assert_refused(LOAD_ANCHOR, BYTES_OF_LITERAL("\xff"), "an anchor's marks");
	assert_refused(LOAD_ANCHOR, BYTES_OF_LITERAL("\0\0\0\0\x30\0"), "or its marks");
}

static void test_too_many_ca_certificates(void **state)
{
	struct policy *policy = policy_of(ALL);

	(void)state;
	for (size_t i = 1; i < CA_CERTIFICATE_COUNT_MAX; i++)
		load_good(policy, LOAD_CA_CERTIFICATE, bytes_of(ca.data, ca.len));
	assert_int_equal(load(policy, LOAD_CA_CERTIFICATE, bytes_of(ca.data, ca.len), -1), FAULT_NONE);
	assert_int_equal(policy_complete(policy), FAULT_DENIED);
	assert_non_null(strstr(policy->refused, "more than 8"));
	policy_close(policy);
}

/* The first reason is the one that the operator is told. */
static void test_first_reason_stays(void **state)
{
	struct policy *policy = policy_of(0);

	(void)state;
	assert_int_equal(load(policy, LOAD_CONFIGURATION, BYTES_OF_LITERAL("nothing"), -1), FAULT_NONE);
	assert_int_equal(load(policy, LOAD_CONFIGURATION, configuration, -1), FAULT_NONE);
	assert_int_equal(policy_complete(policy), FAULT_DENIED);
	assert_non_null(strstr(policy->refused, "line 1"));
	policy_close(policy);
}

/* Such an item no supervisor sends. */
static void test_descriptor_and_kind(void **state)
{
	struct policy *policy = policy_of(ALL);
	owned_descriptor file = memfd_create("item", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(write(file, "octets", 6), 6);
	assert_int_equal(load(policy, LOAD_ANCHOR, bytes_of(NULL, 0), file), FAULT_INVALID);
	assert_int_equal(load(policy, LOAD_CRL, bytes_of(NULL, 0), -1), FAULT_INVALID);
	assert_int_equal(load(policy, LOAD_TICKET_KEYS, bytes_of(NULL, 0), -1), FAULT_INVALID);
	assert_string_equal(policy->refused, "");
	policy_close(policy);
}

/* The file says how long it is: what is read into memory is bounded before. */
static void test_lists_of_no_length_or_too_long(void **state)
{
	const off_t lengths[] = { 0, (off_t)CRL_MAX + 1 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct policy *policy = policy_of(ALL);
		owned_descriptor file = memfd_create("list", MFD_CLOEXEC);

		assert_int_equal(ftruncate(file, lengths[i]), 0);
		assert_int_equal(load(policy, LOAD_CRL, bytes_of(NULL, 0), file), FAULT_NONE);
		assert_int_equal(policy_complete(policy), FAULT_DENIED);
		assert_non_null(strstr(policy->refused, fault_text(FAULT_TOO_LONG)));
		policy_close(policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_parts),
		cmocka_unit_test(test_a_part_is_left_out),
		cmocka_unit_test(test_items_that_cannot_be_used),
		cmocka_unit_test(test_too_many_ca_certificates),
		cmocka_unit_test(test_first_reason_stays),
		cmocka_unit_test(test_descriptor_and_kind),
		cmocka_unit_test(test_lists_of_no_length_or_too_long),
	};

	return cmocka_run_group_tests_name("policy", tests, make_ca, NULL);
}
