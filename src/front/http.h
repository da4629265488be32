#ifndef FRONT_HTTP_H
#define FRONT_HTTP_H

#include "bytes.h"
#include "check.h"
#include "fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * http: the head of an HTTP/1.1 request (RFC 9112, 2 to 6), read strictly. One reading of each
 * octet or none: what a lenient parser would repair is refused, so that no proxy in front of us
 * can see another request than we do.
 *
 * The subset: HTTP/1.1 only; the target in origin-form, visible ASCII; every line ends with CR LF;
 * no folding, no white space before a colon; exactly one Host; at most one Content-Length, digits
 * alone; at most one Content-Type; no Expect; at most HEADER_COUNT_MAX fields, HEAD_MAX octets.
 * Fields that have no meaning here are checked for their form and passed over.
 *
 * Chunked bodies are recognised (has_transfer_encoding) and not read; routes.h refuses them.
 */
enum http_method { HTTP_OTHER = 0, HTTP_GET, HTTP_HEAD, HTTP_POST };

struct http_request {
	enum http_method method;
	struct bytes target;         /* begins with a slash */
	struct bytes content_type;   /* empty where not sent */
	uint64_t content_length;     /* 0 where not sent (RFC 9112, 6.3) */
	bool has_content_encoding;
	bool has_transfer_encoding;
	bool is_last;                /* Connection: close */
};

/*
 * Looks for the empty line that ends a head. scan is where the search goes on, 0 at first and kept
 * by the caller, so that a head that comes octet by octet is not searched again each time.
 * FAULT_TRUNCATED where more has to come, FAULT_INVALID at a line end that is not CR LF,
 * FAULT_TOO_LONG at HEAD_MAX octets without an end.
 */
enum fault http_find_end(struct bytes input, size_t *scan, size_t *head_len);

/*
 * Reads a whole head, its empty line included; the views in out point into head. FAULT_INVALID:
 * refusal has CHECK_HTTP_HEAD and one sentence.
 */
enum fault http_parse_head(struct bytes head, struct http_request *out, struct refusal *refusal);

#endif
