#include "tpmt_public.h"

#include "limits.h"
#include "reader.h"

/*
 * TPMT_SYM_DEF_OBJECT (Part 2, 11.1.7): a parent's protection of its children. XOR is no
 * TPMI_ALG_SYM_OBJECT (9.30) and has no mode: read as others are, it would have two meanings.
 */
static void read_symmetric(struct reader *r, struct tpmt_public *key)
{
	key->symmetric = reader_u16(r);
	if (key->symmetric == TPM_ALG_NULL)
		return;
	if (key->symmetric == TPM_ALG_XOR)
		reader_fail(r, FAULT_INVALID);
	key->symmetric_key_bits = reader_u16(r);
	key->symmetric_mode = reader_u16(r);
}

/* TPMT_RSA_SCHEME, TPMT_ECC_SCHEME (Part 2, 11.2): an algorithm, then its hash where it has one. */
static void read_scheme(struct reader *r, struct tpmt_public *key)
{
	key->scheme = reader_u16(r);
	if (key->scheme != TPM_ALG_NULL && key->scheme != TPM_ALG_RSAES)
		key->scheme_hash = reader_u16(r);
	if (key->scheme == TPM_ALG_ECDAA)
		(void)reader_u16(r); /* count */
}

/* TPMS_RSA_PARMS (12.2.3.5), then unique: the modulus. */
static void read_rsa(struct reader *r, struct tpmt_public *key)
{
	read_symmetric(r, key);
	read_scheme(r, key);
	key->rsa.key_bits = reader_u16(r);
	key->rsa.exponent = reader_u32(r);
	key->rsa.modulus = reader_tpm2b(r, RSA_MODULUS_MAX);
}

/* TPMS_ECC_PARMS (12.2.3.6), then unique: the point. */
static void read_ecc(struct reader *r, struct tpmt_public *key)
{
	read_symmetric(r, key);
	read_scheme(r, key);
	key->ecc.curve_id = reader_u16(r);
	key->ecc.kdf = reader_u16(r);
	if (key->ecc.kdf != TPM_ALG_NULL)
		(void)reader_u16(r); /* its hash: no template has a KDF */
	key->ecc.x = reader_tpm2b(r, ECC_COORDINATE_MAX);
	key->ecc.y = reader_tpm2b(r, ECC_COORDINATE_MAX);
}

enum fault tpmt_public_read(struct bytes input, struct tpmt_public *out)
{
	struct reader r = reader_of(input);
	struct tpmt_public key = { 0 };

	key.type = reader_u16(&r);
	key.name_alg = reader_u16(&r);
	key.object_attributes = reader_u32(&r);
	key.auth_policy = reader_tpm2b(&r, DIGEST_MAX);
	if (key.type == TPM_ALG_RSA)
		read_rsa(&r, &key);
	else if (key.type == TPM_ALG_ECC)
		read_ecc(&r, &key);
	else
		reader_fail(&r, FAULT_UNSUPPORTED);

	enum fault fault = reader_end(&r);
	if (fault == FAULT_NONE)
		*out = key;
	return fault;
}

enum fault tpm2b_public_read(struct bytes input, struct tpmt_public *out)
{
	struct reader r = reader_of(input);
	struct bytes area = reader_tpm2b(&r, TPMT_PUBLIC_MAX);
	enum fault fault = reader_end(&r);

	return fault != FAULT_NONE ? fault : tpmt_public_read(area, out);
}
