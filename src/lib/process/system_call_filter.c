#include "system_call_filter.h"

#include "owned.h"

#include <fcntl.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static void filter_release(void **filter)
{
	if (*filter != NULL)
		seccomp_release(*filter);
}

#define owned_filter __attribute__((cleanup(filter_release))) scmp_filter_ctx

/* What every role needs: its channels, memory, time, random numbers, and to end. */
static const int basic_calls[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(close), SCMP_SYS(recvmsg), SCMP_SYS(sendmsg),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(lseek), SCMP_SYS(pread64), SCMP_SYS(fstat),
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex),
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(gettid),
	/* qsort asks it how much memory there is. */
	SCMP_SYS(sysinfo),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group),
};

static bool is_memory_call(int call)
{
	return call == SCMP_SYS(mmap) || call == SCMP_SYS(mprotect);
}

/* Calls that are permitted only with certain arguments. */
static bool add_conditional_calls(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	/* glibc's fstat: of an open descriptor, not of a path. */
	const struct scmp_arg_cmp of_descriptor =
		SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH);
	/* abort() of a failed assertion: to itself only. */
	const struct scmp_arg_cmp to_itself = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0);

	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, &not_executable) ==
		       0 &&
	       seccomp_rule_add_array(
		       filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, &not_executable) == 0 &&
	       seccomp_rule_add_array(
		       filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1, &of_descriptor) == 0 &&
	       seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &to_itself) == 0;
}

static bool add_calls(scmp_filter_ctx filter, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_memory_call(calls[i]))
			continue;
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) != 0)
			return false;
	}
	return true;
}

enum fault system_call_filter_enter(const int *system_calls, size_t count)
{
	owned_filter filter = seccomp_init(SCMP_ACT_KILL_PROCESS);

	if (filter == NULL)
		return FAULT_SYSTEM;
	/* A call of another architecture's numbering is never ours either. */
	if (seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) != 0 ||
		!add_calls(filter, basic_calls, sizeof(basic_calls) / sizeof(basic_calls[0])) ||
		!add_calls(filter, system_calls, count) || !add_conditional_calls(filter))
		return FAULT_SYSTEM;
	/* A binary tree instead of a list: the filter runs at every call. */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return seccomp_load(filter) == 0 ? FAULT_NONE : FAULT_SYSTEM;
}
