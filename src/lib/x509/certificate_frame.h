#ifndef X509_CERTIFICATE_FRAME_H
#define X509_CERTIFICATE_FRAME_H

#include "bytes.h"
#include "writer.h"

#include <stdint.h>

/*
 * certificate_frame: the to-be-signed octets of a certificate (RFC 5280, 4.1.2) around its
 * extensions, for the two certificates that are no device's: ca_certificate.h, tls_certificate.h.
 */
enum { CERTIFICATE_NUMBER_OCTETS = 16 };

struct certificate_frame {
	struct bytes number;              /* octets; the first one 40 to 7f */
	struct bytes signature_algorithm; /* DER AlgorithmIdentifier of the issuer's key */
	struct bytes issuer;              /* DER Name; empty: the subject itself */
	const char *organization;         /* of the subject: O */
	const char *common_name;          /* and CN */
	uint64_t not_before_s, not_after_s; /* since 1970 UTC */
	struct bytes spki;                /* DER SubjectPublicKeyInfo */
};

/* What is open between begin and end, where the extensions are written. */
struct open_certificate {
	size_t tbs, explicit_tag, extensions; /* marks of der_writer.h */
};

struct open_certificate certificate_begin(struct writer *, const struct certificate_frame *);
void certificate_end(struct writer *, struct open_certificate);

/* KeyUsage (4.2.1.3), critical: octet holds its bits, the lowest unused_bits of them unused. */
void key_usage_write(struct writer *, uint8_t unused_bits, uint8_t octet);

/* SubjectKeyIdentifier (4.2.1.2) of the key. */
void subject_key_identifier_write(struct writer *, struct bytes spki);

#endif
