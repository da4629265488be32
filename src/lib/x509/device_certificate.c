#include "device_certificate.h"

#include "der.h"
#include "der_writer.h"
#include "extension.h"
#include "owned.h"
#include "reader.h"

#include <openssl/evp.h>
#include <openssl/objects.h>

OWNED_TYPE(ASN1_OBJECT, ASN1_OBJECT_free)

/* Object identifiers, contents octets. */
static const uint8_t oid_common_name[] = { 0x55, 0x04, 0x03 };
static const uint8_t oid_serial_number[] = { 0x55, 0x04, 0x05 };
static const uint8_t oid_organization[] = { 0x55, 0x04, 0x0a };
static const uint8_t oid_organizational_unit[] = { 0x55, 0x04, 0x0b };
static const uint8_t oid_subject_key_identifier[] = { 0x55, 0x1d, 0x0e };
static const uint8_t oid_key_usage[] = { 0x55, 0x1d, 0x0f };
static const uint8_t oid_subject_alt_name[] = { 0x55, 0x1d, 0x11 };
static const uint8_t oid_basic_constraints[] = { 0x55, 0x1d, 0x13 };
static const uint8_t oid_crl_distribution_points[] = { 0x55, 0x1d, 0x1f };
static const uint8_t oid_certificate_policies[] = { 0x55, 0x1d, 0x20 };
static const uint8_t oid_ext_key_usage[] = { 0x55, 0x1d, 0x25 };
/* id-pe-authorityInfoAccess 1.3.6.1.5.5.7.1.1, id-ad-caIssuers …48.2, id-kp-clientAuth …3.2,
 * id-on-hardwareModuleName …8.4 */
static const uint8_t oid_authority_info_access[] = { 0x2b, 6, 1, 5, 5, 7, 1, 1 };
static const uint8_t oid_ca_issuers[] = { 0x2b, 6, 1, 5, 5, 7, 48, 2 };
static const uint8_t oid_client_auth[] = { 0x2b, 6, 1, 5, 5, 7, 3, 2 };
static const uint8_t oid_hardware_module_name[] = { 0x2b, 6, 1, 5, 5, 7, 8, 4 };

#define OID(name) BYTES_OF_ARRAY(oid_##name)

enum { KEY_USAGE_DIGITAL_SIGNATURE = 0x80 };

enum fault oid_of_text(const char *text, struct oid *out)
{
	owned(ASN1_OBJECT) *object = OBJ_txt2obj(text, 1);

	if (object == NULL)
		return FAULT_INVALID;
	size_t len = OBJ_length(object);
	if (len == 0 || len > sizeof(out->data) - 2)
		return FAULT_TOO_LONG; /* two octets are left for what is put behind an arc */
	*out = (struct oid){ .len = len };
	memcpy(out->data, OBJ_get0_data(object), len);
	return FAULT_NONE;
}

/* RelativeDistinguishedName with one attribute (X.501, 9.3). */
static void write_rdn(struct writer *w, struct bytes type, uint8_t string_tag, struct bytes value)
{
	size_t set = der_begin(w, DER_SET), attribute = der_begin(w, DER_SEQUENCE);

	der_element(w, DER_OBJECT_IDENTIFIER, type);
	der_element(w, string_tag, value);
	der_end(w, attribute);
	der_end(w, set);
}

/* The subject: O, OU where configured, serialNumber, CN = serial. */
static void write_subject(struct writer *w, const struct device_certificate *c)
{
	size_t name = der_begin(w, DER_SEQUENCE);

	write_rdn(w, OID(organization), DER_UTF8_STRING, c->organization);
	if (c->organizational_unit.len > 0)
		write_rdn(w, OID(organizational_unit), DER_UTF8_STRING, c->organizational_unit);
	write_rdn(w, OID(serial_number), DER_PRINTABLE_STRING, c->serial);
	write_rdn(w, OID(common_name), DER_UTF8_STRING, c->serial);
	der_end(w, name);
}

static void write_validity(struct writer *w, const struct device_certificate *c)
{
	size_t validity = der_begin(w, DER_SEQUENCE);

	der_time(w, c->not_before_s);
	der_time(w, c->not_after_s);
	der_end(w, validity);
}

/* RFC 5280, 4.2.1.9: cA FALSE is the default, so the SEQUENCE is empty. */
static void write_basic_constraints(struct writer *w)
{
	struct extension extension = extension_begin(w, OID(basic_constraints), true);

	der_element(w, DER_SEQUENCE, bytes_of(NULL, 0));
	extension_end(w, extension);
}

/* RFC 5280, 4.2.1.3: digitalSignature alone; a BIT STRING of one bit, seven unused. */
static void write_key_usage(struct writer *w)
{
	static const uint8_t usage[] = { 7, KEY_USAGE_DIGITAL_SIGNATURE };
	struct extension extension = extension_begin(w, OID(key_usage), true);

	der_element(w, DER_BIT_STRING, BYTES_OF_ARRAY(usage));
	extension_end(w, extension);
}

/* RFC 5280, 4.2.1.12: clientAuth alone. */
static void write_ext_key_usage(struct writer *w)
{
	struct extension extension = extension_begin(w, OID(ext_key_usage), false);
	size_t purposes = der_begin(w, DER_SEQUENCE);

	der_element(w, DER_OBJECT_IDENTIFIER, OID(client_auth));
	der_end(w, purposes);
	extension_end(w, extension);
}

/* RFC 5280, 4.2.1.2. */
static void write_subject_key_identifier(struct writer *w, struct bytes spki)
{
	uint8_t identifier[KEY_IDENTIFIER_SIZE];
	enum fault fault = subject_key_identifier(spki, identifier);

	if (fault != FAULT_NONE) {
		writer_fail(w, fault);
		return;
	}
	struct extension extension = extension_begin(w, OID(subject_key_identifier), false);
	der_element(w, DER_OCTET_STRING, BYTES_OF_ARRAY(identifier));
	extension_end(w, extension);
}

/* HardwareModuleName (RFC 4108, 5) as an otherName (RFC 5280, 4.2.1.6). */
static void write_hardware_module_name(struct writer *w, const struct device_certificate *c)
{
	size_t other_name = der_begin(w, DER_CONTEXT_0);
	der_element(w, DER_OBJECT_IDENTIFIER, OID(hardware_module_name));
	size_t value = der_begin(w, DER_CONTEXT_0);
	size_t sequence = der_begin(w, DER_SEQUENCE);

	der_element(w, DER_OBJECT_IDENTIFIER, bytes_of(c->hardware_module_type.data, c->hardware_module_type.len));
	der_element(w, DER_OCTET_STRING, c->serial);
	der_end(w, sequence);
	der_end(w, value);
	der_end(w, other_name);
}

/* RFC 5280, 4.2.1.6: only what the profile gives; without any of it no extension. */
static void write_subject_alt_name(struct writer *w, const struct device_certificate *c)
{
	if (c->hardware_module_type.len == 0 && c->uri.len == 0 && c->dns.len == 0)
		return;
	struct extension extension = extension_begin(w, OID(subject_alt_name), false);
	size_t names = der_begin(w, DER_SEQUENCE);

	if (c->hardware_module_type.len > 0)
		write_hardware_module_name(w, c);
	if (c->dns.len > 0)
		der_element(w, DER_PRIMITIVE_0 + 2, c->dns);
	if (c->uri.len > 0)
		der_element(w, DER_PRIMITIVE_0 + 6, c->uri);
	der_end(w, names);
	extension_end(w, extension);
}

/* RFC 5280, 4.2.1.4: identifiers without qualifiers. */
static void write_certificate_policies(struct writer *w, const struct device_certificate *c)
{
	if (c->policy_count == 0)
		return;
	struct extension extension = extension_begin(w, OID(certificate_policies), false);
	size_t policies = der_begin(w, DER_SEQUENCE);

	for (size_t i = 0; i < c->policy_count; i++) {
		size_t information = der_begin(w, DER_SEQUENCE);

		der_element(w, DER_OBJECT_IDENTIFIER, bytes_of(c->policies[i].data, c->policies[i].len));
		der_end(w, information);
	}
	der_end(w, policies);
	extension_end(w, extension);
}

/* RFC 5280, 4.2.1.13: one point, fullName, one URI. */
static void write_crl_distribution_point(struct writer *w, struct bytes url)
{
	if (url.len == 0)
		return;
	struct extension extension = extension_begin(w, OID(crl_distribution_points), false);
	size_t points = der_begin(w, DER_SEQUENCE), point = der_begin(w, DER_SEQUENCE);
	size_t name = der_begin(w, DER_CONTEXT_0);
	size_t full_name = der_begin(w, DER_CONTEXT_0);

	der_element(w, DER_PRIMITIVE_0 + 6, url);
	der_end(w, full_name);
	der_end(w, name);
	der_end(w, point);
	der_end(w, points);
	extension_end(w, extension);
}

/* RFC 5280, 4.2.2.1: where the CA's certificate is to be had. */
static void write_authority_info_access(struct writer *w, struct bytes url)
{
	if (url.len == 0)
		return;
	struct extension extension = extension_begin(w, OID(authority_info_access), false);
	size_t descriptions = der_begin(w, DER_SEQUENCE), description = der_begin(w, DER_SEQUENCE);

	der_element(w, DER_OBJECT_IDENTIFIER, OID(ca_issuers));
	der_element(w, DER_PRIMITIVE_0 + 6, url);
	der_end(w, description);
	der_end(w, descriptions);
	extension_end(w, extension);
}

static void write_extensions(struct writer *w, const struct device_certificate *c)
{
	size_t explicit_tag = der_begin(w, DER_CONTEXT_0 + 3);
	size_t extensions = der_begin(w, DER_SEQUENCE);

	write_basic_constraints(w);
	write_key_usage(w);
	write_ext_key_usage(w);
	write_subject_key_identifier(w, c->spki);
	authority_key_identifier_write(w, c->authority_key_identifier);
	write_subject_alt_name(w, c);
	write_certificate_policies(w, c);
	write_crl_distribution_point(w, c->crl_url);
	write_authority_info_access(w, c->issuer_url);
	der_end(w, extensions);
	der_end(w, explicit_tag);
}

void device_certificate_write(struct writer *w, const struct device_certificate *c)
{
	static const uint8_t version_3[] = { DER_INTEGER, 1, 2 };
	size_t tbs = der_begin(w, DER_SEQUENCE);

	der_element(w, DER_CONTEXT_0, BYTES_OF_ARRAY(version_3));
	der_integer(w, c->number);
	writer_bytes(w, c->signature_algorithm);
	writer_bytes(w, c->issuer);
	write_validity(w, c);
	write_subject(w, c);
	writer_bytes(w, c->spki);
	write_extensions(w, c);
	der_end(w, tbs);
}

void signed_write(struct writer *w, struct bytes tbs, struct bytes algorithm, struct bytes signature)
{
	size_t sequence = der_begin(w, DER_SEQUENCE);

	writer_bytes(w, tbs);
	writer_bytes(w, algorithm);
	der_bit_string(w, signature);
	der_end(w, sequence);
}

enum fault subject_key_identifier(struct bytes spki, uint8_t out[KEY_IDENTIFIER_SIZE])
{
	uint8_t digest[32];
	struct reader outer = reader_of(spki);
	struct reader info = der_enter(&outer, DER_SEQUENCE);

	(void)der_whole(&info, DER_SEQUENCE); /* algorithm */
	struct bytes key = der_octets_of_bit_string(&info);
	enum fault fault = reader_end(&info);
	if (fault != FAULT_NONE)
		return fault;
	if (EVP_Digest(key.data, key.len, digest, NULL, EVP_sha256(), NULL) != 1)
		return FAULT_CRYPTO;
	memcpy(out, digest, KEY_IDENTIFIER_SIZE);
	return FAULT_NONE;
}
