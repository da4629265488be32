#ifndef SUPERVISOR_INIT_H
#define SUPERVISOR_INIT_H

#include "configuration.h"
#include "trouble.h"

#include <stdbool.h>

/*
 * init: makes a CA's folder: configuration, CA key and certificate, TLS key and certificate, ticket
 * keys, empty trust and store. Everything is made in memory first and nothing is ever overwritten:
 * the folder must not be there, or be empty.
 */
struct init {
	const char *directory;
	const char *name;   /* O of the CA and its devices */
	const char *ca_key; /* "p256", "p384" or "rsa3072" */
	bool is_laboratory;
	size_t host_count;
	const char *hosts[HOST_COUNT_MAX];
};

/* FAULT_EXISTS, FAULT_INVALID (a name or host that the configuration would not take). */
enum fault init_folder(const struct init *, struct trouble *);

/*
 * The text of genuine.conf: what was chosen, and everything else as comments with its default.
 * FAULT_TOO_LONG.
 */
enum fault init_configuration(const struct init *, char *text, size_t capacity);

#endif
