#include "trouble.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_says(void **state)
{
	struct trouble trouble = { "" };

	(void)state;
	assert_int_equal(trouble_say(&trouble, FAULT_DENIED, "row %d: %s", 3, "Straße…"), FAULT_DENIED);
	assert_string_equal(trouble.text, "row 3: Straße…");
}

/* A file that is imported, or a store that was taken, must not write to the operator's terminal. */
static void test_has_no_control_characters(void **state)
{
	struct trouble trouble = { "" };

	(void)state;
	(void)trouble_say(&trouble, FAULT_INVALID, "holds %s", "a\033[2Jb\nc\177d\302\233e\u202e\u2018");
	assert_string_equal(trouble.text, "holds a?[2Jb?c?d?e?\u2018");
}

static void test_is_cut(void **state)
{
	char text[600];
	struct trouble trouble = { "" };

	(void)state;
	memset(text, '\n', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)trouble_say(&trouble, FAULT_INVALID, "%s", text);
	assert_int_equal(strlen(trouble.text), sizeof(trouble.text) - 1);
	assert_int_equal(strspn(trouble.text, "?"), sizeof(trouble.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says),
		cmocka_unit_test(test_has_no_control_characters),
		cmocka_unit_test(test_is_cut),
	};

	return cmocka_run_group_tests_name("trouble", tests, NULL, NULL);
}
