#include "key.h"

#include "owned.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <unistd.h>

OWNED_TYPE(EVP_PKEY, EVP_PKEY_free)
OWNED_TYPE(EVP_MD_CTX, EVP_MD_CTX_free)
OWNED_TYPE(BIO, BIO_free_all)

enum { RSA_BITS_MIN = 3072, KEY_FILE_MAX = 16384 };

struct key {
	EVP_PKEY *private_key;
	EVP_PKEY *public_key; /* of the certificate: what the rest of the world verifies with */
	const struct algorithm *algorithm;
};

/* AlgorithmIdentifiers (RFC 5758, 3.2: parameters absent; RFC 4055, 5: NULL). */
static const uint8_t ecdsa_with_sha256[] = {
	0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02,
};
static const uint8_t ecdsa_with_sha384[] = {
	0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03,
};
static const uint8_t sha256_with_rsa[] = {
	0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00,
};

static const struct algorithm {
	const char *group; /* NULL: RSA */
	const char *hash;
	struct bytes identifier;
} algorithms[] = {
	{ "prime256v1", "SHA256", { ecdsa_with_sha256, sizeof(ecdsa_with_sha256) } },
	{ "secp384r1", "SHA384", { ecdsa_with_sha384, sizeof(ecdsa_with_sha384) } },
	{ NULL, "SHA256", { sha256_with_rsa, sizeof(sha256_with_rsa) } },
};

static bool algorithm_fits(const struct algorithm *algorithm, EVP_PKEY *key)
{
	char group[32] = "";

	if (algorithm->group == NULL)
		return EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= RSA_BITS_MIN;
	return EVP_PKEY_is_a(key, "EC") &&
		EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
		strcmp(group, algorithm->group) == 0;
}

static const struct algorithm *algorithm_of(EVP_PKEY *key)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (algorithm_fits(&algorithms[i], key))
			return &algorithms[i];
	}
	return NULL;
}

/* An encrypted key is none of ours; the library would ask a terminal for its password. */
static int no_password(char *, int, int, void *)
{
	return -1;
}

/* The key of a PEM; the text is wiped. */
static EVP_PKEY *read_private_key(int descriptor)
{
	char text[KEY_FILE_MAX];
	ssize_t len = pread(descriptor, text, sizeof(text), 0);
	owned(BIO) *memory = len > 0 ? BIO_new_mem_buf(text, (int)len) : NULL;
	EVP_PKEY *key = memory != NULL ? PEM_read_bio_PrivateKey(memory, NULL, no_password, NULL) : NULL;

	explicit_bzero(text, sizeof(text));
	return key;
}

enum fault key_open_file(int descriptor, X509 *certificate, struct key **out)
{
	owned(EVP_PKEY) *private_key = read_private_key(descriptor);
	EVP_PKEY *public_key = X509_get0_pubkey(certificate);

	if (private_key == NULL || public_key == NULL || EVP_PKEY_eq(private_key, public_key) != 1)
		return FAULT_INVALID;
	const struct algorithm *algorithm = algorithm_of(public_key);
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
		EVP_DigestVerifyInit_ex(context, NULL, key->algorithm->hash, NULL, NULL, key->public_key, NULL) == 1 &&
		EVP_DigestVerify(context, signature.data, signature.len, tbs.data, tbs.len) == 1;
}

enum fault key_sign(struct key *key, struct bytes tbs, uint8_t *buffer, struct bytes *out)
{
	owned(EVP_MD_CTX) *context = EVP_MD_CTX_new();
	size_t len = SIGNATURE_MAX;

	if (context == NULL ||
		EVP_DigestSignInit_ex(context, NULL, key->algorithm->hash, NULL, NULL, key->private_key, NULL) != 1 ||
		EVP_DigestSign(context, buffer, &len, tbs.data, tbs.len) != 1)
		return FAULT_CRYPTO;
	if (!signature_verifies(key, tbs, bytes_of(buffer, len)))
		return FAULT_INVALID;
	*out = bytes_of(buffer, len);
	return FAULT_NONE;
}
