#ifndef DEVICE_PROVISION_H
#define DEVICE_PROVISION_H

#include "options.h"
#include "tpm_session.h"

#include <jansson.h>

/*
 * provision: the six steps, in order, from a TPM to an installed certificate.
 *
 *	1  the keys: identity key (made once, then found again) and endorsement key
 *	2  the evidence: public areas, EK certificate and its chain
 *	3  the certification request, signed by the TPM
 *	4  getChallenge
 *	5  TPM2_ActivateCredential: the ticket
 *	6  getCertificate; check; install
 *
 * Running it again continues where it was cut short, and renews where it was not. out is the
 * object for --json.
 */
enum fault provision(struct tpm *, const struct options *, struct failure *, json_t **out);

#endif
