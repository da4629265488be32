#ifndef STORE_EXPECTED_H
#define STORE_EXPECTED_H

#include "bytes.h"
#include "fault.h"

#include <stdbool.h>

/*
 * expected: the serials that may be claimed under binding = first: one a line; empty lines and
 * lines that begin with # are skipped.
 */
struct expected;

/*
 * Reads the whole file behind descriptor, from its beginning. FAULT_INVALID where a line is not a
 * serial: line is its number; FAULT_TOO_LONG, FAULT_SYSTEM, FAULT_NO_MEMORY. To be closed.
 */
enum fault expected_read(int descriptor, struct expected **out, size_t *line);

void expected_close(struct expected *);

bool expected_has(const struct expected *, struct bytes serial);

#endif
