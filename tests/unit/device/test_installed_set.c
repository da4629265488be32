#include "installed_set.h"

#include "temporary_folder.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct directory directory;
static struct failure failure;

static int set_up(void **state)
{
	(void)state;
	failure = (struct failure){ 0 };
	return directory_open(&directory, temporary_folder_make(), &failure) == FAULT_NONE ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	directory_close(&directory);
	temporary_folder_remove();
	return 0;
}

/* What a program gets that opens the name, link or not. */
static void reads(const char *name, const char *content)
{
	uint8_t buffer[64];
	struct bytes found;
	int file = openat(directory.descriptor, name, O_RDONLY);

	if (content == NULL) {
		assert_int_equal(file, -1);
		assert_int_equal(installed_set_read(&directory, name, buffer, sizeof(buffer), &found),
			FAULT_NOT_FOUND);
		return;
	}
	assert_true(file >= 0);
	ssize_t len = read(file, buffer, sizeof(buffer));
	(void)close(file);
	assert_true(len >= 0);
	assert_true(bytes_equal(bytes_of(buffer, (size_t)len), bytes_of_string(content)));
	assert_int_equal(
		installed_set_read(&directory, name, buffer, sizeof(buffer), &found), FAULT_NONE);
	assert_true(bytes_equal(found, bytes_of_string(content)));
}

static void writes(const struct directory *files, const char *name, const char *content)
{
	assert_int_equal(
		directory_write(files, name, bytes_of_string(content), 0644), FAULT_NONE);
}

static void installs(const char *certificate, const char *key)
{
	struct installed_set set;

	assert_int_equal(installed_set_begin(&directory, &set), FAULT_NONE);
	writes(&set.files, "certificate.pem", certificate);
	writes(&set.files, "key.pem", key);
	assert_int_equal(installed_set_switch(&directory, &set), FAULT_NONE);
	installed_set_close(&set);
}

/* Nothing until the switch, then all of it; the next one in its place the same way. */
static void test_switch(void **state)
{
	struct installed_set set;

	(void)state;
	reads("certificate.pem", NULL);
	assert_int_equal(installed_set_begin(&directory, &set), FAULT_NONE);
	writes(&set.files, "certificate.pem", "a");
	reads("certificate.pem", NULL);
	assert_int_equal(installed_set_switch(&directory, &set), FAULT_NONE);
	installed_set_close(&set);
	reads("certificate.pem", "a");
	reads("key.pem", NULL);
	installs("b", "B");
	assert_int_equal(installed_set_begin(&directory, &set), FAULT_NONE);
	writes(&set.files, "certificate.pem", "c");
	writes(&set.files, "key.pem", "C");
	installed_set_close(&set); /* Ended before the switch. */
	reads("certificate.pem", "b");
	reads("key.pem", "B");
	installs("d", "D");
	reads("certificate.pem", "d");
	reads("key.pem", "D");
}

/* Nothing of the set before the last is left in a set that lacks it. */
static void test_empty(void **state)
{
	struct installed_set set;

	(void)state;
	installs("a", "A");
	installs("b", "B");
	assert_int_equal(installed_set_begin(&directory, &set), FAULT_NONE);
	writes(&set.files, "certificate.pem", "c");
	assert_int_equal(installed_set_switch(&directory, &set), FAULT_NONE);
	installed_set_close(&set);
	reads("certificate.pem", "c");
	reads("key.pem", NULL);
}

/* Plain files under the names are read, and stay what they are until the switch. */
static void test_plain(void **state)
{
	struct installed_set set;

	(void)state;
	writes(&directory, "certificate.pem", "a");
	writes(&directory, "key.pem", "A");
	reads("certificate.pem", "a");
	assert_int_equal(installed_set_begin(&directory, &set), FAULT_NONE);
	reads("certificate.pem", "a");
	reads("key.pem", "A");
	writes(&set.files, "certificate.pem", "b");
	writes(&set.files, "key.pem", "B");
	reads("certificate.pem", "a");
	assert_int_equal(installed_set_switch(&directory, &set), FAULT_NONE);
	installed_set_close(&set);
	reads("certificate.pem", "b");
	reads("key.pem", "B");
}

static void prepares(enum fault expected)
{
	assert_int_equal(installed_set_prepare(&directory), expected);
	if (expected == FAULT_DENIED)
		assert_int_equal(failure.exit_code, EXIT_LOCAL_FILES);
}

static bool is_link(const char *name)
{
	struct stat status;

	assert_int_equal(
		fstatat(directory.descriptor, name, &status, AT_SYMLINK_NOFOLLOW), 0);
	return S_ISLNK(status.st_mode);
}

/* One that somebody has put in a link's place counts, and is not lost where a run ends early. */
static void test_replaced(void **state)
{
	struct installed_set set;

	(void)state;
	installs("a", "A");
	writes(&directory, "certificate.pem", "mine");
	assert_false(is_link("certificate.pem"));
	reads("certificate.pem", "mine");
	prepares(FAULT_NONE);
	assert_true(is_link("certificate.pem"));
	reads("certificate.pem", "mine");
	reads("key.pem", "A");
	writes(&directory, "key.pem", "mine too");
	assert_int_equal(installed_set_begin(&directory, &set), FAULT_NONE);
	installed_set_close(&set); /* Ended before the switch. */
	reads("certificate.pem", "mine");
	reads("key.pem", "mine too");
	installs("b", "B");
	reads("certificate.pem", "b");
	reads("key.pem", "B");
}

/* cp -rL: folders and plain files in the place of all links. */
static void test_copy(void **state)
{
	struct directory folder = directory;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(mkdirat(directory.descriptor, i == 0 ? "current" : "set-1", 0755), 0);
		folder.descriptor = openat(directory.descriptor, i == 0 ? "current" : "set-1", O_RDONLY);
		writes(&folder, "certificate.pem", "a");
		(void)close(folder.descriptor);
	}
	prepares(FAULT_DENIED); /* Nothing else has what is in it. */
	writes(&directory, "certificate.pem", "a");
	writes(&directory, "key.pem", "A");
	prepares(FAULT_NONE);
	assert_true(is_link("current"));
	assert_true(is_link("certificate.pem"));
	reads("certificate.pem", "a");
	reads("key.pem", "A");
	installs("b", "B");
	reads("certificate.pem", "b");
}

/* Found out before anything is asked of the CA, and left as it is. */
static void test_unusable(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(directory.descriptor, "how-to-use.txt", 0755), 0);
	prepares(FAULT_DENIED);
	assert_int_equal(unlinkat(directory.descriptor, "how-to-use.txt", AT_REMOVEDIR), 0);
	prepares(FAULT_NONE);
	assert_int_equal(mkdirat(directory.descriptor, "current.new", 0755), 0);
	prepares(FAULT_DENIED); /* No link can be made. */
	assert_int_equal(unlinkat(directory.descriptor, "current.new", AT_REMOVEDIR), 0);
	if (geteuid() == 0) {
		assert_int_equal(fchownat(directory.descriptor, "set-1", 65534, 65534, 0), 0);
		prepares(FAULT_DENIED);
		assert_int_equal(fchownat(directory.descriptor, "set-1", 0, 0, 0), 0);
	}
	installs("a", "A");
}

/* Whatever else stands there is not followed, and nothing is written through it. */
static void test_strange(void **state)
{
	uint8_t buffer[8];
	struct bytes found;
	struct installed_set set;

	(void)state;
	assert_int_equal(symlinkat("/etc/hostname", directory.descriptor, "key.pub"), 0);
	assert_int_equal(
		installed_set_read(&directory, "key.pub", buffer, sizeof(buffer), &found), FAULT_DENIED);
	prepares(FAULT_DENIED);
	assert_int_equal(unlinkat(directory.descriptor, "key.pub", 0), 0);
	assert_int_equal(symlinkat("/etc", directory.descriptor, "current"), 0);
	assert_int_equal(installed_set_begin(&directory, &set), FAULT_DENIED);
	assert_int_equal(failure.exit_code, EXIT_LOCAL_FILES);
	assert_int_equal(unlinkat(directory.descriptor, "current", 0), 0);
	assert_int_equal(symlinkat("/etc", directory.descriptor, "set-1"), 0);
	prepares(FAULT_DENIED);
	assert_int_equal(installed_set_begin(&directory, &set), FAULT_DENIED);
	assert_int_equal(unlinkat(directory.descriptor, "set-1", 0), 0);
	installs("a", "A");
	reads("key.pub", NULL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_switch),
		TEST(test_empty),
		TEST(test_plain),
		TEST(test_replaced),
		TEST(test_copy),
		TEST(test_unusable),
		TEST(test_strange),
	};
	return cmocka_run_group_tests_name("installed_set", tests, NULL, NULL);
}
