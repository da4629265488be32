#ifndef BASE_MEMORY_WATCH_H
#define BASE_MEMORY_WATCH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * memory_watch: whether a library was refused memory while it worked for us.
 *
 * A library without memory often says no more than no: the signature does not verify, the octets do
 * not read. From its no alone a device that did nothing wrong would be refused for good; and where
 * no means "is not revoked", one would be accepted. So the allocations themselves are watched:
 * whoever judges begins a watch, and what was found out while an allocation failed is worth
 * nothing, whichever way it went. Octets of a stranger's cannot bring that about without memory
 * being short, as an error in a library's queue might.
 *
 * For processes of one thread. Without memory_watch_openssl nothing of OpenSSL's is seen.
 */

/* From now on OpenSSL allocates through here. False where it has allocated something already. */
bool memory_watch_openssl(void);

/* For libraries that take a function of their own, such as json_set_alloc_funcs; free frees it. */
void *memory_watch_malloc(size_t size);

/* A library has said itself that it had no memory, such as regexec by REG_ESPACE. */
void memory_watch_note(void);

void memory_watch_begin(void);

/* Whether an allocation failed since memory_watch_begin. */
bool memory_watch_has_failed(void);

#endif
