#ifndef DEVICE_IDENTITY_KEY_MAKING_H
#define DEVICE_IDENTITY_KEY_MAKING_H

#include "key_file.h"
#include "tpm_session.h"

/*
 * identity_key_making: TPM2_Create of an identity key (TPM 2.0 Part 3, 12.1), under a storage key
 * that is loaded. The TPM keeps nothing of it: its two halves are in out.
 *
 * What the TPM says it made must be what it was asked for: an interposer could answer in its stead.
 * EXIT_TPM_REFUSED where it is not, or the TPM would not.
 */
enum fault identity_key_make(
	struct tpm *tpm, ESYS_TR parent, enum tpm_template template, struct key_file *out);

#endif
