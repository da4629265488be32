#include "state.h"

#include "temporary_folder.h"

#include <stdint.h>
#include <string.h>
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

static void test_none(void **context)
{
	struct state state = { .handle = 5 };

	(void)context;
	assert_int_equal(state_read(&directory, &state), FAULT_NOT_FOUND);
	assert_int_equal(state.handle, 0);
}

#define IK_ID "0102030000000000000000000000000000000000000000000000000000000000"

static void test_round_trip(void **context)
{
	struct state written = { .ca = "https://ca:1", .serial = "SN-1", .profile = "server",
		.handle = 0x81020003, .parent = 0x40000001, .ek = TEMPLATE_EK_H3, .has_ek_id = true,
		.ek_id = { 1, 2, 3 }, .former_handle = 0x81020002, .former_ik_id = { 4, 5, 6 },
		.has_shown_ik_id = true, .shown_ik_id = { 7, 8, 9 } };
	struct state read;

	(void)context;
	assert_int_equal(state_write(&directory, &written), FAULT_NONE);
	assert_int_equal(state_read(&directory, &read), FAULT_NONE);
	assert_string_equal(read.ca, written.ca);
	assert_string_equal(read.serial, written.serial);
	assert_string_equal(read.profile, written.profile);
	assert_int_equal(read.handle, written.handle);
	assert_int_equal(read.parent, written.parent);
	assert_int_equal(read.ek, written.ek);
	assert_true(read.has_ek_id);
	assert_memory_equal(read.ek_id, written.ek_id, 32);
	assert_int_equal(read.former_handle, written.former_handle);
	assert_memory_equal(read.former_ik_id, written.former_ik_id, 32);
	assert_true(read.has_shown_ik_id);
	assert_memory_equal(read.shown_ik_id, written.shown_ik_id, 32);
}

static void test_round_trip_empty(void **context)
{
	struct state written = { 0 }, read = { .handle = 1 };

	(void)context;
	assert_int_equal(state_write(&directory, &written), FAULT_NONE);
	assert_int_equal(state_read(&directory, &read), FAULT_NONE);
	assert_memory_equal(&read, &written, sizeof(read));
}

static void test_refuses(void **context)
{
	static const char *const texts[] = {
		"", "[]", "{}", "{\"version\":2}", "{\"version\":1", "{\"version\":1,\"version\":1}",
		"{\"version\":1,\"ca\":\"http://x\"}", "{\"version\":1,\"ca\":1}",
		"{\"version\":1,\"serial\":\"lower\"}", "{\"version\":1,\"handle\":\"0x81010001\"}",
		"{\"version\":1,\"former_handle\":\"0x81020002\"}",
		"{\"version\":1,\"shown_ik_id\":\"00\"}",
		"{\"version\":1,\"former_handle\":\"0x81020002\",\"former_ik_id\":\"00\"}",
		"{\"version\":1,\"former_ik_id\":\"" IK_ID "\"}",
		"{\"version\":1,\"former_handle\":\"0x81010001\",\"former_ik_id\":\"" IK_ID "\"}",
		"{\"version\":1,\"handle\":\"81020002\"}", "{\"version\":1,\"handle\":\"0x8102000\"}",
		"{\"version\":1,\"ek\":\"p256\"}", "{\"version\":1,\"ek\":\"L-9\"}",
		"{\"version\":1,\"ek_id\":\"00\"}",
		"{\"version\":1,\"profile\":\"123456789012345678901234567890123\"}",
		"{\"version\":1,\"profile\":\"a\\\"b\"}",
	};
	struct state state;

	(void)context;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(
			directory_write(&directory, "state.json", bytes_of_string(texts[i]), 0600), FAULT_NONE);
		if (state_read(&directory, &state) != FAULT_DENIED)
			fail_msg("accepted: %s", texts[i]);
		assert_int_equal(failure.exit_code, EXIT_LOCAL_FILES);
		assert_int_equal(state.handle, 0);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_none),
		TEST(test_round_trip),
		TEST(test_round_trip_empty),
		TEST(test_refuses),
	};
	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
