#include "fake_server.h"

#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>
#include <valgrind/valgrind.h>

void fake_server_name(const struct folder *folder, const char *name)
{
	char text[256];
	struct trouble trouble = { "" };
	int len = snprintf(text, sizeof(text), "[ca]\nname = %s\n[front]\nworkers = 2\n", name);

	if (folder_replace(folder, "genuine.conf", 0644, bytes_of(text, (size_t)len), &trouble) !=
			FAULT_NONE)
		fail_msg("%s", trouble.text);
}

int fake_server_open(bool has_workers, struct folder *folder, struct server *server)
{
	struct trouble trouble = { "" };

	if (chdir(scratch_open()) != 0)
		return -1;
	*folder = scratch_ca();
	fake_server_name(folder, "One");
	if (role_program_find(&trouble) == FAULT_NONE &&
			server_open(folder, has_workers, server, &trouble) == FAULT_NONE)
		return 0;
	(void)fprintf(stderr, "%s\n", trouble.text);
	return -1;
}

int fake_server_close(struct folder *folder, struct server *server)
{
	server_close(server);
	folder_close(folder);
	if (chdir("/") != 0)
		return -1;
	scratch_close();
	return 0;
}

void without_descriptors(void (*act)(void))
{
	struct rlimit before, none;
	int lowest = dup(STDERR_FILENO);

	if (RUNNING_ON_VALGRIND)
		skip();
	assert_int_equal(close(lowest), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ (rlim_t)lowest, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	act();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}
