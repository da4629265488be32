#include "device_certificate.h"

#include "certificate_frame.h"
#include "der_writer.h"
#include "extension.h"
#include "owned.h"

#include <openssl/objects.h>

OWNED_TYPE(ASN1_OBJECT, ASN1_OBJECT_free)

/* Object identifiers, contents octets. */
static const uint8_t oid_common_name[] = { 0x55, 0x04, 0x03 };
static const uint8_t oid_serial_number[] = { 0x55, 0x04, 0x05 };
static const uint8_t oid_organization[] = { 0x55, 0x04, 0x0a };
static const uint8_t oid_organizational_unit[] = { 0x55, 0x04, 0x0b };
static const uint8_t oid_subject_alt_name[] = { 0x55, 0x1d, 0x11 };
static const uint8_t oid_crl_distribution_points[] = { 0x55, 0x1d, 0x1f };
static const uint8_t oid_certificate_policies[] = { 0x55, 0x1d, 0x20 };
/* id-pe-authorityInfoAccess 1.3.6.1.5.5.7.1.1, id-ad-caIssuers …48.2, id-kp-clientAuth …3.2,
 * id-on-hardwareModuleName …8.4 */
static const uint8_t oid_authority_info_access[] = { 0x2b, 6, 1, 5, 5, 7, 1, 1 };
static const uint8_t oid_ca_issuers[] = { 0x2b, 6, 1, 5, 5, 7, 48, 2 };
static const uint8_t oid_client_auth[] = { 0x2b, 6, 1, 5, 5, 7, 3, 2 };
static const uint8_t oid_hardware_module_name[] = { 0x2b, 6, 1, 5, 5, 7, 8, 4 };

#define OID(name) BYTES_OF_ARRAY(oid_##name)

/* digitalSignature (RFC 5280, 4.2.1.3): a BIT STRING of one bit. */
enum { KEY_USAGE_DIGITAL_SIGNATURE = 0x80, KEY_USAGE_UNUSED_BITS = 7 };

enum { SUBJECT_MAX = 512 };

enum fault oid_of_text(const char *text, struct oid *out)
{
	owned(ASN1_OBJECT) *object = OBJ_txt2obj(text, 1);
	char again[256];

	/* OpenSSL takes "1..2", "1.02" and "1 2" as well: one text for one identifier. */
	if (object == NULL || OBJ_obj2txt(again, sizeof(again), object, 1) <= 0 ||
		strcmp(again, text) != 0)
		return FAULT_INVALID;
	size_t len = OBJ_length(object);
	if (len == 0 || len > sizeof(out->data) - 2)
		return FAULT_TOO_LONG; /* two octets are left for what is put behind an arc */
	*out = (struct oid){ .len = len };
	memcpy(out->data, OBJ_get0_data(object), len);
	return FAULT_NONE;
}

/* The subject: O, OU where configured, serialNumber, CN = serial. */
static void write_subject(struct writer *w, const struct device_certificate *c)
{
	size_t name = der_begin(w, DER_SEQUENCE);

	rdn_write(w, OID(organization), DER_UTF8_STRING, c->organization);
	if (c->organizational_unit.len > 0)
		rdn_write(w, OID(organizational_unit), DER_UTF8_STRING, c->organizational_unit);
	rdn_write(w, OID(serial_number), DER_PRINTABLE_STRING, c->serial);
	rdn_write(w, OID(common_name), DER_UTF8_STRING, c->serial);
	der_end(w, name);
}

/* HardwareModuleName (RFC 4108, 5) as an otherName (RFC 5280, 4.2.1.6). */
static void write_hardware_module_name(struct writer *w, const struct device_certificate *c)
{
	size_t other_name = der_begin(w, DER_CONTEXT_0);
	der_element(w, DER_OBJECT_IDENTIFIER, OID(hardware_module_name));
	size_t value = der_begin(w, DER_CONTEXT_0);
	size_t sequence = der_begin(w, DER_SEQUENCE);

	der_element(w, DER_OBJECT_IDENTIFIER,
		bytes_of(c->hardware_module_type.data, c->hardware_module_type.len));
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

		der_element(w, DER_OBJECT_IDENTIFIER,
			bytes_of(c->policies[i].data, c->policies[i].len));
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
	not_a_ca_write(w);
	key_usage_write(w, KEY_USAGE_UNUSED_BITS, KEY_USAGE_DIGITAL_SIGNATURE);
	ext_key_usage_write(w, OID(client_auth));
	subject_key_identifier_write(w, c->spki);
	authority_key_identifier_write(w, c->authority_key_identifier);
	write_subject_alt_name(w, c);
	write_certificate_policies(w, c);
	write_crl_distribution_point(w, c->crl_url);
	write_authority_info_access(w, c->issuer_url);
}

void device_certificate_write(struct writer *w, const struct device_certificate *c)
{
	uint8_t subject[SUBJECT_MAX];
	struct writer s = WRITER_OF_ARRAY(subject);

	write_subject(&s, c);
	const struct certificate_frame frame = {
		.number = c->number,
		.signature_algorithm = c->signature_algorithm,
		.issuer = c->issuer,
		.subject = writer_written(&s),
		.not_before_s = c->not_before_s,
		.not_after_s = c->not_after_s,
		.spki = c->spki,
	};
	struct open_certificate open = certificate_begin(w, &frame);

	writer_fail(w, s.fault);
	write_extensions(w, c);
	certificate_end(w, open);
}

void signed_write(
	struct writer *w, struct bytes tbs, struct bytes algorithm, struct bytes signature)
{
	size_t sequence = der_begin(w, DER_SEQUENCE);

	writer_bytes(w, tbs);
	writer_bytes(w, algorithm);
	der_bit_string(w, signature);
	der_end(w, sequence);
}
