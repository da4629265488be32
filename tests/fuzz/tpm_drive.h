#ifndef TESTS_FUZZ_TPM_DRIVE_H
#define TESTS_FUZZ_TPM_DRIVE_H

#include "tpm_session.h"

/*
 * tpm_drive: what genuine-device does with a TPM, in three parts: what the targets do with a fake one
 * and the recorder of seeds with a real one. Each demands what must hold whatever the TPM says.
 */

/* Chooses an EK with its certificate, as for an empty state, and reads the EK's chain. */
void drive_endorsement_key(struct tpm *);

/* Makes an identity key in an empty folder, keeps it and signs with it. */
void drive_identity_key(struct tpm *);

/* Opens an EK and an IK at fixed handles, then activates the credential for them. */
void drive_activation(struct tpm *, struct bytes credential);

#define DRIVE_EK_HANDLE UINT32_C(0x81010001)
#define DRIVE_IK_HANDLE UINT32_C(0x81020002)

#endif
