#include "issuer_algorithm.h"

#include "owned.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

OWNED_TYPE(EVP_MD_CTX, EVP_MD_CTX_free)

enum { RSA_BITS_MIN = 3072 };

/* Parameters are absent for ECDSA (RFC 5758, 3.2), NULL for RSA (RFC 4055, 5). */
static const uint8_t ecdsa_with_sha256[] = {
	0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02,
};
static const uint8_t ecdsa_with_sha384[] = {
	0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03,
};
static const uint8_t sha256_with_rsa[] = {
	0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00,
};

static const struct issuer_algorithm algorithms[] = {
	{ "prime256v1", "SHA256", { ecdsa_with_sha256, sizeof(ecdsa_with_sha256) } },
	{ "secp384r1", "SHA384", { ecdsa_with_sha384, sizeof(ecdsa_with_sha384) } },
	{ NULL, "SHA256", { sha256_with_rsa, sizeof(sha256_with_rsa) } },
};

static bool is_of(const struct issuer_algorithm *algorithm, const EVP_PKEY *key)
{
	char group[32] = "";

	if (algorithm->group == NULL)
		return EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= RSA_BITS_MIN;
	return EVP_PKEY_is_a(key, "EC") &&
		EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
		strcmp(group, algorithm->group) == 0;
}

const struct issuer_algorithm *issuer_algorithm_of(const EVP_PKEY *key)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (is_of(&algorithms[i], key))
			return &algorithms[i];
	}
	return NULL;
}

enum fault issuer_sign(EVP_PKEY *key, const struct issuer_algorithm *algorithm, struct bytes tbs,
	uint8_t *buffer, struct bytes *out)
{
	owned(EVP_MD_CTX) *context = EVP_MD_CTX_new();
	size_t len = ISSUER_SIGNATURE_MAX;

	if (context == NULL ||
			EVP_DigestSignInit_ex(context, NULL, algorithm->hash, NULL, NULL, key,
				NULL) != 1 ||
			EVP_DigestSign(context, buffer, &len, tbs.data, tbs.len) != 1)
		return FAULT_CRYPTO;
	*out = bytes_of(buffer, len);
	return FAULT_NONE;
}
