#ifndef FRONT_ROUTES_H
#define FRONT_ROUTES_H

#include "check.h"
#include "fault.h"
#include "http.h"

/*
 * routes: the table of what can be asked for (docs/PROTOCOL.md, HTTP), and what a request's head
 * must be for its route. No patterns: a path is one of these, octet for octet, or 404.
 */
enum route_name {
	ROUTE_GET_CHALLENGE = 1,
	ROUTE_GET_CERTIFICATE,
	ROUTE_CA,
	ROUTE_CRL,
	ROUTE_HEALTH,
};

struct route {
	enum route_name name;
	const char *path;
	enum http_method method; /* HTTP_GET lets HTTP_HEAD pass too */
	const char *allow;       /* for Allow */
	uint8_t act;             /* enum act; 0 where none begins */
};

/*
 * The request's route. FAULT_NOT_FOUND: no such path (404); FAULT_DENIED: it has not that method
 * (405), and *out is the route for its Allow all the same. refusal says which.
 */
enum fault routes_find(const struct http_request *, const struct route **out,
	struct refusal *refusal);

/*
 * Whether the body that the head announces can be read: not chunked (501), plain JSON (415), at
 * most BODY_MAX octets (413). FAULT_UNSUPPORTED or FAULT_TOO_LONG; refusal says which.
 */
enum fault routes_check_body(const struct http_request *, struct refusal *refusal);

#endif
