#include "utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define VALID(text) assert_true(utf8_is_valid(BYTES_OF_LITERAL(text)))
#define INVALID(text) assert_false(utf8_is_valid(BYTES_OF_LITERAL(text)))

static void test_valid(void **state)
{
	(void)state;
	VALID("");
	VALID("plain");
	VALID("\xc2\x80\xdf\xbf");
	VALID("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf");
	VALID("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

/* RFC 3629, 3 and 10: overlong forms, surrogates, what is past U+10FFFF, what is cut. */
static void test_invalid(void **state)
{
	(void)state;
	INVALID("\x80");
	INVALID("\xc0\x80");
	INVALID("\xc1\xbf");
	INVALID("\xe0\x9f\xbf");
	INVALID("\xed\xa0\x80");
	INVALID("\xf0\x8f\xbf\xbf");
	INVALID("\xf4\x90\x80\x80");
	INVALID("\xf5\x80\x80\x80");
	INVALID("\xff");
	INVALID("\xc2");
	INVALID("\xe2\x82");
	INVALID("\xf0\x90\x80");
	INVALID("\xc2x");
	INVALID("\xe2\x82x");
	INVALID("\xf0\x90\x80x");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_valid), cmocka_unit_test(test_invalid) };

	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
