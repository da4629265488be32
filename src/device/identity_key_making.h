#ifndef DEVICE_IDENTITY_KEY_MAKING_H
#define DEVICE_IDENTITY_KEY_MAKING_H

#include "key_file.h"
#include "tpm_session.h"

/*
 * identity_key_making: TPM2_Create of an identity key (TPM 2.0 Part 3, 12.1), under a storage key
 * that is loaded; TPM2_Load; TPM2_EvictControl. Each alone.
 */

/*
 * The TPM keeps nothing of the key: its two halves are in out.
 *
 * What the TPM says it made must be what it was asked for: an interposer could answer in its stead.
 * EXIT_TPM_REFUSED where it is not, or the TPM would not.
 */
enum fault identity_key_make(
	struct tpm *tpm, ESYS_TR parent, enum tpm_template template, struct key_file *out);

/*
 * Loads it under the storage key that parent names, or that the TPM has, and which is then said
 * (storage_key.h). FAULT_INVALID where the TPM does not know the key: it was cleared, or is another
 * one, or the parent is.
 */
enum fault identity_key_load(
	struct tpm *tpm, const struct key_file *, uint32_t *parent, struct tpm_object *out);

/* Has the TPM keep a loaded key at a handle. */
enum fault identity_key_keep(struct tpm *, const struct tpm_object *, uint32_t handle);

#endif
