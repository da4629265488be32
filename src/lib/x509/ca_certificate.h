#ifndef X509_CA_CERTIFICATE_H
#define X509_CA_CERTIFICATE_H

#include "certificate_frame.h"

/*
 * ca_certificate: the to-be-signed octets of this CA's own certificate: a self-signed root that
 * signs devices' certificates, revocation lists and its TLS certificate, and no further CA
 * (RFC 5280, 4.2.1.9: pathLenConstraint 0).
 *
 * It lives thirty years: devices carry it as their anchor and have no way to be given another one
 * but by the hand of their maker, and profiles may not outlive it.
 */
enum { CA_CERTIFICATE_DAYS = 10957 };

/* frame.issuer is left empty. A fault sticks in the writer. */
void ca_certificate_write(struct writer *, const struct certificate_frame *);

#endif
