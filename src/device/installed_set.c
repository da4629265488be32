#include "installed_set.h"

#include "owned.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINK_MAX_LEN = 64, FOLDER_MODE = 0755, NONE = -1 };

#define CURRENT "current"

static const char *const folders[] = { "set-1", "set-2" };
static const char *const names[] = { "certificate.pem", "chain.pem", "ca.pem", "key.pem", "key.pub",
	"key.priv", "openssl.cnf", "how-to-use.txt" };
enum { NAME_COUNT = sizeof(names) / sizeof(names[0]) };

void installed_set_close(struct installed_set *set)
{
	directory_close(&set->files);
}

/* Whether name is a link to target. */
static bool leads_to(const struct directory *directory, const char *name, const char *target)
{
	char found[LINK_MAX_LEN];
	ssize_t len = readlinkat(directory->descriptor, name, found, sizeof(found));

	return len >= 0 && bytes_equal(bytes_of(found, (size_t)len), bytes_of_string(target));
}

/* Puts a link in the place of whatever has its name, by one rename. */
static enum fault link_to(const struct directory *directory, const char *name, const char *target)
{
	char beside[LINK_MAX_LEN];

	(void)snprintf(beside, sizeof(beside), "%s.new", name);
	(void)unlinkat(directory->descriptor, beside, 0);
	if (symlinkat(target, directory->descriptor, beside) != 0)
		return directory_failed(directory, "make the link", beside);
	if (renameat(directory->descriptor, beside, directory->descriptor, name) != 0)
		return directory_failed(directory, "rename", beside);
	return FAULT_NONE;
}

static enum fault sync_folder(const struct directory *directory)
{
	return fsync(directory->descriptor) == 0 ? FAULT_NONE
						 : directory_failed(directory, "sync", "");
}

/* Which of the folders is in force: its place among them, or NONE where nothing is installed. */
static enum fault find_current(const struct directory *directory, int *out)
{
	struct stat status;

	for (*out = 0; *out < 2; (*out)++)
		if (leads_to(directory, CURRENT, folders[*out]))
			return FAULT_NONE;
	*out = NONE;
	if (fstatat(directory->descriptor, CURRENT, &status, AT_SYMLINK_NOFOLLOW) != 0 &&
		errno == ENOENT)
		return FAULT_NONE;
	return failure_set(directory->failure, EXIT_LOCAL_FILES, "remove it and run it again",
		"%s/" CURRENT " is not a link that genuine-device made", directory->path);
}

/* The lock makes a left-over of an earlier run ours to remove. */
static enum fault open_empty(
	const struct directory *directory, const char *folder, struct installed_set *out)
{
	struct installed_set set = { .files = *directory, .name = folder };

	if (mkdirat(directory->descriptor, folder, FOLDER_MODE) != 0 && errno != EEXIST)
		return directory_failed(directory, "make the folder", folder);
	set.files.descriptor = openat(
		directory->descriptor, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (set.files.descriptor < 0)
		return directory_failed(directory, "open", folder);
	for (size_t i = 0; i < NAME_COUNT; i++)
		(void)unlinkat(set.files.descriptor, names[i], 0);
	*out = set;
	return FAULT_NONE;
}

static bool is_plain(const struct directory *directory, const char *name)
{
	struct stat status;

	return fstatat(directory->descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		S_ISREG(status.st_mode);
}

/* Plain files under the names become a set: the same files under a second name, put in force. */
static enum fault adopt(const struct directory *directory, int *current)
{
	owned_installed_set set = { .files.descriptor = -1 };
	bool has_any = false;

	for (size_t i = 0; i < NAME_COUNT; i++)
		has_any = has_any || is_plain(directory, names[i]);
	if (!has_any)
		return FAULT_NONE;
	enum fault fault = open_empty(directory, folders[0], &set);
	if (fault != FAULT_NONE)
		return fault;
	for (size_t i = 0; i < NAME_COUNT; i++)
		if (is_plain(directory, names[i]) && linkat(directory->descriptor, names[i],
				set.files.descriptor, names[i], 0) != 0)
			return directory_failed(directory, "link", names[i]);
	*current = 0;
	return installed_set_switch(directory, &set);
}

/* Where nothing is installed yet, they lead nowhere until there is: all come into being at once. */
static enum fault make_links(const struct directory *directory)
{
	for (size_t i = 0; i < NAME_COUNT; i++) {
		char target[LINK_MAX_LEN];
		(void)snprintf(target, sizeof(target), CURRENT "/%s", names[i]);
		if (leads_to(directory, names[i], target))
			continue;
		enum fault fault = link_to(directory, names[i], target);
		if (fault != FAULT_NONE)
			return fault;
	}
	return FAULT_NONE;
}

enum fault installed_set_begin(const struct directory *directory, struct installed_set *out)
{
	int current;
	enum fault fault = find_current(directory, &current);

	if (fault == FAULT_NONE && current == NONE)
		fault = adopt(directory, &current);
	if (fault == FAULT_NONE)
		fault = make_links(directory);
	if (fault != FAULT_NONE)
		return fault;
	return open_empty(directory, folders[current == 0 ? 1 : 0], out);
}

/* What the new link leads to is on the medium before the link is. */
enum fault installed_set_switch(const struct directory *directory, const struct installed_set *set)
{
	enum fault fault = sync_folder(&set->files);

	if (fault == FAULT_NONE)
		fault = sync_folder(directory);
	if (fault == FAULT_NONE)
		fault = link_to(directory, CURRENT, set->name);
	return fault == FAULT_NONE ? sync_folder(directory) : fault;
}

enum fault installed_set_read(const struct directory *directory, const char *name, uint8_t *buffer,
	size_t capacity, struct bytes *out)
{
	char target[LINK_MAX_LEN];

	(void)snprintf(target, sizeof(target), CURRENT "/%s", name);
	return directory_read(directory, leads_to(directory, name, target) ? target : name, buffer,
		capacity, out);
}
