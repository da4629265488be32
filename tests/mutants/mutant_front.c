#include "mutant.h"
#include "routes.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What a check of a request's head leaves for those after it, made where the check is switched off
 * and does not hold; see mutant_verifier.c. The linker calls these (--wrap).
 */
enum fault __real_http_parse_head(struct bytes, struct http_request *, struct refusal *);
enum fault __real_routes_find(const struct http_request *, const struct route **, struct refusal *);
enum fault __wrap_http_parse_head(struct bytes, struct http_request *, struct refusal *);
enum fault __wrap_routes_find(const struct http_request *, const struct route **, struct refusal *);

enum { ROOM_MAX = 16384, METHOD_MAX = 16, TARGET_MAX = 256 };

/* The head as a careless reader takes it, written again without fault: method, target, the first
 * Content-Length, and JSON where that is said anywhere. Its octets live until the next one. */
static struct bytes written_again(struct bytes head)
{
	static char text[ROOM_MAX + 1], again[ROOM_MAX];
	char method[METHOD_MAX] = "", target[TARGET_MAX] = "";
	size_t len = head.len < ROOM_MAX ? head.len : ROOM_MAX;

	for (size_t i = 0; i < len; i++)
		text[i] = head.data[i] == '\0' || head.data[i] == '\r' ? '\n' : (char)head.data[i];
	text[len] = '\0';
	(void)sscanf(text, "%15s %255s", method, target);
	for (size_t i = 0; i < len; i++)
		text[i] = (char)tolower((unsigned char)text[i]);
	const char *length = strstr(text, "content-length:");
	bool is_json = strstr(text, "application/json") != NULL;
	int count = snprintf(again, sizeof(again), "%s %s HTTP/1.1\r\nHost: localhost\r\n%s", method,
		target, is_json ? "Content-Type: application/json\r\n" : "");
	if (length != NULL)
		count += snprintf(again + count, sizeof(again) - (size_t)count,
			"Content-Length: %lu\r\n",
			strtoul(length + strlen("content-length:"), NULL, 10) % 65536);
	count += snprintf(again + count, sizeof(again) - (size_t)count, "\r\n");
	return bytes_of((const uint8_t *)again, (size_t)count);
}

enum fault __wrap_http_parse_head(struct bytes head, struct http_request *out,
	struct refusal *refusal)
{
	struct http_request request = { 0 };
	enum fault fault = __real_http_parse_head(head, &request, refusal);

	if (mutant_spares(CHECK_HTTP_HEAD) && request.target.len == 0)
		fault = __real_http_parse_head(written_again(head), &request, refusal);
	if (fault == FAULT_NONE)
		*out = request;
	return fault;
}

/* Whatever the path is, it is that of something. */
enum fault __wrap_routes_find(const struct http_request *request, const struct route **out,
	struct refusal *refusal)
{
	struct http_request other = *request;
	const struct route *route = NULL;
	enum fault fault = __real_routes_find(request, &route, refusal);

	if (mutant_spares(CHECK_HTTP_ROUTE) && route == NULL) {
		other.target = bytes_of_string(
			request->method == HTTP_POST ? "/v1/getChallenge" : "/v1/ca");
		fault = __real_routes_find(&other, &route, refusal);
	}
	if (route != NULL)
		*out = route;
	return fault;
}

/* The object that a body begins with, whatever follows, duplicates and all. */
json_t *__real_json_loadb(const char *, size_t, size_t, json_error_t *);
json_t *__wrap_json_loadb(const char *, size_t, size_t, json_error_t *);

json_t *__wrap_json_loadb(const char *body, size_t len, size_t flags, json_error_t *error)
{
	json_t *value = __real_json_loadb(body, len, flags, error);

	if (value != NULL || !mutant_spares(CHECK_JSON_FORM))
		return value;
	return __real_json_loadb(body, len, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, error);
}

enum fault __real_base64_decode(struct bytes, uint8_t *, size_t, struct bytes *);
enum fault __wrap_base64_decode(struct bytes, uint8_t *, size_t, struct bytes *);

/* The value of a digit of either alphabet; -1 of what is none. */
static int digit(uint8_t c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = strchr(digits, c == '-' ? '+' : c == '_' ? '/' : c);

	return c == '\0' || found == NULL ? -1 : (int)(found - digits);
}

/* The digits that there are, whatever stands between or behind them. */
enum fault __wrap_base64_decode(struct bytes text, uint8_t *buffer, size_t capacity,
	struct bytes *out)
{
	enum fault fault = __real_base64_decode(text, buffer, capacity, out);
	uint32_t bits = 0;
	size_t digits = 0, len = 0;

	if (fault == FAULT_NONE || !mutant_spares(CHECK_JSON_BASE64))
		return fault;
	for (size_t i = 0; i < text.len; i++) {
		int value = digit(text.data[i]);

		if (value < 0)
			continue;
		bits = bits << 6 | (uint32_t)value;
		if (++digits % 4 != 1 && len < capacity)
			buffer[len++] = (uint8_t)(bits >> (6 - 2 * ((digits - 1) % 4)));
	}
	*out = bytes_of(buffer, len);
	return FAULT_NONE;
}
