#include "ticket_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CA_ID "202122232425262728292a2b2c2d2e2f"
#define MASTER "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void test_read(void **state)
{
	static const char text[] = "# a comment\ncurrent " CA_ID " " MASTER "\nformer " CA_ID " " MASTER
		" 1800000000000\n";
	struct ticket_keys keys;

	(void)state;
	assert_int_equal(ticket_keys_read(BYTES_OF_LITERAL(text), &keys), FAULT_NONE);
	assert_int_equal(keys.current.ca_id[0], 0x20);
	assert_int_equal(keys.current.master.len, 32);
	assert_int_equal(keys.current.master.data[31], 0x1f);
	assert_true(keys.has_former);
	assert_int_equal(keys.former.ca_id[15], 0x2f);
	assert_true(keys.former_until_ms == 1800000000000ull);
}

static void test_both_ways(void **state)
{
	struct ticket_keys keys = { .has_former = true, .former_until_ms = 1 }, again;
	uint8_t buffer[TICKET_KEYS_FILE_MAX];
	struct bytes text;

	(void)state;
	assert_int_equal(ticket_key_generate(&keys.current), FAULT_NONE);
	assert_int_equal(ticket_key_generate(&keys.former), FAULT_NONE);
	assert_memory_not_equal(keys.current.ca_id, keys.former.ca_id, CA_ID_SIZE);
	assert_memory_not_equal(keys.current.master.data, keys.former.master.data, MASTER_SIZE);
	assert_int_equal(ticket_keys_write(&keys, buffer, sizeof(buffer), &text), FAULT_NONE);
	assert_int_equal(ticket_keys_read(text, &again), FAULT_NONE);
	assert_memory_equal(keys.current.ca_id, again.current.ca_id, CA_ID_SIZE);
	assert_true(secret_equal(secret_bytes(&keys.current.master), secret_bytes(&again.current.master)));
	assert_true(secret_equal(secret_bytes(&keys.former.master), secret_bytes(&again.former.master)));
	assert_true(again.has_former);
	assert_true(again.former_until_ms == 1);

	keys.has_former = false;
	assert_int_equal(ticket_keys_write(&keys, buffer, sizeof(buffer), &text), FAULT_NONE);
	assert_int_equal(ticket_keys_read(text, &again), FAULT_NONE);
	assert_false(again.has_former);
	assert_int_equal(ticket_keys_write(&keys, buffer, 50, &text), FAULT_TOO_LONG);
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"# only a comment\n",
		"former " CA_ID " " MASTER " 1\n",
		"current " CA_ID "\n",
		"current " CA_ID " " MASTER "00\n",
		"current " CA_ID " " MASTER " 1\n",
		"current  " CA_ID " " MASTER "\n",
		"current " CA_ID " " MASTER "\r\n",
		"currant " CA_ID " " MASTER "\n",
		"current " CA_ID " " MASTER "\ncurrent " CA_ID " " MASTER "\n",
		"current " CA_ID " " MASTER "\nformer " CA_ID " " MASTER "\n",
		"current " CA_ID " " MASTER "\nformer " CA_ID " " MASTER " x\n",
		"current " CA_ID " " MASTER "\nformer " CA_ID " " MASTER " -1\n",
		"current " CA_ID " " MASTER "\nformer " CA_ID " " MASTER " 1 \n2\n",
		"current " CA_ID " " MASTER "\nformer " CA_ID " " MASTER " 99999999999999999999\n",
		"current " CA_ID " " MASTER "\nformer " CA_ID " " MASTER " 1\nformer " CA_ID " " MASTER " 1\n",
	};
	struct ticket_keys keys = { .former_until_ms = 42 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (ticket_keys_read(bytes_of_string(texts[i]), &keys) != FAULT_INVALID)
			fail_msg("accepted: %s", texts[i]);
		assert_true(keys.former_until_ms == 42);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_read), cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_refused) };

	return cmocka_run_group_tests_name("ticket_keys", tests, NULL, NULL);
}
