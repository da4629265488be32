#ifndef DEVICE_HTTPS_H
#define DEVICE_HTTPS_H

#include "bytes.h"
#include "failure.h"
#include "limits.h"
#include "wall_clock.h"

#include <curl/curl.h>

/*
 * https: one request, one answer, to one CA. HTTP/1.1 over TLS 1.3 and nothing else, the operator's
 * anchors and no others, no redirects, no proxy, at most 64 KiB and 30 seconds. Ends early where
 * the program is told to (a pending SIGINT, SIGTERM or SIGHUP), and at its deadline.
 */
struct https {
	CURL *curl;
	const char *origin;   /* https://HOST[:PORT] */
	struct bytes anchors; /* PEM */
	struct wall_clock *clock;
	struct failure *failure;
	uint64_t deadline_ms; /* CLOCK_MONOTONIC: no request and no wait lasts longer */
	bool is_in_doubt;     /* an answer was lost, or said nothing of what became of the request */
	bool is_refused;      /* the last request was refused on substance, and none is in doubt */
};

/*
 * What a run may take with its CA, from https_open or https_begin on: whoever has the CA's key, or
 * its place, could else have the device ask and wait for an hour, with its folder locked and its EK
 * loaded.
 */
enum { RUN_WITH_CA_S = 600 };

struct https_answer {
	long status;
	uint32_t retry_after_s; /* 0: not said */
	uint8_t body[BODY_MAX];
	size_t body_len;
	size_t head_len;      /* with interim answers and trailers, which have no limit in libcurl */
	bool is_json;         /* its Content-Type is application/json, with parameters or without */
	bool is_too_long;
};

/* anchors and origin must outlive the struct. EXIT_USAGE where origin is no URL. */
enum fault https_open(struct https *, const char *origin, struct bytes anchors,
	struct wall_clock *, struct failure *);
void https_close(struct https *);
#define owned_https __attribute__((cleanup(https_close))) struct https

/*
 * Posts body, JSON, to the origin's path. FAULT_TIMEOUT where the CA was not reached but may be
 * another time, with the failure filled in; FAULT_DENIED where trying again is of no use, such as a
 * server that is not our CA's.
 */
enum fault https_post(struct https *, const char *path, const char *body, size_t body_len,
	struct https_answer *out);

/* The deadline is counted from now on: what the TPM took before is not the CA's. */
void https_begin(struct https *);

/* Seconds until the deadline, 0 from then on. */
uint32_t https_left_s(const struct https *);

/* Gets the origin's path; the same faults. */
enum fault https_get(struct https *, const char *path, struct https_answer *out);

/*
 * For a clock that is wrong: makes a handshake without the test of validity times, anchors and
 * name as ever, sends nothing but GET /healthz, sets the clock by the answer's Date, and ends that
 * connection.
 */
enum fault https_set_clock(struct https *);

#endif
