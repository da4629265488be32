#include "expected.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The serials that may be claimed under binding = first. */

/* Reads a file that has this text; FAULT_INVALID's line is *line. */
static enum fault read_text(const char *text, struct expected **out, size_t *line)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0 && fflush(file) == 0);
	*out = NULL;
	enum fault fault = expected_read(fileno(file), out, line);
	assert_int_equal(fclose(file), 0);
	return fault;
}

static bool has(const struct expected *expected, const char *serial)
{
	return expected_has(expected, bytes_of_string(serial));
}

static void exactly_the_serials_are_expected(void **state)
{
	struct expected *expected;
	size_t line = 0;

	(void)state;
	assert_int_equal(read_text("# the first batch\nSN-2\r\n\nSN-10\nSN-1", &expected, &line),
		FAULT_NONE);
	assert_true(has(expected, "SN-1"));
	assert_true(has(expected, "SN-2"));
	assert_true(has(expected, "SN-10"));
	assert_false(has(expected, "SN-100"));
	assert_false(has(expected, "SN-"));
	assert_false(has(expected, "# the first batch"));
	assert_false(has(expected, ""));
	expected_close(expected);
}

static void an_empty_file_expects_nobody(void **state)
{
	struct expected *expected;
	size_t line = 0;

	(void)state;
	assert_false(has(NULL, "SN-1"));
	assert_int_equal(read_text("", &expected, &line), FAULT_NONE);
	assert_false(has(expected, "SN-1"));
	expected_close(expected);
}

static void a_line_that_is_no_serial_is_named(void **state)
{
	struct expected *expected;
	size_t line = 0;

	(void)state;
	assert_int_equal(read_text("SN-1\n\nsn-2\nSN-3\n", &expected, &line), FAULT_INVALID);
	assert_int_equal(line, 3);
	assert_null(expected);
}

static void a_file_that_is_too_long_or_none_is_not_read(void **state)
{
	struct expected *expected = NULL;
	size_t line = 0;
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	assert_int_equal(ftruncate(fileno(file), 1L << 40), 0);
	assert_int_equal(expected_read(fileno(file), &expected, &line), FAULT_TOO_LONG);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(expected_read(-1, &expected, &line), FAULT_SYSTEM);
	assert_null(expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exactly_the_serials_are_expected),
		cmocka_unit_test(an_empty_file_expects_nobody),
		cmocka_unit_test(a_line_that_is_no_serial_is_named),
		cmocka_unit_test(a_file_that_is_too_long_or_none_is_not_read),
	};

	return cmocka_run_group_tests_name("expected", tests, NULL, NULL);
}
