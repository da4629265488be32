#include "cpu_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Computes for so many milliseconds of the process's own time. */
static void compute(uint64_t wanted_ms)
{
	struct timespec used;

	do
		(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	while ((uint64_t)used.tv_sec * 1000 + (uint64_t)used.tv_nsec / 1000000 < wanted_ms);
}

/* How a child ended that did this. */
static int status_of(void (*act)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		act();
		_exit(7);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void run_in_a_circle(void)
{
	cpu_limit_begin(1);
	compute(UINT64_MAX);
}

static void compute_between(void)
{
	cpu_limit_begin(1);
	cpu_limit_end();
	compute(1500);
	cpu_limit_begin(1);
	compute(1600);
}

static void wait_long(void)
{
	cpu_limit_begin(1);
	(void)poll(NULL, 0, 1500);
}

static void test_limit(void **state)
{
	(void)state;
	int status = status_of(run_in_a_circle);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGPROF);
}

/* Only what is computed between begin and end counts, each time anew; waiting does not. */
static void test_what_counts(void **state)
{
	void (*const acts[])(void) = { compute_between, wait_long };

	(void)state;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		int status = status_of(acts[i]);

		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_limit),
		cmocka_unit_test(test_what_counts) };

	return cmocka_run_group_tests_name("cpu limit", tests, NULL, NULL);
}
