#ifndef PROCESS_SYSTEM_CALL_FILTER_H
#define PROCESS_SYSTEM_CALL_FILTER_H

#include "fault.h"

#include <stddef.h>

/*
 * system_call_filter: the kernel kills the process at any system call that is neither on the list
 * nor one of the few that every role needs (seccomp(2)). Memory is never made executable: mmap and
 * mprotect with PROT_EXEC kill too, whatever the list says.
 */

/* FAULT_SYSTEM where the filter cannot be built or loaded. Needs no-new-privileges. */
enum fault system_call_filter_enter(const int *system_calls, size_t count);

#endif
