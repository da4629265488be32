#include "landlock.h"

#include "owned.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The kernel's own interface as of ABI 6 (include/uapi/linux/landlock.h); Debian 12's header knows
 * ABI 2 only, and the running kernel says how much of it there is.
 */
struct ruleset {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

struct __attribute__((packed)) path_beneath {
	uint64_t allowed_access;
	int32_t parent_fd;
};

enum { CREATE_RULESET_VERSION = 1, RULE_PATH_BENEATH = 1 };
enum { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_NET = 4, ABI_IOCTL = 5, ABI_SCOPE = 6 };

#define ACCESS_FS_ABI_1 ((1ull << 13) - 1)
#define ACCESS_FS_EXECUTE (1ull << 0)
#define ACCESS_FS_REFER (1ull << 13)
#define ACCESS_FS_TRUNCATE (1ull << 14)
#define ACCESS_FS_IOCTL_DEV (1ull << 15)
#define ACCESS_FS_MAKE_CHAR (1ull << 6)
#define ACCESS_FS_MAKE_SOCK (1ull << 9)
#define ACCESS_FS_MAKE_FIFO (1ull << 10)
#define ACCESS_FS_MAKE_BLOCK (1ull << 11)
#define ACCESS_FS_MAKE_SYM (1ull << 12)
#define ACCESS_NET_ALL 3ull /* bind and connect TCP */
#define SCOPE_ALL 3ull      /* abstract Unix sockets and signals */

/* Every right that this ABI can take away. */
static struct ruleset ruleset_of(long abi)
{
	struct ruleset ruleset = { .handled_access_fs = ACCESS_FS_ABI_1 };

	if (abi >= ABI_REFER)
		ruleset.handled_access_fs |= ACCESS_FS_REFER;
	if (abi >= ABI_TRUNCATE)
		ruleset.handled_access_fs |= ACCESS_FS_TRUNCATE;
	if (abi >= ABI_NET)
		ruleset.handled_access_net = ACCESS_NET_ALL;
	if (abi >= ABI_IOCTL)
		ruleset.handled_access_fs |= ACCESS_FS_IOCTL_DEV;
	if (abi >= ABI_SCOPE)
		ruleset.scoped = SCOPE_ALL;
	return ruleset;
}

/* A kernel refuses a structure that is longer than it knows, unless the rest is 0. */
static size_t ruleset_size(long abi)
{
	if (abi < ABI_NET)
		return offsetof(struct ruleset, handled_access_net);
	return abi < ABI_SCOPE ? offsetof(struct ruleset, scoped) : sizeof(struct ruleset);
}

/* A database makes, writes and removes ordinary files; it runs none and makes no special ones. */
static uint64_t access_below_directory(const struct ruleset *ruleset)
{
	const uint64_t never = ACCESS_FS_EXECUTE | ACCESS_FS_MAKE_CHAR | ACCESS_FS_MAKE_SOCK |
		ACCESS_FS_MAKE_FIFO | ACCESS_FS_MAKE_BLOCK | ACCESS_FS_MAKE_SYM |
		ACCESS_FS_IOCTL_DEV;

	return ruleset->handled_access_fs & ~never;
}

enum fault landlock_enter(int directory)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

	if (abi < 1)
		return FAULT_UNSUPPORTED;
	const struct ruleset ruleset = ruleset_of(abi);
	owned_descriptor rules =
		(int)syscall(SYS_landlock_create_ruleset, &ruleset, ruleset_size(abi), 0);
	if (rules < 0)
		return FAULT_SYSTEM;

	const struct path_beneath beneath = { access_below_directory(&ruleset), directory };
	if (directory >= 0 &&
			syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &beneath, 0) != 0)
		return FAULT_SYSTEM;
	return syscall(SYS_landlock_restrict_self, rules, 0) == 0 ? FAULT_NONE : FAULT_SYSTEM;
}
