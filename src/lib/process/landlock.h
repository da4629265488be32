#ifndef PROCESS_LANDLOCK_H
#define PROCESS_LANDLOCK_H

#include "fault.h"

/*
 * landlock: takes from the process, for good, every right to open a file that does not lie below a
 * directory, and to bind or connect TCP sockets (landlock(7)); from kernel 6.12 also to signal, or
 * reach by abstract socket, what is outside. By system call: Debian 12 has no library for it.
 */

/*
 * directory is an opened one, or -1: then no file at all. FAULT_UNSUPPORTED where the kernel has no
 * Landlock; FAULT_SYSTEM (errno) where it has and fails. Needs no-new-privileges.
 */
enum fault landlock_enter(int directory);

#endif
