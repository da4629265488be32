#include "interruption.h"

#include <signal.h>
#include <time.h>

/* But for those that whoever started us has had ignored: nohup(1), a shell's background. */
static sigset_t signals_to_end(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			(void)sigaddset(&set, numbers[i]);
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
