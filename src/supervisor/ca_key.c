#include "ca_key.h"

#include "owned.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

OWNED_TYPE(EVP_MD_CTX, EVP_MD_CTX_free)

enum { RSA_BITS = 3072 };

static const uint8_t ecdsa_with_sha256[] = {
	0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
static const uint8_t ecdsa_with_sha384[] = {
	0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03 };
static const uint8_t sha256_with_rsa[] = {
	0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00 };

/* By the bits of the key: of the curve's field, or of the modulus. */
static const struct kind {
	const char *name;
	const char *curve; /* NULL: RSA */
	int bits;
	const char *hash;
	struct bytes algorithm;
} kinds[] = {
	{ "p256", "P-256", 256, "SHA256", { ecdsa_with_sha256, sizeof(ecdsa_with_sha256) } },
	{ "p384", "P-384", 384, "SHA384", { ecdsa_with_sha384, sizeof(ecdsa_with_sha384) } },
	{ "rsa3072", NULL, RSA_BITS, "SHA256", { sha256_with_rsa, sizeof(sha256_with_rsa) } },
};

enum fault ca_key_generate(const char *name, EVP_PKEY **out)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name) != 0)
			continue;
		EVP_PKEY *key = kinds[i].curve != NULL ?
			EVP_PKEY_Q_keygen(NULL, NULL, "EC", kinds[i].curve) :
			EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)kinds[i].bits);

		if (key == NULL)
			return FAULT_CRYPTO;
		*out = key;
		return FAULT_NONE;
	}
	return FAULT_INVALID;
}

static const struct kind *kind_of(const EVP_PKEY *key)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (EVP_PKEY_is_a(key, kinds[i].curve != NULL ? "EC" : "RSA") &&
				EVP_PKEY_get_bits(key) == kinds[i].bits)
			return &kinds[i];
	}
	return NULL;
}

struct bytes ca_key_algorithm(const EVP_PKEY *key)
{
	const struct kind *kind = kind_of(key);

	return kind == NULL ? bytes_of(NULL, 0) : kind->algorithm;
}

enum fault ca_key_sign(EVP_PKEY *key, struct bytes tbs, uint8_t *buffer, struct bytes *out)
{
	const struct kind *kind = kind_of(key);
	owned(EVP_MD_CTX) *context = EVP_MD_CTX_new();
	size_t len = CA_SIGNATURE_MAX;

	if (kind == NULL || context == NULL ||
		EVP_DigestSignInit_ex(context, NULL, kind->hash, NULL, NULL, key, NULL) != 1 ||
		EVP_DigestSign(context, buffer, &len, tbs.data, tbs.len) != 1)
		return FAULT_CRYPTO;
	*out = bytes_of(buffer, len);
	return FAULT_NONE;
}
