#include "lint_table.h"

#include "limits.h"

/* GeneralName (RFC 5280, 4.2.1.6). */
enum { OTHER_NAME = DER_CONTEXT_0, DNS_NAME = DER_PRIMITIVE_0 + 2, URI_NAME = DER_PRIMITIVE_0 + 6 };
enum { DNS_NAME_MAX = 253 }; /* RFC 1035, 2.3.4: 255 on the wire */

static const uint8_t subject_alt_name_type[] = { 0x55, 0x1d, 0x11 };
static const uint8_t certificate_policies_type[] = { 0x55, 0x1d, 0x20 };
static const uint8_t crl_distribution_points_type[] = { 0x55, 0x1d, 0x1f };
static const uint8_t authority_info_access_type[] = { 0x2b, 6, 1, 5, 5, 7, 1, 1 };

/* id-on-hardwareModuleName 1.3.6.1.5.5.7.8.4, id-ad-caIssuers …48.2, anyPolicy 2.5.29.32.0. */
static const uint8_t hardware_module_name_type[] = { 0x2b, 6, 1, 5, 5, 7, 8, 4 };
static const uint8_t ca_issuers_type[] = { 0x2b, 6, 1, 5, 5, 7, 48, 2 };
static const uint8_t any_policy[] = { 0x55, 0x1d, 0x20, 0x00 };

/* The extension's value; empty where it is not there. One that is there has passed as DER, so it
 * is not empty. */
static struct bytes value_of(const struct tbs_certificate *t, struct bytes type)
{
	const struct tbs_extension *extension = tbs_extension_find(t, type);

	return extension != NULL ? extension->value : bytes_of(NULL, 0);
}

#define VALUE(t, name) value_of((t), BYTES_OF_ARRAY(name##_type))

static struct bytes oid_bytes(const struct oid *oid)
{
	return bytes_of(oid->data, oid->len);
}

/* ---- subjectAltName ---- */

RULE(subject_alt_name_presence)
{
	const struct device_certificate *meant = c->certificate;
	bool is_meant = meant->hardware_module_type.len > 0 || meant->uri.len > 0 ||
		meant->dns.len > 0;

	*saw = VALUE(t, subject_alt_name);
	return (saw->len > 0) == is_meant;
}

/* The kinds of names: those that the profile gives, in its order, each once. */
RULE(subject_alt_name_kinds)
{
	const struct device_certificate *meant = c->certificate;
	const struct {
		uint8_t tag;
		bool is_meant;
	} kinds[] = { { OTHER_NAME, meant->hardware_module_type.len > 0 },
		{ DNS_NAME, meant->dns.len > 0 }, { URI_NAME, meant->uri.len > 0 } };
	struct reader outer = reader_of(VALUE(t, subject_alt_name));

	*saw = outer.rest;
	if (saw->len == 0)
		return true;
	struct reader names = der_enter(&outer, DER_SEQUENCE);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].is_meant)
			(void)der_content(&names, kinds[i].tag);
	}
	return reader_end(&names) == FAULT_NONE && reader_end(&outer) == FAULT_NONE;
}

/* The contents of the name of that kind; empty where there is none. */
static struct bytes alt_name(const struct tbs_certificate *t, uint8_t tag)
{
	struct reader outer = reader_of(VALUE(t, subject_alt_name));
	struct reader names = der_enter(&outer, DER_SEQUENCE);

	while (names.fault == FAULT_NONE && names.rest.len > 0) {
		struct der_value name = der_take(&names);

		if (name.tag == tag)
			return name.content;
	}
	return (struct bytes){ 0 };
}

/* HardwareModuleName (RFC 4108, 5): the configured type and the device's serial, nothing more. */
RULE(hardware_module_name)
{
	struct reader other_name = reader_of(alt_name(t, OTHER_NAME));

	*saw = other_name.rest;
	if (c->certificate->hardware_module_type.len == 0)
		return true;
	struct bytes type = der_content(&other_name, DER_OBJECT_IDENTIFIER);
	struct reader value = der_enter(&other_name, DER_CONTEXT_0);
	struct reader module = der_enter(&value, DER_SEQUENCE);
	struct bytes module_type = der_content(&module, DER_OBJECT_IDENTIFIER);
	struct bytes module_serial = der_content(&module, DER_OCTET_STRING);

	return reader_end(&module) == FAULT_NONE && reader_end(&value) == FAULT_NONE &&
		reader_end(&other_name) == FAULT_NONE &&
		bytes_equal(type, BYTES_OF_ARRAY(hardware_module_name_type)) &&
		bytes_equal(module_type, oid_bytes(&c->certificate->hardware_module_type)) &&
		bytes_equal(module_serial, c->certificate->serial);
}

static bool is_label_character(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		c == '-';
}

/* RFC 1034, 3.5: labels of letters, digits and hyphens, 1 to 63 octets; so no wildcard either. */
RULE(dns_name_form)
{
	size_t label_len = 0;

	*saw = alt_name(t, DNS_NAME);
	for (size_t i = 0; i < saw->len; i++) {
		if (saw->data[i] == '.' && label_len == 0)
			return false;
		if (saw->data[i] != '.' && !is_label_character(saw->data[i]))
			return false;
		label_len = saw->data[i] == '.' ? 0 : label_len + 1;
		if (label_len > 63)
			return false;
	}
	return saw->len == 0 || (label_len > 0 && saw->len <= DNS_NAME_MAX);
}

RULE(dns_name_exact)
{
	*saw = alt_name(t, DNS_NAME);
	return bytes_equal(*saw, c->certificate->dns);
}

/* RFC 3986, 2 and 3.1: printable ASCII without space, with a scheme; IA5String (4.2.1.6). */
static bool is_uri(struct bytes text)
{
	const uint8_t *colon = text.len > 0 ? memchr(text.data, ':', text.len) : NULL;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] <= 0x20 || text.data[i] >= 0x7f)
			return false;
	}
	return colon != NULL && colon > text.data;
}

RULE(uri_form)
{
	*saw = alt_name(t, URI_NAME);
	return saw->len == 0 || is_uri(*saw);
}

RULE(uri_exact)
{
	*saw = alt_name(t, URI_NAME);
	return bytes_equal(*saw, c->certificate->uri);
}

/* ---- certificatePolicies ---- */

/* Takes one PolicyInformation: the identifier; qualifiers are a fault, the profile has none. */
static struct bytes take_policy(struct reader *policies)
{
	struct reader information = der_enter(policies, DER_SEQUENCE);
	struct bytes identifier = der_content(&information, DER_OBJECT_IDENTIFIER);

	reader_fail(policies, reader_end(&information));
	return identifier;
}

RULE(policies_frame)
{
	struct reader outer = reader_of(VALUE(t, certificate_policies));

	*saw = outer.rest;
	if (saw->len == 0)
		return true;
	struct reader policies = der_enter(&outer, DER_SEQUENCE);
	do
		(void)take_policy(&policies);
	while (policies.fault == FAULT_NONE && policies.rest.len > 0);
	return reader_end(&policies) == FAULT_NONE && reader_end(&outer) == FAULT_NONE;
}

/* How often a policy stands there. */
static size_t policy_count(const struct tbs_certificate *t, struct bytes policy)
{
	struct reader outer = reader_of(VALUE(t, certificate_policies));
	struct reader policies = der_enter(&outer, DER_SEQUENCE);
	size_t count = 0;

	while (policies.fault == FAULT_NONE && policies.rest.len > 0)
		count += bytes_equal(take_policy(&policies), policy);
	return count;
}

RULE(policies_not_any)
{
	*saw = VALUE(t, certificate_policies);
	return policy_count(t, BYTES_OF_ARRAY(any_policy)) == 0;
}

RULE(policies_once)
{
	struct reader outer = reader_of(VALUE(t, certificate_policies));
	struct reader policies = der_enter(&outer, DER_SEQUENCE);

	while (policies.fault == FAULT_NONE && policies.rest.len > 0) {
		*saw = take_policy(&policies);
		if (policy_count(t, *saw) != 1)
			return false;
	}
	return true;
}

RULE(policies_exact)
{
	struct reader outer = reader_of(VALUE(t, certificate_policies));

	*saw = outer.rest;
	if (saw->len == 0)
		return c->certificate->policy_count == 0;
	struct reader policies = der_enter(&outer, DER_SEQUENCE);
	for (size_t i = 0; i < c->certificate->policy_count; i++) {
		if (!bytes_equal(take_policy(&policies), oid_bytes(&c->certificate->policies[i])))
			return false;
	}
	return reader_end(&policies) == FAULT_NONE;
}

/* ---- where the CA's list and certificate are ---- */

/* One point with a fullName of one URI: no reasons, no cRLIssuer. Empty where it is not so. */
static struct bytes crl_url(const struct tbs_certificate *t)
{
	struct reader outer = reader_of(VALUE(t, crl_distribution_points));
	struct reader points = der_enter(&outer, DER_SEQUENCE);
	struct reader point = der_enter(&points, DER_SEQUENCE);
	struct reader name = der_enter(&point, DER_CONTEXT_0);
	struct reader full_name = der_enter(&name, DER_CONTEXT_0);
	struct bytes url = der_content(&full_name, URI_NAME);
	bool is_all = reader_end(&full_name) == FAULT_NONE && reader_end(&name) == FAULT_NONE &&
		reader_end(&point) == FAULT_NONE && reader_end(&points) == FAULT_NONE &&
		reader_end(&outer) == FAULT_NONE;

	return is_all ? url : bytes_of(NULL, 0);
}

RULE(crl_distribution_point_frame)
{
	*saw = VALUE(t, crl_distribution_points);
	return saw->len == 0 || is_uri(crl_url(t));
}

RULE(crl_distribution_point_exact)
{
	*saw = crl_url(t);
	return bytes_equal(*saw, c->certificate->crl_url);
}

/* One AccessDescription, caIssuers, a URI: no OCSP. Empty where it is not so. */
static struct bytes issuer_url(const struct tbs_certificate *t)
{
	struct reader outer = reader_of(VALUE(t, authority_info_access));
	struct reader descriptions = der_enter(&outer, DER_SEQUENCE);
	struct reader description = der_enter(&descriptions, DER_SEQUENCE);
	struct bytes method = der_content(&description, DER_OBJECT_IDENTIFIER);
	struct bytes url = der_content(&description, URI_NAME);
	bool is_all = reader_end(&description) == FAULT_NONE &&
		reader_end(&descriptions) == FAULT_NONE && reader_end(&outer) == FAULT_NONE &&
		bytes_equal(method, BYTES_OF_ARRAY(ca_issuers_type));

	return is_all ? url : bytes_of(NULL, 0);
}

RULE(authority_info_access_frame)
{
	*saw = VALUE(t, authority_info_access);
	return saw->len == 0 || is_uri(issuer_url(t));
}

RULE(authority_info_access_exact)
{
	*saw = issuer_url(t);
	return bytes_equal(*saw, c->certificate->issuer_url);
}

const struct lint *lint_names(size_t *count)
{
	static const struct lint lints[] = {
		LINT(subject_alt_name_presence, "RFC 5280, 4.2.1.6"),
		LINT(subject_alt_name_kinds, "RFC 5280, 4.2.1.6"),
		LINT(hardware_module_name, "RFC 4108, 5"),
		LINT(dns_name_form, "RFC 5280, 4.2.1.6; RFC 1034, 3.5"),
		LINT(dns_name_exact, "PROTOCOL, The certificate"),
		LINT(uri_form, "RFC 5280, 4.2.1.6; RFC 3986, 3.1"),
		LINT(uri_exact, "PROTOCOL, The certificate"),
		LINT(policies_frame, "RFC 5280, 4.2.1.4"),
		LINT(policies_not_any, "RFC 5280, 4.2.1.4"),
		LINT(policies_once, "RFC 5280, 4.2.1.4"),
		LINT(policies_exact, "PROTOCOL, The certificate"),
		LINT(crl_distribution_point_frame, "RFC 5280, 4.2.1.13"),
		LINT(crl_distribution_point_exact, "PROTOCOL, The certificate"),
		LINT(authority_info_access_frame, "RFC 5280, 4.2.2.1"),
		LINT(authority_info_access_exact, "PROTOCOL, The certificate"),
	};

	*count = sizeof(lints) / sizeof(lints[0]);
	return lints;
}
