#ifndef DEVICE_IDENTITY_KEY_FINDING_H
#define DEVICE_IDENTITY_KEY_FINDING_H

#include "identity_key.h"

/*
 * identity_key_finding: where in the TPM a key stands whose halves are on disk. A key is the one on
 * disk only where its area equals that of the halves.
 */

/* The handles of our range that are in use, by whomever. */
enum fault identity_key_handles(struct tpm *, struct tpm_handles *out);

/* Opens it at that handle. FAULT_NOT_FOUND where the handle holds none, FAULT_INVALID another one. */
enum fault identity_key_open_at(
	struct tpm *, uint32_t handle, const struct key_file *, struct identity_key *out);

/*
 * At the handle that the state names, else wherever in our range it may stand. FAULT_NOT_FOUND. A
 * handle that is listed and then not known is a failure: the key may stand there.
 */
enum fault identity_key_look_for(struct tpm *, const struct key_file *, uint32_t named,
	const struct tpm_handles *taken, struct identity_key *out);

/*
 * Whether the TPM takes the halves, and under which parent (storage_key.h): the one that is named, or
 * any where that is 0. FAULT_INVALID where it does not.
 */
enum fault identity_key_try_load(struct tpm *, const struct key_file *, uint32_t *parent);

#endif
