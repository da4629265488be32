#include "signature_algorithm.h"

#include "der.h"
#include "limits.h"
#include "owned.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

OWNED_TYPE(EVP_MD_CTX, EVP_MD_CTX_free)

enum { SALT_LEN_DEFAULT = 20, SALT_LEN_MAX = RSA_MODULUS_MAX };

/* AlgorithmIdentifiers without a choice are compared as a whole. */
struct fixed_algorithm {
	uint8_t octets[15];
	uint8_t len;
	struct signature_algorithm algorithm;
};

#define RSA_WITH(last, bits) \
	{ { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last, \
		0x05, 0x00 }, 15, { .is_rsa = true, .hash_bits = bits } }
#define ECDSA_WITH(last, bits) \
	{ { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, last }, \
		12, { .is_rsa = false, .hash_bits = bits } }
/* RFC 5758, 3.2 leaves the parameters out; tpm2-openssl 1.1.1, Debian 12's, writes NULL there. */
#define ECDSA_NULL_WITH(last, bits) \
	{ { 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, last, \
		0x05, 0x00 }, 14, { .is_rsa = false, .hash_bits = bits } }

static const struct fixed_algorithm fixed_algorithms[] = {
	RSA_WITH(0x0b, 256),
	RSA_WITH(0x0c, 384),
	RSA_WITH(0x0d, 512),
	ECDSA_WITH(0x02, 256),
	ECDSA_WITH(0x03, 384),
	ECDSA_WITH(0x04, 512),
	ECDSA_NULL_WITH(0x02, 256),
	ECDSA_NULL_WITH(0x03, 384),
	ECDSA_NULL_WITH(0x04, 512),
};

static const uint8_t id_rsassa_pss[] = {
	0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a,
};
static const uint8_t id_mgf1[] = {
	0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08,
};
/* id-sha256, -384, -512 differ in the last octet: 1, 2, 3. */
static const uint8_t id_sha2[] = {
	0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
};

/* HashAlgorithm (RFC 4055, 2.1): SHA-2, its parameters NULL or absent. 0 for every other. */
static unsigned take_hash_bits(struct reader *r)
{
	struct reader algorithm = der_enter(r, DER_SEQUENCE);
	struct bytes id = der_content(&algorithm, DER_OBJECT_IDENTIFIER);

	if (der_is_next(&algorithm, DER_NULL) && der_content(&algorithm, DER_NULL).len > 0)
		reader_fail(&algorithm, FAULT_INVALID);
	if (reader_end(&algorithm) != FAULT_NONE || id.len != sizeof(id_sha2) + 1 ||
			!bytes_equal(bytes_of(id.data, sizeof(id_sha2)), BYTES_OF_ARRAY(id_sha2)))
		return 0;
	switch (id.data[sizeof(id_sha2)]) {
	case 1:
		return 256;
	case 2:
		return 384;
	case 3:
		return 512;
	default:
		return 0;
	}
}

/* MaskGenAlgorithm: MGF1 and its hash. */
static unsigned take_mask_hash_bits(struct reader *r)
{
	struct reader algorithm = der_enter(r, DER_SEQUENCE);
	struct bytes id = der_content(&algorithm, DER_OBJECT_IDENTIFIER);
	unsigned hash_bits = take_hash_bits(&algorithm);

	if (reader_end(&algorithm) != FAULT_NONE || !bytes_equal(id, BYTES_OF_ARRAY(id_mgf1)))
		return 0;
	return hash_bits;
}

static int take_salt_len(struct reader *r)
{
	struct bytes number = der_unsigned(r);
	int salt_len = 0;

	if (number.len > 2)
		reader_fail(r, FAULT_UNSUPPORTED);
	for (size_t i = 0; i < number.len && i < 2; i++)
		salt_len = salt_len << 8 | number.data[i];
	if (salt_len > SALT_LEN_MAX)
		reader_fail(r, FAULT_UNSUPPORTED);
	return salt_len;
}

/* One explicitly tagged field, which must be filled. */
static void end_field(struct reader *parameters, const struct reader *field)
{
	reader_fail(parameters, reader_end(field));
}

/*
 * RSASSA-PSS-params. Both hashes must be stated, as their default is SHA-1; the trailer field has
 * one legal value, its default, which DER leaves out (X.690, 11.5).
 */
static enum fault read_pss(struct bytes content, struct signature_algorithm *out)
{
	struct signature_algorithm pss = { .is_rsa = true, .is_pss = true,
		.salt_len = SALT_LEN_DEFAULT };
	struct reader parameters = reader_of(content);

	struct reader hash = der_enter(&parameters, DER_CONTEXT_0);
	pss.hash_bits = take_hash_bits(&hash);
	end_field(&parameters, &hash);

	struct reader mask = der_enter(&parameters, DER_CONTEXT_0 + 1);
	unsigned mask_hash_bits = take_mask_hash_bits(&mask);
	end_field(&parameters, &mask);

	if (der_is_next(&parameters, DER_CONTEXT_0 + 2)) {
		struct reader salt = der_enter(&parameters, DER_CONTEXT_0 + 2);

		pss.salt_len = take_salt_len(&salt);
		end_field(&parameters, &salt);
	}
	if (reader_end(&parameters) != FAULT_NONE || pss.hash_bits == 0 ||
			pss.hash_bits != mask_hash_bits)
		return FAULT_UNSUPPORTED;
	*out = pss;
	return FAULT_NONE;
}

enum fault signature_algorithm_read(struct bytes identifier, struct signature_algorithm *out)
{
	for (size_t i = 0; i < sizeof(fixed_algorithms) / sizeof(fixed_algorithms[0]); i++) {
		const struct fixed_algorithm *fixed = &fixed_algorithms[i];

		if (bytes_equal(identifier, bytes_of(fixed->octets, fixed->len))) {
			*out = fixed->algorithm;
			return FAULT_NONE;
		}
	}
	struct reader outer = reader_of(identifier);
	struct reader r = der_enter(&outer, DER_SEQUENCE);
	struct bytes id = der_content(&r, DER_OBJECT_IDENTIFIER);
	struct bytes parameters = der_content(&r, DER_SEQUENCE);

	if (reader_end(&r) != FAULT_NONE || reader_end(&outer) != FAULT_NONE ||
			!bytes_equal(id, BYTES_OF_ARRAY(id_rsassa_pss)))
		return FAULT_UNSUPPORTED;
	return read_pss(parameters, out);
}

static const EVP_MD *hash_of(unsigned hash_bits)
{
	if (hash_bits == 256)
		return EVP_sha256();
	return hash_bits == 384 ? EVP_sha384() : EVP_sha512();
}

static bool set_pss(EVP_PKEY_CTX *context, int salt_len)
{
	return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt_len) == 1;
}

bool signature_is_valid(const struct signature_algorithm *algorithm, EVP_PKEY *key,
	struct bytes tbs, struct bytes signature)
{
	const EVP_MD *hash = hash_of(algorithm->hash_bits);
	owned(EVP_MD_CTX) *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_context = NULL;

	bool is_valid = context != NULL &&
		EVP_DigestVerifyInit(context, &key_context, hash, NULL, key) == 1 &&
		(!algorithm->is_pss || set_pss(key_context, algorithm->salt_len)) &&
		EVP_DigestVerify(context, signature.data, signature.len, tbs.data, tbs.len) == 1;
	ERR_clear_error();
	return is_valid;
}
