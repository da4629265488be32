#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "bytes.h"

#include <stdbool.h>

/*
 * secret: up to 64 octets that must not be seen: a ticket, a seed, a derived key, the master.
 *
 * Lives where its owner puts it, most often on the stack, and is wiped by secret_wipe, which the
 * owned_secret macro calls at the end of the scope. Processes that hold one are locked in memory
 * and not dumpable (own_memory.h). Never logged, never formatted.
 */
enum { SECRET_MAX = 64 };

struct secret {
	uint8_t data[SECRET_MAX];
	size_t len;
};

/* A view of the secret's octets; lives as long as the secret does. */
struct bytes secret_bytes(const struct secret *);

/* Copies octets (at most SECRET_MAX) into a secret. */
struct secret secret_of(struct bytes);

/* Overwrites with zeros in a way that the compiler keeps. */
void secret_wipe(struct secret *);

/* Compares in constant time; unequal lengths are unequal at once. */
bool secret_equal(struct bytes a, struct bytes b);

#define owned_secret __attribute__((cleanup(secret_wipe))) struct secret

#endif
