#include "http_answer.h"

#include "check.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>

#include <cmocka.h>

static void test_head(void **state)
{
	const struct http_answer answer = { .status = 200, .content_type = "application/json",
		.content_length = 15, .now_s = 1795392000 };
	char head[ANSWER_HEAD_MAX];

	(void)state;
	size_t len = http_answer_head(&answer, head);
	assert_int_equal(len, strlen(head));
	assert_string_equal(head,
		"HTTP/1.1 200 OK\r\n"
		"Date: Mon, 23 Nov 2026 00:00:00 GMT\r\n"
		"Content-Type: application/json\r\n"
		"Content-Length: 15\r\n"
		"Cache-Control: no-store\r\n"
		"Connection: keep-alive\r\n"
		"\r\n");
}

static void test_refused(void **state)
{
	const struct http_answer answer = { .status = 405,
		.content_type = "application/problem+json",
		.content_length = 0, .now_s = 951782400, .retry_after_s = UINT32_MAX,
		.allow = "GET, HEAD",
		.is_last = true };
	char head[ANSWER_HEAD_MAX];

	(void)state;
	(void)http_answer_head(&answer, head);
	assert_non_null(strstr(head, "HTTP/1.1 405 Method Not Allowed\r\n"));
	assert_non_null(strstr(head, "\r\nDate: Tue, 29 Feb 2000 00:00:00 GMT\r\n"));
	assert_non_null(strstr(head, "\r\nRetry-After: 4294967295\r\n"));
	assert_non_null(strstr(head, "\r\nAllow: GET, HEAD\r\n"));
	assert_non_null(strstr(head, "\r\nConnection: close\r\n"));
}

/* Every status that a check can have has its phrase. */
static void test_phrases(void **state)
{
	(void)state;
	for (unsigned number = 0; number < 256; number++) {
		const struct check_row *row = check_row((uint16_t)number);

		if (row != NULL)
			assert_string_not_equal(http_phrase(row->status), "Error");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_head),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_phrases) };

	return cmocka_run_group_tests_name("http_answer", tests, NULL, NULL);
}
