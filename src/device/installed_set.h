#ifndef DEVICE_INSTALLED_SET_H
#define DEVICE_INSTALLED_SET_H

#include "directory.h"

/*
 * installed_set: the files that belong together (certificate.pem, chain.pem, ca.pem, key.pem,
 * key.pub, key.priv, openssl.cnf, how-to-use.txt) and change together. They stand in set-1 or
 * set-2; each of their names in the device's folder is a link to current/NAME, and current is a
 * link to one of the two. A new set is written into the other one and comes into force by one
 * rename: a run that is ended anywhere leaves the whole old set or the whole new one under the
 * names that other programs were told. The set of before stays until the next one is written, so
 * that nobody who is about to open one of its files finds it gone.
 *
 * Plain files under the names are somebody's: of a copy of the folder that followed the links
 * (cp -rL), or put there to take a link's place. They are read as they are, and become part of a set
 * before anything replaces them.
 */
struct installed_set {
	struct directory files; /* to write into; it goes by the path of the device's folder */
	const char *name;
};

void installed_set_close(struct installed_set *);
#define owned_installed_set __attribute__((cleanup(installed_set_close))) struct installed_set

/*
 * Before the CA is asked for what could then not be installed: a set can be put in force here.
 * EXIT_LOCAL_FILES where it cannot. The directory must be locked.
 */
enum fault installed_set_prepare(const struct directory *);

/* Opens an empty set beside the one in force. The directory must be locked. The caller closes it. */
enum fault installed_set_begin(const struct directory *, struct installed_set *out);

/* Puts it in force, durably. */
enum fault installed_set_switch(const struct directory *, const struct installed_set *);

/* Reads a file of the set in force: as directory_read, with the same faults. */
enum fault installed_set_read(const struct directory *, const char *name, uint8_t *buffer,
	size_t capacity, struct bytes *out);

#endif
