#include "listen_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_both_ways(void **state)
{
	static const char *const texts[] = { "0.0.0.0:8443", "127.0.0.1:0", "10.1.2.3:65535", "[::]:8443",
		"[2001:db8::1]:1" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct listen_address address;
		char text[LISTEN_ADDRESS_TEXT_MAX];

		assert_int_equal(listen_address_read(texts[i], &address), FAULT_NONE);
		listen_address_write(&address, text, sizeof(text));
		assert_string_equal(text, texts[i]);
	}
}

static void test_refused(void **state)
{
	static const char *const texts[] = { "", ":", ":8443", "8443", "0.0.0.0", "0.0.0.0:",
		"0.0.0.0:65536", "0.0.0.0:100000", "0.0.0.0:-1", "0.0.0.0:80x", "::1:80", "[::1:80", "[]:80",
		"[::1]80", "localhost:80", "256.0.0.1:80",
		"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:80" };
	struct listen_address address;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(listen_address_read(texts[i], &address), FAULT_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_both_ways), cmocka_unit_test(test_refused) };

	return cmocka_run_group_tests_name("listen_address", tests, NULL, NULL);
}
