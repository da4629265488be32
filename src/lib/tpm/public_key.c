#include "public_key.h"

#include "der_writer.h"
#include "owned.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

OWNED_TYPE(EVP_PKEY, EVP_PKEY_free)

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
	size_t sequence = der_begin(w, DER_SEQUENCE);

	der_integer(w, modulus);
	der_integer(w, BYTES_OF_ARRAY(exponent));
	der_end(w, sequence);
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
	       template_numbers_fit(
		       row, bytes_of(key->a, key->a_len), bytes_of(key->b, key->b_len));
}

void spki_write(struct writer *w, const struct tpm_key *key)
{
	if (!is_key(key)) {
		writer_fail(w, FAULT_INVALID);
		return;
	}
	const struct template_row *row = template_row(key->template);
	bool is_rsa = row->type == TPM_ALG_RSA;
	size_t sequence = der_begin(w, DER_SEQUENCE);

	writer_bytes(w, is_rsa ? BYTES_OF_ARRAY(rsa_algorithm) : curve_algorithm(row->curve_id));
	size_t subject_public_key = der_begin(w, DER_BIT_STRING);
	writer_u8(w, 0); /* no unused bits */
	if (is_rsa)
		write_rsa_key(w, bytes_of(key->a, key->a_len));
	else
		write_point(w, row, key);
	der_end(w, subject_public_key);
	der_end(w, sequence);
}

static enum fault spki_of(const struct tpm_key *key, uint8_t buffer[SPKI_MAX], struct bytes *out)
{
	struct writer w = writer_of(buffer, SPKI_MAX);

	spki_write(&w, key);
	return writer_end(&w, out);
}

enum fault key_id(const struct tpm_key *key, uint8_t out[32])
{
	uint8_t buffer[SPKI_MAX];
	struct bytes spki;
	enum fault fault = spki_of(key, buffer, &spki);

	if (fault != FAULT_NONE)
		return fault;
	return EVP_Digest(spki.data, spki.len, out, NULL, EVP_sha256(), NULL) == 1 ? FAULT_NONE
										   : FAULT_CRYPTO;
}

enum fault public_key_open(const struct tpm_key *key, EVP_PKEY **out)
{
	uint8_t buffer[SPKI_MAX];
	struct bytes spki;
	enum fault fault = spki_of(key, buffer, &spki);

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
