#include "tpm_watch.h"

#include "failure.h"
#include "interruption.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define WHAT "the TPM does not answer"
#define ADVICE "see that it works, and run it again"

static volatile sig_atomic_t seconds_under_way, seconds_since_told, is_json;

/* Signal-safe calls alone (signal-safety(7)). */
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

static void look(int number)
{
	(void)number;
	if (interruption_is_pending())
		seconds_since_told = seconds_since_told + 1;
	seconds_under_way = seconds_under_way + 1;
	if (seconds_under_way >= TPM_WATCH_LIMIT_S || seconds_since_told >= TPM_WATCH_GRACE_S)
		say_and_end();
}

static void look_every(time_t period_s)
{
	const struct itimerval timer = { .it_interval = { .tv_sec = period_s },
		.it_value = { .tv_sec = period_s } };

	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

void tpm_watch_in_json(void)
{
	is_json = 1;
}

void tpm_watch_begin(void)
{
	/* The TCTI's own calls go on where they were. */
	struct sigaction action = { .sa_handler = look, .sa_flags = SA_RESTART };

	seconds_under_way = 0;
	seconds_since_told = 0;
	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGALRM, &action, NULL);
	look_every(1);
}

void tpm_watch_end(void)
{
	look_every(0);
}
