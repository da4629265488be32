#ifndef FRONT_PEM_H
#define FRONT_PEM_H

#include "bytes.h"
#include "writer.h"

/*
 * Writes a certificate as PEM: base64 in lines of 64 between two labels (RFC 7468, 5). The
 * certificate, at most CERTIFICATE_MAX octets, is not looked into.
 */
void pem_write(struct writer *, struct bytes der);

#endif
