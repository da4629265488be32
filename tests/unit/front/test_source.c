#include "source.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/un.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

static struct source source_of_text(int family, const char *text)
{
	struct sockaddr_storage storage = { .ss_family = (sa_family_t)family };

	if (family == AF_INET) {
		struct sockaddr_in address = { .sin_family = AF_INET };
		assert_int_equal(inet_pton(AF_INET, text, &address.sin_addr), 1);
		memcpy(&storage, &address, sizeof(address));
	} else {
		struct sockaddr_in6 address = { .sin6_family = AF_INET6 };
		assert_int_equal(inet_pton(AF_INET6, text, &address.sin6_addr), 1);
		memcpy(&storage, &address, sizeof(address));
	}
	return source_of(&storage);
}

static void assert_shared(int family, const char *one, const char *other, bool is_shared)
{
	const struct source a = source_of_text(family, one), b = source_of_text(family, other);

	assert_string_equal(a.text, one);
	assert_string_equal(b.text, other);
	assert_true((a.prefix == b.prefix) == is_shared);
}

static void test_prefixes(void **state)
{
	(void)state;
	assert_shared(AF_INET, "192.0.2.1", "192.0.2.254", true);
	assert_shared(AF_INET, "192.0.2.1", "192.0.3.1", false);
	assert_shared(AF_INET, "192.0.2.1", "193.0.2.1", false);
	assert_shared(AF_INET6, "2001:db8:0:1::1", "2001:db8:0:ff:ffff::2", true);
	assert_shared(AF_INET6, "2001:db8:0:1::1", "2001:db8:0:101::1", false);
	assert_shared(AF_INET6, "2001:db8::1", "3001:db8::1", false);
}

static void test_families_are_apart(void **state)
{
	(void)state;
	assert_int_equal(source_of_text(AF_INET6, "::ffff:192.0.2.1").prefix,
		source_of_text(AF_INET, "192.0.2.77").prefix);
	assert_string_equal(source_of_text(AF_INET6, "::ffff:192.0.2.1").text, "192.0.2.1");
	assert_int_not_equal(source_of_text(AF_INET, "0.0.0.1").prefix,
		source_of_text(AF_INET6, "::1").prefix);
}

static void test_longest(void **state)
{
	(void)state;
	static const char longest[] = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
	assert_string_equal(source_of_text(AF_INET6, longest).text, longest);
}

static void test_other(void **state)
{
	const struct sockaddr_storage storage = { .ss_family = AF_UNIX };
	const struct source source = source_of(&storage);

	(void)state;
	assert_int_equal(source.prefix, 0);
	assert_string_equal(source.text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_families_are_apart), cmocka_unit_test(test_longest),
		cmocka_unit_test(test_other) };

	return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
