#include "invocation.h"
#include "rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* BYTES_OF_LITERAL, as a constant. */
#define LITERAL(text) { (const uint8_t *)(text), sizeof(text) - 1 }
#define TEXT(field_name, value) { .name = LITERAL(field_name), .kind = FIELD_TEXT, \
	.text = LITERAL(value) }
#define NUMBER(field_name, value) { .name = LITERAL(field_name), .kind = FIELD_NUMBER, \
	.number = (value) }
#define TRUTH(field_name, value) { .name = LITERAL(field_name), .kind = FIELD_TRUTH, \
	.number = (value) }
#define NOTHING(field_name) { .name = LITERAL(field_name), .kind = FIELD_NOTHING }

/* What is printed; the caller frees it. */
static char *printed(const struct rows *rows, enum rows_form form, bool is_json, enum fault expected)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);

	assert_non_null(file);
	assert_int_equal(rows_print(rows, form, is_json, file), expected);
	assert_int_equal(fclose(file), 0);
	return text;
}

static void assert_printed(const struct rows *rows, enum rows_form form, bool is_json, const char *expected)
{
	char *text = printed(rows, form, is_json, FAULT_NONE);

	assert_string_equal(text, expected);
	free(text);
}

static const struct operator_row device = { 5, { TEXT("serial", "SN-0001"), NUMBER("eks", 2),
	TRUTH("bound", 1), NOTHING("since"), TEXT("group", "") } };
static const struct operator_row other = { 5, { TEXT("serial", "S\xc3\xb6"), NUMBER("eks", -12),
	TRUTH("bound", 0), TEXT("since", "now"), TEXT("group", "g") } };

static void test_listing(void **state)
{
	struct rows rows;

	(void)state;
	assert_int_equal(rows_open(&rows), FAULT_NONE);
	assert_printed(&rows, ROWS_LIST, false, "");
	assert_printed(&rows, ROWS_LIST, true, "[]\n");
	rows_take(&rows, &device);
	rows_take(&rows, &other);
	assert_printed(&rows, ROWS_LIST, false,
		"serial   eks  bound  since  group\n"
		"SN-0001  2    yes    -      -\n"
		"S\xc3\xb6       -12  no     now    g\n");
	char *text = printed(&rows, ROWS_LIST, true, FAULT_NONE);
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_int_equal(json_array_size(json), 2);
	const json_t *first = json_array_get(json, 0);
	assert_int_equal(json_integer_value(json_object_get(first, "eks")), 2);
	assert_true(json_is_true(json_object_get(first, "bound")));
	assert_true(json_is_null(json_object_get(first, "since")));
	assert_string_equal(json_string_value(json_object_get(first, "group")), "");
	json_decref(json);
	free(text);
	rows_close(&rows);
}

static void test_object(void **state)
{
	struct rows rows;

	(void)state;
	assert_int_equal(rows_open(&rows), FAULT_NONE);
	free(printed(&rows, ROWS_OBJECT, false, FAULT_INVALID));
	rows_take(&rows, &device);
	assert_printed(&rows, ROWS_OBJECT, false,
		"serial  SN-0001\neks     2\nbound   yes\nsince   -\ngroup   -\n");
	rows_close(&rows);
}

static void test_groups(void **state)
{
	static const struct operator_row top = { 2, { TEXT("kind", "device"), TEXT("serial", "S") } };
	static const struct operator_row ek = { 2, { TEXT("kind", "ek"), TEXT("ek_id", "aa") } };
	struct rows rows;

	(void)state;
	assert_int_equal(rows_open(&rows), FAULT_NONE);
	rows_take(&rows, &top);
	rows_take(&rows, &ek);
	assert_printed(&rows, ROWS_GROUPED, true,
		"{\n  \"serial\": \"S\",\n  \"eks\": [\n    {\n      \"ek_id\": \"aa\"\n    }\n  ],\n  \"iks\": [],\n  \"certificates\": []\n}\n");
	rows_close(&rows);
	assert_int_equal(rows_open(&rows), FAULT_NONE);
	rows_take(&rows, &top);
	rows_take(&rows, &ek);
	assert_printed(&rows, ROWS_GROUPED, false, "serial  S\n\neks\nek_id\naa\n");
	rows_close(&rows);
}

/* Threat row 135: what a terminal would obey does not reach it. */
static void test_control_characters(void **state)
{
	static const struct operator_row row = { 1, {
		TEXT("saw", "a\033[2Jb\r\nc\x7f\xc2\x9b\u202e\u2066\u2018") } };
	struct rows rows;

	(void)state;
	assert_int_equal(rows_open(&rows), FAULT_NONE);
	rows_take(&rows, &row);
	assert_printed(&rows, ROWS_LIST, false, "saw\na?[2Jb??c????\u2018\n");
	assert_printed(&rows, ROWS_OBJECT, false, "saw  a?[2Jb??c????\u2018\n");
	assert_printed(&rows, ROWS_OBJECT, true,
		"{\n  \"saw\": \"a\\u001B[2Jb\\r\\nc\\u007F\\u009B\\u202E\\u2066\\u2018\"\n}\n");
	rows_close(&rows);
}

static void test_pem_keeps_its_lines(void **state)
{
	static const struct operator_row row = { 2, { TEXT("certificate", "-----BEGIN X-----\nAA\n"),
		TEXT("state", "current") } };
	struct rows rows;

	(void)state;
	assert_int_equal(rows_open(&rows), FAULT_NONE);
	rows_take(&rows, &row);
	assert_printed(&rows, ROWS_OBJECT, false,
		"state  current\n\ncertificate\n-----BEGIN X-----\nAA\n");
	rows_close(&rows);
}

static void test_not_utf8_is_not_hidden(void **state)
{
	static const struct operator_row row = { 1, { TEXT("a", "\xff") } };
	struct rows rows;

	(void)state;
	assert_int_equal(rows_open(&rows), FAULT_NONE);
	rows_take(&rows, &row);
	free(printed(&rows, ROWS_LIST, false, FAULT_NO_MEMORY));
	rows_close(&rows);
}

/* ---- the command line's words ---- */

static void test_options(void **state)
{
	const char *words[] = { "--now", "a", "--name", "N", "--host=H", "b" };
	struct invocation invocation = { .usage = "x", .arguments = words, .count = 6 };

	(void)state;
	assert_true(invocation_flag(&invocation, "--now"));
	assert_false(invocation_flag(&invocation, "--now"));
	assert_string_equal(invocation_value(&invocation, "--name"), "N");
	assert_string_equal(invocation_value(&invocation, "--host"), "H");
	assert_null(invocation_value(&invocation, "--host"));
	assert_int_equal(invocation.count, 2);
	assert_string_equal(words[0], "a");
	assert_string_equal(words[1], "b");
	assert_true(invocation_is_good(&invocation, 2, 2));
	assert_false(invocation_is_good(&invocation, 3, 3));
	assert_false(invocation_is_good(&invocation, 0, 1));
}

static void test_wrong_options(void **state)
{
	const char *unknown[] = { "--unknown" }, *no_value[] = { "--name" };
	struct invocation invocation = { .usage = "x", .arguments = unknown, .count = 1 };

	(void)state;
	assert_false(invocation_is_good(&invocation, 0, 8));
	invocation = (struct invocation){ .usage = "x", .arguments = no_value, .count = 1 };
	assert_null(invocation_value(&invocation, "--name"));
	assert_false(invocation_is_good(&invocation, 0, 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listing),
		cmocka_unit_test(test_object),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_control_characters),
		cmocka_unit_test(test_pem_keeps_its_lines),
		cmocka_unit_test(test_not_utf8_is_not_hidden),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_wrong_options),
	};

	return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
