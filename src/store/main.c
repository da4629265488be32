#include "loop.h"
#include "role.h"
#include "sandbox.h"

#include <seccomp.h>

/*
 * genuine-ca-store
 *
 * Takes:   the authority's intents and records, the operator's acts.
 * Gives:   may this be signed; what was issued, what is revoked; the operator's listings.
 * Holds:   the database: who may be whom, who is, every certificate, the audit chain. No key.
 * May not: reach the network, open files outside the database's directory, start programs.
 */

/*
 * SQLite's, beyond what every role needs: files, their locks, the shared index of the log, and the
 * wait for another program that has the database locked, such as a backup.
 */
static const int system_calls[] = {
	SCMP_SYS(openat), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(newfstatat),
	SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
	SCMP_SYS(getcwd), SCMP_SYS(geteuid), SCMP_SYS(fcntl), SCMP_SYS(pwrite64),
	SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(fchmod),
	SCMP_SYS(fchown), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
};

enum { DATABASE_GIGABYTES_MAX = 1024 };

int main(int argc, char **argv)
{
	const struct role role = role_open(argc, argv, "store", ROLE_NEXT + 1, false);
	const struct sandbox sandbox = {
		.uid = role.uid,
		.directory = ROLE_NEXT,
		.file_size_max = (uint64_t)DATABASE_GIGABYTES_MAX << 30,
		.system_calls = system_calls,
		.system_call_count = sizeof(system_calls) / sizeof(system_calls[0]),
	};
	const struct loop_options options = { ROLE_CONTROL, ROLE_UPSTREAM, "genuine.db" };

	sandbox_enter(&sandbox);
	return loop_run(&options);
}
