#include "folder.h"

#include "owned.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAME_CAPACITY = 256, PLACE_CAPACITY = 512 /* no sentence is longer */ };

/* A file as the operator calls it. */
struct place {
	char text[PLACE_CAPACITY];
};

static enum fault fault_of_open(void)
{
	return errno == ENOENT || errno == ENOTDIR ? FAULT_NOT_FOUND : FAULT_SYSTEM;
}

/* ---- whom a file belongs to ---- */

static enum fault check_directory(
	const struct stat *status, const char *path, struct trouble *trouble)
{
	if (status->st_uid != geteuid())
		return trouble_say(trouble, FAULT_DENIED,
			"%s belongs to user %u and this runs as user %u: run it as the owner",
			path, status->st_uid, geteuid());
	if ((status->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return trouble_say(trouble, FAULT_DENIED,
			"%s can be written by others than its owner: chmod go-w it, and look what "
			"it holds",
			path);
	return FAULT_NONE;
}

enum fault folder_open(const char *path, struct folder *out, struct trouble *trouble)
{
	struct stat status;
	owned_descriptor directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return trouble_say(trouble, fault_of_open(),
			"%s: %s (genuine-ca -C DIR names another folder, genuine-ca init makes "
			"one)",
			path, strerror(errno));
	if (fstat(directory, &status) != 0)
		return trouble_say(trouble, FAULT_SYSTEM, "%s: %s", path, strerror(errno));
	enum fault fault = check_directory(&status, path, trouble);
	if (fault != FAULT_NONE)
		return fault;
	*out = (struct folder){ path, directory };
	directory = -1;
	return FAULT_NONE;
}

void folder_close(struct folder *folder)
{
	if (folder->path != NULL)
		owned_close_descriptor(&folder->descriptor);
}

/* A name of the configuration's may be a whole path, at which openat(2) does not look in the folder. */
static struct place place_of(const struct folder *folder, const char *name)
{
	bool is_whole = name[0] == '/';
	struct place place;

	(void)snprintf(place.text, sizeof(place.text), "%s%s%s", is_whole ? "" : folder->path,
		is_whole ? "" : "/", name);
	return place;
}

static enum fault check_file(const struct place *place, const struct stat *status,
	enum folder_file kind, struct trouble *trouble)
{
	mode_t forbidden = kind == FOLDER_SECRET ? S_IRWXG | S_IRWXO : S_IWGRP | S_IWOTH;

	if (!S_ISREG(status->st_mode))
		return trouble_say(
			trouble, FAULT_DENIED, "%s is not an ordinary file", place->text);
	if (status->st_uid != geteuid())
		return trouble_say(trouble, FAULT_DENIED, "%s belongs to user %u, not to user %u",
			place->text, status->st_uid, geteuid());
	if (status->st_nlink != 1)
		return trouble_say(trouble, FAULT_DENIED,
			"%s has a second name (a hard link) somewhere: copy it and remove both",
			place->text);
	if ((status->st_mode & forbidden) != 0)
		return trouble_say(trouble, FAULT_DENIED, "%s has mode %04o: chmod %s it",
			place->text, status->st_mode & 07777,
			kind == FOLDER_SECRET ? "0600" : "go-w");
	return FAULT_NONE;
}

/* secret/ itself: nobody else may look into it, nor put a file in. */
static enum fault check_secret_directory(const struct folder *folder, struct trouble *trouble)
{
	struct stat status;

	if (fstatat(folder->descriptor, "secret", &status, AT_SYMLINK_NOFOLLOW) != 0)
		return trouble_say(
			trouble, fault_of_open(), "%s/secret: %s", folder->path, strerror(errno));
	if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() ||
			(status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return trouble_say(trouble, FAULT_DENIED,
			"%s/secret must be a directory of mode 0700 and belong to user %u",
			folder->path, geteuid());
	return FAULT_NONE;
}

enum fault folder_open_file(const struct folder *folder, const char *name, enum folder_file kind,
	int *out, struct trouble *trouble)
{
	const struct place place = place_of(folder, name);
	struct stat status;
	enum fault fault =
		kind == FOLDER_SECRET ? check_secret_directory(folder, trouble) : FAULT_NONE;

	if (fault != FAULT_NONE)
		return fault;
	/* O_NONBLOCK: a FIFO must not hold us up before we have seen that it is one. */
	owned_descriptor file = openat(folder->descriptor, name,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file < 0 && errno == ELOOP)
		return trouble_say(trouble, FAULT_DENIED, "%s is a symbolic link", place.text);
	if (file < 0 || fstat(file, &status) != 0)
		return trouble_say(trouble, fault_of_open(), "%s: %s", place.text, strerror(errno));
	fault = check_file(&place, &status, kind, trouble);
	if (fault != FAULT_NONE)
		return fault;
	*out = file;
	file = -1;
	return FAULT_NONE;
}

/* ---- contents ---- */

enum fault folder_read(const struct folder *folder, const char *name, enum folder_file kind,
	uint8_t *buffer, size_t capacity, struct bytes *out, struct trouble *trouble)
{
	owned_descriptor file = -1;
	size_t len = 0;
	enum fault fault = folder_open_file(folder, name, kind, &file, trouble);

	if (fault != FAULT_NONE)
		return fault;
	for (;;) {
		uint8_t more;
		ssize_t got = len < capacity ? read(file, buffer + len, capacity - len) :
			read(file, &more, 1);

		if (got < 0)
			return trouble_say(trouble, FAULT_SYSTEM, "%s/%s: %s", folder->path, name,
				strerror(errno));
		if (got == 0)
			break;
		if (len == capacity)
			return trouble_say(trouble, FAULT_TOO_LONG,
				"%s/%s is longer than %zu octets", folder->path, name, capacity);
		len += (size_t)got;
	}
	*out = bytes_of(buffer, len);
	return FAULT_NONE;
}

static bool write_through(int file, struct bytes octets)
{
	while (octets.len > 0) {
		ssize_t written = write(file, octets.data, octets.len);

		if (written < 0)
			return false;
		octets = bytes_of(octets.data + written, octets.len - (size_t)written);
	}
	return fsync(file) == 0;
}

/* The directory in which the name stands, for that is where it was made, moved or taken away. */
static bool sync_directory(const struct folder *folder, const char *name)
{
	char path[NAME_CAPACITY] = ".";
	const char *slash = strrchr(name, '/');

	if (slash != NULL)
		(void)snprintf(path, sizeof(path), "%.*s", (int)(slash - name), name);
	owned_descriptor directory = openat(folder->descriptor, path,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return directory >= 0 && fsync(directory) == 0;
}

static enum fault create(const struct folder *folder, const char *name, mode_t mode,
	struct bytes octets, struct trouble *trouble)
{
	owned_descriptor file = openat(folder->descriptor, name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	if (file < 0)
		return trouble_say(trouble, errno == EEXIST ? FAULT_EXISTS : FAULT_SYSTEM,
			"%s/%s: %s", folder->path, name, strerror(errno));
	/* The mode as asked, whatever the umask. */
	if (fchmod(file, mode) != 0 || !write_through(file, octets)) {
		int error = errno;

		(void)unlinkat(folder->descriptor, name, 0);
		return trouble_say(trouble, FAULT_SYSTEM, "%s/%s: %s", folder->path, name,
			strerror(error));
	}
	return FAULT_NONE;
}

enum fault folder_create(const struct folder *folder, const char *name, mode_t mode,
	struct bytes octets, struct trouble *trouble)
{
	enum fault fault = create(folder, name, mode, octets, trouble);

	if (fault != FAULT_NONE || sync_directory(folder, name))
		return fault;
	return trouble_say(trouble, FAULT_SYSTEM, "%s/%s: %s", folder->path, name, strerror(errno));
}

enum fault folder_replace(const struct folder *folder, const char *name, mode_t mode,
	struct bytes octets, struct trouble *trouble)
{
	char fresh[NAME_CAPACITY];

	if (snprintf(fresh, sizeof(fresh), "%s.new", name) >= (int)sizeof(fresh))
		return trouble_say(trouble, FAULT_TOO_LONG, "%s: the name is too long", name);
	/* What a crash left over. */
	(void)unlinkat(folder->descriptor, fresh, 0);
	enum fault fault = create(folder, fresh, mode, octets, trouble);
	if (fault != FAULT_NONE)
		return fault;
	if (renameat(folder->descriptor, fresh, folder->descriptor, name) != 0 ||
			!sync_directory(folder, name))
		return trouble_say(trouble, FAULT_SYSTEM, "%s/%s: %s", folder->path, name,
			strerror(errno));
	return FAULT_NONE;
}

enum fault folder_remove(const struct folder *folder, const char *name, struct trouble *trouble)
{
	if (unlinkat(folder->descriptor, name, 0) != 0 || !sync_directory(folder, name))
		return trouble_say(trouble, FAULT_SYSTEM, "%s/%s: %s", folder->path, name,
			strerror(errno));
	return FAULT_NONE;
}

/* ---- the lock, the store ---- */

/*
 * A command that looks whether a server has the lock holds it for a moment; the store of a server that
 * was killed may take some seconds to end.
 */
enum { LOOK_STEPS = 5, STORE_ENDS_STEPS = 30, STEP_MS = 100 };

/* FAULT_BUSY where somebody else has had the lock all the time. */
static enum fault lock_within(int descriptor, unsigned steps)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };

	for (unsigned i = 0; i < steps; i++) {
		if (flock(descriptor, LOCK_EX | LOCK_NB) == 0)
			return FAULT_NONE;
		if (errno != EWOULDBLOCK)
			return FAULT_SYSTEM;
		(void)nanosleep(&step, NULL);
	}
	return FAULT_BUSY;
}

enum fault folder_lock(const struct folder *folder, int *out, struct trouble *trouble)
{
	owned_descriptor lock = openat(folder->descriptor, "lock",
		O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);

	if (lock < 0)
		return trouble_say(
			trouble, FAULT_SYSTEM, "%s/lock: %s", folder->path, strerror(errno));
	enum fault fault = lock_within(lock, LOOK_STEPS);
	if (fault != FAULT_NONE)
		return trouble_say(
			trouble, fault, "%s is in use by another genuine-ca", folder->path);
	*out = lock;
	lock = -1;
	return FAULT_NONE;
}

/*
 * Two stores of one database would each answer by their own policy, clock and audit mark. The
 * folder's lock sees no other folder into which this store is mounted; the directory's own does.
 */
static enum fault lock_store(int store)
{
	return lock_within(store, STORE_ENDS_STEPS);
}

enum fault folder_open_store(const struct folder *folder, uid_t uid, int *out,
	struct trouble *trouble)
{
	struct stat status;
	owned_descriptor store = openat(folder->descriptor, "store",
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (store < 0 || fstat(store, &status) != 0)
		return trouble_say(trouble, fault_of_open(), "%s/store: %s", folder->path,
			strerror(errno));
	if (status.st_uid != uid || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return trouble_say(trouble, FAULT_DENIED,
			"%s/store must have mode 0700 and belong to user %u ([process] uid_base + "
			"3 for root)",
			folder->path, uid);
	enum fault fault = lock_store(store);

	if (fault == FAULT_BUSY)
		return trouble_say(trouble, fault,
			"%s/store is in use by the genuine-ca of another folder, or by the store of a "
			"killed server that has not ended yet", folder->path);
	if (fault != FAULT_NONE)
		return trouble_say(trouble, fault, "%s/store cannot be locked: %s", folder->path,
			strerror(errno));
	*out = store;
	store = -1;
	return FAULT_NONE;
}
