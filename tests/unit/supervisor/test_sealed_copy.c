#include "sealed_copy.h"

#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>

#include <cmocka.h>

enum { MANY = 200000 };

static int setup(void **state)
{
	(void)state;
	return scratch_open() != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	scratch_close();
	return 0;
}

static void test_keeps_what_was_there(void **state)
{
	const char *path = scratch_write("file", "before\n", 7);
	int file = open(path, O_RDWR | O_CLOEXEC), copy = -1;
	char text[16] = "";

	(void)state;
	assert_true(file >= 0);
	assert_int_equal(sealed_copy(file, 100, &copy), FAULT_NONE);
	assert_int_equal(pwrite(file, "after!\nmore\n", 12, 0), 12);
	assert_int_equal(pread(copy, text, sizeof(text), 0), 7);
	assert_string_equal(text, "before\n");
	assert_int_equal(pwrite(copy, "x", 1, 0), -1);
	assert_int_equal(ftruncate(copy, 0), -1);
	(void)close(copy);
	(void)close(file);
}

static void test_sizes(void **state)
{
	static uint8_t octets[MANY];
	int copy = -1;

	(void)state;
	memset(octets, 'x', sizeof(octets));
	int file = open(scratch_write("file", octets, sizeof(octets)), O_RDONLY | O_CLOEXEC);
	assert_int_equal(sealed_copy(file, MANY - 1, &copy), FAULT_TOO_LONG);
	assert_int_equal(copy, -1);
	assert_int_equal(sealed_copy(file, MANY, &copy), FAULT_NONE);
	assert_int_equal(lseek(copy, 0, SEEK_END), MANY);
	(void)close(copy);
	(void)close(file);
	file = open(scratch_write("empty", "", 0), O_RDONLY | O_CLOEXEC);
	assert_int_equal(sealed_copy(file, MANY, &copy), FAULT_NONE);
	assert_int_equal(lseek(copy, 0, SEEK_END), 0);
	(void)close(copy);
	(void)close(file);
	assert_int_equal(sealed_copy(-1, MANY, &copy), FAULT_SYSTEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_keeps_what_was_there, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
	};

	return cmocka_run_group_tests_name("sealed_copy", tests, NULL, NULL);
}
