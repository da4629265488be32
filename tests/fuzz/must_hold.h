#ifndef TESTS_FUZZ_MUST_HOLD_H
#define TESTS_FUZZ_MUST_HOLD_H

#include <stdio.h>
#include <stdlib.h>

/*
 * must_hold: what has to be true whatever the input. Unlike assert it is evaluated in every build,
 * so it may do the work as well. It ends the process, and libFuzzer keeps the input.
 */
#define must_hold(statement) \
	((statement) ? (void)0 : must_hold_broken(#statement, __FILE__, __LINE__))

__attribute__((noreturn))
static inline void must_hold_broken(const char *statement, const char *file, int line)
{
	(void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, statement);
	abort();
}

#endif
