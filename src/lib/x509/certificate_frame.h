#ifndef X509_CERTIFICATE_FRAME_H
#define X509_CERTIFICATE_FRAME_H

#include "bytes.h"
#include "writer.h"

#include <stdint.h>

/*
 * certificate_frame: the to-be-signed octets of a certificate (RFC 5280, 4.1.2) around its
 * extensions: device_certificate.h, ca_certificate.h, tls_certificate.h.
 */
enum { CERTIFICATE_NUMBER_OCTETS = 16 };

struct certificate_frame {
	struct bytes number;              /* octets; the first one 40 to 7f */
	struct bytes signature_algorithm; /* DER AlgorithmIdentifier of the issuer's key */
	struct bytes issuer;              /* DER Name; empty: the subject itself */
	struct bytes subject;             /* DER Name; empty: O and CN below */
	const char *organization;
	const char *common_name;
	uint64_t not_before_s, not_after_s; /* since 1970 UTC */
	struct bytes spki;                /* DER SubjectPublicKeyInfo */
};

/* What is open between begin and end, where the extensions are written. */
struct open_certificate {
	size_t tbs, explicit_tag, extensions; /* marks of der_writer.h */
};

struct open_certificate certificate_begin(struct writer *, const struct certificate_frame *);
void certificate_end(struct writer *, struct open_certificate);

/* RelativeDistinguishedName with one attribute (X.501, 9.3). */
void rdn_write(struct writer *, struct bytes type, uint8_t string_tag, struct bytes value);

#endif
