/*
 * rig: a library that is preloaded into the shipped programs, so that a test may spoil what they are
 * given: memory, whole writes, the right time, right signatures. All it knows stands in one shared page, which the
 * test writes while the program runs, so it works inside the sandbox as well; it makes no system
 * call after its start. No program of ours is built otherwise for it.
 */
#undef _FORTIFY_SOURCE /* its inline forms stand in the way of ours */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

enum { SITES_MAX = 1 << 17, DEPTH_MAX = 8, MS = 1000, NS_PER_MS = 1000000 };

/* tests/faults/rig.py has the same numbers and the same layout. */
enum call {
	CALL_WRITE, CALL_PWRITE, CALL_FSYNC, CALL_FDATASYNC, CALL_FTRUNCATE, CALL_RENAMEAT,
	CALL_UNLINK, CALL_UNLINKAT, CALL_MKDIR, CALL_MKDIRAT, CALL_SYMLINKAT, CALL_LINKAT,
	CALL_OPEN, CALL_OPENAT, CALL_SENDMSG, CALL_COUNT
};

struct page {
	_Atomic uint64_t fail_in;     /* the allocation that fails, counted from now on; 0: none */
	_Atomic uint64_t fails_on;    /* and all that follow */
	_Atomic uint64_t failed;      /* how many have failed */
	_Atomic uint64_t is_counting; /* whether allocations are written down */
	_Atomic uint64_t counted;
	_Atomic uint64_t spoilt_call; /* enum call */
	_Atomic uint64_t spoil_in;    /* which of these calls, counted from now on; 0: none */
	_Atomic uint64_t spoils_on;   /* and all that follow */
	_Atomic int64_t error;        /* what errno is then; 0: half is written */
	_Atomic uint64_t spoilt;      /* how many were */
	_Atomic uint64_t sent_after_sync; /* messages of a process after one of its syncs had failed */
	_Atomic int64_t clock_ms;     /* added to CLOCK_REALTIME */
	_Atomic uint64_t clock_reads; /* how often it was read while something was added */
	_Atomic uint64_t flips_signature; /* whether a bit of each is wrong */
	_Atomic uint64_t signatures;  /* how many were made */
	_Atomic uint64_t holds_signature; /* whether one waits until it may be made */
	_Atomic uint64_t held;        /* how many have waited */
	_Atomic uint64_t calls[CALL_COUNT];
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
static int is_due(_Atomic uint64_t *in, uint64_t goes_on)
{
	uint64_t left = atomic_load(in);

	if (left == 0)
		return 0;
	if (left > 1 || !goes_on)
		atomic_store(in, left - 1);
	return left == 1;
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

/* Where in its program or library a caller stands: each process has them elsewhere. */
static uint64_t place_of(uintptr_t address)
{
	struct dl_find_object object;

	if (_dl_find_object((void *)address, &object) != 0)
		return address;
	return address - (uintptr_t)object.dlfo_map_start;
}

static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *argument)
{
	struct walk *walk = argument;

	walk->site = (walk->site ^ place_of(_Unwind_GetIP(context))) * UINT64_C(0x100000001b3);
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
	if (!is_due(&page->fail_in, atomic_load(&page->fails_on)))
		return 0;
	atomic_fetch_add(&page->failed, 1);
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

/* ---- disk and channels ---- */

static int is_spoilt(enum call call)
{
	if (page == NULL)
		return 0;
	atomic_fetch_add(&page->calls[call], 1);
	if (atomic_load(&page->spoilt_call) != call ||
		!is_due(&page->spoil_in, atomic_load(&page->spoils_on)))
		return 0;
	atomic_fetch_add(&page->spoilt, 1);
	return 1;
}

/* For calls that have no half. */
static int fails(enum call call)
{
	if (!is_spoilt(call))
		return 0;
	errno = (int)atomic_load(&page->error);
	return 1;
}

/* Files only, and not the log: what goes to a terminal or to a TPM is spoilt elsewhere. */
static int is_file(int file)
{
	struct stat status;

	return file > STDERR_FILENO && fstat(file, &status) == 0 && S_ISREG(status.st_mode);
}

ssize_t write(int file, const void *data, size_t len)
{
	if (page != NULL && is_file(file) && is_spoilt(CALL_WRITE)) {
		errno = (int)atomic_load(&page->error);
		if (errno != 0)
			return -1;
		len = (len + 1) / 2;
	}
	return syscall(SYS_write, file, data, len);
}

ssize_t pwrite(int file, const void *data, size_t len, off_t at)
{
	if (is_spoilt(CALL_PWRITE)) {
		errno = (int)atomic_load(&page->error);
		if (errno != 0)
			return -1;
		len = (len + 1) / 2;
	}
	return syscall(SYS_pwrite64, file, data, len, at);
}

static int has_failed_sync; /* this process */

static int sync_fails(enum call call)
{
	if (!fails(call))
		return 0;
	has_failed_sync = 1;
	return 1;
}

int fsync(int file)
{
	return sync_fails(CALL_FSYNC) ? -1 : (int)syscall(SYS_fsync, file);
}

int fdatasync(int file)
{
	return sync_fails(CALL_FDATASYNC) ? -1 : (int)syscall(SYS_fdatasync, file);
}

int ftruncate(int file, off_t size)
{
	return fails(CALL_FTRUNCATE) ? -1 : (int)syscall(SYS_ftruncate, file, size);
}

int renameat(int from, const char *old, int to, const char *new)
{
	return fails(CALL_RENAMEAT) ? -1 : (int)syscall(SYS_renameat, from, old, to, new);
}

int unlink(const char *path)
{
	return fails(CALL_UNLINK) ? -1 : (int)syscall(SYS_unlink, path);
}

int unlinkat(int directory, const char *path, int flags)
{
	return fails(CALL_UNLINKAT) ? -1 : (int)syscall(SYS_unlinkat, directory, path, flags);
}

int mkdir(const char *path, mode_t mode)
{
	return fails(CALL_MKDIR) ? -1 : (int)syscall(SYS_mkdir, path, mode);
}

int mkdirat(int directory, const char *path, mode_t mode)
{
	return fails(CALL_MKDIRAT) ? -1 : (int)syscall(SYS_mkdirat, directory, path, mode);
}

int symlinkat(const char *target, int directory, const char *path)
{
	return fails(CALL_SYMLINKAT) ? -1 : (int)syscall(SYS_symlinkat, target, directory, path);
}

int linkat(int from, const char *old, int to, const char *new, int flags)
{
	return fails(CALL_LINKAT) ? -1 : (int)syscall(SYS_linkat, from, old, to, new, flags);
}

static mode_t mode_of(int flags, va_list arguments)
{
	return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

/* openat stands in for open: it is on every list of the sandbox that has a file to open. */
int open(const char *path, int flags, ...)
{
	va_list arguments;

	va_start(arguments, flags);
	mode_t mode = mode_of(flags, arguments);
	va_end(arguments);
	return fails(CALL_OPEN) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...)
{
	va_list arguments;

	va_start(arguments, flags);
	mode_t mode = mode_of(flags, arguments);
	va_end(arguments);
	return fails(CALL_OPENAT) ? -1 : (int)syscall(SYS_openat, directory, path, flags, mode);
}

ssize_t sendmsg(int socket, const struct msghdr *message, int flags)
{
	if (page != NULL && has_failed_sync)
		atomic_fetch_add(&page->sent_after_sync, 1);
	return fails(CALL_SENDMSG) ? -1 : syscall(SYS_sendmsg, socket, message, flags);
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
	if (atomic_load(&page->clock_ms) != 0)
		atomic_fetch_add(&page->clock_reads, 1);
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

/* ---- signatures ---- */

/* Without a system call: the test's own steps are short. */
static void wait_until_let_go(void)
{
	if (page == NULL || !atomic_load(&page->holds_signature))
		return;
	atomic_fetch_add(&page->held, 1);
	while (atomic_load(&page->holds_signature))
		continue;
}

/* The last octet is one of a number, in every kind of signature. */
int EVP_DigestSign(EVP_MD_CTX *context, unsigned char *signature, size_t *len,
	const unsigned char *data, size_t data_len)
{
	static int (*next)(EVP_MD_CTX *, unsigned char *, size_t *, const unsigned char *, size_t);

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "EVP_DigestSign");
	wait_until_let_go();
	int result = next(context, signature, len, data, data_len);
	if (result != 1 || signature == NULL || page == NULL)
		return result;
	atomic_fetch_add(&page->signatures, 1);
	if (atomic_load(&page->flips_signature))
		signature[*len - 1] ^= 1;
	return result;
}
