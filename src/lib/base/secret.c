#include "secret.h"

#include <assert.h>
#include <openssl/crypto.h>

struct bytes secret_bytes(const struct secret *secret)
{
	return bytes_of(secret->data, secret->len);
}

struct secret secret_of(struct bytes octets)
{
	struct secret secret = { .len = octets.len };

	assert(octets.len <= SECRET_MAX);
	if (octets.len > 0)
		memcpy(secret.data, octets.data, octets.len);
	return secret;
}

void secret_wipe(struct secret *secret)
{
	explicit_bzero(secret, sizeof(*secret));
}

bool secret_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && CRYPTO_memcmp(a.data, b.data, a.len) == 0;
}
