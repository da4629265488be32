#include "folder.h"
#include "init.h"
#include "scratch.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static int setup(void **state)
{
	(void)state;
	(void)scratch_open();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scratch_close();
	return 0;
}

static void test_init_and_modes(void **state)
{
	static const char *const secrets[] = { "secret/ca.key", "secret/tls.key", "secret/ticket.keys" };
	struct folder folder = scratch_ca();
	struct stat status;

	(void)state;
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		assert_int_equal(fstatat(folder.descriptor, secrets[i], &status, 0), 0);
		assert_int_equal(status.st_mode & 07777, 0600);
	}
	assert_int_equal(fstatat(folder.descriptor, "secret", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_int_equal(fstatat(folder.descriptor, "store", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_int_equal(fstat(folder.descriptor, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0711);
	folder_close(&folder);
}

static void test_init_overwrites_nothing(void **state)
{
	struct folder folder = scratch_ca();
	struct trouble trouble = { "" };
	const struct init again = { .directory = folder.path, .name = "Again", .ca_key = "p256",
		.host_count = 1, .hosts = { "localhost" } };

	(void)state;
	assert_int_equal(init_folder(&again, &trouble), FAULT_EXISTS);
	assert_non_null(strstr(scratch_read("ca/genuine.conf"), "name = Test\n"));
	folder_close(&folder);
}

static void test_init_refuses_bad_words(void **state)
{
	char path[512];
	struct trouble trouble = { "" };
	struct stat status;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/never", scratch_open());
	const struct init bad[] = {
		{ .directory = path, .name = "", .ca_key = "p256", .host_count = 1, .hosts = { "a" } },
		{ .directory = path, .name = "A\nlaboratory = yes", .ca_key = "p256", .host_count = 1,
			.hosts = { "a" } },
		{ .directory = path, .name = "A", .ca_key = "p521", .host_count = 1, .hosts = { "a" } },
		{ .directory = path, .name = "A", .ca_key = "p256", .host_count = 1, .hosts = { "a b" } },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(init_folder(&bad[i], &trouble), FAULT_INVALID);
		assert_int_equal(stat(path, &status), -1);
	}
}

static void assert_unsafe(const struct folder *folder, const char *name, enum folder_file kind,
	const char *word)
{
	struct trouble trouble = { "" };
	int file = -1;

	assert_int_equal(folder_open_file(folder, name, kind, &file, &trouble), FAULT_DENIED);
	assert_int_equal(file, -1);
	if (strstr(trouble.text, word) == NULL)
		fail_msg("\"%s\" does not say %s", trouble.text, word);
}

static void test_safe_files_open(void **state)
{
	struct folder folder = scratch_ca();
	struct trouble trouble = { "" };
	int file = -1;

	(void)state;
	assert_int_equal(folder_open_file(&folder, "secret/ca.key", FOLDER_SECRET, &file, &trouble), FAULT_NONE);
	assert_int_equal(close(file), 0);
	assert_int_equal(folder_open_file(&folder, "ca.pem", FOLDER_PUBLIC, &file, &trouble), FAULT_NONE);
	assert_int_equal(close(file), 0);
	assert_int_equal(folder_open_file(&folder, "none", FOLDER_PUBLIC, &file, &trouble), FAULT_NOT_FOUND);
	folder_close(&folder);
}

/* As [identity] expected may: the folder's path does not stand before it in what is said. */
static void test_whole_path(void **state)
{
	struct folder folder = scratch_ca();
	struct trouble trouble = { "" };
	int file = -1;

	(void)state;
	assert_int_equal(folder_open_file(&folder, "/nowhere", FOLDER_PUBLIC, &file, &trouble), FAULT_NOT_FOUND);
	assert_string_equal(trouble.text, "/nowhere: No such file or directory");
	folder_close(&folder);
}

/* Threat row 137, one after the other. */
static void test_unsafe_files(void **state)
{
	struct folder folder = scratch_ca();
	int at = folder.descriptor;

	(void)state;
	assert_int_equal(fchmodat(at, "secret/ca.key", 0640, 0), 0);
	assert_unsafe(&folder, "secret/ca.key", FOLDER_SECRET, "mode 0640");
	assert_int_equal(fchmodat(at, "secret/ca.key", 0600, 0), 0);

	assert_int_equal(fchmodat(at, "ca.pem", 0664, 0), 0);
	assert_unsafe(&folder, "ca.pem", FOLDER_PUBLIC, "mode 0664");
	assert_int_equal(fchmodat(at, "ca.pem", 0644, 0), 0);

	assert_int_equal(linkat(at, "secret/ca.key", at, "second", 0), 0);
	assert_unsafe(&folder, "secret/ca.key", FOLDER_SECRET, "second name");
	assert_int_equal(unlinkat(at, "second", 0), 0);

	assert_int_equal(symlinkat("ca.key", at, "secret/link"), 0);
	assert_unsafe(&folder, "secret/link", FOLDER_SECRET, "symbolic link");

	assert_int_equal(mkfifoat(at, "secret/fifo", 0600), 0);
	assert_unsafe(&folder, "secret/fifo", FOLDER_SECRET, "not an ordinary file");

	assert_int_equal(fchmodat(at, "secret", 0750, 0), 0);
	assert_unsafe(&folder, "secret/ca.key", FOLDER_SECRET, "mode 0700");
	assert_int_equal(fchmodat(at, "secret", 0700, 0), 0);

	if (geteuid() == 0) {
		assert_int_equal(fchownat(at, "secret/ca.key", 1234, 1234, 0), 0);
		assert_unsafe(&folder, "secret/ca.key", FOLDER_SECRET, "belongs to user 1234");
	}
	folder_close(&folder);
}

static void test_unsafe_folder(void **state)
{
	struct folder folder = scratch_ca(), again;
	struct trouble trouble = { "" };

	(void)state;
	assert_int_equal(fchmod(folder.descriptor, 0771), 0);
	assert_int_equal(folder_open(folder.path, &again, &trouble), FAULT_DENIED);
	assert_int_equal(fchmod(folder.descriptor, 0711), 0);
	if (geteuid() == 0) {
		assert_int_equal(fchown(folder.descriptor, 1234, 1234), 0);
		assert_int_equal(folder_open(folder.path, &again, &trouble), FAULT_DENIED);
	}
	assert_int_equal(folder_open("/nowhere/at/all", &again, &trouble), FAULT_NOT_FOUND);
	folder_close(&folder);
}

static void test_read_create_replace(void **state)
{
	struct folder folder = scratch_ca();
	struct trouble trouble = { "" };
	uint8_t buffer[8];
	struct bytes octets;

	(void)state;
	assert_int_equal(folder_create(&folder, "x", 0600, BYTES_OF_LITERAL("12345678"), &trouble), FAULT_NONE);
	assert_int_equal(folder_create(&folder, "x", 0600, BYTES_OF_LITERAL("9"), &trouble), FAULT_EXISTS);
	assert_int_equal(folder_read(&folder, "x", FOLDER_PUBLIC, buffer, 8, &octets, &trouble), FAULT_NONE);
	assert_true(bytes_equal(octets, BYTES_OF_LITERAL("12345678")));
	assert_int_equal(folder_read(&folder, "x", FOLDER_PUBLIC, buffer, 7, &octets, &trouble), FAULT_TOO_LONG);
	/* What a crash left over does not stand in the way. */
	assert_int_equal(folder_create(&folder, "x.new", 0600, BYTES_OF_LITERAL("half"), &trouble), FAULT_NONE);
	assert_int_equal(folder_replace(&folder, "x", 0600, BYTES_OF_LITERAL("abc"), &trouble), FAULT_NONE);
	assert_int_equal(folder_read(&folder, "x", FOLDER_PUBLIC, buffer, 8, &octets, &trouble), FAULT_NONE);
	assert_true(bytes_equal(octets, BYTES_OF_LITERAL("abc")));
	assert_int_equal(faccessat(folder.descriptor, "x.new", F_OK, 0), -1);
	folder_close(&folder);
}

/* ---- what a power cut may not undo ---- */

static ino_t synced[16];
static size_t synced_count;

/* In place of libc's, for this program. */
int fsync(int descriptor)
{
	struct stat status;

	if (fstat(descriptor, &status) == 0 && synced_count < sizeof(synced) / sizeof(synced[0]))
		synced[synced_count++] = status.st_ino;
	return 0;
}

static void expect_synced(const struct folder *folder, const char *directory)
{
	struct stat status;
	bool is_synced = false;

	assert_int_equal(fstatat(folder->descriptor, directory, &status, 0), 0);
	for (size_t i = 0; i < synced_count; i++)
		is_synced |= synced[i] == status.st_ino;
	assert_true(is_synced);
	synced_count = 0;
}

/* A file is renamed, or taken away, in the directory that holds its name: that one is to be synced. */
static void test_names_are_synced_where_they_stand(void **state)
{
	struct folder folder = scratch_ca();
	struct trouble trouble = { "" };
	const struct bytes text = BYTES_OF_LITERAL("x");

	(void)state;
	synced_count = 0;
	assert_int_equal(folder_replace(&folder, "secret/x", 0600, text, &trouble), FAULT_NONE);
	expect_synced(&folder, "secret");
	assert_int_equal(folder_create(&folder, "trust/y", 0644, text, &trouble), FAULT_NONE);
	expect_synced(&folder, "trust");
	assert_int_equal(folder_remove(&folder, "trust/y", &trouble), FAULT_NONE);
	expect_synced(&folder, "trust");
	assert_int_equal(folder_replace(&folder, "z", 0644, text, &trouble), FAULT_NONE);
	expect_synced(&folder, ".");
	assert_int_equal(folder_remove(&folder, "trust/y", &trouble), FAULT_SYSTEM);
	folder_close(&folder);
}

static void test_lock_is_exclusive(void **state)
{
	struct folder folder = scratch_ca();
	struct trouble trouble = { "" };
	int first = -1, second = -1;

	(void)state;
	assert_int_equal(folder_lock(&folder, &first, &trouble), FAULT_NONE);
	assert_int_equal(folder_lock(&folder, &second, &trouble), FAULT_BUSY);
	assert_int_equal(close(first), 0);
	assert_int_equal(folder_lock(&folder, &second, &trouble), FAULT_NONE);
	assert_int_equal(close(second), 0);
	folder_close(&folder);
}

static void *give_back_soon(void *lock)
{
	const struct timespec soon = { .tv_nsec = 5 * 1000000 };

	(void)nanosleep(&soon, NULL);
	(void)close(*(int *)lock);
	return NULL;
}

/* A `reload` looks whether a server has it: one that starts just then starts all the same. */
static void test_lock_is_waited_for_a_moment(void **state)
{
	struct folder folder = scratch_ca();
	struct trouble trouble = { "" };
	int first, second = -1;
	pthread_t other;

	(void)state;
	assert_int_equal(folder_lock(&folder, &first, &trouble), FAULT_NONE);
	assert_int_equal(pthread_create(&other, NULL, give_back_soon, &first), 0);
	assert_int_equal(folder_lock(&folder, &second, &trouble), FAULT_NONE);
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_int_equal(close(second), 0);
	folder_close(&folder);
}

static void test_store_belongs_to_its_user(void **state)
{
	struct folder folder = scratch_ca();
	struct trouble trouble = { "" };
	uid_t store = geteuid() == 0 ? 61153 : geteuid();
	int directory = -1, second = -1;

	(void)state;
	assert_int_equal(folder_open_store(&folder, store, &directory, &trouble), FAULT_NONE);
	assert_int_equal(folder_open_store(&folder, store, &second, &trouble), FAULT_BUSY);
	assert_non_null(strstr(trouble.text, "another folder, or by the store of a killed server"));
	assert_int_equal(close(directory), 0);
	assert_int_equal(folder_open_store(&folder, store, &second, &trouble), FAULT_NONE);
	assert_int_equal(close(second), 0);
	assert_int_equal(folder_open_store(&folder, store + 1, &directory, &trouble), FAULT_DENIED);
	assert_int_equal(fchmodat(folder.descriptor, "store", 0750, 0), 0);
	assert_int_equal(folder_open_store(&folder, store, &directory, &trouble), FAULT_DENIED);
	folder_close(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_init_and_modes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_init_overwrites_nothing, setup, teardown),
		cmocka_unit_test_teardown(test_init_refuses_bad_words, teardown),
		cmocka_unit_test_setup_teardown(test_safe_files_open, setup, teardown),
		cmocka_unit_test_setup_teardown(test_whole_path, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unsafe_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unsafe_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_create_replace, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names_are_synced_where_they_stand, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lock_is_exclusive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lock_is_waited_for_a_moment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_belongs_to_its_user, setup, teardown),
	};

	return cmocka_run_group_tests_name("folder", tests, NULL, NULL);
}
