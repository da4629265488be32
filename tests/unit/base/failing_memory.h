#ifndef TESTS_BASE_FAILING_MEMORY_H
#define TESTS_BASE_FAILING_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * failing_memory: a malloc for one test program, one allocation of which fails: the n-th from now
 * on, once. So a test goes through all of them: for n from 1 until nothing has failed. In a build
 * with a sanitizer and under valgrind, which have a malloc of their own, nothing ever fails.
 */
void failing_memory_in(size_t n);

/* Whether it has come to that; nothing fails from here on. */
bool failing_memory_has_failed(void);

/* Skips the test (cmocka) where nothing ever fails: it has nothing to show. */
void failing_memory_or_skip(void);

#endif
