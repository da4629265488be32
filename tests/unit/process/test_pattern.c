#include "pattern.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What a production line may want. */
static void test_accepted(void **state)
{
	static const char *const patterns[] = {
		"", "SN-[0-9]{4}", "AB|SN-[0-9]{4}", "([0-9A-F]{2}-){5}[0-9A-F]{2}",
		"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", "[A-Z]{1,20}[0-9]+", "([A-Z]+-)*[0-9]{0,63}",
		"[]+{}()\\1]", "[^]+]{63}", "[[:alpha:]+][[.-.]+][[=a=]+]", "a\\+\\+\\+\\(\\{9\\}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		regex_t compiled;

		if (!pattern_is_bounded(patterns[i]))
			fail_msg("refused: %s", patterns[i]);
		assert_int_equal(regcomp(&compiled, patterns[i], REG_EXTENDED | REG_NOSUB), 0);
		regfree(&compiled);
	}
}

static void test_refused(void **state)
{
	static const char *const patterns[] = {
		"a++++++++++++++++++++++++", "((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+", "a{1025}",
		"((a{32}){32}){32}", "a{99999999999999999999}", "(a{0,64}){0,64}", "(a{600})(b{600})",
		"((([)]a{32}){32}){32})", "(([[:alpha:])]{32}){32}){32}", "(([[.(.]]{32}){32}){32}", "(a)\\1", "a)",
		"((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (pattern_is_bounded(patterns[i]))
			fail_msg("accepted: %s", patterns[i]);
	}
}

/* The limit itself. */
static void test_border(void **state)
{
	char text[2 * PATTERN_WEIGHT_MAX];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[PATTERN_WEIGHT_MAX] = '\0';
	assert_true(pattern_is_bounded(text));
	text[PATTERN_WEIGHT_MAX] = 'a';
	text[PATTERN_WEIGHT_MAX + 1] = '\0';
	assert_false(pattern_is_bounded(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_border),
	};
	return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
