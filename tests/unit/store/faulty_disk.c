#include "faulty_disk.h"

#include <assert.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

static enum disk_fault fault;
static int calls_left; /* until the one that fails; 0: not armed */
static int is_lasting_fault;
static int failed_count;

/* Whether this call, of a kind that the fault is about, fails. */
static int fails(int is_sync)
{
	if (calls_left == 0 || (fault != DISK_KILLS && is_sync != (fault == DISK_SYNC_FAILS)))
		return 0;
	if (calls_left > 1) {
		calls_left--;
		return 0;
	}
	if (fault == DISK_KILLS)
		_exit(DISK_KILLED_STATUS);
	if (!is_lasting_fault)
		calls_left = 0;
	failed_count++;
	return 1;
}

void faulty_disk_arm(enum disk_fault kind, int n, int is_lasting)
{
	fault = kind;
	calls_left = n;
	is_lasting_fault = is_lasting;
	failed_count = 0;
}

int faulty_disk_disarm(void)
{
	calls_left = 0;
	return failed_count > 0;
}

/* ---- a file: SQLite's own, behind ours ---- */

struct faulty_file {
	sqlite3_file base;
	sqlite3_file *real; /* in the octets that follow */
};

static sqlite3_file *real_of(sqlite3_file *file)
{
	return ((struct faulty_file *)(void *)file)->real;
}

#define REAL(file, method, ...) real_of(file)->pMethods->method(real_of(file), __VA_ARGS__)
#define REAL_ALONE(file, method) real_of(file)->pMethods->method(real_of(file))

static int file_close(sqlite3_file *file)
{
	return REAL_ALONE(file, xClose);
}

static int file_read(sqlite3_file *file, void *data, int len, sqlite3_int64 offset)
{
	return REAL(file, xRead, data, len, offset);
}

static int file_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 offset)
{
	if (fails(0))
		return fault == DISK_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
	return REAL(file, xWrite, data, len, offset);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return REAL(file, xTruncate, size);
}

static int file_sync(sqlite3_file *file, int flags)
{
	if (fails(1))
		return SQLITE_IOERR_FSYNC;
	return REAL(file, xSync, flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return REAL(file, xFileSize, size);
}

static int file_lock(sqlite3_file *file, int level)
{
	return REAL(file, xLock, level);
}

static int file_unlock(sqlite3_file *file, int level)
{
	return REAL(file, xUnlock, level);
}

static int file_check_reserved(sqlite3_file *file, int *out)
{
	return REAL(file, xCheckReservedLock, out);
}

static int file_control(sqlite3_file *file, int operation, void *argument)
{
	return REAL(file, xFileControl, operation, argument);
}

static int file_sector_size(sqlite3_file *file)
{
	return REAL_ALONE(file, xSectorSize);
}

static int file_characteristics(sqlite3_file *file)
{
	return REAL_ALONE(file, xDeviceCharacteristics);
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
	return REAL(file, xShmMap, page, size, extend, out);
}

static int file_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	return REAL(file, xShmLock, offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
	REAL_ALONE(file, xShmBarrier);
}

static int file_shm_unmap(sqlite3_file *file, int is_deleted)
{
	return REAL(file, xShmUnmap, is_deleted);
}

static const sqlite3_io_methods file_methods = {
	.iVersion = 2,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_check_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_characteristics,
	.xShmMap = file_shm_map,
	.xShmLock = file_shm_lock,
	.xShmBarrier = file_shm_barrier,
	.xShmUnmap = file_shm_unmap,
};

/* ---- the file system ---- */

static sqlite3_vfs *real_vfs;
static sqlite3_vfs faulty_vfs;

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
	int *out_flags)
{
	struct faulty_file *faulty = (struct faulty_file *)(void *)file;

	(void)vfs;
	faulty->real = (sqlite3_file *)(void *)(faulty + 1);
	memset(faulty->real, 0, (size_t)real_vfs->szOsFile);
	int code = real_vfs->xOpen(real_vfs, name, faulty->real, flags, out_flags);
	faulty->base.pMethods = faulty->real->pMethods != NULL ? &file_methods : NULL;
	return code;
}

void faulty_disk_install(void)
{
	real_vfs = sqlite3_vfs_find("unix");
	assert(real_vfs != NULL);
	faulty_vfs = *real_vfs;
	faulty_vfs.zName = "faulty";
	faulty_vfs.pNext = NULL;
	faulty_vfs.szOsFile = (int)sizeof(struct faulty_file) + real_vfs->szOsFile;
	faulty_vfs.xOpen = vfs_open;
	int code = sqlite3_vfs_register(&faulty_vfs, 1);
	assert(code == SQLITE_OK);
	(void)code;
}
