#include "key.h"

#include "descriptor.h"
#include "issuer_algorithm.h"
#include "owned.h"
#include "pem_password.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

OWNED_TYPE(EVP_PKEY, EVP_PKEY_free)
OWNED_TYPE(EVP_MD_CTX, EVP_MD_CTX_free)
OWNED_TYPE(BIO, BIO_free_all)

enum { KEY_FILE_MAX = 16384 };

struct key {
	EVP_PKEY *private_key;
	EVP_PKEY *public_key; /* of the certificate: what the rest of the world verifies with */
	const struct issuer_algorithm *algorithm;
};

/* The key of a PEM; the text is wiped. */
static EVP_PKEY *read_private_key(int descriptor)
{
	uint8_t text[KEY_FILE_MAX];
	size_t len = 0;
	enum fault fault = descriptor_read(descriptor, text, sizeof(text), &len);
	owned(BIO) *memory = fault == FAULT_NONE ? BIO_new_mem_buf(text, (int)len) : NULL;
	EVP_PKEY *key = memory != NULL ?
		PEM_read_bio_PrivateKey(memory, NULL, pem_no_password, NULL) : NULL;

	explicit_bzero(text, sizeof(text));
	return key;
}

enum fault key_open_file(int descriptor, X509 *certificate, struct key **out)
{
	owned(EVP_PKEY) *private_key = read_private_key(descriptor);
	EVP_PKEY *public_key = X509_get0_pubkey(certificate);

	if (private_key == NULL || public_key == NULL || EVP_PKEY_eq(private_key, public_key) != 1)
		return FAULT_INVALID;
	const struct issuer_algorithm *algorithm = issuer_algorithm_of(public_key);
	if (algorithm == NULL)
		return FAULT_UNSUPPORTED;

	struct key *key = calloc(1, sizeof(*key));
	if (key == NULL || EVP_PKEY_up_ref(public_key) != 1) {
		free(key);
		return FAULT_NO_MEMORY;
	}
	*key = (struct key){ owned_take(private_key), public_key, algorithm };
	*out = key;
	return FAULT_NONE;
}

void key_close(struct key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->private_key);
	EVP_PKEY_free(key->public_key);
	free(key);
}

struct bytes key_algorithm(const struct key *key)
{
	return key->algorithm->identifier;
}

static bool signature_verifies(const struct key *key, struct bytes tbs, struct bytes signature)
{
	owned(EVP_MD_CTX) *context = EVP_MD_CTX_new();

	return context != NULL &&
	       EVP_DigestVerifyInit_ex(context, NULL, key->algorithm->hash, NULL, NULL,
		       key->public_key, NULL) == 1 &&
	       EVP_DigestVerify(context, signature.data, signature.len, tbs.data, tbs.len) == 1;
}

enum fault key_sign(struct key *key, struct bytes tbs, uint8_t *buffer, struct bytes *out)
{
	struct bytes signature;

	_Static_assert((int)SIGNATURE_MAX >= (int)ISSUER_SIGNATURE_MAX, "it fits");
	if (issuer_sign(key->private_key, key->algorithm, tbs, buffer, &signature) != FAULT_NONE)
		return FAULT_CRYPTO;
	if (!signature_verifies(key, tbs, signature))
		return FAULT_INVALID;
	*out = signature;
	return FAULT_NONE;
}
