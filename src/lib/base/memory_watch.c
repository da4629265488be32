#include "memory_watch.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static bool has_failed;

void *memory_watch_malloc(size_t size)
{
	void *memory = malloc(size);

	if (memory == NULL && size > 0)
		has_failed = true;
	return memory;
}

/* As OpenSSL's own: nothing is nothing, and no failure. */
static void *take(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return size == 0 ? NULL : memory_watch_malloc(size);
}

static void release(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	free(memory);
}

static void *resize(void *memory, size_t size, const char *file, int line)
{
	if (size == 0) {
		release(memory, file, line);
		return NULL;
	}
	void *resized = realloc(memory, size);

	if (resized == NULL)
		has_failed = true;
	return resized;
}

bool memory_watch_openssl(void)
{
	return CRYPTO_set_mem_functions(take, resize, release) == 1;
}

void memory_watch_note(void)
{
	has_failed = true;
}

void memory_watch_begin(void)
{
	has_failed = false;
}

bool memory_watch_has_failed(void)
{
	return has_failed;
}
