#ifndef X509_EXTENSION_H
#define X509_EXTENSION_H

#include "bytes.h"
#include "writer.h"

#include <stdbool.h>

/*
 * extension: Extension (RFC 5280, 4.1) for what we issue. The value is written between begin and
 * end. type is the contents octets of an OBJECT IDENTIFIER.
 */
struct extension {
	size_t sequence, value; /* marks of der_writer.h */
};

struct extension extension_begin(struct writer *, struct bytes type, bool is_critical);
void extension_end(struct writer *, struct extension);

/* authorityKeyIdentifier (4.2.1.1) with keyIdentifier alone: in certificates and lists alike. */
void authority_key_identifier_write(struct writer *, struct bytes identifier);

#endif
