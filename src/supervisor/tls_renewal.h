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

/* Asks the authority, which must be at work, and writes both files. */
enum fault tls_renew(struct server *, struct trouble *);

#endif
