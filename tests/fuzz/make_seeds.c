/*
 * make_seeds: writes the seeds that our own writers can make. make_seeds FOLDER, in which corpus/ and
 * fixed/ are made; `make_seeds.py` does the rest. New keys each time: fixed/ changes with them.
 */
#include "seeds.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_MAX_HERE = 256 };

static void folder_make(const char *path)
{
	int result = mkdir(path, 0755);

	assert(result == 0 || errno == EEXIST);
}

static void write_file(const char *folder, const char *name, struct bytes octets)
{
	char path[PATH_MAX_HERE];

	folder_make(folder);
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "wb");
	assert(file != NULL && fwrite(octets.data, 1, octets.len, file) == octets.len);
	int result = fclose(file);
	assert(result == 0);
}

void seed_write(const char *target, struct bytes octets, const char *name_format, ...)
{
	char folder[PATH_MAX_HERE], name[PATH_MAX_HERE];
	va_list arguments;

	va_start(arguments, name_format);
	(void)vsnprintf(name, sizeof(name), name_format, arguments);
	va_end(arguments);
	(void)snprintf(folder, sizeof(folder), "corpus/%s", target);
	write_file(folder, name, octets);
}

void seed_write_chosen(const char *target, uint8_t choice, struct bytes octets, const char *name)
{
	static uint8_t buffer[65536];

	assert(octets.len < sizeof(buffer));
	buffer[0] = choice;
	memcpy(buffer + 1, octets.data, octets.len);
	seed_write(target, bytes_of(buffer, octets.len + 1), "%s", name);
}

void fixed_write(const char *name, struct bytes octets)
{
	write_file("fixed", name, octets);
}

int main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1]) != 0) {
		(void)fprintf(stderr, "usage: make_seeds FOLDER\n");
		return 2;
	}
	folder_make("corpus");
	folder_make("fixed");
	seeds_of_messages();
	seeds_of_keys();
	seeds_of_certificates();
	seeds_of_authority();
	return 0;
}
