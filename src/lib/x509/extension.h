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

/* basicConstraints (4.2.1.9), critical, empty: cA FALSE is the default. */
void not_a_ca_write(struct writer *);

/* keyUsage (4.2.1.3), critical: octet holds its bits, the lowest unused_bits of them unused. */
void key_usage_write(struct writer *, uint8_t unused_bits, uint8_t octet);

/* extKeyUsage (4.2.1.12) with one purpose. */
void ext_key_usage_write(struct writer *, struct bytes purpose);

/* subjectKeyIdentifier (4.2.1.2) of a key, and how it is made: the leftmost 160 bits of SHA-256 of
 * the subjectPublicKey's octets (RFC 7093, 2, method 1). FAULT_INVALID, FAULT_CRYPTO. */
enum { KEY_IDENTIFIER_SIZE = 20 };
void subject_key_identifier_write(struct writer *, struct bytes spki);
enum fault subject_key_identifier(struct bytes spki, uint8_t out[KEY_IDENTIFIER_SIZE]);

/* authorityKeyIdentifier (4.2.1.1) with keyIdentifier alone: in certificates and lists alike. */
void authority_key_identifier_write(struct writer *, struct bytes identifier);

#endif
