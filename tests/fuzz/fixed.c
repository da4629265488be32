#include "fixed.h"

#include "must_hold.h"

#include <fcntl.h>
#include <unistd.h>

enum { FILES_MAX = 4, FILE_MAX = 4096 };

struct bytes fixed_file(const char *name)
{
	static uint8_t files[FILES_MAX][FILE_MAX];
	static size_t count;
	int folder = open(FUZZ_DATA "/fixed", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int file = openat(folder, name, O_RDONLY | O_CLOEXEC);

	must_hold(count < FILES_MAX && file >= 0);
	ssize_t len = read(file, files[count], FILE_MAX);
	must_hold(len > 0 && len < FILE_MAX);
	(void)close(file);
	(void)close(folder);
	return bytes_of(files[count++], (size_t)len);
}
