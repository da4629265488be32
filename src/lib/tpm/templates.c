#include "templates.h"

#include <assert.h>

/* EK Credential Profile 2.6: PolicyA = PolicySecret(TPM_RH_ENDORSEMENT), SHA-256. */
static const uint8_t policy_a_sha256[] = {
	0x83,
	0x71,
	0x97,
	0x67,
	0x44,
	0x84,
	0xb3,
	0xf8,
	0x1a,
	0x90,
	0xcc,
	0x8d,
	0x46,
	0xa5,
	0xd7,
	0x24,
	0xfd,
	0x52,
	0xd7,
	0x6e,
	0x06,
	0x52,
	0x0b,
	0x64,
	0xf2,
	0xa1,
	0xda,
	0x1b,
	0x33,
	0x14,
	0x69,
	0xaa,
};

/* PolicyB = PolicyOR(PolicyA, PolicyC), in the three hashes of the high-range templates. */
static const uint8_t policy_b_sha256[] = {
	0xca,
	0x3d,
	0x0a,
	0x99,
	0xa2,
	0xb9,
	0x39,
	0x06,
	0xf7,
	0xa3,
	0x34,
	0x24,
	0x14,
	0xef,
	0xcf,
	0xb3,
	0xa3,
	0x85,
	0xd4,
	0x4c,
	0xd1,
	0xfd,
	0x45,
	0x90,
	0x89,
	0xd1,
	0x9b,
	0x50,
	0x71,
	0xc0,
	0xb7,
	0xa0,
};
static const uint8_t policy_b_sha384[] = {
	0xb2,
	0x6e,
	0x7d,
	0x28,
	0xd1,
	0x1a,
	0x50,
	0xbc,
	0x53,
	0xd8,
	0x82,
	0xbc,
	0xf5,
	0xfd,
	0x3a,
	0x1a,
	0x07,
	0x41,
	0x48,
	0xbb,
	0x35,
	0xd3,
	0xb4,
	0xe4,
	0xcb,
	0x1c,
	0x0a,
	0xd9,
	0xbd,
	0xe4,
	0x19,
	0xca,
	0xcb,
	0x47,
	0xba,
	0x09,
	0x69,
	0x96,
	0x46,
	0x15,
	0x0f,
	0x9f,
	0xc0,
	0x00,
	0xf3,
	0xf8,
	0x0e,
	0x12,
};
static const uint8_t policy_b_sha512[] = {
	0xb8,
	0x22,
	0x1c,
	0xa6,
	0x9e,
	0x85,
	0x50,
	0xa4,
	0x91,
	0x4d,
	0xe3,
	0xfa,
	0xa6,
	0xa1,
	0x8c,
	0x07,
	0x2c,
	0xc0,
	0x12,
	0x08,
	0x07,
	0x3a,
	0x92,
	0x8d,
	0x5d,
	0x66,
	0xd5,
	0x9e,
	0xf7,
	0x9e,
	0x49,
	0xa4,
	0x29,
	0xc4,
	0x1a,
	0x6b,
	0x26,
	0x95,
	0x71,
	0xd5,
	0x7e,
	0xdb,
	0x25,
	0xfb,
	0xdb,
	0x18,
	0x38,
	0x42,
	0x56,
	0x08,
	0xb4,
	0x13,
	0xcd,
	0x61,
	0x6a,
	0x5f,
	0x6d,
	0xb5,
	0xb6,
	0x07,
	0x1a,
	0xf9,
	0x9b,
	0xea,
};

/*
 * Attributes (TPM 2.0 Part 2, 8.3). Low-range EK: fixedTPM fixedParent sensitiveDataOrigin
 * adminWithPolicy restricted decrypt. High-range: userWithAuth as well. Identity key: fixedTPM
 * fixedParent sensitiveDataOrigin userWithAuth sign, with or without noDA.
 */
enum { EK_LOW = 0x000300b2, EK_HIGH = 0x000300f2, IK = 0x00040072, IK_NODA = 0x00040472 };

#define EK_ROW(id, label, alg, hash, attributes, policy, aes, bits, curve, nv, full) \
	{ TEMPLATE_EK_##id, label, true, TPM_ALG_##alg, TPM_ALG_##hash, attributes, \
		{ policy, sizeof(policy) }, aes, bits, curve, nv, full }

#define IK_ROWS(id, label, alg, bits, curve) \
	{ TEMPLATE_IK_##id, label, false, TPM_ALG_##alg, TPM_ALG_SHA256, IK, { NULL, 0 }, 0, bits, \
		curve, 0, false }, \
	{ TEMPLATE_IK_##id##_NODA, label, false, TPM_ALG_##alg, TPM_ALG_SHA256, IK_NODA, \
		{ NULL, 0 }, 0, bits, curve, 0, false }

static const struct template_row rows[] = {
	EK_ROW(L1, "L-1", RSA, SHA256, EK_LOW, policy_a_sha256, 128, 2048, 0, 0x01c00002, true),
	EK_ROW(L2, "L-2", ECC, SHA256, EK_LOW, policy_a_sha256, 128, 256, TPM_ECC_NIST_P256,
		0x01c0000a, true),
	EK_ROW(H1, "H-1", RSA, SHA256, EK_HIGH, policy_b_sha256, 128, 2048, 0, 0x01c00012, false),
	EK_ROW(H2, "H-2", ECC, SHA256, EK_HIGH, policy_b_sha256, 128, 256, TPM_ECC_NIST_P256,
		0x01c00014, false),
	EK_ROW(H3, "H-3", ECC, SHA384, EK_HIGH, policy_b_sha384, 256, 384, TPM_ECC_NIST_P384,
		0x01c00016, false),
	EK_ROW(H4, "H-4", ECC, SHA512, EK_HIGH, policy_b_sha512, 256, 521, TPM_ECC_NIST_P521,
		0x01c00018, false),
	EK_ROW(H6, "H-6", RSA, SHA384, EK_HIGH, policy_b_sha384, 256, 3072, 0, 0x01c0001c, false),
	EK_ROW(H7, "H-7", RSA, SHA384, EK_HIGH, policy_b_sha384, 256, 4096, 0, 0x01c0001e, false),
	IK_ROWS(RSA2048, "rsa2048", RSA, 2048, 0),
	IK_ROWS(RSA3072, "rsa3072", RSA, 3072, 0),
	IK_ROWS(RSA4096, "rsa4096", RSA, 4096, 0),
	IK_ROWS(P256, "p256", ECC, 256, TPM_ECC_NIST_P256),
	IK_ROWS(P384, "p384", ECC, 384, TPM_ECC_NIST_P384),
	IK_ROWS(P521, "p521", ECC, 521, TPM_ECC_NIST_P521),
};

const struct template_row *template_rows(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

const struct template_row *template_row(unsigned number)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if ((unsigned)rows[i].template == number)
			return &rows[i];
	}
	return NULL;
}

/* TPMT_SYM_DEF_OBJECT: AES-CFB for a restricted decryption key, TPM_ALG_NULL for all others. */
static bool symmetric_is(const struct template_row *row, const struct tpmt_public *area)
{
	if (row->symmetric_key_bits == 0)
		return area->symmetric == TPM_ALG_NULL;
	return area->symmetric == TPM_ALG_AES &&
	       area->symmetric_key_bits == row->symmetric_key_bits &&
	       area->symmetric_mode == TPM_ALG_CFB;
}

/* The exponent is written as 0, the TPM's own spelling of 65537 (Part 2, 12.2.3.5); any other
 * spelling would give the same key a second Name. */
static bool parameters_are(const struct template_row *row, const struct tpmt_public *area)
{
	if (row->type == TPM_ALG_RSA)
		return area->rsa.key_bits == row->key_bits && area->rsa.exponent == 0;
	return area->ecc.curve_id == row->curve_id && area->ecc.kdf == TPM_ALG_NULL;
}

static bool template_is(const struct template_row *row, const struct tpmt_public *area)
{
	return area->type == row->type && area->name_alg == row->name_alg &&
		area->object_attributes == row->object_attributes &&
		bytes_equal(area->auth_policy, row->auth_policy) && symmetric_is(row, area) &&
		area->scheme == TPM_ALG_NULL && parameters_are(row, area);
}

const struct template_row *template_of(const struct tpmt_public *area, bool is_ek)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].is_ek == is_ek && template_is(&rows[i], area))
			return &rows[i];
	}
	return NULL;
}

/* A coordinate of the field's length, or shorter and then without leading zeros. */
static bool coordinate_fits(const struct template_row *row, struct bytes coordinate)
{
	size_t field_len = (row->key_bits + 7u) / 8;

	if (coordinate.len == field_len)
		return true;
	return coordinate.len > 0 && coordinate.len < field_len && coordinate.data[0] != 0;
}

bool template_numbers_fit(const struct template_row *row, struct bytes a, struct bytes b)
{
	if (row->type == TPM_ALG_RSA)
		return a.len * 8 == row->key_bits && (a.data[0] & 0x80) != 0 && b.len == 0;
	return coordinate_fits(row, a) && coordinate_fits(row, b);
}

static struct bytes number_a(const struct tpmt_public *area)
{
	return area->type == TPM_ALG_RSA ? area->rsa.modulus : area->ecc.x;
}

static struct bytes number_b(const struct tpmt_public *area)
{
	return area->type == TPM_ALG_RSA ? bytes_of(NULL, 0) : area->ecc.y;
}

bool template_area_fits(const struct template_row *row, const struct tpmt_public *area)
{
	return template_numbers_fit(row, number_a(area), number_b(area));
}

struct tpm_key tpm_key_of(const struct template_row *row, const struct tpmt_public *area)
{
	struct tpm_key key = { .template = (uint8_t)row->template };
	struct bytes a = number_a(area), b = number_b(area);

	assert(template_area_fits(row, area));
	key.a_len = (uint16_t)a.len;
	memcpy(key.a, a.data, a.len);
	key.b_len = (uint16_t)b.len;
	if (b.len > 0)
		memcpy(key.b, b.data, b.len);
	return key;
}

/* TPMT_PUBLIC up to unique (Part 2, 12.2.4): all that a template decides. */
static void write_constants(struct writer *w, const struct template_row *row)
{
	writer_u16(w, row->type);
	writer_u16(w, row->name_alg);
	writer_u32(w, row->object_attributes);
	writer_tpm2b(w, row->auth_policy);
	if (row->symmetric_key_bits == 0) {
		writer_u16(w, TPM_ALG_NULL);
	} else {
		writer_u16(w, TPM_ALG_AES);
		writer_u16(w, row->symmetric_key_bits);
		writer_u16(w, TPM_ALG_CFB);
	}
	writer_u16(w, TPM_ALG_NULL); /* scheme */
	if (row->type == TPM_ALG_RSA) {
		writer_u16(w, row->key_bits);
		writer_u32(w, 0); /* exponent: 65537 */
	} else {
		writer_u16(w, row->curve_id);
		writer_u16(w, TPM_ALG_NULL); /* kdf */
	}
}

void tpmt_public_write(struct writer *w, const struct tpm_key *key)
{
	const struct template_row *row = template_row(key->template);
	struct bytes a = bytes_of(key->a, key->a_len), b = bytes_of(key->b, key->b_len);

	if (row == NULL || a.len > sizeof(key->a) || b.len > sizeof(key->b) ||
		!template_numbers_fit(row, a, b)) {
		writer_fail(w, FAULT_INVALID);
		return;
	}
	write_constants(w, row);
	writer_tpm2b(w, a);
	if (row->type == TPM_ALG_ECC)
		writer_tpm2b(w, b);
}

void tpm2b_public_write(struct writer *w, const struct tpm_key *key)
{
	uint8_t area[TPMT_PUBLIC_MAX];
	struct writer inner = WRITER_OF_ARRAY(area);

	tpmt_public_write(&inner, key);
	writer_fail(w, inner.fault);
	writer_tpm2b(w, writer_written(&inner));
}

void template_in_public_write(struct writer *w, const struct template_row *row)
{
	static const uint8_t zeros[256];
	uint8_t area[TPMT_PUBLIC_MAX];
	struct writer inner = WRITER_OF_ARRAY(area);
	size_t unique_len = row->has_full_unique ? row->key_bits / 8u : 0;

	write_constants(&inner, row);
	writer_tpm2b(&inner, bytes_of(zeros, unique_len));
	if (row->type == TPM_ALG_ECC)
		writer_tpm2b(&inner, bytes_of(zeros, unique_len));
	writer_fail(w, inner.fault);
	writer_tpm2b(w, writer_written(&inner));
}
