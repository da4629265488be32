#include "routes.h"

#include "limits.h"
#include "message.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

static enum fault find(const char *path, enum http_method method, const struct route **out,
	struct refusal *refusal)
{
	const struct http_request request = { .method = method, .target = bytes_of_string(path) };

	return routes_find(&request, out, refusal);
}

static void test_found(void **state)
{
	static const struct {
		const char *path;
		enum http_method method;
		enum route_name name;
		uint8_t act;
	} rows[] = {
		{ "/v1/getChallenge", HTTP_POST, ROUTE_GET_CHALLENGE, ACT_CHALLENGE },
		{ "/v1/getCertificate", HTTP_POST, ROUTE_GET_CERTIFICATE, ACT_CERTIFICATE },
		{ "/v1/ca", HTTP_GET, ROUTE_CA, 0 }, { "/v1/ca", HTTP_HEAD, ROUTE_CA, 0 },
		{ "/v1/crl", HTTP_GET, ROUTE_CRL, 0 }, { "/healthz", HTTP_GET, ROUTE_HEALTH, 0 },
	};
	const struct route *route;
	struct refusal refusal;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(find(rows[i].path, rows[i].method, &route, &refusal), FAULT_NONE);
		assert_int_equal(route->name, rows[i].name);
		assert_int_equal(route->act, rows[i].act);
	}
}

static void test_not_found(void **state)
{
	static const char *const paths[] = { "/", "//", "/v1", "/v1/", "/v1/ca/", "//v1/ca",
		"/v1/c",
		"/v1/ca?", "/v1/ca?x=y", "/v1/%63a", "/v1/./ca", "/V1/ca", "/v1/getchallenge" };
	const struct route *route = NULL;
	struct refusal refusal = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_int_equal(find(paths[i], HTTP_GET, &route, &refusal), FAULT_NOT_FOUND);
		assert_int_equal(refusal.check, CHECK_HTTP_ROUTE);
		assert_null(route);
	}
}

static void test_wrong_method(void **state)
{
	const struct route *route = NULL;
	struct refusal refusal = { 0 };

	(void)state;
	assert_int_equal(find("/v1/getChallenge", HTTP_GET, &route, &refusal), FAULT_DENIED);
	assert_int_equal(refusal.check, CHECK_HTTP_METHOD);
	assert_string_equal(route->allow, "POST");
	assert_int_equal(find("/v1/getCertificate", HTTP_HEAD, &route, &refusal), FAULT_DENIED);
	assert_int_equal(find("/v1/ca", HTTP_POST, &route, &refusal), FAULT_DENIED);
	assert_string_equal(route->allow, "GET, HEAD");
	assert_int_equal(find("/v1/ca", HTTP_OTHER, &route, &refusal), FAULT_DENIED);
}

static void judged(const struct http_request *request, enum fault fault, unsigned check)
{
	struct refusal refusal = { 0 };

	assert_int_equal(routes_check_body(request, &refusal), fault);
	assert_int_equal(refusal.check, check);
}

static struct http_request post(const char *type)
{
	return (struct http_request){ .method = HTTP_POST, .content_type = bytes_of_string(type) };
}

static void test_body(void **state)
{
	struct http_request request = post("application/json");

	(void)state;
	judged(&request, FAULT_NONE, 0);
	request.content_length = BODY_MAX;
	judged(&request, FAULT_NONE, 0);
	request.content_length = BODY_MAX + 1;
	judged(&request, FAULT_TOO_LONG, CHECK_HTTP_LENGTH);
	request = post("application/json");
	request.has_transfer_encoding = true;
	judged(&request, FAULT_UNSUPPORTED, CHECK_HTTP_CODING);
	request = post("application/json");
	request.has_content_encoding = true;
	judged(&request, FAULT_UNSUPPORTED, CHECK_HTTP_TYPE);
}

static void test_type(void **state)
{
	static const char *const good[] = { "application/json", "APPLICATION/Json",
		"application/json;charset=utf-8", "application/json;  charset=UTF-8" };
	static const char *const bad[] = { "", "text/json", "application/jsonx",
		"application/json;",
		"application/json; charset=latin1", "application/json; charset=utf-8; x",
		"application/json charset=utf-8", "application/jso", "application/json,text/html",
		"application/problem+json", "\x1b[2J" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const struct http_request request = post(good[i]);
		judged(&request, FAULT_NONE, 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct http_request request = post(bad[i]);
		judged(&request, FAULT_UNSUPPORTED, CHECK_HTTP_TYPE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found), cmocka_unit_test(test_not_found),
		cmocka_unit_test(test_wrong_method), cmocka_unit_test(test_body),
		cmocka_unit_test(test_type),
	};

	return cmocka_run_group_tests_name("routes", tests, NULL, NULL);
}
