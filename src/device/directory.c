#include "directory.h"

#include "owned.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OTHERS_MAY_WRITE = 0022, FILE_NAME_MAX = 64 };

enum fault directory_failed(const struct directory *directory, const char *doing, const char *name)
{
	return failure_set(directory->failure, EXIT_LOCAL_FILES,
		"mend that (space, permission, medium) and run it again", "could not %s %s%s%s: %s",
		doing, directory->path, name[0] == '\0' ? "" : "/", name, strerror(errno));
}

/* Whoever can write into the folder can give the device another CA or another key. */
static enum fault check_owner(const struct directory *directory)
{
	struct stat status;

	if (fstat(directory->descriptor, &status) != 0)
		return directory_failed(directory, "look at", "");
	if (status.st_uid == geteuid() && (status.st_mode & OTHERS_MAY_WRITE) == 0)
		return FAULT_NONE;
	return failure_set(directory->failure, EXIT_LOCAL_FILES,
		"make it yours alone (chown, chmod 700) or choose another one by --dir",
		"%s belongs to another user or can be written by others", directory->path);
}

static enum fault lock(const struct directory *directory)
{
	if (flock(directory->descriptor, LOCK_EX | LOCK_NB) == 0)
		return FAULT_NONE;
	if (errno != EWOULDBLOCK)
		return directory_failed(directory, "lock", "");
	return failure_set(directory->failure, EXIT_LOCAL_FILES, "wait until it has ended",
		"another genuine-device is at work in %s", directory->path);
}

enum fault directory_open_to_look(
	struct directory *directory, const char *path, struct failure *failure)
{
	*directory = (struct directory){ .path = path, .failure = failure };
	directory->descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory->descriptor >= 0)
		return check_owner(directory);
	return errno == ENOENT ? FAULT_NOT_FOUND : directory_failed(directory, "open", "");
}

/* fsync(2): what is synced in a new folder is lost with it, as long as its own entry is not. */
static enum fault sync_parent(const struct directory *directory)
{
	owned_descriptor parent =
		openat(directory->descriptor, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* Whoever may not read the parent made the folder all the same. */
	if (parent < 0)
		return errno == EACCES ? FAULT_NONE
				       : directory_failed(directory, "open the parent of", "");
	return fsync(parent) == 0 ? FAULT_NONE
				  : directory_failed(directory, "sync the parent of", "");
}

enum fault directory_open(struct directory *directory, const char *path, struct failure *failure)
{
	*directory = (struct directory){ .descriptor = -1, .path = path, .failure = failure };
	bool is_new = mkdir(path, 0700) == 0;
	if (!is_new && errno != EEXIST)
		return directory_failed(directory, "make the folder", "");
	enum fault fault = directory_open_to_look(directory, path, failure);
	if (fault == FAULT_NOT_FOUND)
		return directory_failed(directory, "open", "");
	if (fault == FAULT_NONE && is_new)
		fault = sync_parent(directory);
	return fault == FAULT_NONE ? lock(directory) : fault;
}

void directory_close(struct directory *directory)
{
	owned_close_descriptor(&directory->descriptor);
}

/* Reads to the end of the file; one octet more than capacity is too long. */
static enum fault read_all(int descriptor, uint8_t *buffer, size_t capacity, struct bytes *out)
{
	size_t len = 0;

	for (;;) {
		uint8_t beyond;
		bool is_full = len == capacity;
		ssize_t n = read(
			descriptor, is_full ? &beyond : buffer + len, is_full ? 1 : capacity - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FAULT_SYSTEM;
		if (n == 0)
			break;
		if (is_full)
			return FAULT_TOO_LONG;
		len += (size_t)n;
	}
	*out = bytes_of(buffer, len);
	return FAULT_NONE;
}

enum fault directory_read(const struct directory *directory, const char *name, uint8_t *buffer,
	size_t capacity, struct bytes *out)
{
	owned_descriptor file =
		openat(directory->descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (file < 0 && errno == ENOENT)
		return FAULT_NOT_FOUND;
	if (file < 0)
		return directory_failed(directory, "open", name);
	enum fault fault = read_all(file, buffer, capacity, out);
	return fault == FAULT_SYSTEM ? directory_failed(directory, "read", name) : fault;
}

static bool write_all(int descriptor, struct bytes content)
{
	while (content.len > 0) {
		ssize_t n = write(descriptor, content.data, content.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		content.data += n;
		content.len -= (size_t)n;
	}
	return fsync(descriptor) == 0;
}

/* The lock makes a left-over of an earlier run ours to remove. */
enum fault directory_write(
	const struct directory *directory, const char *name, struct bytes content, mode_t mode)
{
	char beside[FILE_NAME_MAX];

	(void)snprintf(beside, sizeof(beside), "%s.new", name);
	(void)unlinkat(directory->descriptor, beside, 0);
	owned_descriptor file = openat(directory->descriptor, beside,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	if (file < 0)
		return directory_failed(directory, "make", beside);
	if (!write_all(file, content)) {
		enum fault fault = directory_failed(directory, "write", beside);
		(void)unlinkat(directory->descriptor, beside, 0);
		return fault;
	}
	if (renameat(directory->descriptor, beside, directory->descriptor, name) != 0)
		return directory_failed(directory, "rename", beside);
	return fsync(directory->descriptor) == 0 ? FAULT_NONE
						 : directory_failed(directory, "sync", name);
}

enum fault directory_remove(const struct directory *directory, const char *name)
{
	if (unlinkat(directory->descriptor, name, 0) != 0)
		return directory_failed(directory, "remove", name);
	return fsync(directory->descriptor) == 0 ? FAULT_NONE
						 : directory_failed(directory, "sync", name);
}

static enum fault read_regular(
	const char *path, uint8_t *buffer, size_t capacity, struct bytes *out)
{
	owned_descriptor file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;

	if (file < 0 || fstat(file, &status) != 0)
		return FAULT_SYSTEM;
	return S_ISREG(status.st_mode) ? read_all(file, buffer, capacity, out) : FAULT_UNSUPPORTED;
}

enum fault file_read(const char *path, uint8_t *buffer, size_t capacity, struct failure *failure,
	struct bytes *out)
{
	enum fault fault = read_regular(path, buffer, capacity, out);

	if (fault == FAULT_UNSUPPORTED)
		return failure_set(failure, EXIT_LOCAL_FILES, "write it to a file first",
			"%s is no regular file", path);
	if (fault == FAULT_TOO_LONG)
		return failure_set(failure, EXIT_LOCAL_FILES, "give the CA's certificate alone",
			"%s is larger than %zu octets", path, capacity);
	if (fault != FAULT_NONE)
		return failure_set(failure, EXIT_LOCAL_FILES,
			"see that the file is there and readable", "could not read %s: %s", path,
			strerror(errno));
	return FAULT_NONE;
}
