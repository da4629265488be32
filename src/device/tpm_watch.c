#include "tpm_watch.h"

#include "failure.h"
#include "interruption.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define WHAT "the TPM does not answer"
#define ADVICE "see that it works, and run it again"

/* Little, for it is locked in memory; but over the least that any architecture allows (128 KiB). */
enum { STACK_SIZE = 256 * 1024, SECOND_MS = 1000 };

static atomic_bool is_started, is_under_way, is_json;
static atomic_int seconds_under_way, seconds_since_told;

/* Whoever waits for the TPM may hold what stdio locks. */
static void say_and_end(void)
{
	static const char text[] = "genuine-device: " WHAT "; " ADVICE ".\n";
	static const char json[] = "{\"error\":\"" WHAT "\",\"state\":\"the next run goes on from here\","
		"\"advice\":\"" ADVICE "\",\"exit_code\":3,\"steps\":[],\"tpm_ms\":0,\"cpu_ms\":0}\n";
	_Static_assert(EXIT_NO_TPM == 3, "as the object says");

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	if (is_json)
		(void)!write(STDOUT_FILENO, json, sizeof(json) - 1);
	_exit(EXIT_NO_TPM);
}

static void look(void)
{
	if (interruption_is_pending())
		seconds_since_told++;
	seconds_under_way++;
	if (seconds_under_way >= TPM_WATCH_LIMIT_S || seconds_since_told >= TPM_WATCH_GRACE_S)
		say_and_end();
}

/* The signals that interruption_block has blocked are blocked here as well, and seen pending. */
static void *watch(void *unused)
{
	for (;;) {
		(void)poll(NULL, 0, SECOND_MS);
		if (is_under_way)
			look();
	}
	return unused;
}

void tpm_watch_in_json(void)
{
	is_json = true;
}

bool tpm_watch_start(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	if (is_started)
		return true;
	if (pthread_attr_init(&attributes) != 0)
		return false;
	is_started = pthread_attr_setstacksize(&attributes, STACK_SIZE) == 0 &&
		pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
		pthread_create(&thread, &attributes, watch, NULL) == 0;
	(void)pthread_attr_destroy(&attributes);
	return is_started;
}

void tpm_watch_begin(void)
{
	seconds_under_way = 0;
	seconds_since_told = 0;
	is_under_way = true;
}

void tpm_watch_end(void)
{
	is_under_way = false;
}
