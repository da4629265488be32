#ifndef DEVICE_STORAGE_KEY_H
#define DEVICE_STORAGE_KEY_H

#include "tpm_session.h"

/*
 * storage_key: the storage root key (SRK), parent of the identity key. The one at 81000001 where
 * that is a storage key which is exempt from the TPM's lockout (TCG Provisioning Guidance, 7.5.1),
 * else the P-256 one, made for as long as it is needed.
 */
#define SRK_HANDLE UINT32_C(0x81000001)

/* What the state file says of a key's parent: SRK_HANDLE, or TPM_RH_OWNER for the transient one. */
#define SRK_TRANSIENT UINT32_C(0x40000001)

/* Opens the SRK that parent names; 0 opens the persistent one if there is one, and says which. */
enum fault storage_key_open(struct tpm *, uint32_t *parent, struct tpm_object *out);

#endif
