#ifndef SUPERVISOR_FOLDER_H
#define SUPERVISOR_FOLDER_H

#include "bytes.h"
#include "fault.h"
#include "trouble.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * folder: a CA's directory and everything in it, always reached through its opened descriptor:
 *
 *	genuine.conf  ca.pem  tls.pem  trust/            public
 *	secret/ca.key  secret/tls.key  secret/ticket.keys   0600 in a directory of 0700
 *	store/        the database; the store's user's where roles have users of their own
 *	refusals.N  control  lock                        of a running server
 *
 * Files are believed only where nobody but the folder's owner, who must be the one that runs this,
 * can have written them: no symbolic link, no second name, no other owner, no writable group.
 */
struct folder {
	const char *path; /* the caller's */
	int descriptor;
};

/* FAULT_NOT_FOUND where there is none; FAULT_DENIED where it is not safe to use. */
enum fault folder_open(const char *path, struct folder *out, struct trouble *);
void folder_close(struct folder *);

#define owned_folder __attribute__((cleanup(folder_close))) struct folder

enum folder_file { FOLDER_PUBLIC, FOLDER_SECRET };

/* Opens a file for reading. FAULT_NOT_FOUND, FAULT_DENIED (not safe, and the text says why). */
enum fault folder_open_file(const struct folder *, const char *name, enum folder_file, int *out,
	struct trouble *);

/* Reads a whole file of at most capacity octets; out views buffer. FAULT_TOO_LONG as well. */
enum fault folder_read(const struct folder *, const char *name, enum folder_file,
	uint8_t *buffer, size_t capacity, struct bytes *out, struct trouble *);

/* Makes a file that is not there yet, written through to the disk. FAULT_EXISTS. */
enum fault folder_create(const struct folder *, const char *name, mode_t, struct bytes,
	struct trouble *);

/* The same, or replaces the one that is there, at once and whole. */
enum fault folder_replace(const struct folder *, const char *name, mode_t, struct bytes,
	struct trouble *);

/* Takes a file away; it stays away after a power cut, as what was made or replaced stays there. */
enum fault folder_remove(const struct folder *, const char *name, struct trouble *);

/* Takes the folder's lock: one server, or one command without a server. FAULT_BUSY. */
enum fault folder_lock(const struct folder *, int *out, struct trouble *);

/*
 * Opens store/, checks that it belongs to uid and locks it, as long as the descriptor or one that a
 * role was given of it is open. FAULT_BUSY: another folder's server has it, or the store of a killed
 * one, which is waited for a little.
 */
enum fault folder_open_store(const struct folder *, uid_t uid, int *out, struct trouble *);

#endif
