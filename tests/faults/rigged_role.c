/*
 * rigged_role: stands where genuine-ca expects a role's program, and becomes the real one, which
 * lies in real/ beside it, with the rig preloaded: roles are started with an empty environment.
 */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char self[PATH_MAX], path[3][PATH_MAX + 64];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (argc < 1 || len <= 0)
		return 126;
	self[len] = '\0';
	const char *folder = dirname(self);
	const char *name = basename(argv[0]);
	(void)snprintf(path[0], sizeof(path[0]), "%s/real/%s", folder, name);
	(void)snprintf(path[1], sizeof(path[1]), "LD_PRELOAD=%s/librig.so", folder);
	(void)snprintf(path[2], sizeof(path[2]), "RIG_PAGE=%s/%s.page", folder, name);
	(void)execve(path[0], argv, (char *[]){ path[1], path[2], NULL });
	return 127;
}
