#include "scratch.h"

#include "init.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_CAPACITY = 512, FILE_CAPACITY = 65536 };

static char root[] = "/tmp/genuine-unit-XXXXXX";
static char ca_path[PATH_CAPACITY];

const char *scratch_open(void)
{
	memcpy(root + strlen(root) - 6, "XXXXXX", 6);
	assert_non_null(mkdtemp(root));
	return root;
}

static int remove_entry(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
	(void)status;
	(void)flag;
	(void)walk;
	return remove(path);
}

void scratch_close(void)
{
	assert_int_equal(nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

struct folder scratch_ca(void)
{
	struct trouble trouble = { "" };
	struct folder folder = { 0 };

	(void)snprintf(ca_path, sizeof(ca_path), "%s/ca", root);
	const struct init init = { .directory = ca_path, .name = "Test", .ca_key = "p256",
		.is_laboratory = true, .host_count = 1, .hosts = { "ca.example" } };
	if (init_folder(&init, &trouble) != FAULT_NONE ||
			folder_open(ca_path, &folder, &trouble) != FAULT_NONE)
		fail_msg("%s", trouble.text);
	return folder;
}

static const char *path_of(const char *name)
{
	static char path[PATH_CAPACITY];

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

const char *scratch_write(const char *name, const void *octets, size_t len)
{
	const char *path = path_of(name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(octets, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	return path;
}

const char *scratch_read(const char *name)
{
	static char text[FILE_CAPACITY];
	FILE *file = fopen(path_of(name), "re");

	if (file == NULL)
		return "";
	size_t len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	assert_int_equal(fclose(file), 0);
	return text;
}
