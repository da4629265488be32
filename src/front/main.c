/*
 * Takes: HTTPS requests of anyone; its verifier's answers; from the supervisor what it works with.
 * Gives: evidence to its verifier; answers, the CA's certificates and revocation list to anyone.
 * Holds: the TLS key, the listening socket, its ring of refusals.
 * May not: open files, reach authority or store, see the CA's or the ticket's key, look inside DER
 *          or TPM structures.
 */
#include "control.h"
#include "front.h"
#include "log.h"
#include "random.h"
#include "request_json.h"
#include "tls.h"
#include "upstream.h"

#include <stdlib.h>
#include <sys/resource.h>

enum {
	FIRST_CLOSED = ROLE_UPSTREAM + 1,
	/* Descriptors that are no connections: channels, socket, ring, loop, what a load brings. */
	DESCRIPTORS_RESERVED = 32,
	MICROSECONDS_OF_MS = 1000,
};

__attribute__((noreturn)) static void fail(const char *what)
{
	log_error("%s", what);
	exit(EXIT_FAILURE);
}

/* As many connections as the system has descriptors for, at most CONNECTION_COUNT_MAX. */
static size_t connection_count_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		fail("the limit on descriptors cannot be read");
	rlim_t wanted = CONNECTION_COUNT_MAX + DESCRIPTORS_RESERVED;
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	if (limit.rlim_cur <= DESCRIPTORS_RESERVED || setrlimit(RLIMIT_NOFILE, &limit) != 0)
		fail("there are too few descriptors");
	return limit.rlim_cur - DESCRIPTORS_RESERVED;
}

/* Timers of one length are kept in a queue, not a tree: setting one costs nothing. */
static const struct timeval *common_timeout(struct event_base *base, long ms)
{
	const struct timeval timeout = { .tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * MICROSECONDS_OF_MS };
	const struct timeval *common = event_base_init_common_timeout(base, &timeout);

	if (common == NULL)
		fail("no timer can be had");
	return common;
}

static struct event_base *make_loop(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	/* One thread, and an environment that is nobody's business. */
	if (config != NULL && event_config_set_flag(config,
			EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV) == 0)
		base = event_base_new_with_config(config);
	if (base == NULL)
		fail("the loop cannot be made");
	event_config_free(config);
	return base;
}

/* All that a library would do at its first use, and the sandbox would not permit, is done here. */
static void prepare(struct front *front)
{
	const uint64_t key[2] = { random_u64(), random_u64() };

	if (tls_open() != FAULT_NONE)
		fail("TLS cannot be had");
	request_json_open((uint32_t)random_u64());
	pending_open(&front->pending, random_u64());
	quota_open(&front->quota, key);
	refusals_open(&front->refusals, -1);
	TAILQ_INIT(&front->connections);
	front->listening = -1;
	front->connection_count_max = connection_count_max();
	front->base = make_loop();
	front->connection_timeout = common_timeout(front->base, CONNECTION_TIMEOUT_MS);
	front->answer_timeout = common_timeout(front->base, ANSWER_TIMEOUT_MS);
}

int main(int argc, char **argv)
{
	static struct front front;

	front.role = role_open(argc, argv, "front", FIRST_CLOSED, true);
	prepare(&front);
	if (control_open(&front) != FAULT_NONE || upstream_open(&front) != FAULT_NONE)
		fail("the channels cannot be watched");
	if (event_base_dispatch(front.base) < 0)
		fail("the loop failed");
	return EXIT_SUCCESS;
}
