#include "role.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { SURVIVED = 42 };

static char name[] = "test-role";

/* Opens a role in a child with these arguments, then asks probe; the child's exit status. */
static int open_role(int argc, char **argv, int (*probe)(const struct role *))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		int silence = open("/dev/null", O_WRONLY);

		(void)dup2(silence, STDERR_FILENO);
		struct role role = role_open(argc, argv, "test", ROLE_NEXT, true);
		_exit(probe(&role));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int probe_arguments(const struct role *role)
{
	return role->uid == 61150 && role->number == 3 ? SURVIVED : 1;
}

static int probe_process(const struct role *role)
{
	struct rlimit core;

	(void)role;
	if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0)
		return 1;
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 2;
	return signal(SIGPIPE, SIG_DFL) == SIG_IGN ? SURVIVED : 3;
}

static int probe_descriptors(const struct role *role)
{
	(void)role;
	for (int i = ROLE_NEXT; i < 64; i++) {
		if (fcntl(i, F_GETFD) >= 0)
			return 1;
	}
	return fcntl(STDERR_FILENO, F_GETFD) >= 0 ? SURVIVED : 2;
}

static void test_opens(void **state)
{
	char uid[] = "61150", number[] = "3";
	char *argv[] = { name, uid, number, NULL };

	(void)state;
	assert_int_equal(open_role(3, argv, probe_arguments), SURVIVED);
	assert_int_equal(open_role(3, argv, probe_process), SURVIVED);
}

static void test_closes_what_is_not_its_own(void **state)
{
	char uid[] = "0", number[] = "0";
	char *argv[] = { name, uid, number, NULL };
	int leaked = fcntl(STDERR_FILENO, F_DUPFD, 40);

	(void)state;
	assert_true(leaked >= 40);
	assert_int_equal(open_role(3, argv, probe_descriptors), SURVIVED);
	assert_int_equal(close(leaked), 0);
}

static void test_refuses_other_arguments(void **state)
{
	char good[] = "1", empty[] = "", letter[] = "1x", sign[] = "-1", large[] = "4294967295";
	char *bad[] = { empty, letter, sign, large };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *first[] = { name, bad[i], good, NULL };
		char *second[] = { name, good, bad[i], NULL };

		assert_int_equal(open_role(3, first, probe_arguments), 2);
		assert_int_equal(open_role(3, second, probe_arguments), 2);
	}
	char *short_argv[] = { name, good, NULL };
	assert_int_equal(open_role(2, short_argv, probe_arguments), 2);
}

static int probe_peer(const struct role *role)
{
	(void)role;
	role_peer_is_taken("a frame of %d octets", 1);
}

static void test_peer_is_taken(void **state)
{
	char uid[] = "0", number[] = "0";
	char *argv[] = { name, uid, number, NULL };

	(void)state;
	assert_int_equal(open_role(3, argv, probe_peer), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opens),
		cmocka_unit_test(test_closes_what_is_not_its_own),
		cmocka_unit_test(test_refuses_other_arguments),
		cmocka_unit_test(test_peer_is_taken),
	};

	return cmocka_run_group_tests_name("role", tests, NULL, NULL);
}
