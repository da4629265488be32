#include "temporary_folder.h"

#include <ftw.h>
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

static int remove_entry(const char *entry, const struct stat *status, int kind, struct FTW *place)
{
	(void)status, (void)kind, (void)place;
	return remove(entry);
}

void temporary_folder_remove(void)
{
	assert_int_equal(nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}
