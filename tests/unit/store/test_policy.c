#include "kit.h"

#include "policy_draft.h"

#include <stdio.h>

/* What the supervisor loads: the rules of genuine.conf and the expected serials. */

static const char plain[] = "[ca]\nname = Test\n[profile device]\norganization = Test\n";
static const char first[] =
	"[ca]\nname = Test\n[identity]\nbinding = first\nexpected = serials\n[profile"
	" device]\norganization = Test\n";

static enum fault load_text(struct policy_draft *draft, const char *text)
{
	const struct load item = { .kind = LOAD_CONFIGURATION, .octets = bytes_of_string(text) };

	return policy_draft_load(draft, &item, -1);
}

static enum fault load_serials(struct policy_draft *draft, const char *text)
{
	const struct load item = { .kind = LOAD_EXPECTED };
	FILE *file = tmpfile();

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0 && fflush(file) == 0);
	enum fault fault = policy_draft_load(draft, &item, fileno(file));
	(void)fclose(file);
	return fault;
}

static void defaults_are_the_strict_ones(void **state)
{
	struct policy_draft draft = { 0 };
	struct policy policy = { 0 };

	(void)state;
	assert_int_equal(load_text(&draft, plain), FAULT_NONE);
	assert_int_equal(policy_draft_finish(&draft), FAULT_NONE);
	policy_draft_commit(&draft, &policy);
	assert_int_equal(policy.trust, TRUST_BOTH);
	assert_int_equal(policy.binding, BINDING_MANIFEST);
	assert_int_equal(policy.rekey, REKEY_SUPERSEDE);
	assert_int_equal(policy.overlap_s, 86400);
	assert_false(draft.is_complete);
}

static void a_bad_configuration_is_told_at_the_end(void **state)
{
	struct policy_draft draft = { 0 };

	(void)state;
	assert_int_equal(load_text(&draft, "[ca]\nname = \n nonsense"), FAULT_NONE);
	assert_int_equal(policy_draft_finish(&draft), FAULT_INVALID);
	assert_non_null(strstr(draft.why, "line"));
	policy_draft_close(&draft);
	assert_int_equal(policy_draft_finish(&draft), FAULT_INVALID); /* none at all */
}

static void first_needs_expected_serials(void **state)
{
	struct policy_draft draft = { 0 };
	struct policy policy = { 0 };

	(void)state;
	assert_int_equal(load_text(&draft, first), FAULT_NONE);
	assert_int_equal(policy_draft_finish(&draft), FAULT_INVALID);
	policy_draft_close(&draft);
	assert_int_equal(load_text(&draft, first), FAULT_NONE);
	assert_int_equal(load_serials(&draft, "# made in May\nSN-2\r\n\nSN-10\nA"), FAULT_NONE);
	assert_int_equal(policy_draft_finish(&draft), FAULT_NONE);
	policy_draft_commit(&draft, &policy);
	assert_true(expected_has(policy.expected, BYTES_OF_LITERAL("SN-2")));
	assert_true(expected_has(policy.expected, BYTES_OF_LITERAL("SN-10")));
	assert_true(expected_has(policy.expected, BYTES_OF_LITERAL("A")));
	assert_false(expected_has(policy.expected, BYTES_OF_LITERAL("SN-1")));
	assert_false(expected_has(policy.expected, BYTES_OF_LITERAL("SN-")));
	assert_false(expected_has(policy.expected, BYTES_OF_LITERAL("")));
	policy_draft_commit(&draft, &policy); /* takes the list's place and releases it */
	assert_null(policy.expected);
	assert_false(expected_has(policy.expected, BYTES_OF_LITERAL("A")));
}

static void a_line_that_is_no_serial_is_told(void **state)
{
	struct policy_draft draft = { 0 };

	(void)state;
	assert_int_equal(load_text(&draft, first), FAULT_NONE);
	assert_int_equal(load_serials(&draft, "SN-1\nsn-2\n"), FAULT_NONE);
	assert_int_equal(policy_draft_finish(&draft), FAULT_INVALID);
	assert_non_null(strstr(draft.why, "line 2"));
	policy_draft_close(&draft);
}

static void an_empty_list_expects_nobody(void **state)
{
	struct policy_draft draft = { 0 };

	(void)state;
	assert_int_equal(load_text(&draft, first), FAULT_NONE);
	assert_int_equal(load_serials(&draft, ""), FAULT_NONE);
	assert_int_equal(policy_draft_finish(&draft), FAULT_NONE);
	assert_false(expected_has(draft.policy.expected, BYTES_OF_LITERAL("SN-1")));
	policy_draft_close(&draft);
}

static void other_items_are_not_the_stores(void **state)
{
	const struct load key = { .kind = LOAD_CA_KEY }, expected = { .kind = LOAD_EXPECTED };
	struct policy_draft draft = { 0 };

	(void)state;
	assert_int_equal(policy_draft_load(&draft, &key, -1), FAULT_UNSUPPORTED);
	assert_int_equal(policy_draft_load(&draft, &expected, -1), FAULT_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_the_strict_ones),
		cmocka_unit_test(a_bad_configuration_is_told_at_the_end),
		cmocka_unit_test(first_needs_expected_serials),
		cmocka_unit_test(a_line_that_is_no_serial_is_told),
		cmocka_unit_test(an_empty_list_expects_nobody),
		cmocka_unit_test(other_items_are_not_the_stores),
	};

	return cmocka_run_group_tests_name("store_policy", tests, NULL, NULL);
}
