#ifndef SUPERVISOR_EK_IDENTITY_H
#define SUPERVISOR_EK_IDENTITY_H

#include "bytes.h"
#include "fault.h"

#include <stdint.h>

/*
 * ek_identity: the EK id (docs/PROTOCOL.md, "Endorsement keys": SHA-256 of the SubjectPublicKeyInfo
 * as we write it) from what a production line may have written down instead of it.
 */

/* Of an EK certificate, DER. FAULT_INVALID: not one; FAULT_UNSUPPORTED: no key of an
 * accepted EK. */
enum fault ek_id_of_certificate(struct bytes der, uint8_t out[32]);

/* Of a TPM2B_PUBLIC. FAULT_INVALID; FAULT_UNSUPPORTED: its area is no EK template's. */
enum fault ek_id_of_public(struct bytes tpm2b_public, uint8_t out[32]);

#endif
