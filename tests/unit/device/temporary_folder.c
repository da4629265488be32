#include "temporary_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static char path[] = "/tmp/genuine-test-XXXXXX";

const char *temporary_folder_make(void)
{
	(void)snprintf(path, sizeof(path), "/tmp/genuine-test-XXXXXX");
	assert_non_null(mkdtemp(path));
	return path;
}

void temporary_folder_remove(void)
{
	DIR *folder = opendir(path);

	assert_non_null(folder);
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
		(void)unlinkat(dirfd(folder), entry->d_name, 0);
	(void)closedir(folder);
	assert_int_equal(rmdir(path), 0);
}
