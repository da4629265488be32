#include "algorithms.h"

#include "log.h"
#include "owned.h"

#include <openssl/evp.h>
#include <stdlib.h>

OWNED_TYPE(EVP_MD, EVP_MD_free)
OWNED_TYPE(EVP_SIGNATURE, EVP_SIGNATURE_free)
OWNED_TYPE(EVP_KEYMGMT, EVP_KEYMGMT_free)

/* SHA-1 is there for anchors marked sha1. */
static const char *const hashes[] = { "SHA1", "SHA2-256", "SHA2-384", "SHA2-512" };
static const char *const key_types[] = { "RSA", "EC" };
static const char *const signatures[] = { "RSA", "ECDSA" };

static void demand(const void *algorithm, const char *name)
{
	if (algorithm != NULL)
		return;
	log_error("the cryptographic library has no %s", name);
	exit(EXIT_FAILURE);
}

void algorithms_prepare(void)
{
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		owned(EVP_MD) *hash = EVP_MD_fetch(NULL, hashes[i], NULL);
		demand(hash, hashes[i]);
	}
	for (size_t i = 0; i < sizeof(key_types) / sizeof(key_types[0]); i++) {
		owned(EVP_KEYMGMT) *type = EVP_KEYMGMT_fetch(NULL, key_types[i], NULL);
		demand(type, key_types[i]);
	}
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
		owned(EVP_SIGNATURE) *signature = EVP_SIGNATURE_fetch(NULL, signatures[i], NULL);
		demand(signature, signatures[i]);
	}
}
