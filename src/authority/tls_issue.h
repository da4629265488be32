#ifndef AUTHORITY_TLS_ISSUE_H
#define AUTHORITY_TLS_ISSUE_H

#include "fault.h"
#include "materials.h"

#include <stdint.h>

/*
 * tls_issue: a fresh TLS key and its certificate for the configured hosts, issued by this CA, when
 * the supervisor finds the old one near its end. descriptor is a memfd with the key (PKCS#8) and
 * then the certificate, both PEM; the caller closes it. FAULT_DENIED where the CA has ended;
 * FAULT_CRYPTO, FAULT_SYSTEM.
 */
enum fault tls_issue(const struct materials *, uint64_t now_s, int *descriptor);

#endif
