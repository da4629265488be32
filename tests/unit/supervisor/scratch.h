#ifndef TESTS_SUPERVISOR_SCRATCH_H
#define TESTS_SUPERVISOR_SCRATCH_H

#include "folder.h"

#include <stddef.h>

/* scratch: a folder of its own for a test, gone after it; any failure ends the test. */

/* Makes an empty one and returns its path, which lives until the next call. */
const char *scratch_open(void);

/* Removes it with everything in it. */
void scratch_close(void);

/* Makes a laboratory's CA in it, below "ca", and opens that folder. */
struct folder scratch_ca(void);

/* Writes a file into it; returns its path, which lives until the next call. */
const char *scratch_write(const char *name, const void *octets, size_t len);

/* Reads a whole small file of it as text; lives until the next call. */
const char *scratch_read(const char *name);

#endif
