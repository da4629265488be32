#include "sandbox.h"

#include "landlock.h"
#include "log.h"
#include "owned.h"
#include "system_call_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where logs go to a file, it may still grow; nothing else is open for writing then. */
enum { LOG_FILE_MAX = 1 << 30 };

__attribute__((noreturn)) static void refuse(const char *what)
{
	log_error("the sandbox cannot be entered: %s: %s", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/*
 * A directory that is empty and stays so: it has no name any more, so that nothing can be made in
 * it. -1 where there is no place for one.
 */
static int directory_nowhere(void)
{
	static const char *const places[] = { "/run", "/tmp", "/var/tmp" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "%s/genuine-nowhere-XXXXXX", places[i]);
		if (mkdtemp(path) == NULL)
			continue;
		int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (rmdir(path) == 0 && directory >= 0)
			return directory;
		owned_close_descriptor(&directory);
	}
	return -1;
}

/* The working directory, or the one that is nowhere, becomes the root. */
static void change_root(bool has_directory)
{
	owned_descriptor nowhere = has_directory ? -1 : directory_nowhere();

	if ((!has_directory && fchdir(nowhere) != 0) || chroot(".") != 0 || chdir("/") != 0)
		refuse("chroot");
}

static void become(uid_t uid)
{
	if (setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 ||
		setresuid(uid, uid, uid) != 0)
		refuse("becoming the role's own user");
	/* Nothing may lead back (Linux setresuid(2): saved ids are gone as well). */
	if (setuid(0) == 0 || setgid(0) == 0) {
		errno = EPERM;
		refuse("root can be had again");
	}
}

static bool logs_to_file(void)
{
	struct stat status;

	return fstat(STDERR_FILENO, &status) == 0 && S_ISREG(status.st_mode);
}

static void limit_resources(uint64_t file_size_max)
{
	uint64_t size =
		logs_to_file() && file_size_max < LOG_FILE_MAX ? LOG_FILE_MAX : file_size_max;
	const struct rlimit no_process = { 0, 0 };
	const struct rlimit file_size = { size, size };

	/* A file at its limit is an error to be answered, not a reason to die. */
	(void)signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_NPROC, &no_process) != 0 || setrlimit(RLIMIT_FSIZE, &file_size) != 0)
		refuse("setrlimit");
}

static void restrict_files(int directory)
{
	enum fault fault = landlock_enter(directory);

	if (fault == FAULT_UNSUPPORTED)
		log_notice("this kernel has no Landlock; the list of system calls stands alone");
	else if (fault != FAULT_NONE)
		refuse("Landlock");
}

void sandbox_enter(const struct sandbox *sandbox)
{
	if (sandbox->directory >= 0 && fchdir(sandbox->directory) != 0)
		refuse("fchdir");
	if (sandbox->uid != 0) {
		change_root(sandbox->directory >= 0);
		become(sandbox->uid);
	}
	limit_resources(sandbox->file_size_max);
	/* Another user id has made the process dumpable again and forgotten whose child it is. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
		refuse("prctl");
	restrict_files(sandbox->directory);
	if (system_call_filter_enter(sandbox->system_calls, sandbox->system_call_count) !=
		FAULT_NONE)
		refuse("seccomp");
}
