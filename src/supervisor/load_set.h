#ifndef SUPERVISOR_LOAD_SET_H
#define SUPERVISOR_LOAD_SET_H

#include "anchors.h"
#include "configuration.h"
#include "folder.h"
#include "limits.h"
#include "message.h"
#include "trouble.h"
#include "wiring.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * load_set: everything that the roles work with, read once from the folder, whole or not at all. It
 * stays as long as it is in force, so that a role that is started again gets exactly what its
 * peers have, whatever the files say by then. Secrets are held as opened files, unread.
 */
enum { CA_COUNT_MAX = 4, CA_FILE_MAX = 32768 };

struct certificate_der {
	size_t len;
	uint8_t octets[CERTIFICATE_MAX];
};

struct load_set {
	size_t text_len;
	uint8_t text[CONFIGURATION_MAX]; /* genuine.conf */
	struct configuration configuration;
	size_t ca_count;                 /* issuer first, root last */
	struct certificate_der ca[CA_COUNT_MAX];
	struct anchors anchors;
	int ca_key, ticket_keys, tls_certificate, tls_key; /* opened for reading */
	int expected;                    /* [identity] expected, copied; -1: there is none */
	uint8_t fingerprint[32];
	bool has_former;                 /* the fingerprint before the last reload … */
	uint8_t former_fingerprint[32];
	uint64_t former_until_ms;        /* … and until when it excuses, since 1970 UTC */
};

/* The set is large: it is on the heap. FAULT_INVALID and others, with the sentence why. */
enum fault load_set_read(const struct folder *, struct load_set **out, struct trouble *);
void load_set_close(struct load_set *);

/* These open one of its parts alone; what the set had of it stays the caller's. */
enum fault load_set_open_tls(const struct folder *, struct load_set *, struct trouble *);
enum fault load_set_open_ticket_keys(const struct folder *, struct load_set *, struct trouble *);

/* Reads genuine.conf alone. */
enum fault load_set_configuration(const struct folder *, struct configuration *out,
	struct trouble *);

/*
 * Sends on control what a role of that kind is given at start and at each reload, waiting where the
 * role is slow to take it. FAULT_TIMEOUT, FAULT_CLOSED.
 */
enum fault load_set_send(const struct load_set *, enum role_kind, int control);

/* Sends one item more; descriptor is -1 where none goes along. */
enum fault load_item_send(int control, enum load_kind, struct bytes octets, int descriptor);

#endif
