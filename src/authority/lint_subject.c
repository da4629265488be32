#include "lint_table.h"

#include "limits.h"
#include "message.h"
#include "utf8.h"

enum { ORGANIZATION_MAX = 64 }; /* X.520, ub-organization-name; here in octets */

/* Attribute types (X.520), contents octets. */
static const uint8_t oid_common_name[] = { 0x55, 0x04, 0x03 };
static const uint8_t oid_serial_number[] = { 0x55, 0x04, 0x05 };
static const uint8_t oid_organization[] = { 0x55, 0x04, 0x0a };
static const uint8_t oid_organizational_unit[] = { 0x55, 0x04, 0x0b };

#define ATTRIBUTE(t, name) tbs_attribute_find((t), BYTES_OF_ARRAY(oid_##name))

/* ---- subject ---- */

RULE(subject_frame)
{
	*saw = t->subject;
	return t->subject_is_read;
}

RULE(subject_single_valued)
{
	*saw = t->subject;
	for (size_t i = 0; i < t->rdn_count; i++) {
		if (t->rdns[i].is_multi_valued)
			return false;
	}
	return true;
}

/* O, OU where one is meant, serialNumber, CN: these, in this order, each once. */
RULE(subject_attributes)
{
	struct bytes types[4] = { BYTES_OF_ARRAY(oid_organization) };
	size_t count = 1;

	if (c->certificate->organizational_unit.len > 0)
		types[count++] = BYTES_OF_ARRAY(oid_organizational_unit);
	types[count++] = BYTES_OF_ARRAY(oid_serial_number);
	types[count++] = BYTES_OF_ARRAY(oid_common_name);

	*saw = t->subject;
	if (t->rdn_count != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!bytes_equal(t->rdns[i].type, types[i]))
			return false;
	}
	return true;
}

/* What operators write is UTF8String (4.1.2.4), and is UTF-8. */
static bool is_text(struct der_value value)
{
	return value.tag == DER_UTF8_STRING && utf8_is_valid(value.content);
}

RULE(organization_type)
{
	struct der_value value = ATTRIBUTE(t, organization);

	*saw = value.whole;
	return is_text(value);
}

RULE(organization_len)
{
	*saw = ATTRIBUTE(t, organization).content;
	return saw->len >= 1 && saw->len <= ORGANIZATION_MAX;
}

RULE(organization_exact)
{
	*saw = ATTRIBUTE(t, organization).content;
	return bytes_equal(*saw, c->certificate->organization);
}

RULE(organizational_unit_type)
{
	struct der_value value = ATTRIBUTE(t, organizational_unit);

	*saw = value.whole;
	return value.tag == 0 || is_text(value);
}

RULE(organizational_unit_len)
{
	struct der_value value = ATTRIBUTE(t, organizational_unit);

	*saw = value.content;
	return value.tag == 0 || (value.content.len >= 1 && value.content.len <= ORGANIZATION_MAX);
}

RULE(organizational_unit_exact)
{
	*saw = ATTRIBUTE(t, organizational_unit).content;
	return bytes_equal(*saw, c->certificate->organizational_unit);
}

/* X.520, 6.2.9: serialNumber is a PrintableString. */
RULE(serial_number_type)
{
	struct der_value value = ATTRIBUTE(t, serial_number);

	*saw = value.whole;
	return value.tag == DER_PRINTABLE_STRING;
}

RULE(serial_number_form)
{
	*saw = ATTRIBUTE(t, serial_number).content;
	return serial_is_well_formed(*saw);
}

RULE(serial_number_exact)
{
	*saw = ATTRIBUTE(t, serial_number).content;
	return bytes_equal(*saw, c->certificate->serial);
}

RULE(common_name_type)
{
	struct der_value value = ATTRIBUTE(t, common_name);

	*saw = value.whole;
	return value.tag == DER_UTF8_STRING;
}

RULE(common_name_is_serial)
{
	*saw = ATTRIBUTE(t, common_name).content;
	return bytes_equal(*saw, ATTRIBUTE(t, serial_number).content);
}

/* With the CA's own name the certificate would pass for self-issued (3.2, 6.1). */
RULE(subject_is_not_issuer)
{
	*saw = t->subject;
	return !bytes_equal(t->subject, t->issuer);
}

/* ---- subjectPublicKeyInfo ---- */

/* rsaEncryption with NULL (RFC 3279, 2.3.1); id-ecPublicKey with a named curve (RFC 5480, 2.1). */
static const uint8_t rsa[] = {
	0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
};
static const uint8_t p256[] = {
	0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
};
static const uint8_t p384[] = {
	0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22,
};
static const uint8_t p521[] = {
	0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23,
};

static const struct key_kind {
	struct bytes algorithm;
	size_t field_len; /* 0: RSA */
} key_kinds[] = {
	{ { rsa, sizeof(rsa) }, 0 },
	{ { p256, sizeof(p256) }, 32 },
	{ { p384, sizeof(p384) }, 48 },
	{ { p521, sizeof(p521) }, 66 },
};

static const struct key_kind *kind_of(const struct tbs_certificate *t)
{
	for (size_t i = 0; i < sizeof(key_kinds) / sizeof(key_kinds[0]); i++) {
		if (bytes_equal(key_kinds[i].algorithm, t->spki_algorithm))
			return &key_kinds[i];
	}
	return NULL;
}

RULE(spki_frame)
{
	*saw = t->spki;
	return t->spki_is_read;
}

RULE(spki_algorithm)
{
	*saw = t->spki_algorithm;
	return kind_of(t) != NULL;
}

/* SEC 1, 2.3.3: uncompressed, both coordinates of the field's length. */
RULE(spki_point)
{
	size_t field_len = kind_of(t)->field_len;

	*saw = t->spki_key;
	return field_len == 0 ||
		(t->spki_key.len == 1 + 2 * field_len && t->spki_key.data[0] == 0x04);
}

/* RSAPublicKey (RFC 8017, A.1.1), nothing else in the BIT STRING; empty where it is not. */
static bool read_rsa(const struct tbs_certificate *t, struct bytes *modulus, struct bytes *exponent)
{
	struct reader outer = reader_of(t->spki_key);
	struct reader key = der_enter(&outer, DER_SEQUENCE);

	*modulus = der_unsigned(&key);
	*exponent = der_unsigned(&key);
	return reader_end(&key) == FAULT_NONE && reader_end(&outer) == FAULT_NONE;
}

/* 2048, 3072 or 4096 bits exactly, and odd. */
RULE(spki_modulus)
{
	struct bytes exponent;

	if (kind_of(t)->field_len != 0)
		return true;
	if (!read_rsa(t, saw, &exponent))
		return false;
	return (saw->len == 256 || saw->len == 384 || saw->len == RSA_MODULUS_MAX) &&
		(saw->data[0] & 0x80) != 0 && (saw->data[saw->len - 1] & 1) != 0;
}

RULE(spki_exponent)
{
	static const uint8_t f4[] = { 0x01, 0x00, 0x01 };
	struct bytes modulus;

	if (kind_of(t)->field_len != 0)
		return true;
	return read_rsa(t, &modulus, saw) && bytes_equal(*saw, BYTES_OF_ARRAY(f4));
}

/* The key's own octets, so that another spelling of the algorithm hides nothing. */
static struct bytes key_of(struct bytes spki)
{
	struct reader outer = reader_of(spki);
	struct reader info = der_enter(&outer, DER_SEQUENCE);

	(void)der_whole(&info, DER_SEQUENCE);
	return der_octets_of_bit_string(&info);
}

RULE(spki_is_not_ca)
{
	*saw = t->spki;
	return !bytes_equal(t->spki_key, key_of(c->ca_spki));
}

RULE(spki_is_not_ek)
{
	*saw = t->spki;
	return !bytes_equal(t->spki_key, key_of(c->ek_spki));
}

RULE(spki_exact)
{
	*saw = t->spki;
	return bytes_equal(t->spki, c->certificate->spki);
}

const struct lint *lint_subject(size_t *count)
{
	static const struct lint lints[] = {
		LINT(subject_frame, "RFC 5280, 4.1.2.4"),
		LINT(subject_single_valued, "PROTOCOL, The certificate"),
		LINT(subject_attributes, "PROTOCOL, The certificate"),
		LINT(organization_type, "RFC 5280, 4.1.2.4"),
		LINT(organization_len, "X.520, 6.4.1"),
		LINT(organization_exact, "PROTOCOL, The certificate"),
		LINT(organizational_unit_type, "RFC 5280, 4.1.2.4"),
		LINT(organizational_unit_len, "X.520, 6.4.2"),
		LINT(organizational_unit_exact, "PROTOCOL, The certificate"),
		LINT(serial_number_type, "X.520, 6.2.9"),
		LINT(serial_number_form, "PROTOCOL, Who may be whom"),
		LINT(serial_number_exact, "PROTOCOL, The certificate"),
		LINT(common_name_type, "RFC 5280, 4.1.2.4"),
		LINT(common_name_is_serial, "PROTOCOL, The certificate"),
		LINT(subject_is_not_issuer, "RFC 5280, 3.2"),
		LINT(spki_frame, "RFC 5280, 4.1.2.7"),
		LINT(spki_algorithm, "RFC 3279, 2.3.1; RFC 5480, 2.1.1"),
		LINT(spki_point, "RFC 5480, 2.2"),
		LINT(spki_modulus, "PROTOCOL, Identity keys"),
		LINT(spki_exponent, "PROTOCOL, Identity keys"),
		LINT(spki_is_not_ca, "PROTOCOL, key gates"),
		LINT(spki_is_not_ek, "TPM 2.0 Part 3, 12.5"),
		LINT(spki_exact, "PROTOCOL, The certificate"),
	};

	*count = sizeof(lints) / sizeof(lints[0]);
	return lints;
}
