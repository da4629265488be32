#ifndef X509_DEVICE_CERTIFICATE_H
#define X509_DEVICE_CERTIFICATE_H

#include "bytes.h"
#include "fault.h"
#include "writer.h"

#include <stdint.h>

/*
 * device_certificate: the to-be-signed octets of the certificate that a device gets
 * (docs/PROTOCOL.md, "The certificate"), written front to back from facts and profile. Nothing of
 * the device's request is copied: not a name, not an extension, not an octet of encoding.
 */
enum { TBS_MAX = 3072, OID_CONTENT_MAX = 64, CERTIFICATE_POLICY_COUNT_MAX = 4 };

/* The contents octets of an OBJECT IDENTIFIER. */
struct oid {
	uint8_t data[OID_CONTENT_MAX];
	size_t len;
};

/* From dotted text, such as "2.25.3036…". FAULT_INVALID, FAULT_TOO_LONG. */
enum fault oid_of_text(const char *text, struct oid *out);

/* Everything the certificate says. Views live as long as the call. */
struct device_certificate {
	struct bytes number; /* 16 octets, first one 40 to 7f: positive and full length */
	struct bytes signature_algorithm; /* DER AlgorithmIdentifier, the CA key's */
	struct bytes issuer; /* DER Name: the CA certificate's subject, its own octets */
	struct bytes authority_key_identifier; /* the CA certificate's subject key identifier */
	uint64_t not_before_s, not_after_s;    /* seconds since 1970 UTC, both inclusive */
	struct bytes organization;        /* UTF-8 */
	struct bytes organizational_unit; /* UTF-8; empty: none */
	struct bytes serial;              /* of the device: serialNumber and CN */
	struct bytes spki;                /* DER, written by us from the IK's numbers */
	struct oid hardware_module_type;  /* len 0: no HardwareModuleName */
	struct bytes uri, dns;            /* with the serial put in; empty: none */
	size_t policy_count;
	struct oid policies[CERTIFICATE_POLICY_COUNT_MAX];
	struct bytes crl_url, issuer_url; /* empty: none */
};

/* TBSCertificate (RFC 5280, 4.1.2). A fault sticks in the writer. */
void device_certificate_write(struct writer *, const struct device_certificate *);

/* Certificate ::= SEQUENCE { tbs, algorithm, signature }: for certificates and revocation lists. */
void signed_write(
	struct writer *, struct bytes tbs, struct bytes algorithm, struct bytes signature);

#endif
