#include "cpu_limit.h"

#include <assert.h>
#include <stddef.h>
#include <sys/time.h>

static void set_timer(unsigned seconds)
{
	const struct itimerval limit = { .it_value = { .tv_sec = (time_t)seconds } };
	int result = setitimer(ITIMER_PROF, &limit, NULL);

	assert(result == 0);
}

void cpu_limit_begin(unsigned seconds)
{
	set_timer(seconds);
}

void cpu_limit_end(void)
{
	set_timer(0);
}
