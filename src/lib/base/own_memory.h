#ifndef BASE_OWN_MEMORY_H
#define BASE_OWN_MEMORY_H

#include "fault.h"

/*
 * own_memory: the memory of a process that holds secrets, kept from others for the life of the process.
 * A program that it starts takes over the limits that it has set, and no more.
 */

/*
 * No core file, and no ptrace(2) or /proc/PID/mem for others of the same user. FAULT_SYSTEM. From now
 * on /proc/self/fd is closed to the process itself, unless it is root's.
 */
enum fault own_memory_hide(void);

/*
 * Keeps it out of the swap, as it comes to be used: what there is, and what will be where there is no limit on it, for under
 * a limit a locked process would run out of memory in the middle of its work. FAULT_SYSTEM where the
 * system does not permit it: errno says why.
 */
enum fault own_memory_lock(void);

#endif
