#ifndef DEVICE_CERTIFICATE_CHECK_H
#define DEVICE_CERTIFICATE_CHECK_H

#include "bytes.h"
#include "fault.h"
#include "signature.h"
#include "templates.h"

#include <openssl/x509.h>
#include <time.h>

/*
 * certificate_check: what a certificate must be before the device puts it in the place of the one
 * it has (docs/PROTOCOL.md, What the device checks). The CA proved by TLS who it is; this is about
 * what it made.
 */
struct certificate_expectation {
	const struct tpm_key *ik;
	const char *serial;
	X509_STORE *anchors;
	STACK_OF(X509) *chain;   /* as the CA sent it, issuer first */
	const X509 *installed;   /* the one in use; NULL where there is none that can be used */
	struct bytes proof;      /* some octets, and the TPM's signature over them */
	const struct signature *proof_signature;
	const EVP_MD *proof_hash;
	time_t now;
};

/* NULL where all rules hold; else the rule that does not, such as "its key is this device's". */
const char *certificate_check(X509 *certificate, const struct certificate_expectation *);

/*
 * Whether a certificate that is installed counts in that comparison: its key is the IK and its time
 * has not run out.
 */
bool certificate_is_usable(const X509 *certificate, const struct tpm_key *ik, time_t now);

#endif
