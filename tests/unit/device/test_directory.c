#include "directory.h"

#include "temporary_folder.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *path;
static struct failure failure;

static int set_up(void **state)
{
	(void)state;
	path = temporary_folder_make();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	temporary_folder_remove();
	return 0;
}

static void test_write_and_read(void **state)
{
	owned_directory directory;
	uint8_t buffer[16];
	struct bytes content;

	(void)state;
	assert_int_equal(directory_open(&directory, path, &failure), FAULT_NONE);
	assert_int_equal(directory_read(&directory, "a", buffer, sizeof(buffer), &content), FAULT_NOT_FOUND);
	assert_int_equal(directory_write(&directory, "a", BYTES_OF_LITERAL("first"), 0600), FAULT_NONE);
	assert_int_equal(directory_write(&directory, "a", BYTES_OF_LITERAL("second"), 0600), FAULT_NONE);
	assert_int_equal(directory_read(&directory, "a", buffer, sizeof(buffer), &content), FAULT_NONE);
	assert_true(bytes_equal(content, BYTES_OF_LITERAL("second")));
	assert_int_equal(directory_read(&directory, "a", buffer, 6, &content), FAULT_NONE);
	assert_int_equal(directory_read(&directory, "a", buffer, 5, &content), FAULT_TOO_LONG);
}

/* What a cut run left beside the file does not stop the next one. */
static void test_left_over(void **state)
{
	owned_directory directory;
	struct stat status;

	(void)state;
	assert_int_equal(directory_open(&directory, path, &failure), FAULT_NONE);
	int file = openat(directory.descriptor, "a.new", O_WRONLY | O_CREAT, 0444);
	assert_true(file >= 0);
	(void)close(file);
	assert_int_equal(directory_write(&directory, "a", BYTES_OF_LITERAL("x"), 0600), FAULT_NONE);
	assert_int_not_equal(fstatat(directory.descriptor, "a.new", &status, 0), 0);
	assert_int_equal(fstatat(directory.descriptor, "a", &status, 0), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_does_not_follow_links(void **state)
{
	owned_directory directory;
	uint8_t buffer[16];
	struct bytes content;

	(void)state;
	assert_int_equal(directory_open(&directory, path, &failure), FAULT_NONE);
	assert_int_equal(symlinkat("/etc/hostname", directory.descriptor, "a"), 0);
	assert_int_equal(directory_read(&directory, "a", buffer, sizeof(buffer), &content), FAULT_DENIED);
	assert_int_equal(failure.exit_code, EXIT_LOCAL_FILES);
}

static void test_lock(void **state)
{
	owned_directory first, second, onlooker;

	(void)state;
	assert_int_equal(directory_open(&first, path, &failure), FAULT_NONE);
	assert_int_equal(directory_open(&second, path, &failure), FAULT_DENIED);
	assert_int_equal(failure.exit_code, EXIT_LOCAL_FILES);
	assert_non_null(strstr(failure.what, "another genuine-device"));
	assert_int_equal(directory_open_to_look(&onlooker, path, &failure), FAULT_NONE);
}

static void test_others_may_write(void **state)
{
	owned_directory directory;

	(void)state;
	assert_int_equal(chmod(path, 0770), 0);
	assert_int_equal(directory_open(&directory, path, &failure), FAULT_DENIED);
	assert_int_equal(failure.exit_code, EXIT_LOCAL_FILES);
}

static void test_missing(void **state)
{
	owned_directory directory, made;
	char inner[128];
	struct stat status;

	(void)state;
	(void)snprintf(inner, sizeof(inner), "%s/inner", path);
	assert_int_equal(directory_open_to_look(&directory, inner, &failure), FAULT_NOT_FOUND);
	assert_int_equal(directory_open(&made, inner, &failure), FAULT_NONE);
	assert_int_equal(stat(inner, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	assert_int_equal(rmdir(inner), 0);
}

static void test_file(void **state)
{
	struct directory directory;
	char file[PATH_MAX];
	uint8_t buffer[4];
	struct bytes content;

	(void)state;
	assert_int_equal(file_read("/nonexistent", buffer, sizeof(buffer), &failure, &content), FAULT_DENIED);
	assert_int_equal(failure.exit_code, EXIT_LOCAL_FILES);
	assert_int_equal(file_read("/proc/self/stat", buffer, sizeof(buffer), &failure, &content), FAULT_DENIED);
	assert_int_equal(file_read("/dev/null", buffer, sizeof(buffer), &failure, &content), FAULT_DENIED);
	(void)snprintf(file, sizeof(file), "%s/empty", path);
	assert_int_equal(directory_open(&directory, path, &failure), FAULT_NONE);
	assert_int_equal(directory_write(&directory, "empty", bytes_of_string(""), 0600), FAULT_NONE);
	directory_close(&directory);
	assert_int_equal(file_read(file, buffer, sizeof(buffer), &failure, &content), FAULT_NONE);
	assert_int_equal(content.len, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_write_and_read),
		TEST(test_left_over),
		TEST(test_does_not_follow_links),
		TEST(test_lock),
		TEST(test_others_may_write),
		TEST(test_missing),
		TEST(test_file),
	};
	return cmocka_run_group_tests_name("directory", tests, NULL, NULL);
}
