#include "folder.h"

#include "must_hold.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct directory folder = { .descriptor = -1 };
static char path[] = "/dev/shm/genuine-fuzz-XXXXXX";

static void remove_files(void)
{
	DIR *files = opendir(path);
	struct dirent *file;

	must_hold(files != NULL);
	while ((file = readdir(files)) != NULL)
		if (strcmp(file->d_name, ".") != 0 && strcmp(file->d_name, "..") != 0)
			must_hold(unlinkat(folder.descriptor, file->d_name, 0) == 0);
	(void)closedir(files);
}

static void remove_folder(void)
{
	remove_files();
	directory_close(&folder);
	(void)rmdir(path);
}

struct directory *folder_empty(struct failure *failure)
{
	if (folder.descriptor < 0) {
		must_hold(mkdtemp(path) != NULL);
		must_hold(directory_open(&folder, path, failure) == FAULT_NONE);
		(void)atexit(remove_folder);
	}
	folder.failure = failure;
	remove_files();
	return &folder;
}
