#include "interruption.h"

#include <signal.h>
#include <time.h>

static sigset_t signals_to_end(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	return set;
}

void interruption_block(void)
{
	sigset_t set = signals_to_end();

	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

bool interruption_is_pending(void)
{
	sigset_t pending;

	(void)sigemptyset(&pending);
	(void)sigpending(&pending);
	return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
		sigismember(&pending, SIGHUP) == 1;
}

bool interruption_wait(uint32_t seconds)
{
	const struct timespec step = { .tv_nsec = 100000000 };

	for (uint32_t i = 0; i < seconds * 10; i++) {
		if (interruption_is_pending())
			return true;
		(void)nanosleep(&step, NULL);
	}
	return interruption_is_pending();
}
