#include "kit.h"

#include "operation.h"

#include <stdio.h>
#include <stdlib.h>

/* Listings by pages (operator.h): together they have each row once, in order; none is long. */

#define NUMBERS(from, to) \
	"WITH RECURSIVE numbers (n) AS (VALUES (" from ") UNION ALL SELECT n + 1 FROM numbers" \
	" WHERE n < " to ") "
#define ID "CAST(printf('%032d', n) AS BLOB)"

/* The line's text between name and the next blank. */
static void value_of(const char *line, const char *name, char *out, size_t capacity)
{
	const char *begin = strstr(line, name);

	assert_non_null(begin);
	begin += strlen(name);
	size_t len = strcspn(begin, " \n");
	assert_true(len < capacity);
	memcpy(out, begin, len);
	out[len] = '\0';
}

/* Each row's value of that name is greater than that of the one before. */
static void follow(const struct kit *kit, const char *name, char last[80])
{
	for (const char *line = kit->rows; *line != '\0'; line = strchr(line, '\n') + 1) {
		char value[80];

		value_of(line, name, value, sizeof(value));
		assert_true(strcmp(value, last) > 0);
		(void)snprintf(last, 80, "%s", value);
	}
}

/* Reads all pages, each of at most that many rows; how many rows there were. argument may be NULL. */
static size_t read_pages(struct kit *kit, const char *verb, const char *argument, const char *name,
	size_t most)
{
	char after[OPERATOR_TEXT_MAX + 8], last[80] = "";
	bool is_done = kit_operate(kit, verb, argument, NULL);
	size_t total = kit->row_count;

	for (;;) {
		assert_true(is_done);
		assert_true(kit->row_count <= most);
		follow(kit, name, last);
		if (kit->result.text[0] == '\0')
			return total;
		(void)snprintf(after, sizeof(after), "after=%s", kit->result.text);
		is_done = argument == NULL ? kit_operate(kit, verb, after, NULL) :
			kit_operate(kit, verb, argument, after, NULL);
		total += kit->row_count;
	}
}

static void devices(void **state)
{
	struct kit *kit = *state;

	kit_sql(kit, NUMBERS("1", "1203") "INSERT INTO manifest_row"
		" SELECT n, printf('SN-%04d', n), " ID ", 'device', '', 1, NULL FROM numbers");
	kit_sql(kit, NUMBERS("1101", "1203") "INSERT INTO binding"
		" SELECT n, printf('SN-%04d', n), 1, NULL, 0, 1, NULL FROM numbers");
	assert_int_equal(read_pages(kit, "device list", NULL, "serial=", PAGE_ROWS), 1203);
	kit_sql(kit, NUMBERS("5001", "6203") "INSERT INTO manifest_row"
		" SELECT n, '', " ID ", 'device', '', 1, NULL FROM numbers");
	assert_int_equal(read_pages(kit, "device list", NULL, "ek_id=", 2 * PAGE_ROWS), 2406);
}

static void exactly_full_pages(void **state)
{
	struct kit *kit = *state;

	kit_sql(kit, NUMBERS("1", "500") "INSERT INTO manifest_row"
		" SELECT n, printf('SN-%04d', n), " ID ", 'device', '', 1, NULL FROM numbers");
	assert_int_equal(read_pages(kit, "device list", NULL, "serial=", PAGE_ROWS), PAGE_ROWS);
}

static void certificates(void **state)
{
	struct kit *kit = *state;

	kit_sql(kit, NUMBERS("1001", "2203") "INSERT INTO certificate"
		" SELECT CAST(printf('%016d', n) AS BLOB), 1, iif(n % 2, 'SN-1', 'SN-2'), 'device', " ID
		", " ID ", " ID ", 0, 1, 2, n, zeroblob(1), zeroblob(0) FROM numbers");
	assert_int_equal(read_pages(kit, "certificate list", NULL, "number=", PAGE_ROWS), 1203);
	assert_int_equal(read_pages(kit, "certificate list", "SN-1", "number=", PAGE_ROWS), 602);
	assert_int_equal(read_pages(kit, "certificate list", "SN-3", "number=", PAGE_ROWS), 0);
}

static void bans(void **state)
{
	struct kit *kit = *state;

	kit_sql(kit, NUMBERS("1", "1203") "INSERT INTO ban"
		" SELECT n, 1, CAST(printf('SN-%04d', n) AS BLOB), '', 1, NULL FROM numbers");
	assert_int_equal(read_pages(kit, "ban list", NULL, "value=", PAGE_ROWS), 1203);
}

static void audit_records(void **state)
{
	struct kit *kit = *state;

	kit_sql(kit, NUMBERS("1001", "2203") "INSERT INTO audit"
		" SELECT n, n, 'operator', 'ban add', '{}', " ID " FROM numbers");
	assert_int_equal(read_pages(kit, "audit list", NULL, "seq=", PAGE_ROWS), 1203);
	assert_int_equal(read_pages(kit, "audit list", "1204", "seq=", PAGE_ROWS), 1000);
}

static void names_that_are_none(void **state)
{
	struct kit *kit = *state;
	char too_long[AFTER_MAX + 8] = "after=";

	memset(too_long + 6, 'A', AFTER_MAX + 1);
	assert_false(kit_operate(kit, "audit list", "after=x", NULL));
	assert_false(kit_operate(kit, "audit list", "after=-1", NULL));
	assert_false(kit_operate(kit, "ban list", "after=9223372036854775808", NULL));
	assert_false(kit_operate(kit, "certificate list", "after=1 ", NULL));
	assert_false(kit_operate(kit, "device list", "after=#", NULL));
	assert_false(kit_operate(kit, "device list", too_long, NULL));
	assert_true(kit_operate(kit, "device list", "after=SN-1", "by=somebody", NULL));
}

/* Of what is no listing it is an argument like any other. */
static void only_of_listings(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_operate(kit, "ban add", "serial", "SN-1", "after=all", NULL));
	assert_true(kit_operate(kit, "ban list", NULL));
	assert_true(kit_has(kit, "reason=after=all "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(devices),
		KIT_TEST(exactly_full_pages),
		KIT_TEST(certificates),
		KIT_TEST(bans),
		KIT_TEST(audit_records),
		KIT_TEST(names_that_are_none),
		KIT_TEST(only_of_listings),
	};

	return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
