#include "landlock.h"
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * Probes: a child enters the sandbox and tries what it may not do. Most kinds of it must kill the
 * child by SIGSYS; what its list permits must still be stopped by Landlock, the limits or the user.
 */
enum { SURVIVED = 42, ROLE_UID = 61150 };

static const int file_calls[] = { SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(unlink),
	SCMP_SYS(unlinkat), SCMP_SYS(ftruncate), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(setuid),
	SCMP_SYS(clone), SCMP_SYS(clone3), SCMP_SYS(prctl), SCMP_SYS(getcwd), SCMP_SYS(mkdir) };

/* Runs the probe in a child inside the sandbox; what waitpid said of it. */
static int run(const struct sandbox *sandbox, int (*probe)(void))
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		int silence = open("/dev/null", O_WRONLY);

		(void)dup2(silence, STDERR_FILENO);
		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		sandbox_enter(sandbox);
		_exit(probe());
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static unsigned role_uid(void)
{
	return geteuid() == 0 ? ROLE_UID : 0;
}

static void assert_killed(const char *what, int (*probe)(void))
{
	const struct sandbox sandbox = { .uid = role_uid(), .directory = -1 };
	int status = run(&sandbox, probe);

	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
		fail_msg("%s: status %x, not killed by SIGSYS", what, (unsigned)status);
}

static int probe_nothing(void)
{
	return SURVIVED;
}

static int probe_open(void)
{
	return open("/etc/passwd", O_RDONLY) < 0 ? SURVIVED : 0;
}

static int probe_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 ? SURVIVED : 0;
}

static int probe_execve(void)
{
	char *const arguments[] = { NULL };

	return execve("/bin/true", arguments, arguments);
}

static int probe_fork(void)
{
	return fork() < 0 ? SURVIVED : 0;
}

static int probe_ptrace(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int probe_setuid(void)
{
	return setuid(0);
}

static int probe_kill(void)
{
	return kill(getppid(), 0);
}

static int probe_executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
		MAP_FAILED ? SURVIVED : 0;
}

static int probe_make_executable(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0 ? 0 : SURVIVED;
}

static int probe_stat_path(void)
{
	struct stat status;

	return stat("/etc/passwd", &status);
}

static int probe_userfaultfd(void)
{
	return (int)syscall(SYS_userfaultfd, 0);
}

static int probe_bpf(void)
{
	return (int)syscall(SYS_bpf, 0, NULL, 0);
}

static int probe_io_uring(void)
{
	return (int)syscall(SYS_io_uring_setup, 1, NULL);
}

static int probe_foreign_tgkill(void)
{
	return (int)syscall(SYS_tgkill, 1, 1, 0);
}

static void test_lives(void **state)
{
	const struct sandbox sandbox = { .uid = role_uid(), .directory = -1 };
	int status = run(&sandbox, probe_nothing);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), SURVIVED);
}

static void test_calls_not_listed_kill(void **state)
{
	(void)state;
	assert_killed("open", probe_open);
	assert_killed("socket", probe_socket);
	assert_killed("execve", probe_execve);
	assert_killed("fork", probe_fork);
	assert_killed("ptrace", probe_ptrace);
	assert_killed("setuid", probe_setuid);
	assert_killed("kill", probe_kill);
	assert_killed("mmap PROT_EXEC", probe_executable_memory);
	assert_killed("mprotect PROT_EXEC", probe_make_executable);
	assert_killed("stat of a path", probe_stat_path);
	assert_killed("userfaultfd", probe_userfaultfd);
	assert_killed("bpf", probe_bpf);
	assert_killed("io_uring_setup", probe_io_uring);
	assert_killed("tgkill of another", probe_foreign_tgkill);
}

static int probe_abort(void)
{
	abort();
}

/* A failed assertion ends as one, so that the supervisor can tell it from a taken role. */
static void test_abort_is_an_abort(void **state)
{
	const struct sandbox sandbox = { .uid = role_uid(), .directory = -1 };
	int status = run(&sandbox, probe_abort);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* ---- what stops a process whose list permits the call ---- */

static char directory_path[] = "/tmp/genuine-sandbox-XXXXXX";

static struct sandbox sandbox_with_files(void)
{
	return (struct sandbox){ .uid = role_uid(), .directory = -1, .file_size_max = 1 << 20,
		.system_calls = file_calls, .system_call_count = sizeof(file_calls) / sizeof(file_calls[0]) };
}

static void assert_survives(const char *what, const struct sandbox *sandbox, int (*probe)(void))
{
	int status = run(sandbox, probe);

	if (!WIFEXITED(status) || WEXITSTATUS(status) != SURVIVED)
		fail_msg("%s: status %x", what, (unsigned)status);
}

static int probe_open_denied(void)
{
	return open("/etc/passwd", O_RDONLY) < 0 && (errno == EACCES || errno == ENOENT) &&
		open("/proc/self/status", O_RDONLY) < 0 ? SURVIVED : 1;
}

static int probe_create_denied(void)
{
	return open("x", O_WRONLY | O_CREAT, 0600) < 0 && open("/x", O_WRONLY | O_CREAT, 0600) < 0 &&
		mkdir("y", 0700) != 0 ? SURVIVED : 1;
}

static int probe_fork_denied(void)
{
	return fork() < 0 && errno == EAGAIN ? SURVIVED : 1;
}

static int probe_root_is_gone(void)
{
	return setuid(0) != 0 && getuid() == ROLE_UID && geteuid() == ROLE_UID ? SURVIVED : 1;
}

static int probe_not_dumpable(void)
{
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ?
		SURVIVED : 1;
}

static int probe_directory_only(void)
{
	int inside = open("inside", O_WRONLY | O_CREAT, 0600);

	return inside >= 0 && write(inside, "x", 1) == 1 && unlink("inside") == 0 &&
		open("/etc/passwd", O_RDONLY) < 0 && open("../../etc/passwd", O_RDONLY) < 0 ? SURVIVED : 1;
}

static int probe_file_size(void)
{
	int inside = open("inside", O_WRONLY | O_CREAT, 0600);
	bool is_stopped = ftruncate(inside, (1 << 20) + 1) != 0 && errno == EFBIG;
	bool is_allowed = ftruncate(inside, 1 << 20) == 0;

	return is_stopped && is_allowed && unlink("inside") == 0 ? SURVIVED : 1;
}

static void test_no_directory_no_file(void **state)
{
	const struct sandbox sandbox = sandbox_with_files();

	(void)state;
	assert_survives("open", &sandbox, probe_open_denied);
	assert_survives("create", &sandbox, probe_create_denied);
}

/* Root is not bound by RLIMIT_NPROC; every role has another user by then. */
static void test_as_root_becomes_the_role(void **state)
{
	const struct sandbox sandbox = sandbox_with_files();

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_survives("setuid", &sandbox, probe_root_is_gone);
	assert_survives("fork", &sandbox, probe_fork_denied);
}

static void test_not_dumpable(void **state)
{
	const struct sandbox sandbox = sandbox_with_files();

	(void)state;
	assert_survives("dumpable", &sandbox, probe_not_dumpable);
}

static void test_directory(void **state)
{
	struct sandbox sandbox = sandbox_with_files();

	(void)state;
	assert_non_null(mkdtemp(directory_path));
	if (geteuid() == 0)
		assert_int_equal(chown(directory_path, ROLE_UID, ROLE_UID), 0);
	sandbox.directory = open(directory_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(sandbox.directory >= 0);
	assert_survives("directory", &sandbox, probe_directory_only);
	assert_survives("file size", &sandbox, probe_file_size);
	assert_int_equal(close(sandbox.directory), 0);
	assert_int_equal(rmdir(directory_path), 0);
}

/* Landlock by itself, without chroot and filter: what remains for who is not root. */
static void test_landlock_alone(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		enum fault fault = landlock_enter(-1);
		if (fault == FAULT_UNSUPPORTED)
			_exit(77);
		_exit(fault == FAULT_NONE && open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ?
			SURVIVED : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), SURVIVED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lives),
		cmocka_unit_test(test_calls_not_listed_kill),
		cmocka_unit_test(test_abort_is_an_abort),
		cmocka_unit_test(test_no_directory_no_file),
		cmocka_unit_test(test_as_root_becomes_the_role),
		cmocka_unit_test(test_not_dumpable),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_landlock_alone),
	};

	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
