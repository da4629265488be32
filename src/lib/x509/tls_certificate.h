#ifndef X509_TLS_CERTIFICATE_H
#define X509_TLS_CERTIFICATE_H

#include "certificate_frame.h"

/*
 * tls_certificate: the to-be-signed octets of the certificate under which the front speaks TLS,
 * issued by this CA: one anchor in the device serves for both. It always names localhost,
 * 127.0.0.1 and ::1 besides its hosts, and can sign nothing and identify no device:
 * extendedKeyUsage is serverAuth alone. Its days, with the minutes that notBefore lies back, stay
 * under the 397 that clients grant a server.
 */
enum { TLS_CERTIFICATE_DAYS = 396, TLS_HOST_COUNT_MAX = 16 };

struct tls_certificate {
	struct certificate_frame frame;        /* frame.issuer is the CA's name */
	struct bytes authority_key_identifier; /* the CA certificate's subject key identifier */
	size_t host_count;
	const char *hosts[TLS_HOST_COUNT_MAX]; /* DNS names, IPv4 or IPv6 addresses */
};

/* A fault sticks in the writer. */
void tls_certificate_write(struct writer *, const struct tls_certificate *);

#endif
