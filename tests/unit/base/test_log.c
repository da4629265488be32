#include "log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void test_escape(void **state)
{
	static const struct {
		const char *text, *escaped;
	} rows[] = {
		{ "", "" },
		{ "SN-0001 ~", "SN-0001 ~" },
		{ "a\nb\r\t", "a\\x0ab\\x0d\\x09" },
		{ "\\", "\\x5c" },
		{ "\x1b[31m", "\\x1b[31m" },
		{ "\x7f\x80\xff", "\\x7f\\x80\\xff" },
		{ "\xc3\xa4", "\\xc3\\xa4" },
		{ "%n%s\"'", "%n%s\"'" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		log_escape(bytes_of_string(rows[i].text), out, sizeof(out));
		assert_string_equal(out, rows[i].escaped);
	}
	log_escape(bytes_of("a\0b", 3), out, sizeof(out));
	assert_string_equal(out, "a\\x00b");
}

/* Cut between characters, never inside an escape, always ended, never over the capacity. */
static void test_escape_cut(void **state)
{
	static const char *const wanted[] = { "", "a", "a", "a", "a", "a\\x0a", "a\\x0ab" };

	(void)state;
	for (size_t capacity = 1; capacity <= 7; capacity++) {
		char out[8];

		memset(out, 0x5a, sizeof(out));
		log_escape(BYTES_OF_LITERAL("a\nb"), out, capacity);
		assert_string_equal(out, wanted[capacity - 1]);
		for (size_t i = capacity; i < sizeof(out); i++)
			assert_int_equal(out[i], 0x5a);
	}
	char untouched = 0x5a;
	log_escape(BYTES_OF_LITERAL("a"), &untouched, 0);
	assert_int_equal(untouched, 0x5a);
}

/* Every octet: what comes out is printable ASCII without a lone backslash. */
static void test_escape_every_octet(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		uint8_t octet = (uint8_t)c;
		char out[8];

		log_escape(bytes_of(&octet, 1), out, sizeof(out));
		if (c >= 0x20 && c < 0x7f && c != '\\')
			assert_int_equal(strlen(out), 1);
		else
			assert_int_equal(strlen(out), 4);
		for (const char *p = out; *p != '\0'; p++)
			assert_true(*p >= 0x20 && *p < 0x7f);
	}
}

/* What log_line writes to standard error, caught in a pipe. */
static size_t catch_line(const char *text, char *out, size_t capacity)
{
	int ends[2], kept = dup(STDERR_FILENO);

	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	log_notice("%s", text);
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	ssize_t len = read(ends[0], out, capacity);
	assert_true(len > 0);
	(void)close(ends[0]);
	(void)close(ends[1]);
	(void)close(kept);
	return (size_t)len;
}

static void test_line(void **state)
{
	static char text[5000], line[6000];

	(void)state;
	log_open("front");
	size_t len = catch_line("hello", line, sizeof(line));
	assert_int_equal(len, 13);
	assert_memory_equal(line, "front: hello\n", 13);

	memset(text, 'x', sizeof(text) - 1);
	len = catch_line(text, line, sizeof(line));
	assert_true(len <= 2048);
	assert_int_equal(line[len - 1], '\n');
}

/* Nobody reads the pipe: no line waits for somebody who does, and the next one says how many are gone. */
static void test_full_pipe(void **state)
{
	static char read_back[1 << 20];
	int ends[2], kept = dup(STDERR_FILENO);
	enum { LINES = 20000 };

	(void)state;
	log_open("front");
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	for (int i = 0; i < LINES; i++)
		log_notice("line");
	ssize_t len = read(ends[0], read_back, sizeof(read_back));
	log_notice("after");
	ssize_t after_len = read(ends[0], read_back + len, sizeof(read_back) - (size_t)len - 1);
	assert_true(dup2(kept, STDERR_FILENO) >= 0);

	char wanted[128];
	size_t line_len = strlen("front: line\n");
	assert_int_equal((size_t)len % line_len, 0);
	(void)snprintf(wanted, sizeof(wanted), "front: %zu lines were lost: nobody read them\nfront: after\n",
		LINES - (size_t)len / line_len);
	assert_int_equal(after_len, strlen(wanted));
	assert_string_equal(read_back + len, wanted);
	(void)close(ends[0]);
	(void)close(ends[1]);
	(void)close(kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_escape), cmocka_unit_test(test_escape_cut),
		cmocka_unit_test(test_escape_every_octet), cmocka_unit_test(test_line),
		cmocka_unit_test(test_full_pipe) };

	(void)unsetenv("JOURNAL_STREAM");
	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
