#ifndef PROCESS_SANDBOX_H
#define PROCESS_SANDBOX_H

#include <stddef.h>
#include <stdint.h>

/*
 * sandbox: what a process gives up once it has all that it works with. Irrevocable.
 *
 *   started as root   chroot into directory (or, without one, into an empty one that nobody can
 *                     write), then the role's own user and group, no supplementary groups
 *   always            directory, where there is one, becomes the working directory; RLIMIT_NPROC 0,
 *                     RLIMIT_FSIZE; death with the supervisor; Landlock where the kernel has it: no
 *                     file may be opened but below directory; seccomp: system calls on the list and
 *                     the few of system_call_filter.c, all others kill the process
 */
struct sandbox {
	unsigned uid;            /* struct role's; 0: stay */
	int directory;           /* opened; -1: this role opens no files at all */
	uint64_t file_size_max;  /* octets, 0: may not write files */
	const int *system_calls; /* SCMP_SYS(name), beyond the few that every role needs */
	size_t system_call_count;
};

/* Logs and exits 1 where something that must hold cannot be had. Missing Landlock is logged. */
void sandbox_enter(const struct sandbox *);

#endif
