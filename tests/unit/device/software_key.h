#ifndef TEST_DEVICE_SOFTWARE_KEY_H
#define TEST_DEVICE_SOFTWARE_KEY_H

#include "signature.h"
#include "templates.h"

#include <openssl/evp.h>

/* software_key: a key outside any TPM, seen as the identity key of a TPM, for tests. */
struct software_key {
	EVP_PKEY *pkey;
	struct tpm_key key;
};

/* TEMPLATE_IK_P256_NODA, TEMPLATE_IK_P384_NODA or TEMPLATE_IK_RSA2048_NODA. */
struct software_key software_key_make(enum tpm_template);
void software_key_free(struct software_key *);

/* A signature over message as the TPM would give it out. */
struct signature software_key_sign(const struct software_key *, struct bytes message);

#endif
