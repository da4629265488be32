#include "ek_identity.h"

#include "certificate_facts.h"
#include "der.h"
#include "owned.h"
#include "public_key.h"
#include "templates.h"
#include "tpmt_public.h"

#include <openssl/asn1.h>
#include <openssl/x509.h>

OWNED_TYPE(X509, X509_free)

/* The first template of an EK with a key of that size: the id depends on the numbers alone. */
static const struct template_row *row_of_size(uint16_t type, unsigned key_bits)
{
	size_t count;
	const struct template_row *rows = template_rows(&count);

	for (size_t i = 0; i < count; i++) {
		if (rows[i].is_ek && rows[i].type == type && rows[i].key_bits == key_bits)
			return &rows[i];
	}
	return NULL;
}

static enum fault id_of_numbers(const struct template_row *row, struct bytes a, struct bytes b,
	uint8_t out[32])
{
	struct tpm_key key = { 0 };

	if (row == NULL || !template_numbers_fit(row, a, b))
		return FAULT_UNSUPPORTED;
	key.template = (uint8_t)row->template;
	key.a_len = (uint16_t)a.len;
	key.b_len = (uint16_t)b.len;
	memcpy(key.a, a.data, a.len);
	if (b.len > 0)
		memcpy(key.b, b.data, b.len);
	return key_id(&key, out);
}

/* RSAPublicKey (RFC 8017, A.1.1): modulus, publicExponent. */
static enum fault id_of_rsa(struct bytes subject_public_key, uint8_t out[32])
{
	static const uint8_t exponent_65537[] = { 1, 0, 1 };
	struct reader outer = reader_of(subject_public_key);
	struct reader key = der_enter(&outer, DER_SEQUENCE);
	struct bytes modulus = der_unsigned(&key), exponent = der_unsigned(&key);

	if (reader_end(&key) != FAULT_NONE || reader_end(&outer) != FAULT_NONE)
		return FAULT_INVALID;
	if (!bytes_equal(exponent, BYTES_OF_ARRAY(exponent_65537)))
		return FAULT_UNSUPPORTED;
	return id_of_numbers(row_of_size(TPM_ALG_RSA, (unsigned)modulus.len * 8), modulus,
		bytes_of(NULL, 0), out);
}

/* SEC 1, 2.3.3: 04, then both coordinates. */
static enum fault id_of_point(struct bytes point, uint8_t out[32])
{
	size_t half = (point.len - 1) / 2;
	unsigned field_bits = half == 66 ? 521 : (unsigned)half * 8;

	if (point.len < 3 || point.len % 2 == 0 || point.data[0] != 4)
		return FAULT_UNSUPPORTED;
	return id_of_numbers(row_of_size(TPM_ALG_ECC, field_bits), bytes_of(point.data + 1, half),
		bytes_of(point.data + 1 + half, half), out);
}

/* Named curves of the EK templates; the size of the point would not tell them from others. */
static bool is_nist_curve(const X509_ALGOR *algorithm)
{
	const void *parameter;
	int type;

	X509_ALGOR_get0(NULL, &type, &parameter, algorithm);
	int curve = type == V_ASN1_OBJECT ? OBJ_obj2nid(parameter) : NID_undef;
	return curve == NID_X9_62_prime256v1 || curve == NID_secp384r1 || curve == NID_secp521r1;
}

enum fault ek_id_of_certificate(struct bytes der, uint8_t out[32])
{
	owned(X509) *certificate = NULL;
	ASN1_OBJECT *type;
	const unsigned char *octets;
	int len;
	X509_ALGOR *algorithm;

	if (certificate_open(der, &certificate) != FAULT_NONE ||
			X509_PUBKEY_get0_param(&type, &octets, &len, &algorithm,
				X509_get_X509_PUBKEY(certificate)) != 1 || len <= 0)
		return FAULT_INVALID;
	const struct bytes key = bytes_of(octets, (size_t)len);
	/* RSAES-OAEP, TPM 1.2's era, is read as an RSA key. */
	if (OBJ_obj2nid(type) == NID_rsaEncryption || OBJ_obj2nid(type) == NID_rsaesOaep)
		return id_of_rsa(key, out);
	if (OBJ_obj2nid(type) == NID_X9_62_id_ecPublicKey && is_nist_curve(algorithm))
		return id_of_point(key, out);
	return FAULT_UNSUPPORTED;
}

enum fault ek_id_of_public(struct bytes tpm2b_public, uint8_t out[32])
{
	struct tpmt_public area;
	enum fault fault = tpm2b_public_read(tpm2b_public, &area);

	if (fault != FAULT_NONE)
		return FAULT_INVALID;
	const struct template_row *row = template_of(&area, true);
	if (row == NULL)
		return FAULT_UNSUPPORTED;
	if (row->type == TPM_ALG_RSA)
		return id_of_numbers(row, area.rsa.modulus, bytes_of(NULL, 0), out);
	return id_of_numbers(row, area.ecc.x, area.ecc.y, out);
}
