#include "lint_table.h"

#include <openssl/evp.h>

/* Extension types (RFC 5280, 4.2), contents octets. */
static const uint8_t basic_constraints_type[] = { 0x55, 0x1d, 0x13 };
static const uint8_t key_usage_type[] = { 0x55, 0x1d, 0x0f };
static const uint8_t ext_key_usage_type[] = { 0x55, 0x1d, 0x25 };
static const uint8_t subject_key_identifier_type[] = { 0x55, 0x1d, 0x0e };
static const uint8_t authority_key_identifier_type[] = { 0x55, 0x1d, 0x23 };
static const uint8_t subject_alt_name_type[] = { 0x55, 0x1d, 0x11 };
static const uint8_t certificate_policies_type[] = { 0x55, 0x1d, 0x20 };
static const uint8_t crl_distribution_points_type[] = { 0x55, 0x1d, 0x1f };
static const uint8_t authority_info_access_type[] = { 0x2b, 6, 1, 5, 5, 7, 1, 1 };

#define OID(octets) { (octets), sizeof(octets) }

/* The profile's extensions in the order in which it has them. */
static const struct extension_row {
	struct bytes type;
	bool is_critical, is_required;
} rows[] = {
	{ OID(basic_constraints_type), true, true },
	{ OID(key_usage_type), true, true },
	{ OID(ext_key_usage_type), false, true },
	{ OID(subject_key_identifier_type), false, true },
	{ OID(authority_key_identifier_type), false, true },
	{ OID(subject_alt_name_type), false, false },
	{ OID(certificate_policies_type), false, false },
	{ OID(crl_distribution_points_type), false, false },
	{ OID(authority_info_access_type), false, false },
};
enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

/* What only a CA's certificate has (RFC 5280, 4.2.1.10, .5, .11, .14), or a proxy's (RFC 3820). */
static const uint8_t name_constraints[] = { 0x55, 0x1d, 0x1e };
static const uint8_t policy_mappings[] = { 0x55, 0x1d, 0x21 };
static const uint8_t policy_constraints[] = { 0x55, 0x1d, 0x24 };
static const uint8_t inhibit_any_policy[] = { 0x55, 0x1d, 0x36 };
static const uint8_t proxy_cert_info[] = { 0x2b, 6, 1, 5, 5, 7, 1, 14 };
static const struct bytes types_of_a_ca[] = {
	OID(name_constraints), OID(policy_mappings), OID(policy_constraints),
	OID(inhibit_any_policy), OID(proxy_cert_info),
};

/* The place of a type in rows; ROW_COUNT where it has none. */
static size_t row_of(struct bytes type)
{
	size_t i = 0;

	while (i < ROW_COUNT && !bytes_equal(rows[i].type, type))
		i++;
	return i;
}

/* ---- which extensions there are ---- */

RULE(extensions_frame)
{
	*saw = t->extension_count > 0 ? t->extensions[t->extension_count - 1].type : t->whole;
	return t->extensions_are_read;
}

/* 4.2: each value is the DER of something; der_strict does not look into OCTET STRINGs. */
RULE(extensions_strict)
{
	for (size_t i = 0; i < t->extension_count; i++) {
		*saw = t->extensions[i].type;
		if (der_check_strict(t->extensions[i].value) != FAULT_NONE)
			return false;
	}
	return true;
}

RULE(extensions_once)
{
	for (size_t i = 0; i < t->extension_count; i++) {
		*saw = t->extensions[i].type;
		if (tbs_extension_find(t, *saw) != &t->extensions[i])
			return false;
	}
	return true;
}

RULE(extensions_none_of_a_ca)
{
	for (size_t i = 0; i < sizeof(types_of_a_ca) / sizeof(types_of_a_ca[0]); i++) {
		*saw = types_of_a_ca[i];
		if (tbs_extension_find(t, *saw) != NULL)
			return false;
	}
	return true;
}

RULE(extensions_known)
{
	for (size_t i = 0; i < t->extension_count; i++) {
		*saw = t->extensions[i].type;
		if (row_of(*saw) == ROW_COUNT)
			return false;
	}
	return true;
}

RULE(extensions_required)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		*saw = rows[i].type;
		if (rows[i].is_required && tbs_extension_find(t, rows[i].type) == NULL)
			return false;
	}
	return true;
}

RULE(extensions_order)
{
	for (size_t i = 1; i < t->extension_count; i++) {
		*saw = t->extensions[i].type;
		if (row_of(t->extensions[i - 1].type) >= row_of(*saw))
			return false;
	}
	return true;
}

/* X.690, 11.5: a default is left out, so critical is TRUE or not there. */
RULE(critical_default)
{
	for (size_t i = 0; i < t->extension_count; i++) {
		const struct tbs_extension *extension = &t->extensions[i];

		*saw = extension->type;
		if (extension->has_critical && extension->critical.data[0] == 0)
			return false;
	}
	return true;
}

RULE(critical_exact)
{
	for (size_t i = 0; i < t->extension_count; i++) {
		*saw = t->extensions[i].type;
		if (t->extensions[i].has_critical != rows[row_of(*saw)].is_critical)
			return false;
	}
	return true;
}

/* ---- the fixed ones; that they are there has been seen ---- */

static struct bytes value_of(const struct tbs_certificate *t, struct bytes type)
{
	return tbs_extension_find(t, type)->value;
}

#define VALUE(t, name) value_of((t), BYTES_OF_ARRAY(name##_type))

/* Not a CA: cA FALSE is left out and so is pathLenConstraint; nothing is left in the SEQUENCE. */
RULE(basic_constraints)
{
	static const uint8_t empty[] = { DER_SEQUENCE, 0 };

	*saw = VALUE(t, basic_constraints);
	return bytes_equal(*saw, BYTES_OF_ARRAY(empty));
}

RULE(key_usage)
{
	static const uint8_t digital_signature[] = { DER_BIT_STRING, 2, 7, 0x80 };

	*saw = VALUE(t, key_usage);
	return bytes_equal(*saw, BYTES_OF_ARRAY(digital_signature));
}

/* anyExtendedKeyUsage 2.5.29.37.0; tcg-kp 2.23.133.8, of which an unrestricted key gets none: it
 * can sign a forged TPMS_ATTEST. id-kp-clientAuth 1.3.6.1.5.5.7.3.2. */
static const uint8_t any_purpose[] = { 0x55, 0x1d, 0x25, 0x00 };
static const uint8_t tcg_purposes[] = { 0x67, 0x81, 0x05, 0x08 };
static const uint8_t client_auth[] = { 0x2b, 6, 1, 5, 5, 7, 3, 2 };

RULE(ext_key_usage_frame)
{
	struct reader outer = reader_of(VALUE(t, ext_key_usage));
	struct reader purposes = der_enter(&outer, DER_SEQUENCE);

	*saw = VALUE(t, ext_key_usage);
	do
		(void)der_content(&purposes, DER_OBJECT_IDENTIFIER);
	while (purposes.fault == FAULT_NONE && purposes.rest.len > 0);
	return reader_end(&purposes) == FAULT_NONE && reader_end(&outer) == FAULT_NONE;
}

/* The first purpose that begins with those octets; empty where there is none. */
static struct bytes purpose_below(const struct tbs_certificate *t, struct bytes arc)
{
	struct reader outer = reader_of(VALUE(t, ext_key_usage));
	struct reader purposes = der_enter(&outer, DER_SEQUENCE);

	while (purposes.fault == FAULT_NONE && purposes.rest.len > 0) {
		struct bytes purpose = der_content(&purposes, DER_OBJECT_IDENTIFIER);

		if (purpose.len >= arc.len && memcmp(purpose.data, arc.data, arc.len) == 0)
			return purpose;
	}
	return (struct bytes){ 0 };
}

RULE(ext_key_usage_not_any)
{
	*saw = purpose_below(t, BYTES_OF_ARRAY(any_purpose));
	return saw->len == 0;
}

RULE(ext_key_usage_not_tcg)
{
	*saw = purpose_below(t, BYTES_OF_ARRAY(tcg_purposes));
	return saw->len == 0;
}

RULE(ext_key_usage_client_auth)
{
	struct reader outer = reader_of(VALUE(t, ext_key_usage));
	struct reader purposes = der_enter(&outer, DER_SEQUENCE);
	struct bytes purpose = der_content(&purposes, DER_OBJECT_IDENTIFIER);

	*saw = VALUE(t, ext_key_usage);
	return bytes_equal(purpose, BYTES_OF_ARRAY(client_auth)) &&
		reader_end(&purposes) == FAULT_NONE;
}

/* RFC 7093, 2, method 1: the leftmost 160 bits of SHA-256 of the key. */
enum { KEY_IDENTIFIER_LEN = 20 };

RULE(subject_key_identifier_is_hash)
{
	uint8_t digest[32];
	struct bytes key = t->spki_key, hash = { digest, KEY_IDENTIFIER_LEN };
	struct reader r = reader_of(VALUE(t, subject_key_identifier));
	struct bytes identifier = der_content(&r, DER_OCTET_STRING);

	*saw = VALUE(t, subject_key_identifier);
	return EVP_Digest(key.data, key.len, digest, NULL, EVP_sha256(), NULL) == 1 &&
		bytes_equal(identifier, hash) && reader_end(&r) == FAULT_NONE;
}

/* keyIdentifier alone: no issuer and serial number beside it. */
RULE(authority_key_identifier_frame)
{
	struct reader outer = reader_of(VALUE(t, authority_key_identifier));
	struct reader identifier = der_enter(&outer, DER_SEQUENCE);

	*saw = VALUE(t, authority_key_identifier);
	(void)der_content(&identifier, DER_PRIMITIVE_0);
	return reader_end(&identifier) == FAULT_NONE && reader_end(&outer) == FAULT_NONE;
}

RULE(authority_key_identifier_exact)
{
	struct reader outer = reader_of(VALUE(t, authority_key_identifier));
	struct reader identifier = der_enter(&outer, DER_SEQUENCE);

	*saw = der_content(&identifier, DER_PRIMITIVE_0);
	return saw->len > 0 && bytes_equal(*saw, c->certificate->authority_key_identifier);
}

const struct lint *lint_extensions(size_t *count)
{
	static const struct lint lints[] = {
		LINT(extensions_frame, "RFC 5280, 4.1.2.9"),
		LINT(extensions_strict, "RFC 5280, 4.2; X.690, 10"),
		LINT(extensions_once, "RFC 5280, 4.2"),
		LINT(extensions_none_of_a_ca, "RFC 5280, 4.2.1.10; RFC 3820, 3.8"),
		LINT(extensions_known, "PROTOCOL, The certificate"),
		LINT(extensions_required, "PROTOCOL, The certificate"),
		LINT(extensions_order, "PROTOCOL, The certificate"),
		LINT(critical_default, "X.690, 11.5"),
		LINT(critical_exact, "RFC 5280, 4.2"),
		LINT(basic_constraints, "RFC 5280, 4.2.1.9"),
		LINT(key_usage, "RFC 5280, 4.2.1.3"),
		LINT(ext_key_usage_frame, "RFC 5280, 4.2.1.12"),
		LINT(ext_key_usage_not_any, "RFC 5280, 4.2.1.12"),
		LINT(ext_key_usage_not_tcg, "PROTOCOL, The certificate"),
		LINT(ext_key_usage_client_auth, "RFC 5280, 4.2.1.12"),
		LINT(subject_key_identifier_is_hash, "RFC 5280, 4.2.1.2; RFC 7093, 2"),
		LINT(authority_key_identifier_frame, "RFC 5280, 4.2.1.1"),
		LINT(authority_key_identifier_exact, "RFC 5280, 4.2.1.1"),
	};

	*count = sizeof(lints) / sizeof(lints[0]);
	return lints;
}
