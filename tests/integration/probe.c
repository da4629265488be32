/*
 * probe: makes a running process try what it may not do, without any hook in the process.
 *
 *   probe PID open|socket|execve|fork
 *   probe PID shutdown|setsockopt FD
 *
 * Stops the process as a debugger does, lets it make one system call, and prints how that ended:
 * "killed" (by seccomp) or "returned N". Exit status: 0 it was killed or N is an error, 1 the call
 * was granted, 2 the process could not be probed, 77 not this architecture.
 *
 * Takes root, as the roles of genuine-ca are not dumpable. The process does not survive a call
 * that kills; what it does after another is its own again.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GRANTED = 1, NOT_PROBED = 2, SKIPPED = 77 };

#if defined(__x86_64__)

enum { RED_ZONE = 128, PATH_ROOM = 64, SYSCALL_LEN = 2, STOPS_MAX = 200 };

/* A system call with at most three arguments, of which one may be a path, or the first a descriptor. */
static struct attempt {
	const char *name;
	long number;
	unsigned long arguments[3];
	int path_argument; /* -1: none */
	const char *path;
	bool has_descriptor;
} attempts[] = {
	{ "open", SYS_openat, { (unsigned long)AT_FDCWD, 0, O_RDONLY }, 1, "/etc/passwd", false },
	{ "socket", SYS_socket, { AF_INET, SOCK_STREAM, 0 }, -1, NULL, false },
	{ "execve", SYS_execve, { 0, 0, 0 }, 0, "/bin/true", false },
	{ "fork", SYS_fork, { 0 }, -1, NULL, false },
	{ "shutdown", SYS_shutdown, { 0, SHUT_RDWR, 0 }, -1, NULL, true },
	{ "setsockopt", SYS_setsockopt, { 0, SOL_SOCKET, SO_ATTACH_FILTER }, -1, NULL, true },
};

/* What the command line asks for; NULL where it asks for nothing that there is. */
static const struct attempt *attempt_of(int argc, char **argv)
{
	for (size_t i = 0; argc >= 3 && i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		if (strcmp(attempts[i].name, argv[2]) != 0)
			continue;
		if (attempts[i].has_descriptor && argc == 4)
			attempts[i].arguments[0] = strtoul(argv[3], NULL, 10);
		return argc == 3 + attempts[i].has_descriptor ? &attempts[i] : NULL;
	}
	return NULL;
}

static _Noreturn void give_up(const char *what)
{
	(void)fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
	exit(NOT_PROBED);
}

/* ptrace's requests take and give unsigned long by way of void *. */
static void tracee(enum __ptrace_request request, pid_t pid, void *data, const char *what)
{
	if (ptrace(request, pid, NULL, data) != 0)
		give_up(what);
}

static void wait_for_stop(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		give_up("wait");
}

/* Whether rip stands right behind a system call's instruction: 0f 05. */
static bool is_behind_call(pid_t pid, const struct user_regs_struct *registers)
{
	errno = 0;
	long word = ptrace(PTRACE_PEEKTEXT, pid, (void *)(registers->rip - SYSCALL_LEN), NULL);

	return errno == 0 && (word & 0xffff) == 0x050f;
}

/* Stops the process where it waits in a system call; lets it run on where it is busy elsewhere. */
static struct user_regs_struct stop(pid_t pid)
{
	struct user_regs_struct registers;

	tracee(PTRACE_SEIZE, pid, NULL, "seize");
	for (int i = 0; i < STOPS_MAX; i++) {
		tracee(PTRACE_INTERRUPT, pid, NULL, "interrupt");
		wait_for_stop(pid);
		tracee(PTRACE_GETREGS, pid, &registers, "read registers");
		if (is_behind_call(pid, &registers))
			return registers;
		tracee(PTRACE_CONT, pid, NULL, "go on");
		(void)usleep(10000);
	}
	give_up("the process never waits");
}

/* Writes the path below the stack's red zone; where it lies. */
static unsigned long put_path(pid_t pid, unsigned long stack, const char *path)
{
	unsigned long place = (stack - RED_ZONE - PATH_ROOM) & ~7UL;
	char octets[PATH_ROOM] = "";
	unsigned long word;

	(void)snprintf(octets, sizeof(octets), "%s", path);
	for (size_t i = 0; i < sizeof(octets); i += sizeof(word)) {
		memcpy(&word, octets + i, sizeof(word));
		if (ptrace(PTRACE_POKEDATA, pid, (void *)(place + i), (void *)word) != 0)
			give_up("write memory");
	}
	return place;
}

static struct user_regs_struct with_call(
	pid_t pid, struct user_regs_struct registers, const struct attempt *attempt)
{
	unsigned long arguments[3];

	memcpy(arguments, attempt->arguments, sizeof(arguments));
	if (attempt->path_argument >= 0)
		arguments[attempt->path_argument] = put_path(pid, registers.rsp, attempt->path);
	registers.orig_rax = (unsigned long)-1; /* The call it was in must not be restarted now. */
	registers.rax = (unsigned long)attempt->number;
	registers.rdi = arguments[0];
	registers.rsi = arguments[1];
	registers.rdx = arguments[2];
	registers.rip -= SYSCALL_LEN;
	return registers;
}

/* Runs the one instruction. Its result, or exits where the process was killed. */
static long run_call(pid_t pid, struct user_regs_struct *registers)
{
	int status;

	tracee(PTRACE_SETREGS, pid, registers, "write registers");
	tracee(PTRACE_SINGLESTEP, pid, NULL, "step");
	if (waitpid(pid, &status, 0) != pid)
		give_up("wait");
	if (WIFSIGNALED(status)) {
		(void)printf("killed by %s\n", sigabbrev_np(WTERMSIG(status)));
		exit(WTERMSIG(status) == SIGSYS ? EXIT_SUCCESS : NOT_PROBED);
	}
	tracee(PTRACE_GETREGS, pid, registers, "read registers");
	return (long)registers->rax;
}

static int probe(pid_t pid, const struct attempt *attempt)
{
	struct user_regs_struct before = stop(pid);
	struct user_regs_struct registers = with_call(pid, before, attempt);
	long result = run_call(pid, &registers);

	tracee(PTRACE_SETREGS, pid, &before, "restore registers");
	tracee(PTRACE_DETACH, pid, NULL, "detach");
	(void)printf("returned %ld\n", result);
	return result < 0 ? EXIT_SUCCESS : GRANTED;
}

int main(int argc, char **argv)
{
	const struct attempt *attempt = attempt_of(argc, argv);
	long pid = attempt != NULL ? strtol(argv[1], NULL, 10) : 0;

	if (pid <= 1) {
		(void)fprintf(stderr, "usage: probe PID open|socket|execve|fork\n"
			"       probe PID shutdown|setsockopt FD\n");
		return NOT_PROBED;
	}
	return probe((pid_t)pid, attempt);
}

#else

int main(void)
{
	(void)fprintf(stderr, "probe: knows x86-64 only\n");
	return SKIPPED;
}

#endif
