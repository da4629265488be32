#include "installed_set.h"

#include "owned.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINK_MAX_LEN = 64, FOLDER_MODE = 0755, PERMISSIONS = 0777, NONE = -1 };
enum { ADOPTED_MAX = 65536 };

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

static bool is_plain(const struct directory *directory, const char *name)
{
	struct stat status;

	return fstatat(directory->descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		S_ISREG(status.st_mode);
}

static void path_in_force(const char *name, char out[LINK_MAX_LEN])
{
	(void)snprintf(out, LINK_MAX_LEN, CURRENT "/%s", name);
}

static enum fault not_a_link(const struct directory *directory)
{
	return failure_set(directory->failure, EXIT_LOCAL_FILES,
		"make it a link to set-1 or set-2, whichever has the files",
		"%s/" CURRENT " is not a link that genuine-device made", directory->path);
}

/*
 * A folder in the link's place, as a copy has it that followed the links. Whatever it holds stands
 * under the names as well: then it is not needed.
 */
static enum fault remove_copy(const struct directory *directory)
{
	char path[LINK_MAX_LEN];

	for (size_t i = 0; i < NAME_COUNT; i++) {
		path_in_force(names[i], path);
		if (is_plain(directory, path) && !is_plain(directory, names[i]))
			return not_a_link(directory);
	}
	for (size_t i = 0; i < NAME_COUNT; i++) {
		path_in_force(names[i], path);
		(void)unlinkat(directory->descriptor, path, 0);
	}
	if (unlinkat(directory->descriptor, CURRENT, AT_REMOVEDIR) != 0)
		return directory_failed(directory, "remove the folder", CURRENT);
	return FAULT_NONE;
}

/* Which of the folders is in force: its place among them, or NONE where nothing is installed. */
static enum fault find_current(const struct directory *directory, int *out, bool *is_copy)
{
	struct stat status;

	*is_copy = false;
	for (*out = 0; *out < 2; (*out)++)
		if (leads_to(directory, CURRENT, folders[*out]))
			return FAULT_NONE;
	*out = NONE;
	if (fstatat(directory->descriptor, CURRENT, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? FAULT_NONE
				       : directory_failed(directory, "look at", CURRENT);
	*is_copy = S_ISDIR(status.st_mode);
	return *is_copy ? FAULT_NONE : not_a_link(directory);
}

/* Whoever owns it could change what other programs are told of. */
static enum fault check_folder(const struct directory *directory, const struct installed_set *set)
{
	struct stat status;

	if (fstat(set->files.descriptor, &status) != 0)
		return directory_failed(directory, "look at", set->name);
	if (status.st_uid == geteuid())
		return faccessat(set->files.descriptor, ".", W_OK | X_OK, AT_EACCESS) == 0
			? FAULT_NONE : directory_failed(directory, "write into", set->name);
	return failure_set(directory->failure, EXIT_LOCAL_FILES, "make it yours (chown -R)",
		"%s/%s belongs to another user", directory->path, set->name);
}

/* The caller closes it, also after a fault. */
static enum fault open_folder(
	const struct directory *directory, const char *folder, struct installed_set *set)
{
	*set = (struct installed_set){ .files = *directory, .name = folder };
	set->files.descriptor = -1;
	if (mkdirat(directory->descriptor, folder, FOLDER_MODE) != 0 && errno != EEXIST)
		return directory_failed(directory, "make the folder", folder);
	set->files.descriptor = openat(
		directory->descriptor, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return set->files.descriptor < 0 ? directory_failed(directory, "open", folder)
					 : check_folder(directory, set);
}

/* The lock makes a left-over of an earlier run ours to remove. */
static enum fault open_empty(
	const struct directory *directory, const char *folder, struct installed_set *set)
{
	enum fault fault = open_folder(directory, folder, set);

	for (size_t i = 0; fault == FAULT_NONE && i < NAME_COUNT; i++)
		(void)unlinkat(set->files.descriptor, names[i], 0);
	return fault;
}

static const char *other_than(int current)
{
	return folders[current == 0 ? 1 : 0];
}

/* Where nothing is installed yet, they lead nowhere until there is: all come into being at once. */
static enum fault make_links(const struct directory *directory)
{
	for (size_t i = 0; i < NAME_COUNT; i++) {
		char target[LINK_MAX_LEN];
		path_in_force(names[i], target);
		if (leads_to(directory, names[i], target))
			continue;
		enum fault fault = link_to(directory, names[i], target);
		if (fault != FAULT_NONE)
			return fault;
	}
	return FAULT_NONE;
}

/* Not by link(2), which some file systems lack, and the kernel may refuse for another's file. */
static enum fault adopt_file(const struct directory *directory, const char *name,
	const struct installed_set *set)
{
	uint8_t content[ADOPTED_MAX];
	char in_force[LINK_MAX_LEN];
	struct stat status;
	struct bytes octets;
	const char *source = name;

	path_in_force(name, in_force);
	if (!is_plain(directory, name))
		source = in_force;
	if (fstatat(directory->descriptor, source, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? FAULT_NONE
				       : directory_failed(directory, "look at", source);
	enum fault fault =
		directory_read(directory, source, content, sizeof(content), &octets);
	if (fault == FAULT_TOO_LONG)
		return failure_set(directory->failure, EXIT_LOCAL_FILES, "move it away",
			"%s/%s is larger than %d octets", directory->path, source, ADOPTED_MAX);
	return fault == FAULT_NONE ? directory_write(&set->files, name, octets,
		status.st_mode & PERMISSIONS) : fault;
}

/* Plain files under the names become a set, with the others of the one in force. */
static enum fault adopt(const struct directory *directory, int *current)
{
	owned_installed_set set = { .files.descriptor = -1 };
	enum fault fault = open_empty(directory, other_than(*current), &set);

	for (size_t i = 0; fault == FAULT_NONE && i < NAME_COUNT; i++)
		fault = adopt_file(directory, names[i], &set);
	if (fault == FAULT_NONE)
		fault = installed_set_switch(directory, &set);
	if (fault != FAULT_NONE)
		return fault;
	*current = *current == 0 ? 1 : 0;
	return make_links(directory);
}

/* Some file systems have no links. */
static enum fault try_link(const struct directory *directory)
{
	static const char trial[] = CURRENT ".new";

	(void)unlinkat(directory->descriptor, trial, 0);
	if (symlinkat(folders[0], directory->descriptor, trial) != 0)
		return directory_failed(directory, "make the link", trial);
	(void)unlinkat(directory->descriptor, trial, 0);
	return FAULT_NONE;
}

/* Ours are plain files and links to the set in force. */
static enum fault look_at_name(const struct directory *directory, const char *name, bool *is_file)
{
	char target[LINK_MAX_LEN];
	struct stat status;

	path_in_force(name, target);
	if (fstatat(directory->descriptor, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? FAULT_NONE
				       : directory_failed(directory, "look at", name);
	*is_file = S_ISREG(status.st_mode);
	if (*is_file || leads_to(directory, name, target))
		return FAULT_NONE;
	return failure_set(directory->failure, EXIT_LOCAL_FILES, "move it away",
		"%s/%s is neither a file nor a link that genuine-device made", directory->path, name);
}

static enum fault look_at_names(const struct directory *directory, bool *has_plain)
{
	for (size_t i = 0; i < NAME_COUNT; i++) {
		bool is_file = false;
		enum fault fault = look_at_name(directory, names[i], &is_file);
		if (fault != FAULT_NONE)
			return fault;
		*has_plain = *has_plain || is_file;
	}
	return FAULT_NONE;
}

/* The folder that the next set is to be in is found to be of no use now, not when it is written. */
static enum fault try_folder(const struct directory *directory, int current)
{
	owned_installed_set set = { .files.descriptor = -1 };

	return open_folder(directory, other_than(current), &set);
}

static enum fault prepare(const struct directory *directory, int *current)
{
	bool has_plain = false, is_copy;
	enum fault fault = look_at_names(directory, &has_plain);

	if (fault == FAULT_NONE)
		fault = find_current(directory, current, &is_copy);
	if (fault == FAULT_NONE)
		fault = try_folder(directory, *current);
	if (fault == FAULT_NONE && is_copy)
		fault = remove_copy(directory);
	if (fault == FAULT_NONE && has_plain)
		return adopt(directory, current);
	return fault == FAULT_NONE && *current == NONE ? try_link(directory) : fault;
}

enum fault installed_set_prepare(const struct directory *directory)
{
	int current;

	return prepare(directory, &current);
}

enum fault installed_set_begin(const struct directory *directory, struct installed_set *out)
{
	int current;
	enum fault fault = prepare(directory, &current);

	if (fault == FAULT_NONE)
		fault = make_links(directory);
	return fault == FAULT_NONE ? open_empty(directory, other_than(current), out) : fault;
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

	path_in_force(name, target);
	return directory_read(directory, leads_to(directory, name, target) ? target : name, buffer,
		capacity, out);
}
