#include "http.h"

#include "limits.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#define LINE "GET /healthz HTTP/1.1\r\n"
#define POST "POST /v1/getChallenge HTTP/1.1\r\n"
#define HOST "Host: ca.example:8443\r\n"
#define END "\r\n"

static enum fault parse(struct bytes head, struct http_request *out, struct refusal *refusal)
{
	*refusal = (struct refusal){ 0 };
	return http_parse_head(head, out, refusal);
}

static void accepts(struct bytes head, struct http_request *out)
{
	struct refusal refusal;

	if (parse(head, out, &refusal) != FAULT_NONE)
		fail_msg("refused: %s: %.*s", refusal.saw, (int)head.len, (const char *)head.data);
}

/* Refused, for what saw says, and out stays as it was. */
static void refuses(struct bytes head, const char *saw)
{
	struct http_request request = { .content_length = 77 };
	struct refusal refusal;

	if (parse(head, &request, &refusal) != FAULT_INVALID)
		fail_msg("accepted: %.*s", (int)head.len, (const char *)head.data);
	assert_int_equal(refusal.check, CHECK_HTTP_HEAD);
	assert_string_equal(refusal.saw, saw);
	assert_int_equal(request.content_length, 77);
}

#define ACCEPTS(text, out) accepts(BYTES_OF_LITERAL(text), out)
#define REFUSES(text, saw) refuses(BYTES_OF_LITERAL(text), saw)

static void test_plain(void **state)
{
	struct http_request request;

	(void)state;
	ACCEPTS(LINE HOST END, &request);
	assert_int_equal(request.method, HTTP_GET);
	assert_true(bytes_equal(request.target, BYTES_OF_LITERAL("/healthz")));
	assert_int_equal(request.content_length, 0);
	assert_false(request.is_last || request.has_content_encoding ||
		request.has_transfer_encoding);
	assert_int_equal(request.content_type.len, 0);
}

static void test_fields(void **state)
{
	struct http_request request;

	(void)state;
	ACCEPTS(POST "hOST:x\r\nCONTENT-length: \t 65536 \t\r\ncontent-type:application/json\r\n"
		"Connection: keep-alive\r\nX-Any: \x80 \"any\" thing: at all\r\nX-Empty:\r\n" END,
		&request);
	assert_int_equal(request.method, HTTP_POST);
	assert_int_equal(request.content_length, 65536);
	assert_true(bytes_equal(request.content_type, BYTES_OF_LITERAL("application/json")));
	assert_false(request.is_last);
}

static void test_connection(void **state)
{
	struct http_request request;

	(void)state;
	ACCEPTS(LINE HOST "Connection: close\r\n" END, &request);
	assert_true(request.is_last);
	ACCEPTS(LINE HOST "Connection: TE , CLOSE, x\r\n" END, &request);
	assert_true(request.is_last);
	ACCEPTS(LINE HOST "Connection: x\r\nConnection: close\r\nConnection: y\r\n" END, &request);
	assert_true(request.is_last);
	ACCEPTS(LINE HOST "Connection: closed, enclose\r\n" END, &request);
	assert_false(request.is_last);
}

static void test_methods(void **state)
{
	static const struct {
		const char *head;
		enum http_method method;
	} rows[] = {
		{ "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", HTTP_HEAD },
		{ "TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", HTTP_OTHER },
		{ "get / HTTP/1.1\r\nHost: x\r\n\r\n", HTTP_OTHER },
		{ "GETS / HTTP/1.1\r\nHost: x\r\n\r\n", HTTP_OTHER },
		{ "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n", HTTP_OTHER },
	};
	struct http_request request;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		accepts(bytes_of_string(rows[i].head), &request);
		assert_int_equal(request.method, rows[i].method);
	}
}

static void test_request_line(void **state)
{
	static const char no_method[] = "the request line has no method";
	static const char no_path[] = "the request's target is not a path that begins with /";
	static const char no_version[] = "the request line does not end with HTTP/1.1";

	(void)state;
	REFUSES(END LINE HOST END, no_method);
	REFUSES(" GET / HTTP/1.1\r\n" HOST END, no_method);
	REFUSES("G\x01T / HTTP/1.1\r\n" HOST END, no_method);
	REFUSES("G\0T / HTTP/1.1\r\n" HOST END, no_method);
	REFUSES("GET\t/ HTTP/1.1\r\n" HOST END, no_method);
	REFUSES("GET  / HTTP/1.1\r\n" HOST END, no_path);
	REFUSES("GET /\r\n" HOST END, no_path);
	REFUSES("GET http://x/ HTTP/1.1\r\n" HOST END, no_path);
	REFUSES("CONNECT x:443 HTTP/1.1\r\n" HOST END, no_path);
	REFUSES("OPTIONS * HTTP/1.1\r\n" HOST END, no_path);
	REFUSES("GET /\x80 HTTP/1.1\r\n" HOST END, no_path);
	REFUSES("GET /a\0b HTTP/1.1\r\n" HOST END, no_path);
	REFUSES("GET /a#b HTTP/1.1\r\n" HOST END, no_path);
	REFUSES("GET /a\\b HTTP/1.1\r\n" HOST END, no_path);
	REFUSES("GET /  HTTP/1.1\r\n" HOST END, no_version);
	REFUSES("GET / HTTP/1.1 \r\n" HOST END, no_version);
	REFUSES("GET / HTTP/1.0\r\n" HOST END, no_version);
	REFUSES("GET / HTTP/1.10\r\n" HOST END, no_version);
	REFUSES("GET / http/1.1\r\n" HOST END, no_version);
	REFUSES("PRI / HTTP/2.0\r\n" HOST END, no_version);
	REFUSES("GET / HTTP/1.1\r\r\n" HOST END, no_version);
}

static void test_field_form(void **state)
{
	static const char no_name[] = "a field's name is not a token, or a line is folded";
	static const char control[] = "a field's value has control characters";

	(void)state;
	REFUSES(LINE HOST "nothing\r\n" END, "a field has no colon");
	REFUSES(LINE HOST ": x\r\n" END, no_name);
	REFUSES(LINE HOST "X : x\r\n" END, no_name);
	REFUSES(LINE HOST " X: x\r\n" END, no_name);
	REFUSES(LINE HOST "\tfolded: x\r\n" END, no_name);
	REFUSES(LINE HOST "X\0: x\r\n" END, no_name);
	REFUSES(LINE HOST "X(: x\r\n" END, no_name);
	REFUSES(LINE HOST "X\x80: x\r\n" END, no_name);
	REFUSES(LINE HOST "X: a\0b\r\n" END, control);
	REFUSES(LINE HOST "X: a\rb\r\n" END, control);
	REFUSES(LINE HOST "X: a\x7f\r\n" END, control);
	REFUSES(LINE HOST "X: \x1b[2J\r\n" END, control);
	REFUSES(LINE "Host: x\n" END, "a line does not end with CR LF");
	REFUSES(LINE HOST, "a line does not end with CR LF");
	REFUSES(LINE HOST "X: y", "a line does not end with CR LF");
	REFUSES("", "a line does not end with CR LF");
	REFUSES(LINE HOST END "x", "octets follow the head's empty line");
}

static void test_host(void **state)
{
	struct http_request request;

	(void)state;
	ACCEPTS(LINE "Host: [2001:db8::1]:8443\r\n" END, &request);
	REFUSES(LINE END, "Host is missing");
	REFUSES(LINE "Host:\r\n" END, "Host is empty");
	REFUSES(LINE HOST "host: ca.example\r\n" END, "Host comes more than once");
	REFUSES(LINE "Host: a b\r\n" END, "Host is not a name with an optional port");
	REFUSES(LINE "Host: a@b\r\n" END, "Host is not a name with an optional port");
	REFUSES(LINE "Host: a, b\r\n" END, "Host is not a name with an optional port");
}

/* Two opinions about where a body ends are what request smuggling lives on. */
static void test_length(void **state)
{
	static const char no_number[] = "Content-Length is not a number";
	struct http_request request;

	(void)state;
	ACCEPTS(POST HOST "Content-Length: 9999999999\r\n" END, &request);
	assert_true(request.content_length == 9999999999U);
	ACCEPTS(LINE HOST "Content-Length: 0\r\n" END, &request);
	REFUSES(POST HOST "Content-Length: 2\r\ncontent-length: 2\r\n" END,
		"Content-Length comes more than once");
	REFUSES(POST HOST "Content-Length: 2, 2\r\n" END, no_number);
	REFUSES(POST HOST "Content-Length: +2\r\n" END, no_number);
	REFUSES(POST HOST "Content-Length: -2\r\n" END, no_number);
	REFUSES(POST HOST "Content-Length: 0x2\r\n" END, no_number);
	REFUSES(POST HOST "Content-Length: 2 2\r\n" END, no_number);
	REFUSES(POST HOST "Content-Length:\r\n" END,
		"Content-Length is not a number of at most ten digits");
	REFUSES(POST HOST "Content-Length: 18446744073709551618\r\n" END,
		"Content-Length is not a number of at most ten digits");
	REFUSES(POST HOST "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n" END,
		"Transfer-Encoding and Content-Length come together");
	REFUSES(POST HOST "Transfer-Encoding: x\r\nContent-Length: 0\r\n" END,
		"Transfer-Encoding and Content-Length come together");
	REFUSES(LINE HOST "Content-Length: 2\r\n" END, "a GET has no body");
	REFUSES(LINE HOST "Transfer-Encoding: chunked\r\n" END, "a GET has no body");
	REFUSES("HEAD / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n" END, "a GET has no body");
}

static void test_other_fields(void **state)
{
	struct http_request request;

	(void)state;
	ACCEPTS(POST HOST "Transfer-Encoding: chunked\r\n" END, &request);
	assert_true(request.has_transfer_encoding);
	ACCEPTS(POST HOST "Content-Encoding: gzip\r\n" END, &request);
	assert_true(request.has_content_encoding);
	REFUSES(POST HOST "Expect: 100-continue\r\n" END,
		"Expect is not supported: send the body with the head");
	REFUSES(POST HOST "Content-Type:\r\n" END, "Content-Type is empty");
	REFUSES(POST HOST "Content-Type: a/b\r\nContent-Type: a/b\r\n" END,
		"Content-Type comes more than once");
}

/* A head with that many fields besides Host. */
static struct bytes head_of_fields(size_t count, char *out, size_t capacity)
{
	size_t len = (size_t)snprintf(out, capacity, "%s%s", LINE, HOST);

	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(out + len, capacity - len, "X: y\r\n");
	len += (size_t)snprintf(out + len, capacity - len, "\r\n");
	return bytes_of(out, len);
}

static void test_field_count(void **state)
{
	char text[HEAD_MAX];
	struct http_request request;

	(void)state;
	accepts(head_of_fields(HEADER_COUNT_MAX - 1, text, sizeof(text)), &request);
	refuses(head_of_fields(HEADER_COUNT_MAX, text, sizeof(text)),
		"there are more than 100 fields");
}

/* Every truncation of a good head is refused, and no octet past its end is read (ASan). */
static void test_truncation(void **state)
{
	static const char head[] = POST HOST "Content-Length: 2\r\nContent-Type: application/json\r\n" END;

	(void)state;
	for (size_t len = 0; len < sizeof(head) - 1; len++) {
		uint8_t *copy = test_malloc(len + 1);
		struct http_request request;
		struct refusal refusal;

		memcpy(copy, head, len);
		assert_int_equal(parse(bytes_of(copy, len), &request, &refusal), FAULT_INVALID);
		test_free(copy);
	}
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Changes, takes out or doubles one octet; room is for one more. */
static size_t mutate(uint8_t *head, size_t len, uint32_t *seed)
{
	size_t at = next_random(seed) % len;

	switch (next_random(seed) % 3) {
	case 0:
		head[at] = (uint8_t)next_random(seed);
		return len;
	case 1:
		memmove(head + at, head + at + 1, len - at - 1);
		return len - 1;
	default:
		memmove(head + at + 1, head + at, len - at);
		return len + 1;
	}
}

/* Whatever is accepted is one head, from its first octet to its last, as http_find_end sees it. */
static void assert_one_head(struct bytes head)
{
	struct http_request request;
	struct refusal refusal;
	size_t scan = 0, end = 0;

	if (parse(head, &request, &refusal) != FAULT_NONE)
		return;
	assert_int_equal(http_find_end(head, &scan, &end), FAULT_NONE);
	assert_int_equal(end, head.len);
	assert_null(memchr(head.data, '\0', head.len));
	assert_int_equal(request.target.data[0], '/');
	assert_false(request.has_transfer_encoding && request.content_length > 0);
}

/* A deterministic mutator (threats A 15 for heads); reads past the end are ASan's to find. */
static void test_mutations(void **state)
{
	static const char head[] = POST HOST "Content-Length: 12\r\nContent-Type: application/json\r\n"
		"Connection: close, x\r\nTransfer-Encodinx: y\r\n" END;
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		uint8_t copy[sizeof(head) + 8];
		size_t len = sizeof(head) - 1;

		memcpy(copy, head, len);
		for (uint32_t i = next_random(&seed) % 4; i < 4; i++)
			len = mutate(copy, len, &seed);
		assert_one_head(bytes_of(copy, len));
	}
}

/* ---- where a head ends ---- */

static void test_end(void **state)
{
	static const char input[] = LINE HOST END "body";
	size_t head_len = 0;

	(void)state;
	for (size_t step = 1; step < 8; step++) {
		size_t scan = 0;
		enum fault fault = FAULT_TRUNCATED;

		/* However it comes in, the end is found as soon as it is there, and not before. */
		for (size_t len = 0; fault == FAULT_TRUNCATED; len += step) {
			assert_true(len < sizeof(input) + step);
			fault = http_find_end(bytes_of(input,
				len < sizeof(input) ? len : sizeof(input)), &scan,
				&head_len);
		}
		assert_int_equal(fault, FAULT_NONE);
		assert_int_equal(head_len, sizeof(LINE HOST END) - 1);
	}
}

static void test_end_broken(void **state)
{
	size_t scan = 0, head_len = 0;

	(void)state;
	assert_int_equal(http_find_end(BYTES_OF_LITERAL("\n"), &scan, &head_len), FAULT_INVALID);
	scan = 0;
	assert_int_equal(http_find_end(BYTES_OF_LITERAL("GET / HTTP/1.1\n"), &scan, &head_len),
		FAULT_INVALID);
	scan = 0;
	assert_int_equal(http_find_end(BYTES_OF_LITERAL(LINE "\n"), &scan, &head_len),
		FAULT_INVALID);
}

/* What was searched once is not searched again: a head octet by octet is no quadratic work. */
static void test_end_keeps_scan(void **state)
{
	size_t scan = 0, head_len = 0;

	(void)state;
	assert_int_equal(http_find_end(BYTES_OF_LITERAL(LINE), &scan, &head_len), FAULT_TRUNCATED);
	assert_int_equal(scan, sizeof(LINE) - 1);
}

static void test_end_too_long(void **state)
{
	static uint8_t input[HEAD_MAX];
	size_t scan = 0, head_len = 0;

	(void)state;
	memset(input, 'x', sizeof(input));
	assert_int_equal(http_find_end(bytes_of(input, HEAD_MAX - 1), &scan, &head_len),
		FAULT_TRUNCATED);
	assert_int_equal(http_find_end(bytes_of(input, HEAD_MAX), &scan, &head_len),
		FAULT_TOO_LONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain), cmocka_unit_test(test_fields),
			cmocka_unit_test(test_connection),
		cmocka_unit_test(test_methods), cmocka_unit_test(test_request_line),
		cmocka_unit_test(test_field_form), cmocka_unit_test(test_host),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_other_fields), cmocka_unit_test(test_field_count),
		cmocka_unit_test(test_truncation), cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_end_broken), cmocka_unit_test(test_end_keeps_scan),
		cmocka_unit_test(test_end_too_long),
	};

	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
