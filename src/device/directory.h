#ifndef DEVICE_DIRECTORY_H
#define DEVICE_DIRECTORY_H

#include "bytes.h"
#include "failure.h"

#include <stdint.h>
#include <sys/types.h>

/*
 * directory: the folder where a device keeps its certificate and its state. Mode 0700, owned by
 * whoever runs the program, locked while it runs, so that two runs do not collide. A file is
 * written beside itself, synced and renamed: after a power cut there is the old one or the new one.
 */
struct directory {
	int descriptor; /* -1: not open */
	const char *path;
	struct failure *failure;
};

/* Makes the folder where it is missing (its parent must be there) and locks it. */
enum fault directory_open(struct directory *, const char *path, struct failure *);

/* The same, but neither makes nor locks: to look only. FAULT_NOT_FOUND where there is no folder. */
enum fault directory_open_to_look(struct directory *, const char *path, struct failure *);

void directory_close(struct directory *);
#define owned_directory __attribute__((cleanup(directory_close))) struct directory

/*
 * Reads a whole file into buffer; out views it. FAULT_NOT_FOUND; FAULT_TOO_LONG where it is larger
 * than capacity, without a failure, for the caller to judge.
 */
enum fault directory_read(const struct directory *, const char *name, uint8_t *buffer,
	size_t capacity, struct bytes *out);

/* Replaces a file as a whole, durably. */
enum fault directory_write(
	const struct directory *, const char *name, struct bytes content, mode_t mode);

/* Removes a file, durably. */
enum fault directory_remove(const struct directory *, const char *name);

/* EXIT_LOCAL_FILES for what could not be done with a file of it, by errno; name may be empty. */
enum fault directory_failed(const struct directory *, const char *doing, const char *name);

/*
 * Reads any regular file into buffer, for --ca-cert. EXIT_LOCAL_FILES where that does not work. A
 * pipe whose writer is silent would keep the program, which no signal ends here.
 */
enum fault file_read(const char *path, uint8_t *buffer, size_t capacity, struct failure *,
	struct bytes *out);

#endif
