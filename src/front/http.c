#include "http.h"

#include "limits.h"

#include <strings.h>

/* Functions that judge return a complaint: what the head is refused for, NULL where it is not. */

enum fault http_find_end(struct bytes input, size_t *scan, size_t *head_len)
{
	for (size_t i = *scan; i < input.len; i++) {
		if (input.data[i] != '\n')
			continue;
		if (i == 0 || input.data[i - 1] != '\r')
			return FAULT_INVALID;
		if (i >= 3 && input.data[i - 2] == '\n') {
			*head_len = i + 1;
			return FAULT_NONE;
		}
	}
	*scan = input.len;
	return input.len >= HEAD_MAX ? FAULT_TOO_LONG : FAULT_TRUNCATED;
}

static bool is_alphanumeric(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* RFC 9110, 5.6.2. */
static bool is_token(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (!is_alphanumeric(c) && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
			return false;
	}
	return text.len > 0;
}

static bool is_text(struct bytes text, const char *lower_case)
{
	size_t len = strlen(lower_case);

	return text.len == len && strncasecmp((const char *)text.data, lower_case, len) == 0;
}

/* Takes everything before the first separator off the front, and the separator. */
static bool take_until(struct bytes *rest, uint8_t separator, struct bytes *out)
{
	const uint8_t *end = rest->len == 0 ? NULL : memchr(rest->data, separator, rest->len);

	if (end == NULL)
		return false;
	*out = bytes_of(rest->data, (size_t)(end - rest->data));
	*rest = bytes_of(end + 1, rest->len - out->len - 1);
	return true;
}

/* A line without its CR LF. A lone CR inside it is no field or target character, so it is found. */
static bool take_line(struct bytes *rest, struct bytes *out)
{
	struct bytes line;

	if (!take_until(rest, '\n', &line) || line.len == 0 || line.data[line.len - 1] != '\r')
		return false;
	*out = bytes_of(line.data, line.len - 1);
	return true;
}

/* ---- the request line ---- */

static enum http_method method_of(struct bytes text)
{
	/* Methods are case-sensitive (RFC 9110, 9.1). */
	if (bytes_equal(text, BYTES_OF_LITERAL("POST")))
		return HTTP_POST;
	if (bytes_equal(text, BYTES_OF_LITERAL("GET")))
		return HTTP_GET;
	return bytes_equal(text, BYTES_OF_LITERAL("HEAD")) ? HTTP_HEAD : HTTP_OTHER;
}

/* RFC 9112, 3.2.1: absolute-path and query; RFC 3986, 3.3 and 3.4 say of which characters. */
static bool is_origin_form(struct bytes target)
{
	for (size_t i = 0; i < target.len; i++) {
		uint8_t c = target.data[i];

		if (!is_alphanumeric(c) && (c == '\0' || strchr("-._~!$&'()*+,;=:@/%?", c) == NULL))
			return false;
	}
	return target.len > 0 && target.data[0] == '/';
}

/* RFC 9112, 3: exactly one space on each side of the target. */
static const char *parse_request_line(struct bytes line, struct http_request *request)
{
	struct bytes method, target;

	if (!take_until(&line, ' ', &method) || !is_token(method))
		return "the request line has no method";
	if (!take_until(&line, ' ', &target) || !is_origin_form(target))
		return "the request's target is not a path that begins with /";
	if (!bytes_equal(line, BYTES_OF_LITERAL("HTTP/1.1")))
		return "the request line does not end with HTTP/1.1";
	request->method = method_of(method);
	request->target = target;
	return NULL;
}

/* ---- fields that mean something here ---- */

/* RFC 9112, 3.2. What it names is not compared: one CA may have many names. */
static const char *take_host(struct bytes value, struct http_request *request)
{
	(void)request;
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.data[i];

		if (!is_alphanumeric(c) && (c == '\0' || strchr("-._:[]", c) == NULL))
			return "Host is not a name with an optional port";
	}
	return value.len > 0 ? NULL : "Host is empty";
}

/* RFC 9110, 8.6: digits alone. Ten of them are far above what routes.h lets pass. */
static const char *take_content_length(struct bytes value, struct http_request *request)
{
	uint64_t length = 0;

	if (value.len == 0 || value.len > 10)
		return "Content-Length is not a number of at most ten digits";
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return "Content-Length is not a number";
		length = length * 10 + (uint64_t)(value.data[i] - '0');
	}
	request->content_length = length;
	return NULL;
}

static const char *take_content_type(struct bytes value, struct http_request *request)
{
	request->content_type = value;
	return value.len > 0 ? NULL : "Content-Type is empty";
}

static const char *take_content_encoding(struct bytes value, struct http_request *request)
{
	(void)value;
	request->has_content_encoding = true;
	return NULL;
}

static const char *take_transfer_encoding(struct bytes value, struct http_request *request)
{
	(void)value;
	request->has_transfer_encoding = true;
	return NULL;
}

/* RFC 9110, 10.1.1 lets a server answer at once; a body of 64 KiB is not worth the round trip. */
static const char *take_expect(struct bytes value, struct http_request *request)
{
	(void)value;
	(void)request;
	return "Expect is not supported: send the body with the head";
}

/* RFC 9110, 5.6.3. */
static bool is_white_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct bytes trimmed(struct bytes value)
{
	while (value.len > 0 && is_white_space(value.data[0]))
		value = bytes_of(value.data + 1, value.len - 1);
	while (value.len > 0 && is_white_space(value.data[value.len - 1]))
		value.len--;
	return value;
}

/* RFC 9110, 7.6.1: a list; of its options only close concerns us. */
static const char *take_connection(struct bytes value, struct http_request *request)
{
	struct bytes option;

	while (take_until(&value, ',', &option))
		request->is_last |= is_text(trimmed(option), "close");
	request->is_last |= is_text(trimmed(value), "close");
	return NULL;
}

/* One row a field that we act on; all others are passed over. */
static const struct field {
	const char *name;
	const char *(*take)(struct bytes value, struct http_request *);
	const char *repeated; /* the complaint; NULL where it may come several times */
} fields[] = {
	{ "host", take_host, "Host comes more than once" },
	{ "content-length", take_content_length, "Content-Length comes more than once" },
	{ "content-type", take_content_type, "Content-Type comes more than once" },
	{ "content-encoding", take_content_encoding, NULL },
	{ "transfer-encoding", take_transfer_encoding, NULL },
	{ "expect", take_expect, NULL },
	{ "connection", take_connection, NULL },
};

enum { FIELD_HOST = 0, FIELD_CONTENT_LENGTH = 1, FIELD_COUNT = sizeof(fields) / sizeof(fields[0]) };

/* ---- the fields' form ---- */

/* RFC 9110, 5.5: visible characters, spaces and tabs; obs-text has no meaning and does no harm. */
static bool is_field_value(struct bytes value)
{
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.data[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* Acts on a field; seen has the bit of each one that came before. */
static const char *take_field(struct bytes name, struct bytes value, struct http_request *request,
	unsigned *seen)
{
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		if (!is_text(name, fields[i].name))
			continue;
		if ((*seen & 1U << i) != 0 && fields[i].repeated != NULL)
			return fields[i].repeated;
		*seen |= 1U << i;
		return fields[i].take(value, request);
	}
	return NULL;
}

/* RFC 9112, 5. A folded line (5.2) begins with white space, which is no token character. */
static const char *parse_field(struct bytes line, struct http_request *request, unsigned *seen)
{
	struct bytes name;

	if (!take_until(&line, ':', &name))
		return "a field has no colon";
	if (!is_token(name))
		return "a field's name is not a token, or a line is folded";
	struct bytes value = trimmed(line);
	if (!is_field_value(value))
		return "a field's value has control characters";
	return take_field(name, value, request, seen);
}

static const char *parse_fields(struct bytes *rest, struct http_request *request, unsigned *seen)
{
	struct bytes line;

	for (size_t count = 0; count <= HEADER_COUNT_MAX; count++) {
		if (!take_line(rest, &line))
			return "a line does not end with CR LF";
		if (line.len == 0)
			return NULL;
		const char *trouble = parse_field(line, request, seen);
		if (trouble != NULL)
			return trouble;
	}
	return "there are more than 100 fields";
}

/* What only the whole head can tell. */
static const char *judge(const struct http_request *request, unsigned seen)
{
	bool has_length = (seen & 1U << FIELD_CONTENT_LENGTH) != 0;

	if ((seen & 1U << FIELD_HOST) == 0)
		return "Host is missing";
	/* RFC 9112, 6.1: two ways to tell a body's end are an attempt at smuggling. */
	if (request->has_transfer_encoding && has_length)
		return "Transfer-Encoding and Content-Length come together";
	/* RFC 9110, 9.3.1: content in a GET has no meaning, and is used for smuggling. */
	if ((request->method == HTTP_GET || request->method == HTTP_HEAD) &&
			(request->content_length > 0 || request->has_transfer_encoding))
		return "a GET has no body";
	return NULL;
}

static const char *parse_head(struct bytes head, struct http_request *request)
{
	struct bytes line;
	unsigned seen = 0;

	if (!take_line(&head, &line))
		return "a line does not end with CR LF";
	const char *trouble = parse_request_line(line, request);
	if (trouble == NULL)
		trouble = parse_fields(&head, request, &seen);
	if (trouble == NULL && head.len != 0)
		trouble = "octets follow the head's empty line";
	return trouble != NULL ? trouble : judge(request, seen);
}

enum fault http_parse_head(struct bytes head, struct http_request *out, struct refusal *refusal)
{
	struct http_request request = { 0 };
	const char *trouble = parse_head(head, &request);

	if (trouble != NULL) {
		refusal_set(refusal, CHECK_HTTP_HEAD, "%s", trouble);
		return FAULT_INVALID;
	}
	*out = request;
	return FAULT_NONE;
}
