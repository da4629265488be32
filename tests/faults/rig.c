/*
 * rig: a library that is preloaded into the shipped programs, so that a test may spoil what they are
 * given: memory, whole writes, the right time. All it knows stands in one shared page, which the
 * test writes while the program runs, so it works inside the sandbox as well; it makes no system
 * call after its start. No program of ours is built otherwise for it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

enum { SITES_MAX = 1 << 17, DEPTH_MAX = 8, MS = 1000, NS_PER_MS = 1000000 };

/* tests/faults/rig.py has the same layout. */
struct page {
	_Atomic uint64_t fail_in;     /* the allocation that fails, counted from now on; 0: none */
	_Atomic uint64_t failed;      /* how many have failed */
	_Atomic uint64_t is_counting; /* whether allocations are written down */
	_Atomic uint64_t counted;
	_Atomic uint64_t shorten_in;  /* the write that writes half, counted from now on; 0: none */
	_Atomic uint64_t shortened;
	_Atomic uint64_t written;     /* calls of write and pwrite */
	_Atomic int64_t clock_ms;     /* added to CLOCK_REALTIME */
	uint64_t sites[SITES_MAX];    /* of what was counted: who called, as a number */
};

static struct page *page;
static _Thread_local int is_inside;

__attribute__((constructor)) static void rig_open(void)
{
	const char *path = getenv("RIG_PAGE");
	int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);

	if (file < 0)
		abort(); /* a fault that cannot be injected is no test */
	void *map = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (map == MAP_FAILED)
		abort();
	(void)close(file);
	page = map;
}

/* Whether this is the one that was waited for. */
static int is_due(_Atomic uint64_t *in, _Atomic uint64_t *happened)
{
	uint64_t left = atomic_load(in);

	while (left > 0 && !atomic_compare_exchange_weak(in, &left, left - 1))
		;
	if (left != 1)
		return 0;
	atomic_fetch_add(happened, 1);
	return 1;
}

/* ---- memory ---- */

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

struct walk {
	uint64_t site;
	unsigned depth;
};

static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *argument)
{
	struct walk *walk = argument;

	walk->site = (walk->site ^ (uint64_t)_Unwind_GetIP(context)) * UINT64_C(0x100000001b3);
	return ++walk->depth < DEPTH_MAX ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static void write_down(void)
{
	struct walk walk = { 0 };
	uint64_t n = atomic_fetch_add(&page->counted, 1);

	if (n >= SITES_MAX)
		return;
	is_inside = 1;
	(void)_Unwind_Backtrace(step, &walk);
	is_inside = 0;
	page->sites[n] = walk.site;
}

static int allocation_fails(void)
{
	if (page == NULL || is_inside)
		return 0;
	if (atomic_load(&page->is_counting))
		write_down();
	if (!is_due(&page->fail_in, &page->failed))
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return allocation_fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return allocation_fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return size > 0 && allocation_fails() ? NULL : __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size)
{
	return allocation_fails() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	void *got = memalign(alignment, size);

	if (got != NULL)
		*out = got;
	return got == NULL ? ENOMEM : 0;
}

/* ---- writes ---- */

static size_t whole_or_half(size_t len)
{
	if (page == NULL)
		return len;
	atomic_fetch_add(&page->written, 1);
	return len > 1 && is_due(&page->shorten_in, &page->shortened) ? len / 2 : len;
}

ssize_t write(int file, const void *data, size_t len)
{
	return syscall(SYS_write, file, data, whole_or_half(len));
}

ssize_t pwrite64(int file, const void *data, size_t len, off64_t at)
{
	return syscall(SYS_pwrite64, file, data, whole_or_half(len), at);
}

/* ---- time ---- */

static int real_clock(clockid_t id, struct timespec *out)
{
	static int (*next)(clockid_t, struct timespec *);

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "clock_gettime");
	return next(id, out);
}

int clock_gettime(clockid_t id, struct timespec *out)
{
	int result = real_clock(id, out);

	if (result != 0 || id != CLOCK_REALTIME || page == NULL)
		return result;
	int64_t ms = (int64_t)out->tv_sec * MS + out->tv_nsec / NS_PER_MS + atomic_load(&page->clock_ms);
	out->tv_sec = (time_t)(ms / MS);
	out->tv_nsec = (long)(ms % MS) * NS_PER_MS;
	return 0;
}

time_t time(time_t *out)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	*out = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
	return 0;
}
