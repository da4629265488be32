#include "explain.h"
#include "message.h"
#include "scratch.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct folder folder;

static int setup(void **state)
{
	(void)state;
	(void)scratch_open();
	folder = scratch_ca();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	folder_close(&folder);
	scratch_close();
	return 0;
}

static const struct ring_entry entry = {
	.time_ms = 1800000000000,
	.reference = { 1, 2, 3, 4, 5, 6, 7, 8 },
	.act = ACT_CERTIFICATE,
	.source = "192.0.2.1",
	.refusal = { .check = CHECK_EK_LISTED, .saw = "no row", .serial = "SN-1", .has_ek_id = true,
		.ek_id = { 0xaa } },
};

static void write_ring(const char *name)
{
	int ring = openat(folder.descriptor, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(ring >= 0);
	assert_int_equal(ring_slot_write(ring, 3, &entry), FAULT_NONE);
	assert_int_equal(close(ring), 0);
}

static void assert_member(const json_t *object, const char *name, const char *expected)
{
	assert_string_equal(json_string_value(json_object_get(object, name)), expected);
}

static void test_explain(void **state)
{
	struct trouble trouble = { "" };
	struct ring_entry found;

	(void)state;
	write_ring("refusals.5");
	assert_int_equal(explain_find(&folder, "0102030405060708", &found, &trouble), FAULT_NONE);
	json_t *object = explain_object(&found);
	assert_member(object, "reference", "0102030405060708");
	assert_member(object, "time", "2027-01-15T08:00:00Z");
	assert_member(object, "source", "192.0.2.1");
	assert_member(object, "act", "getCertificate");
	assert_member(object, "check", "EK_LISTED");
	assert_member(object, "reason", "E_EK_UNKNOWN");
	assert_member(object, "saw", "no row");
	assert_member(object, "serial", "SN-1");
	assert_non_null(strstr(json_string_value(json_object_get(object, "next")), "device import"));
	assert_int_equal(json_integer_value(json_object_get(object, "status")), 403);
	json_decref(object);
}

static void test_not_found(void **state)
{
	struct trouble trouble = { "" };
	struct ring_entry found;

	(void)state;
	assert_int_equal(explain_find(&folder, "0102030405060708", &found, &trouble), FAULT_NOT_FOUND);
	write_ring("refusals.0");
	assert_int_equal(explain_find(&folder, "0102030405060709", &found, &trouble), FAULT_NOT_FOUND);
	assert_int_equal(explain_find(&folder, "0102", &found, &trouble), FAULT_INVALID);
	assert_int_equal(explain_find(&folder, "not hexadecimal!", &found, &trouble), FAULT_INVALID);
}

static void test_without_serial_and_ek(void **state)
{
	struct ring_entry bare = entry;

	(void)state;
	bare.refusal.serial[0] = '\0';
	bare.refusal.has_ek_id = false;
	bare.act = 0;
	json_t *object = explain_object(&bare);
	assert_true(json_is_null(json_object_get(object, "serial")));
	assert_true(json_is_null(json_object_get(object, "ek_id")));
	assert_true(json_is_null(json_object_get(object, "act")));
	json_decref(object);
	bare.refusal.check = 9999;
	assert_null(explain_object(&bare));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_explain, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_found, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_serial_and_ek, setup, teardown),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
