#ifndef DEVICE_FORMER_KEY_H
#define DEVICE_FORMER_KEY_H

#include "identity_key.h"

/* former_key: the identity key that --new-key has replaced, while it is still in the TPM. */

/*
 * Once the new key has its certificate: frees the former one's handle, where that key is still
 * there and no other, and has state forget it.
 */
enum fault former_key_free(struct tpm *, const struct directory *, struct state *,
	const struct identity_key *now);

#endif
