#ifndef SUPERVISOR_SEALED_COPY_H
#define SUPERVISOR_SEALED_COPY_H

#include "fault.h"

#include <stddef.h>

/*
 * sealed_copy: what a file held at one moment, in memory that nobody can change any more. A file
 * stays the same only as long as nobody writes into it; a role that is started again is to find in
 * it what its peers and the fingerprint were made from.
 */

/* Copies at most max octets, from the file's beginning. FAULT_TOO_LONG, FAULT_SYSTEM. */
enum fault sealed_copy(int file, size_t max, int *out);

#endif
