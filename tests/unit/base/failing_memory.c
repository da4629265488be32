#include "failing_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#ifndef NOTHING_FAILS
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
#endif

static size_t left;
static bool has_failed;

void failing_memory_in(size_t n)
{
	has_failed = false;
	left = n;
}

bool failing_memory_has_failed(void)
{
	left = 0;
	return has_failed;
}

#ifndef NOTHING_FAILS
static bool fails(void)
{
	if (left == 0 || --left > 0)
		return false;
	has_failed = true;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return size > 0 && fails() ? NULL : __libc_realloc(old, size);
}
#endif

void failing_memory_or_skip(void)
{
	void *volatile one;

	failing_memory_in(1);
	one = malloc(1);
	free(one);
	if (!failing_memory_has_failed())
		skip();
}
