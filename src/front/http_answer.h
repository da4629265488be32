#ifndef FRONT_HTTP_ANSWER_H
#define FRONT_HTTP_ANSWER_H

#include "limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * http_answer: the head of an answer (RFC 9112, 4). Every answer has a Date, which a device whose
 * clock is not set takes its time from (docs/PROTOCOL.md, What the device checks), and a
 * Content-Length.
 */
struct http_answer {
	uint16_t status;
	const char *content_type;
	size_t content_length;
	uint32_t retry_after_s; /* 0: not said */
	const char *allow;      /* NULL: not said */
	bool is_last;           /* the connection is closed after it */
	int64_t now_s;          /* since 1970 UTC */
};

/* The reason phrase of a status, such as "Forbidden"; "Error" for one that is never sent. */
const char *http_phrase(uint16_t status);

/* Writes the head with its empty line; returns its length, always below ANSWER_HEAD_MAX. */
size_t http_answer_head(const struct http_answer *, char out[ANSWER_HEAD_MAX]);

#endif
