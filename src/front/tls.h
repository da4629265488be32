#ifndef FRONT_TLS_H
#define FRONT_TLS_H

#include "bytes.h"
#include "fault.h"

#include <openssl/ssl.h>
#include <stdbool.h>

/*
 * tls: the server's side of TLS as OpenSSL does it: 1.3 alone unless 1.2 is permitted, X25519 and
 * AES-128-GCM first, one application protocol (http/1.1), no session is ever resumed (a resumed one
 * would outlive a change of the certificate, and measures as no gain), no compression, no
 * renegotiation, no early data, no client certificate asked for.
 */

/* Once, before anything else of libssl: no configuration file is read. FAULT_CRYPTO. */
enum fault tls_open(void);

/*
 * Makes a context from PEM: the certificate with its chain, own certificate first, and its key,
 * not encrypted. FAULT_INVALID: reason is one sentence why.
 */
enum fault tls_context_make(struct bytes certificates, struct bytes key, bool has_tls12,
	SSL_CTX **out, const char **reason);

#endif
