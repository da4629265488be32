#include "limits.h"
#include "profile_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool is_name(const char *text)
{
	return profile_name_is_well_formed(bytes_of_string(text));
}

static bool is_list(const char *text)
{
	return profile_list_is_well_formed(bytes_of_string(text));
}

static void names(void **state)
{
	char longest[PROFILE_NAME_MAX + 2] = "";

	(void)state;
	assert_true(is_name("a"));
	assert_true(is_name("device"));
	assert_true(is_name("tls-2-az09"));
	memset(longest, 'z', PROFILE_NAME_MAX);
	assert_true(is_name(longest));
	longest[PROFILE_NAME_MAX] = 'z';
	assert_false(is_name(longest));
	assert_false(is_name(""));
}

/* The neighbours of each range, and what would mean something elsewhere. */
static void no_other_octet(void **state)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	(void)state;
	for (unsigned octet = 0; octet < 256; octet++) {
		const uint8_t name[3] = { 'a', (uint8_t)octet, 'b' };
		bool is_allowed = octet != 0 && strchr(allowed, (int)octet) != NULL;

		assert_int_equal(profile_name_is_well_formed(BYTES_OF_ARRAY(name)), is_allowed);
	}
}

static void lists(void **state)
{
	(void)state;
	assert_true(is_list("device"));
	assert_true(is_list("device;server;b-2"));
	assert_false(is_list(""));
	assert_false(is_list(";"));
	assert_false(is_list("a;"));
	assert_false(is_list(";a"));
	assert_false(is_list("a;;b"));
	assert_false(is_list("a;B"));
	assert_false(is_list("A;b"));
	assert_false(is_list("a; b"));
	assert_false(is_list("a,b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(no_other_octet),
		cmocka_unit_test(lists),
	};

	return cmocka_run_group_tests_name("profile_name", tests, NULL, NULL);
}
