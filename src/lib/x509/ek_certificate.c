#include "ek_certificate.h"

#include "der.h"
#include "encoding.h"
#include "limits.h"
#include "owned.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

OWNED_TYPE(GENERAL_NAMES, GENERAL_NAMES_free)

/* tpmManufacturer, 2.23.133.2.1 (TCG EK Credential Profile 2.6, 3.1.2). */
static const uint8_t tcg_at_tpm_manufacturer[] = { 0x67, 0x81, 0x05, 0x02, 0x01 };
static const uint8_t exponent_65537[] = { 0x01, 0x00, 0x01 };

/* The SubjectPublicKeyInfo, taken apart but not turned into a key. */
struct spki {
	int algorithm; /* NID */
	int curve;     /* NID of the named curve; NID_undef where there is none */
	struct bytes key;
};

static struct spki spki_of(const X509 *certificate)
{
	struct spki spki = { NID_undef, NID_undef, { 0 } };
	X509_ALGOR *identifier;
	ASN1_OBJECT *algorithm;
	const ASN1_OBJECT *parameter_object;
	const void *parameter;
	int key_len, parameter_type;
	const uint8_t *key;

	if (X509_PUBKEY_get0_param(&algorithm, &key, &key_len, &identifier,
			X509_get_X509_PUBKEY(certificate)) != 1 || key_len < 0)
		return spki;
	X509_ALGOR_get0(&parameter_object, &parameter_type, &parameter, identifier);
	spki.algorithm = OBJ_obj2nid(parameter_object);
	if (parameter_type == V_ASN1_OBJECT)
		spki.curve = OBJ_obj2nid(parameter);
	spki.key = bytes_of(key, (size_t)key_len);
	return spki;
}

bool ek_certificate_has_rsa_key(const X509 *certificate, struct bytes modulus)
{
	struct spki spki = spki_of(certificate);

	if (spki.algorithm != NID_rsaEncryption && spki.algorithm != NID_rsaesOaep)
		return false;
	/* RSAPublicKey (RFC 8017, A.1.1). */
	struct reader outer = reader_of(spki.key);
	struct reader r = der_enter(&outer, DER_SEQUENCE);
	struct bytes n = der_unsigned(&r), e = der_unsigned(&r);

	return reader_end(&r) == FAULT_NONE && reader_end(&outer) == FAULT_NONE &&
		bytes_equal(n, bytes_without_leading_zeros(modulus)) &&
		bytes_equal(e, BYTES_OF_ARRAY(exponent_65537));
}

static bool is_curve(int curve, unsigned field_bits)
{
	return (curve == NID_X9_62_prime256v1 && field_bits == 256) ||
		(curve == NID_secp384r1 && field_bits == 384) ||
		(curve == NID_secp521r1 && field_bits == 521);
}

static bool is_same_number(struct bytes a, struct bytes b)
{
	return bytes_equal(bytes_without_leading_zeros(a), bytes_without_leading_zeros(b));
}

bool ek_certificate_has_ecc_key(const X509 *certificate, unsigned field_bits, struct bytes x,
	struct bytes y)
{
	enum { UNCOMPRESSED = 0x04 };
	struct spki spki = spki_of(certificate);
	size_t len = (field_bits + 7) / 8;

	if (spki.algorithm != NID_X9_62_id_ecPublicKey || !is_curve(spki.curve, field_bits))
		return false;
	/* ECPoint (SEC 1, 2.3.3). */
	struct reader point = reader_of(spki.key);
	uint8_t form = reader_u8(&point);
	struct bytes point_x = reader_bytes(&point, len), point_y = reader_bytes(&point, len);

	return reader_end(&point) == FAULT_NONE && form == UNCOMPRESSED &&
		is_same_number(point_x, x) && is_same_number(point_y, y);
}

static bool is_manufacturer(const ASN1_OBJECT *type)
{
	return bytes_equal(bytes_of(OBJ_get0_data(type), OBJ_length(type)),
		BYTES_OF_ARRAY(tcg_at_tpm_manufacturer));
}

/* "id:" and the vendor id in hexadecimal. */
static struct manufacturer read_value(const ASN1_STRING *value)
{
	struct bytes text =
		bytes_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
	struct manufacturer out = { .form = MANUFACTURER_MALFORMED };

	if (text.len != 11 || memcmp(text.data, "id:", 3) != 0)
		return out;
	if (hex_decode(bytes_of(text.data + 3, 8), out.id, sizeof(out.id)) == FAULT_NONE)
		out.form = MANUFACTURER_PRESENT;
	return out;
}

/* Its attributes in whatever RDNs they stand: vendors differ. */
static void find_in_name(const X509_NAME *name, struct manufacturer *found)
{
	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);

		if (!is_manufacturer(X509_NAME_ENTRY_get_object(entry)))
			continue;
		if (found->form == MANUFACTURER_ABSENT)
			*found = read_value(X509_NAME_ENTRY_get_data(entry));
		else
			found->form = MANUFACTURER_MALFORMED;
	}
}

struct manufacturer ek_certificate_manufacturer(const X509 *certificate)
{
	struct manufacturer found = { .form = MANUFACTURER_ABSENT };
	int critical;
	owned(GENERAL_NAMES) *names =
		X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, NULL);

	ERR_clear_error();
	if (names == NULL && critical != -1)
		found.form = MANUFACTURER_MALFORMED;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DIRNAME)
			find_in_name(name->d.directoryName, &found);
	}
	return found;
}
