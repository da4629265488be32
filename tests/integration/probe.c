/*
 * probe: makes a running process try what it may not do, without any hook in the process.
 *
 *   probe PID open|socket|execve|fork|setuid|mmap|io_uring_setup|userfaultfd|bpf
 *   probe PID shutdown|setsockopt FD
 *   probe PID ptrace PID-TO-TRACE
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
#include <linux/bpf.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GRANTED = 1, NOT_PROBED = 2, SKIPPED = 77 };

#if defined(__x86_64__)

enum { RED_ZONE = 128, ROOM = 128, SYSCALL_LEN = 2, STOPS_MAX = 200, ARGUMENTS = 6, NONE = -1 };

/* A map of one number, which takes no privilege but that of bpf itself. */
static const union bpf_attr small_map = {
	.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
};

/* A system call. One argument may be the address of some octets, one a number of the command line's. */
static struct attempt {
	const char *name;
	long number;
	unsigned long arguments[ARGUMENTS];
	int pointer_at;
	const void *octets; /* at most ROOM; zeros are behind them */
	size_t octets_len;
	int number_at;
} attempts[] = {
	{ "open", SYS_openat, { (unsigned long)AT_FDCWD, 0, O_RDONLY }, 1, "/etc/passwd", 11, NONE },
	{ "socket", SYS_socket, { AF_INET, SOCK_STREAM, 0 }, NONE, NULL, 0, NONE },
	{ "execve", SYS_execve, { 0 }, 0, "/bin/true", 9, NONE },
	{ "fork", SYS_fork, { 0 }, NONE, NULL, 0, NONE },
	{ "setuid", SYS_setuid, { 0 }, NONE, NULL, 0, NONE },
	{ "mmap", SYS_mmap,
		{ 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
			(unsigned long)-1, 0 },
		NONE, NULL, 0, NONE },
	{ "io_uring_setup", SYS_io_uring_setup, { 1 }, 1, NULL, 0, NONE },
	{ "userfaultfd", SYS_userfaultfd, { UFFD_USER_MODE_ONLY }, NONE, NULL, 0, NONE },
	{ "bpf", SYS_bpf, { BPF_MAP_CREATE, 0, 16 }, 1, &small_map, 16, NONE },
	{ "shutdown", SYS_shutdown, { 0, SHUT_RDWR }, NONE, NULL, 0, 0 },
	{ "setsockopt", SYS_setsockopt, { 0, SOL_SOCKET, SO_ATTACH_FILTER }, NONE, NULL, 0, 0 },
	{ "ptrace", SYS_ptrace, { PTRACE_SEIZE }, NONE, NULL, 0, 1 },
};

/* What the command line asks for; NULL where it asks for nothing that there is. */
static const struct attempt *attempt_of(int argc, char **argv)
{
	for (size_t i = 0; argc >= 3 && i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		if (strcmp(attempts[i].name, argv[2]) != 0)
			continue;
		bool has_number = attempts[i].number_at != NONE;
		if (has_number && argc == 4)
			attempts[i].arguments[attempts[i].number_at] = strtoul(argv[3], NULL, 10);
		return argc == 3 + has_number ? &attempts[i] : NULL;
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

/* Writes the octets below the stack's red zone; where they lie. */
static unsigned long put_octets(pid_t pid, unsigned long stack, const struct attempt *attempt)
{
	unsigned long place = (stack - RED_ZONE - ROOM) & ~7UL;
	char octets[ROOM] = "";
	unsigned long word;

	if (attempt->octets_len > 0)
		memcpy(octets, attempt->octets, attempt->octets_len);
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
	unsigned long arguments[ARGUMENTS];

	memcpy(arguments, attempt->arguments, sizeof(arguments));
	if (attempt->pointer_at != NONE)
		arguments[attempt->pointer_at] = put_octets(pid, registers.rsp, attempt);
	registers.orig_rax = (unsigned long)-1; /* The call it was in must not be restarted now. */
	registers.rax = (unsigned long)attempt->number;
	registers.rdi = arguments[0];
	registers.rsi = arguments[1];
	registers.rdx = arguments[2];
	registers.r10 = arguments[3];
	registers.r8 = arguments[4];
	registers.r9 = arguments[5];
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
		(void)fprintf(stderr, "usage: probe PID open|socket|execve|fork|setuid|mmap|"
			"io_uring_setup|userfaultfd|bpf\n"
			"       probe PID shutdown|setsockopt FD\n"
			"       probe PID ptrace PID-TO-TRACE\n");
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
