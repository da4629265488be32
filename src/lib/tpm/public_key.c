#include "public_key.h"

#include "owned.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

OWNED_TYPE(EVP_PKEY, EVP_PKEY_free)

/* DER tags. */
enum { TAG_INTEGER = 0x02, TAG_BIT_STRING = 0x03, TAG_SEQUENCE = 0x30 };

/* AlgorithmIdentifier rsaEncryption with NULL (RFC 8017, A.1; RFC 3279, 2.3.1). */
static const uint8_t rsa_algorithm[] = {
	0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
};
/* AlgorithmIdentifier id-ecPublicKey with namedCurve (RFC 5480, 2.1.1). */
static const uint8_t p256_algorithm[] = {
	0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
};
static const uint8_t p384_algorithm[] = {
	0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22,
};
static const uint8_t p521_algorithm[] = {
	0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23,
};

static struct bytes curve_algorithm(uint16_t curve_id)
{
	if (curve_id == TPM_ECC_NIST_P256)
		return BYTES_OF_ARRAY(p256_algorithm);
	if (curve_id == TPM_ECC_NIST_P384)
		return BYTES_OF_ARRAY(p384_algorithm);
	return BYTES_OF_ARRAY(p521_algorithm);
}

/* Tag and length (X.690, 8.1.3; the shortest form, 10.1). */
static void write_tag(struct writer *w, uint8_t tag, size_t len)
{
	writer_u8(w, tag);
	if (len >= 0x100) {
		writer_u8(w, 0x82);
		writer_u16(w, (uint16_t)len);
		return;
	}
	if (len >= 0x80)
		writer_u8(w, 0x81);
	writer_u8(w, (uint8_t)len);
}

/* A positive INTEGER: a leading octet of 0 where the top bit is set (X.690, 8.3). */
static void write_positive(struct writer *w, struct bytes number)
{
	bool needs_zero = (number.data[0] & 0x80) != 0;

	write_tag(w, TAG_INTEGER, number.len + needs_zero);
	if (needs_zero)
		writer_u8(w, 0);
	writer_bytes(w, number);
}

static void write_left_padded(struct writer *w, struct bytes number, size_t len)
{
	for (size_t i = number.len; i < len; i++)
		writer_u8(w, 0);
	writer_bytes(w, number);
}

/* RSAPublicKey (RFC 8017, A.1.1). */
static void write_rsa_key(struct writer *w, struct bytes modulus)
{
	static const uint8_t exponent[] = { 0x01, 0x00, 0x01 };
	uint8_t buffer[SPKI_MAX];
	struct writer inner = WRITER_OF_ARRAY(buffer);

	write_positive(&inner, modulus);
	write_positive(&inner, BYTES_OF_ARRAY(exponent));
	write_tag(w, TAG_SEQUENCE, inner.len);
	writer_bytes(w, writer_written(&inner));
}

/* ECPoint, uncompressed (SEC 1, 2.3.3). */
static void write_point(struct writer *w, const struct template_row *row, const struct tpm_key *key)
{
	size_t field_len = (row->key_bits + 7u) / 8;

	writer_u8(w, 0x04);
	write_left_padded(w, bytes_of(key->a, key->a_len), field_len);
	write_left_padded(w, bytes_of(key->b, key->b_len), field_len);
}

static bool is_key(const struct tpm_key *key)
{
	const struct template_row *row = template_row(key->template);

	return row != NULL && key->a_len <= sizeof(key->a) && key->b_len <= sizeof(key->b) &&
		template_numbers_fit(row, bytes_of(key->a, key->a_len), bytes_of(key->b, key->b_len));
}

void spki_write(struct writer *w, const struct tpm_key *key)
{
	uint8_t buffer[SPKI_MAX];
	struct writer inner = WRITER_OF_ARRAY(buffer);

	if (!is_key(key)) {
		writer_fail(w, FAULT_INVALID);
		return;
	}
	const struct template_row *row = template_row(key->template);
	bool is_rsa = row->type == TPM_ALG_RSA;
	struct bytes algorithm = is_rsa ? BYTES_OF_ARRAY(rsa_algorithm) : curve_algorithm(row->curve_id);

	if (is_rsa)
		write_rsa_key(&inner, bytes_of(key->a, key->a_len));
	else
		write_point(&inner, row, key);

	struct bytes subject_public_key = writer_written(&inner);
	size_t bit_string_len = subject_public_key.len + 1;
	size_t header_len = bit_string_len >= 0x100 ? 4 : bit_string_len >= 0x80 ? 3 : 2;

	write_tag(w, TAG_SEQUENCE, algorithm.len + header_len + bit_string_len);
	writer_bytes(w, algorithm);
	write_tag(w, TAG_BIT_STRING, bit_string_len);
	writer_u8(w, 0); /* unused bits */
	writer_bytes(w, subject_public_key);
}

enum fault key_id(const struct tpm_key *key, uint8_t out[32])
{
	uint8_t buffer[SPKI_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct bytes spki;

	spki_write(&w, key);
	enum fault fault = writer_end(&w, &spki);
	if (fault != FAULT_NONE)
		return fault;
	return EVP_Digest(spki.data, spki.len, out, NULL, EVP_sha256(), NULL) == 1 ? FAULT_NONE : FAULT_CRYPTO;
}

enum fault public_key_open(const struct tpm_key *key, EVP_PKEY **out)
{
	uint8_t buffer[SPKI_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct bytes spki;

	spki_write(&w, key);
	enum fault fault = writer_end(&w, &spki);
	if (fault != FAULT_NONE)
		return fault;

	const unsigned char *cursor = spki.data;
	owned(EVP_PKEY) *opened = d2i_PUBKEY(NULL, &cursor, (long)spki.len);
	if (opened == NULL || cursor != spki.data + spki.len)
		return FAULT_INVALID;
	*out = owned_take(opened);
	return FAULT_NONE;
}

const EVP_MD *tpm_hash(uint16_t alg)
{
	if (alg == TPM_ALG_SHA256)
		return EVP_sha256();
	if (alg == TPM_ALG_SHA384)
		return EVP_sha384();
	return alg == TPM_ALG_SHA512 ? EVP_sha512() : NULL;
}
