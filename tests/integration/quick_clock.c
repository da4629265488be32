/*
 * quick_clock: preloaded, it has a program sleep a hundredth of what it wants, and its monotonic
 * clock go forward by all of it, so that a test need not wait for minutes to be over. What a
 * program does takes the time that it takes; but while the file is there that $QUICK_CLOCK_LATER
 * names, it is eleven minutes later.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SHORTER = 100, NS_PER_S = 1000000000, LATER_S = 660 };

static _Atomic long long slept_ns;

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
	long long ns = wanted->tv_sec * (long long)NS_PER_S + wanted->tv_nsec;
	struct timespec part = { .tv_sec = (time_t)(ns / SHORTER / NS_PER_S),
		.tv_nsec = (long)(ns / SHORTER % NS_PER_S) };

	(void)atomic_fetch_add(&slept_ns, ns);
	return (int)syscall(SYS_nanosleep, &part, left);
}

static time_t later_s(void)
{
	const char *path = getenv("QUICK_CLOCK_LATER");

	return path != NULL && access(path, F_OK) == 0 ? LATER_S : 0;
}

int clock_gettime(clockid_t id, struct timespec *out)
{
	int result = (int)syscall(SYS_clock_gettime, id, out);

	if (result != 0 || id != CLOCK_MONOTONIC)
		return result;
	long long ns = out->tv_nsec + atomic_load(&slept_ns);
	out->tv_sec += (time_t)(ns / NS_PER_S) + later_s();
	out->tv_nsec = (long)(ns % NS_PER_S);
	return 0;
}
