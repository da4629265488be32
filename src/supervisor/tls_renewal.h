#ifndef SUPERVISOR_TLS_RENEWAL_H
#define SUPERVISOR_TLS_RENEWAL_H

#include "server.h"

#include <stdbool.h>

/*
 * tls_renewal: keeps tls.pem and secret/tls.key fresh. The authority makes them (it has the CA's
 * key), the supervisor puts them into the folder.
 */

/*
 * Whether it is time: a third or less of the certificate's life is left, it does not name a
 * configured host, or it is not the key's (a crash came between the two files).
 */
bool tls_is_due(const struct folder *, const struct configuration *);

/* Whether it serves on where it cannot be renewed: the key is there, and it has not run out. */
bool tls_is_usable(const struct folder *);

/* Asks the authority, which must be at work, and writes both files: has_new_tls (server.h). */
enum fault tls_renew(struct server *, struct trouble *);

#endif
