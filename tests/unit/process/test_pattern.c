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
		"[]+{}()\\1]", "(a|b)*", "(a*b)*", "(A?B){9}", "(-[A-Z]*)?", "[^]+]{63}", "[[:alpha:]+][[.-.]+][[=a=]+]", "a\\+\\+\\+\\(\\{9\\}",
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
		"(()*a**){9}", "()*", "a**", "a?{3}", "(a*)*", "(a?){3}", "(a|)+", "(|a)+", "(a|b*){9}", "(^)*",
		"(a{0,3})*", "(a{,3})*", "(\\b)*",
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

/* What matches a text at all matches the whole of it. */
static void assert_anchored(const char *pattern, const regex_t *compiled)
{
	static const char *const texts[] = { "a", "b", "ab", "ba", "aab", "bab", "abb", "xa", "ax" };
	char anchored[64];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		regmatch_t match[1];
		regex_t again;

		if (regexec(compiled, texts[i], 0, NULL, 0) != 0)
			continue;
		(void)snprintf(anchored, sizeof(anchored), "^(%s)$", pattern);
		assert_int_equal(regcomp(&again, anchored, REG_EXTENDED), 0);
		assert_int_equal(regexec(&again, texts[i], 1, match, 0), 0);
		if (match[0].rm_so != 0 || (size_t)match[0].rm_eo != strlen(texts[i]))
			fail_msg("%s matches a part of %s", pattern, texts[i]);
		regfree(&again);
	}
}

/* Every pattern of five characters out of those that mean something. */
static void test_none_escapes_its_anchors(void **state)
{
	static const char letters[] = "ab)(|[]\\^$*";
	enum { LETTERS = sizeof(letters) - 1, LEN = 5 };
	size_t asked = 0, taken = 0;
	unsigned index[LEN] = { 0 };
	char pattern[LEN + 1] = { 0 };

	(void)state;
	for (; index[LEN - 1] < LETTERS; asked++) {
		regex_t compiled;

		for (size_t i = 0; i < LEN; i++)
			pattern[i] = letters[index[i]];
		if (pattern_compile(pattern, &compiled) == FAULT_NONE) {
			taken++;
			assert_anchored(pattern, &compiled);
			regfree(&compiled);
		}
		index[0]++;
		for (size_t i = 0; i < LEN - 1 && index[i] == LETTERS; i++) {
			index[i] = 0;
			index[i + 1]++;
		}
	}
	print_message("# %zu patterns, %zu of them taken\n", asked, taken);
}

static void test_unbalanced(void **state)
{
	static const char *const bad[] = { "a)|(b", ")", "(", "a)(b", "[a", "a\\", "(a))|((b)", "a{1" };
	regex_t compiled;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (pattern_compile(bad[i], &compiled) == FAULT_NONE)
			fail_msg("%s is taken", bad[i]);
	}
	assert_int_equal(pattern_compile("a|b", &compiled), FAULT_NONE);
	assert_int_equal(regexec(&compiled, "ax", 0, NULL, 0), REG_NOMATCH);
	assert_int_equal(regexec(&compiled, "xb", 0, NULL, 0), REG_NOMATCH);
	assert_int_equal(regexec(&compiled, "b", 0, NULL, 0), 0);
	regfree(&compiled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_border),
		cmocka_unit_test(test_none_escapes_its_anchors),
		cmocka_unit_test(test_unbalanced),
	};
	return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
