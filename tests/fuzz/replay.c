/* replay: hands a fuzz target every file of the folders named: the corpus as an ordinary test. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

static void stop(const char *what)
{
	perror(what);
	exit(2);
}

/* Memory of exactly the file's length, as libFuzzer gives it. */
static void replay_file(int folder, const char *name)
{
	struct stat status;
	int file = openat(folder, name, O_RDONLY | O_CLOEXEC);

	if (file < 0 || fstat(file, &status) != 0)
		stop(name);
	size_t len = (size_t)status.st_size;
	uint8_t *data = malloc(len > 0 ? len : 1);
	if (data == NULL || read(file, data, len) != (ssize_t)len)
		stop(name);
	(void)fprintf(stderr, "%s\n", name); /* the last one named is the one that crashed */
	(void)LLVMFuzzerTestOneInput(data, len);
	free(data);
	(void)close(file);
}

static size_t replay_folder(const char *path)
{
	DIR *folder = opendir(path);
	size_t count = 0;

	if (folder == NULL)
		stop(path);
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		if (entry->d_name[0] == '.')
			continue;
		replay_file(dirfd(folder), entry->d_name);
		count++;
	}
	(void)closedir(folder);
	return count;
}

int main(int argc, char **argv)
{
	size_t count = 0;

	if (LLVMFuzzerInitialize != NULL)
		(void)LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		count += replay_folder(argv[i]);
	(void)printf("%zu inputs\n", count);
	return count > 0 ? 0 : 1; /* a test of nothing has not passed */
}
