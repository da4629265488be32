#include "seeds.h"

#include "must_hold.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEED_PATH_MAX = 256, SEED_MAX = 65536 };

static void folder_make(const char *path)
{
	int result = mkdir(path, 0755);

	must_hold(result == 0 || errno == EEXIST);
}

static void write_file(const char *folder, const char *name, struct bytes octets)
{
	char path[SEED_PATH_MAX];

	folder_make(folder);
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "wb");
	must_hold(file != NULL && fwrite(octets.data, 1, octets.len, file) == octets.len);
	int result = fclose(file);
	must_hold(result == 0);
}

void seed_write(const char *target, struct bytes octets, const char *name_format, ...)
{
	char folder[SEED_PATH_MAX], name[SEED_PATH_MAX];
	va_list arguments;

	va_start(arguments, name_format);
	(void)vsnprintf(name, sizeof(name), name_format, arguments);
	va_end(arguments);
	(void)snprintf(folder, sizeof(folder), "corpus/%s", target);
	write_file(folder, name, octets);
}

void seed_write_chosen(const char *target, uint8_t choice, struct bytes octets, const char *name)
{
	static uint8_t buffer[SEED_MAX];

	must_hold(octets.len < sizeof(buffer));
	buffer[0] = choice;
	memcpy(buffer + 1, octets.data, octets.len);
	seed_write(target, bytes_of(buffer, octets.len + 1), "%s", name);
}

void fixed_write(const char *name, struct bytes octets)
{
	write_file("fixed", name, octets);
}

void seeds_open(const char *folder)
{
	int result = chdir(folder);

	must_hold(result == 0);
	folder_make("corpus");
	folder_make("fixed");
}
