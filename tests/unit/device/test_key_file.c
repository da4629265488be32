#include "key_file.h"

#include "software_key.h"
#include "temporary_folder.h"

#include <stdint.h>
#include <string.h>
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
	return directory_open(&directory, temporary_folder_make(), &failure) == FAULT_NONE ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	directory_close(&directory);
	temporary_folder_remove();
	return 0;
}

/* Key files with the area of a software key and some octets in the private half's place. */
static struct key_file key_file_make(enum tpm_template template)
{
	struct software_key key = software_key_make(template);
	struct key_file file = { .private_half = { 1, 2, 3 }, .private_half_len = 3 };
	struct writer w = WRITER_OF_ARRAY(file.area.data);
	struct bytes area;

	tpm2b_public_write(&w, &key.key);
	assert_int_equal(writer_end(&w, &area), FAULT_NONE);
	file.area.len = area.len;
	software_key_free(&key);
	return file;
}

static void test_round_trip(void **state)
{
	struct key_file written = key_file_make(TEMPLATE_IK_P256_NODA), read;

	(void)state;
	assert_int_equal(key_file_write(&directory, &written), FAULT_NONE);
	assert_int_equal(key_file_read(&directory, &read), FAULT_NONE);
	assert_int_equal(read.template->template, TEMPLATE_IK_P256_NODA);
	assert_int_equal(read.private_half_len, 3);
	assert_true(bytes_equal(tpm_area_bytes(&read.area), tpm_area_bytes(&written.area)));
}

/* With its parent, until both halves are in their places. */
static void test_made(void **state)
{
	struct key_file written = key_file_make(TEMPLATE_IK_RSA3072_NODA), read;
	uint32_t parent = 0;

	(void)state;
	assert_int_equal(key_made_read(&directory, &read, &parent), FAULT_NOT_FOUND);
	assert_int_equal(key_made_write(&directory, &written, 0x81000001), FAULT_NONE);
	assert_int_equal(key_made_read(&directory, &read, &parent), FAULT_NONE);
	assert_int_equal(parent, 0x81000001);
	assert_int_equal(read.private_half_len, 3);
	assert_memory_equal(read.private_half, written.private_half, 3);
	assert_true(bytes_equal(tpm_area_bytes(&read.area), tpm_area_bytes(&written.area)));
	assert_int_equal(key_made_remove(&directory), FAULT_NONE);
	assert_int_equal(key_made_read(&directory, &read, &parent), FAULT_NOT_FOUND);
	assert_int_equal(directory_write(&directory, "key.made", BYTES_OF_LITERAL("short"), 0600),
		FAULT_NONE);
	assert_int_equal(key_made_read(&directory, &read, &parent), FAULT_DENIED);
}

/* The first half of a run that was cut is no key. */
static void test_half(void **state)
{
	struct key_file written = key_file_make(TEMPLATE_IK_P384_NODA), read;

	(void)state;
	assert_int_equal(key_file_read(&directory, &read), FAULT_NOT_FOUND);
	assert_int_equal(key_file_write(&directory, &written), FAULT_NONE);
	assert_int_equal(unlinkat(directory.descriptor, "key.pub", 0), 0);
	assert_int_equal(key_file_read(&directory, &read), FAULT_NOT_FOUND);
	assert_int_equal(key_file_write(&directory, &written), FAULT_NONE);
	assert_int_equal(unlinkat(directory.descriptor, "key.priv", 0), 0);
	assert_int_equal(key_file_read(&directory, &read), FAULT_NOT_FOUND);
}

static void refuses(const struct key_file *file)
{
	struct key_file read;

	assert_int_equal(key_file_write(&directory, file), FAULT_NONE);
	assert_int_equal(key_file_read(&directory, &read), FAULT_DENIED);
	assert_int_equal(failure.exit_code, EXIT_LOCAL_FILES);
}

static void test_not_an_identity_key(void **state)
{
	struct key_file file = key_file_make(TEMPLATE_IK_P256_NODA);

	(void)state;
	file.area.data[9] ^= 0x02; /* objectAttributes: fixedTPM */
	refuses(&file);
	file.area.data[9] ^= 0x02;
	file.area.len--;
	refuses(&file);
	file.area.len = 0;
	refuses(&file);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round_trip),
		TEST(test_half),
		TEST(test_made),
		TEST(test_not_an_identity_key),
	};
	return cmocka_run_group_tests_name("key_file", tests, NULL, NULL);
}
