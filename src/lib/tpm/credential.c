#include "credential.h"

#include "limits.h"
#include "owned.h"
#include "public_key.h"
#include "reader.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

OWNED_TYPE(EVP_PKEY, EVP_PKEY_free)
OWNED_TYPE(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
OWNED_TYPE(EVP_MD_CTX, EVP_MD_CTX_free)
OWNED_TYPE(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

/* The file of tpm2-tools: tpm2_makecredential -o, tpm2_activatecredential -i. */
static const uint32_t credential_magic = 0xbadcc0de, credential_version = 1;

/* TPM2B_ID_OBJECT: sized HMAC and sized credential, both at most a SHA-512 digest (Part 2,
 * 12.4.3). */
enum { ID_OBJECT_MAX = 2 + DIGEST_MAX + 2 + DIGEST_MAX };

/* TPM2B_ENCRYPTED_SECRET: RSA 4096, or a point of P-521 (Part 2, 11.4.33). */
enum { ENCRYPTED_SECRET_MAX = RSA_MODULUS_MAX };

/* The label with its NUL, which Part 1, 11.4.10 includes. */
static const char identity_label[] = "IDENTITY";

enum fault kdfa(const EVP_MD *hash, struct bytes key, struct bytes label, struct bytes context_u,
	struct bytes context_v, size_t out_len, struct secret *out)
{
	uint8_t buffer[4 + 16 + 2 * sizeof(struct tpm_name) + 4];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct bytes message;
	owned_secret derived = { .len = out_len };
	unsigned len = 0;

	/* One block is enough for all that credentials derive. */
	assert(out_len <= (size_t)EVP_MD_get_size(hash));
	writer_u32(&w, 1); /* counter */
	writer_bytes(&w, label);
	writer_u8(&w, 0);
	writer_bytes(&w, context_u);
	writer_bytes(&w, context_v);
	writer_u32(&w, (uint32_t)out_len * 8);
	enum fault fault = writer_end(&w, &message);
	if (fault != FAULT_NONE)
		return fault;
	if (HMAC(hash, key.data, (int)key.len, message.data, message.len, derived.data, &len) ==
		NULL)
		return FAULT_CRYPTO;
	*out = secret_of(bytes_of(derived.data, out_len));
	return FAULT_NONE;
}

enum fault kdfe(const EVP_MD *hash, struct bytes z, struct bytes label, struct bytes party_u,
	struct bytes party_v, size_t out_len, struct secret *out)
{
	static const uint8_t counter[] = { 0, 0, 0, 1 }, nul[] = { 0 };
	const struct bytes parts[] = { BYTES_OF_ARRAY(counter), z, label, BYTES_OF_ARRAY(nul),
		party_u, party_v };
	owned(EVP_MD_CTX) *context = EVP_MD_CTX_new();
	owned_secret derived = { .len = out_len };

	assert(out_len <= (size_t)EVP_MD_get_size(hash));
	if (context == NULL || EVP_DigestInit_ex2(context, hash, NULL) != 1)
		return FAULT_CRYPTO;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (EVP_DigestUpdate(context, parts[i].data, parts[i].len) != 1)
			return FAULT_CRYPTO;
	}
	if (EVP_DigestFinal_ex(context, derived.data, NULL) != 1)
		return FAULT_CRYPTO;
	*out = secret_of(bytes_of(derived.data, out_len));
	return FAULT_NONE;
}

/* RSAES-OAEP with the EK's nameAlg for hash and mask, label "IDENTITY" with NUL (Part 1, B.4). */
static enum fault encrypt_seed_rsa(EVP_PKEY *ek, const EVP_MD *hash, const struct secret *seed,
	struct writer *out)
{
	owned(EVP_PKEY_CTX) *context = EVP_PKEY_CTX_new_from_pkey(NULL, ek, NULL);
	uint8_t encrypted[RSA_MODULUS_MAX];
	size_t len = sizeof(encrypted);
	void *label = OPENSSL_memdup(identity_label, sizeof(identity_label));

	if (context == NULL || label == NULL || EVP_PKEY_encrypt_init(context) != 1 ||
		EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) != 1 ||
		EVP_PKEY_CTX_set_rsa_oaep_md(context, hash) != 1 ||
		EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash) != 1 ||
		EVP_PKEY_CTX_set0_rsa_oaep_label(context, label, sizeof(identity_label)) != 1) {
		OPENSSL_free(label);
		return FAULT_CRYPTO;
	}
	if (EVP_PKEY_encrypt(context, encrypted, &len, seed->data, seed->len) != 1)
		return FAULT_CRYPTO;
	writer_tpm2b(out, bytes_of(encrypted, len));
	return FAULT_NONE;
}

static enum fault make_seed_rsa(
	EVP_PKEY *ek, const EVP_MD *hash, struct secret *seed, struct writer *out)
{
	seed->len = (size_t)EVP_MD_get_size(hash);
	if (RAND_priv_bytes(seed->data, (int)seed->len) != 1)
		return FAULT_CRYPTO;
	return encrypt_seed_rsa(ek, hash, seed, out);
}

/* A key's point as 04 ‖ x ‖ y with coordinates of the field's length. */
static enum fault public_point(EVP_PKEY *key, size_t field_len, uint8_t *out, size_t capacity)
{
	size_t len = 0;

	if (EVP_PKEY_get_octet_string_param(
		    key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, out, capacity, &len) != 1)
		return FAULT_CRYPTO;
	return len == 1 + 2 * field_len && out[0] == 0x04 ? FAULT_NONE : FAULT_CRYPTO;
}

/* Z, the x of the shared point, in the field's length (SP 800-56A, 5.7.1.2). */
static enum fault shared_x(EVP_PKEY *ephemeral, EVP_PKEY *ek, size_t field_len, uint8_t *out)
{
	owned(EVP_PKEY_CTX) *context = EVP_PKEY_CTX_new_from_pkey(NULL, ephemeral, NULL);
	size_t len = field_len;

	if (context == NULL || EVP_PKEY_derive_init(context) != 1 ||
		EVP_PKEY_derive_set_peer(context, ek) != 1 ||
		EVP_PKEY_derive(context, out, &len) != 1 || len != field_len)
		return FAULT_CRYPTO;
	return FAULT_NONE;
}

/*
 * One-pass Diffie-Hellman (Part 1, C.6.3): the encrypted secret is the ephemeral point, the seed
 * KDFe of the shared x. PartyVInfo is the EK's x as the TPM spelt it, for the TPM uses its own.
 */
static enum fault make_seed_ecc(EVP_PKEY *ek, const struct template_row *row, struct bytes ek_x,
	const EVP_MD *hash, struct secret *seed, struct writer *out)
{
	size_t field_len = (row->key_bits + 7u) / 8;
	uint8_t point[1 + 2 * ECC_COORDINATE_MAX], z[ECC_COORDINATE_MAX];
	const char *group = row->curve_id == TPM_ECC_NIST_P256 ? "P-256" :
		row->curve_id == TPM_ECC_NIST_P384 ? "P-384" : "P-521";
	owned(EVP_PKEY) *ephemeral = EVP_PKEY_Q_keygen(NULL, NULL, "EC", group);

	if (ephemeral == NULL)
		return FAULT_CRYPTO;
	enum fault fault = public_point(ephemeral, field_len, point, sizeof(point));
	if (fault == FAULT_NONE)
		fault = shared_x(ephemeral, ek, field_len, z);
	struct bytes x = bytes_of(point + 1, field_len),
		     y = bytes_of(point + 1 + field_len, field_len);
	if (fault == FAULT_NONE)
		fault = kdfe(hash, bytes_of(z, field_len), BYTES_OF_LITERAL("IDENTITY"), x, ek_x,
			(size_t)EVP_MD_get_size(hash), seed);
	explicit_bzero(z, sizeof(z));
	if (fault != FAULT_NONE)
		return fault;
	writer_u16(out,
		(uint16_t)(2 + field_len + 2 + field_len)); /* TPMS_ECC_POINT (Part 2, 11.2.5.2) */
	writer_tpm2b(out, x);
	writer_tpm2b(out, y);
	return FAULT_NONE;
}

/* encIdentity: AES-CFB with an IV of zeros over the sized credential (Part 1, 24.4). */
static enum fault encrypt_identity(const struct template_row *ek, const struct secret *key,
	struct bytes plain, uint8_t *out)
{
	static const uint8_t iv[16];
	const EVP_CIPHER *cipher =
		ek->symmetric_key_bits == 128 ? EVP_aes_128_cfb128() : EVP_aes_256_cfb128();
	owned(EVP_CIPHER_CTX) *context = EVP_CIPHER_CTX_new();
	int len = 0;

	if (context == NULL || EVP_EncryptInit_ex2(context, cipher, key->data, iv, NULL) != 1 ||
		EVP_EncryptUpdate(context, out, &len, plain.data, (int)plain.len) != 1 ||
		len != (int)plain.len)
		return FAULT_CRYPTO;
	return FAULT_NONE;
}

/* outerHMAC over encIdentity and the Name (Part 1, 24.5). */
static enum fault outer_hmac(const EVP_MD *hash, const struct secret *seed,
	struct bytes enc_identity, struct bytes name, struct writer *out)
{
	uint8_t buffer[ID_OBJECT_MAX + sizeof(struct tpm_name)], mac[DIGEST_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	owned_secret key = { 0 };
	unsigned mac_len = 0;
	struct bytes empty = { NULL, 0 };
	enum fault fault = kdfa(hash, secret_bytes(seed), BYTES_OF_LITERAL("INTEGRITY"), empty,
		empty, (size_t)EVP_MD_get_size(hash), &key);

	if (fault != FAULT_NONE)
		return fault;
	writer_bytes(&w, enc_identity);
	writer_bytes(&w, name);
	struct bytes message;
	fault = writer_end(&w, &message);
	if (fault != FAULT_NONE)
		return fault;
	if (HMAC(hash, key.data, (int)key.len, message.data, message.len, mac, &mac_len) == NULL)
		return FAULT_CRYPTO;
	writer_tpm2b(out, bytes_of(mac, mac_len));
	return FAULT_NONE;
}

enum fault credential_seal(const struct template_row *ek, const struct secret *seed,
	const struct tpm_name *name, struct bytes credential, struct writer *out)
{
	const EVP_MD *hash = tpm_hash(ek->name_alg);
	struct bytes object_name = bytes_of(name->data, name->len);
	uint8_t plain[2 + DIGEST_MAX], enc_identity[2 + DIGEST_MAX], inner[ID_OBJECT_MAX];
	struct writer p = WRITER_OF_ARRAY(plain), id_object = WRITER_OF_ARRAY(inner);
	owned_secret key = { 0 };

	if (hash == NULL || credential.len > (size_t)EVP_MD_get_size(hash))
		return FAULT_TOO_LONG;
	enum fault fault = kdfa(hash, secret_bytes(seed), BYTES_OF_LITERAL("STORAGE"), object_name,
		bytes_of(NULL, 0), ek->symmetric_key_bits / 8u, &key);
	if (fault != FAULT_NONE)
		return fault;
	writer_tpm2b(&p, credential);
	fault = encrypt_identity(ek, &key, writer_written(&p), enc_identity);
	explicit_bzero(plain, sizeof(plain));
	if (fault != FAULT_NONE)
		return fault;
	struct bytes encrypted = bytes_of(enc_identity, p.len);
	fault = outer_hmac(hash, seed, encrypted, object_name, &id_object);
	if (fault != FAULT_NONE)
		return fault;
	writer_bytes(&id_object, encrypted);
	writer_tpm2b(out, writer_written(&id_object));
	return out->fault;
}

static enum fault make_seed(const struct template_row *row, const struct tpm_key *ek,
	struct secret *seed, struct writer *encrypted_secret)
{
	owned(EVP_PKEY) *key = NULL;
	const EVP_MD *hash = tpm_hash(row->name_alg);
	enum fault fault = public_key_open(ek, &key);

	if (fault != FAULT_NONE)
		return fault;
	if (row->type == TPM_ALG_RSA)
		return make_seed_rsa(key, hash, seed, encrypted_secret);
	return make_seed_ecc(key, row, bytes_of(ek->a, ek->a_len), hash, seed, encrypted_secret);
}

enum fault credential_make(const struct tpm_key *ek, const struct tpm_name *name,
	struct bytes credential, uint8_t *buffer, size_t capacity, struct bytes *out)
{
	const struct template_row *row = template_row(ek->template);
	struct writer w = writer_of(buffer, capacity);
	uint8_t secret_buffer[2 + ENCRYPTED_SECRET_MAX];
	struct writer encrypted_secret = WRITER_OF_ARRAY(secret_buffer);
	owned_secret seed = { 0 };

	if (row == NULL || !row->is_ek)
		return FAULT_INVALID;
	enum fault fault = make_seed(row, ek, &seed, &encrypted_secret);
	if (fault != FAULT_NONE)
		return fault;
	writer_u32(&w, credential_magic);
	writer_u32(&w, credential_version);
	fault = credential_seal(row, &seed, name, credential, &w);
	if (fault != FAULT_NONE)
		return fault;
	writer_bytes(&w, writer_written(&encrypted_secret));
	return writer_end(&w, out);
}

/* The next TPM2B, its size included. */
static struct bytes take_tpm2b(struct reader *r, size_t max)
{
	struct bytes start = r->rest;
	struct bytes inner = reader_tpm2b(r, max);

	return r->fault == FAULT_NONE ? bytes_of(start.data, 2 + inner.len) : bytes_of(NULL, 0);
}

enum fault credential_file_read(struct bytes file, struct bytes *id_object, struct bytes *secret)
{
	struct reader r = reader_of(file);

	if (reader_u32(&r) != credential_magic || reader_u32(&r) != credential_version)
		reader_fail(&r, FAULT_INVALID);
	struct bytes first = take_tpm2b(&r, ID_OBJECT_MAX);
	struct bytes second = take_tpm2b(&r, ENCRYPTED_SECRET_MAX);
	enum fault fault = reader_end(&r);
	if (fault != FAULT_NONE)
		return fault;
	*id_object = first;
	*secret = second;
	return FAULT_NONE;
}
