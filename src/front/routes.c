#include "routes.h"

#include "limits.h"
#include "log.h"
#include "message.h"

#include <strings.h>

static const struct route routes[] = {
	{ ROUTE_GET_CHALLENGE, "/v1/getChallenge", HTTP_POST, "POST", ACT_CHALLENGE },
	{ ROUTE_GET_CERTIFICATE, "/v1/getCertificate", HTTP_POST, "POST", ACT_CERTIFICATE },
	{ ROUTE_CA, "/v1/ca", HTTP_GET, "GET, HEAD", 0 },
	{ ROUTE_CRL, "/v1/crl", HTTP_GET, "GET, HEAD", 0 },
	{ ROUTE_HEALTH, "/healthz", HTTP_GET, "GET, HEAD", 0 },
};

static const struct route *route_of_path(struct bytes path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (bytes_equal(path, bytes_of_string(routes[i].path)))
			return &routes[i];
	}
	return NULL;
}

static bool has_method(const struct route *route, enum http_method method)
{
	return method == route->method || (method == HTTP_HEAD && route->method == HTTP_GET);
}

enum fault routes_find(const struct http_request *request, const struct route **out,
	struct refusal *refusal)
{
	const struct route *route = route_of_path(request->target);
	char path[64];

	if (route == NULL) {
		log_escape(request->target, path, sizeof(path));
		refusal_set(refusal, CHECK_HTTP_ROUTE, "nothing is at %s", path);
		return FAULT_NOT_FOUND;
	}
	*out = route;
	if (has_method(route, request->method))
		return FAULT_NONE;
	refusal_set(refusal, CHECK_HTTP_METHOD, "%s takes %s alone", route->path, route->allow);
	return FAULT_DENIED;
}

static bool starts_with(struct bytes text, const char *lower_case)
{
	size_t len = strlen(lower_case);

	return text.len >= len && strncasecmp((const char *)text.data, lower_case, len) == 0;
}

/*
 * application/json, bare or with charset=utf-8: JSON has no parameters (RFC 8259, 11), but many
 * clients send this one, and it says nothing that is not so.
 */
static bool is_json(struct bytes type)
{
	static const char media_type[] = "application/json";

	if (!starts_with(type, media_type))
		return false;
	struct bytes parameter = bytes_of(type.data + strlen(media_type),
		type.len - strlen(media_type));
	if (parameter.len == 0)
		return true;
	if (parameter.data[0] != ';')
		return false;
	do {
		parameter = bytes_of(parameter.data + 1, parameter.len - 1);
	} while (parameter.len > 0 && parameter.data[0] == ' ');
	return parameter.len == strlen("charset=utf-8") && starts_with(parameter, "charset=utf-8");
}

enum fault routes_check_body(const struct http_request *request, struct refusal *refusal)
{
	char type[64];

	if (request->has_transfer_encoding) {
		refusal_set(refusal, CHECK_HTTP_CODING, "Transfer-Encoding is not supported");
		return FAULT_UNSUPPORTED;
	}
	if (request->has_content_encoding) {
		refusal_set(refusal, CHECK_HTTP_TYPE, "Content-Encoding is not supported");
		return FAULT_UNSUPPORTED;
	}
	if (!is_json(request->content_type)) {
		log_escape(request->content_type, type, sizeof(type));
		refusal_set(refusal, CHECK_HTTP_TYPE, "Content-Type is %s, not application/json",
			type[0] == '\0' ? "missing" : type);
		return FAULT_UNSUPPORTED;
	}
	if (request->content_length > BODY_MAX) {
		refusal_set(refusal, CHECK_HTTP_LENGTH, "Content-Length is over %d", BODY_MAX);
		return FAULT_TOO_LONG;
	}
	return FAULT_NONE;
}
