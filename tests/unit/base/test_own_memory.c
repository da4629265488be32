#include "own_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Each in a process of its own, for it lasts as long as that. */

static int status_of(void (*run)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		run();
		_exit(EXIT_SUCCESS);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void hide(void)
{
	struct rlimit limit = { 1, 1 };

	if (own_memory_hide() != FAULT_NONE || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 ||
			getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur != 0)
		_exit(EXIT_FAILURE);
}

static void test_hide(void **state)
{
	(void)state;
	assert_int_equal(status_of(hide), 0);
}

/* Whether it may or not: with little stack it must not end the process. */
static void lock_with_little_stack(void)
{
	const struct rlimit little = { 256 * 1024, 256 * 1024 };

	if (setrlimit(RLIMIT_STACK, &little) != 0)
		_exit(EXIT_FAILURE);
	(void)!own_memory_lock();
}

static void test_lock_with_little_stack(void **state)
{
	(void)state;
	assert_int_equal(status_of(lock_with_little_stack), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hide),
		cmocka_unit_test(test_lock_with_little_stack),
	};

	return cmocka_run_group_tests_name("own_memory", tests, NULL, NULL);
}
