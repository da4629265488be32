/*
 * Target: http_find_end, http_parse_head (src/front/http.h), routes_find, routes_check_body
 * (src/front/routes.h).
 * Holds: an end is found in the same place whether the head comes at once or octet by octet; a
 * refusal has a check; what was read lies in the head.
 */
#include "fuzz.h"

#include "http.h"
#include "routes.h"

static void lies_within(struct bytes part, struct bytes whole)
{
	if (part.len > 0)
		must_hold(part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

static void route(const struct http_request *request)
{
	const struct route *route = NULL;
	struct refusal refusal = { 0 };

	if (routes_find(request, &route, &refusal) != FAULT_NONE)
		must_hold(check_row(refusal.check) != NULL && refusal.saw[0] != '\0');
	else if (routes_check_body(request, &refusal) == FAULT_NONE)
		must_hold(request->content_length <= BODY_MAX && !request->has_transfer_encoding);
}

static void parse(struct bytes head)
{
	struct http_request request;
	struct refusal refusal = { 0 };

	if (http_parse_head(head, &request, &refusal) != FAULT_NONE) {
		must_hold(refusal.check == CHECK_HTTP_HEAD && refusal.saw[0] != '\0');
		return;
	}
	lies_within(request.target, head);
	lies_within(request.content_type, head);
	must_hold(request.target.len > 0 && request.target.data[0] == '/');
	route(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t scan = 0, step_scan = 0, head_len = 0, step_head_len = 0;
	enum fault fault = http_find_end(bytes_of(data, len), &scan, &head_len);
	enum fault step_fault = FAULT_TRUNCATED;

	for (size_t i = 1; i <= len && step_fault == FAULT_TRUNCATED; i++)
		step_fault = http_find_end(bytes_of(data, i), &step_scan, &step_head_len);
	if (len < HEAD_MAX)
		must_hold(fault == step_fault && head_len == step_head_len);
	if (fault == FAULT_NONE)
		parse(bytes_of(data, head_len));
	else
		parse(bytes_of(data, len)); /* its caller never would; it must not crash all the same */
	return 0;
}
