#include "own_memory.h"

#include <alloca.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* Far more than any request needs: the largest frames are those of the library's own parsers. */
enum { STACK_GROWN = 1024 * 1024, PAGE = 4096 };

enum fault own_memory_hide(void)
{
	const struct rlimit none = { 0, 0 };

	return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0
		? FAULT_NONE : FAULT_SYSTEM;
}

/*
 * Gives the stack all the pages that it will ever need. Locked memory counts against a limit that
 * is passed already, and a locked stack that wants to grow past it is a segmentation fault. Of a
 * small stack half is taken.
 */
__attribute__((noinline)) static void grow_stack(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_STACK, &limit) != 0)
		return;
	rlim_t half = limit.rlim_cur / 2;
	size_t size = half < STACK_GROWN ? (size_t)half : STACK_GROWN;
	volatile uint8_t *room = alloca(size);
	for (size_t i = 0; i < size; i += PAGE)
		room[i] = 0;
}

enum fault own_memory_lock(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit limit;
	int flags = MCL_CURRENT;

	grow_stack();
	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
	if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY)
		flags |= MCL_FUTURE;
	return mlockall(flags | MCL_ONFAULT) == 0 || mlockall(flags) == 0 ? FAULT_NONE : FAULT_SYSTEM;
}
