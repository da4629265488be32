#ifndef DEVICE_CERTIFICATE_FILE_H
#define DEVICE_CERTIFICATE_FILE_H

#include "bytes.h"
#include "fault.h"
#include "owned.h"

#include <openssl/bio.h>
#include <openssl/x509.h>
#include <time.h>

/* certificate_file: certificates from PEM, and back into PEM of our own writing; their times. */

static inline void x509_stack_free(STACK_OF(X509) *stack)
{
	sk_X509_pop_free(stack, X509_free);
}

/*
 * Reads all certificates of a PEM text, at least min and at most max of them; the caller frees the
 * stack with x509_stack_free. FAULT_INVALID where the text holds anything else in PEM, or
 * fewer, or more.
 */
enum fault certificates_read(struct bytes pem, int min, int max, STACK_OF(X509) **out);

/*
 * A store of trust with all certificates of a PEM text; freed with X509_STORE_free. FAULT_INVALID
 * as above, FAULT_UNSUPPORTED where one is not a CA's: a server's own, say, whom TLS would believe,
 * but which has issued nothing.
 */
enum fault anchors_read(struct bytes pem, X509_STORE **out);

/* One of a certificate's times; -1 where it is none. */
time_t certificate_time(const ASN1_TIME *);

/* Appends one certificate's PEM to a memory BIO. */
enum fault certificate_append(BIO *, X509 *);

#endif
