#include "ca_key.h"

#include <openssl/evp.h>
#include <string.h>

static const struct kind {
	const char *name;
	const char *curve; /* NULL: RSA */
	size_t bits;
} kinds[] = {
	{ "p256", "P-256", 0 },
	{ "p384", "P-384", 0 },
	{ "rsa3072", NULL, 3072 },
};

enum fault ca_key_generate(const char *name, EVP_PKEY **out)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name) != 0)
			continue;
		EVP_PKEY *key = kinds[i].curve != NULL ?
			EVP_PKEY_Q_keygen(NULL, NULL, "EC", kinds[i].curve) :
			EVP_PKEY_Q_keygen(NULL, NULL, "RSA", kinds[i].bits);

		if (key == NULL)
			return FAULT_CRYPTO;
		*out = key;
		return FAULT_NONE;
	}
	return FAULT_INVALID;
}
