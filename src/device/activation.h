#ifndef DEVICE_ACTIVATION_H
#define DEVICE_ACTIVATION_H

#include "endorsement_key.h"
#include "identity_key.h"
#include "secret.h"

/*
 * activation: TPM2_ActivateCredential (TPM 2.0 Part 3, 12.5): the TPM opens what the CA has sealed
 * for (this EK, the Name of this IK) and gives out the ticket.
 *
 * The ticket crosses the bus between TPM and processor. So the policy session that the EK wants is
 * salted to that very EK, whose public key has been compared with its certificate's, and encrypts
 * the response: who listens on the bus, or answers on it in the TPM's stead, learns nothing.
 */

/*
 * credential is the credential file of tpm2-tools, as the CA sends it. What the TPM cannot open is
 * a failure; a file that is none, one of EXIT_CA_REFUSED.
 */
enum fault credential_activate(struct tpm *, const struct endorsement_key *,
	const struct identity_key *, struct bytes credential, struct secret *out);

#endif
