#include "certificate.h"

#include "encoding.h"
#include "lint.h"
#include "public_key.h"
#include "store_clock.h"

#include <assert.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdio.h>

enum { SECONDS_PER_DAY = 86400, NOT_BEFORE_BACK_S = 300, PEM_LINE = 64 };

bool certificate_number_draw(uint8_t number[CERTIFICATE_NUMBER_SIZE])
{
	if (RAND_bytes(number, CERTIFICATE_NUMBER_SIZE) != 1)
		return false;
	number[0] = (uint8_t)((number[0] & 0x7f) | 0x40);
	return true;
}

/* A template of the profile with {serial} replaced. Empty where there is none; cut is a lint's. */
static struct bytes fill_template(
	const char *template, const char *serial, char *buffer, size_t capacity)
{
	static const char place[] = "{serial}";
	const char *at = strstr(template, place);
	int len = at == NULL ? snprintf(buffer, capacity, "%s", template)
			     : snprintf(buffer, capacity, "%.*s%s%s", (int)(at - template),
				       template, serial, at + sizeof(place) - 1);

	assert(len >= 0 && (size_t)len < capacity);
	return bytes_of(buffer, (size_t)len);
}

/* arc.kind.value: both are below 128, one octet each (X.690, 8.19). */
static struct oid policy_below(const struct oid *arc, uint8_t kind, uint8_t value)
{
	struct oid oid = *arc;

	assert(oid.len + 2 <= sizeof(oid.data));
	oid.data[oid.len++] = kind;
	oid.data[oid.len++] = value;
	return oid;
}

/* tcg-cap-verifiedTPMResidency 2.23.133.11.1.1 and …Fixed 2.23.133.11.1.2. */
static const struct oid residency = { { 0x67, 0x81, 0x05, 0x0b, 0x01, 0x01 }, 6 };
static const struct oid residency_fixed = { { 0x67, 0x81, 0x05, 0x0b, 0x01, 0x02 }, 6 };

/* How EK and serial were vouched for; residency only where a vendor's chain was verified. */
static void fill_policies(const struct materials *m, struct device_certificate *c)
{
	const struct configuration *configuration = &m->configuration;

	c->policies[c->policy_count++] =
		policy_below(&m->policy_arc, 1, (uint8_t)configuration->trust);
	c->policies[c->policy_count++] =
		policy_below(&m->policy_arc, 2, (uint8_t)configuration->binding);
	if (configuration->trust == TRUST_MANIFEST)
		return;
	c->policies[c->policy_count++] = residency;
	c->policies[c->policy_count++] = residency_fixed;
}

/* notBefore a little back for devices whose clock is behind, but not before the CA's. */
static void fill_validity(const struct materials *m, const struct profile *profile, uint64_t now_s,
	struct device_certificate *c)
{
	c->not_before_s = seconds_before(now_s, NOT_BEFORE_BACK_S);
	if (c->not_before_s < m->ca_not_before_s)
		c->not_before_s = m->ca_not_before_s;
	c->not_after_s = c->not_before_s + (uint64_t)profile->validity_days * SECONDS_PER_DAY - 1;
}

/* CHECK_CLOCK: a clock from before this program was made is no clock. */
static bool clock_is_sane(uint64_t now_s, struct refusal *out)
{
	if (now_s >= GENUINE_RELEASE_TIME)
		return true;
	refusal_set(out, CHECK_CLOCK, "the clock says %" PRIu64 " s since 1970", now_s);
	return false;
}

/*
 * CHECK_CA_VALIDITY: RFC 5280, 6.1: nothing is valid longer than its issuer. That it does not begin
 * earlier is fill_validity's doing, and a lint looks.
 */
static bool is_within_ca(
	const struct materials *m, const struct device_certificate *c, struct refusal *out)
{
	if (c->not_after_s <= m->ca_not_after_s)
		return true;
	refusal_set(out, CHECK_CA_VALIDITY,
		"the CA ends at %" PRIu64 ", the certificate at %" PRIu64, m->ca_not_after_s,
		c->not_after_s);
	return false;
}

/* The octets, linted, and their digest for the intent. */
static bool write_tbs(const struct materials *m, const struct facts *facts,
	const struct device_certificate *c, struct certificate_draft *draft, struct refusal *out)
{
	uint8_t ek_buffer[SPKI_MAX], ca_buffer[SPKI_MAX];
	unsigned char *ca_cursor = ca_buffer;
	struct writer w = WRITER_OF_ARRAY(draft->tbs_buffer), ek = WRITER_OF_ARRAY(ek_buffer);
	X509_PUBKEY *ca_key = X509_get_X509_PUBKEY(m->ca_certificates[0]);
	int ca_len = i2d_X509_PUBKEY(ca_key, NULL);
	struct bytes tbs;

	spki_write(&ek, &facts->ek);
	device_certificate_write(&w, c);
	if (writer_end(&w, &tbs) != FAULT_NONE || ek.fault != FAULT_NONE || ca_len <= 0 ||
		ca_len > SPKI_MAX) {
		refusal_set(out, CHECK_CERTIFICATE_LINT, "the certificate could not be written");
		return false;
	}
	(void)i2d_X509_PUBKEY(ca_key, &ca_cursor);
	const struct lint_context context = { .certificate = c,
		.ca_not_before_s = m->ca_not_before_s,
		.ca_not_after_s = m->ca_not_after_s,
		.ca_spki = bytes_of(ca_buffer, (size_t)ca_len),
		.ek_spki = writer_written(&ek) };

	draft->tbs_len = tbs.len;
	return lint_certificate(tbs, &context, out);
}

bool certificate_draft_write(const struct materials *m, const struct facts *facts,
	const struct areas *areas, uint64_t now_s, struct certificate_draft *draft,
	struct refusal *out)
{
	const struct profile *profile = configuration_profile(&m->configuration, facts->profile);
	char uri[CONFIGURATION_TEXT_MAX + SERIAL_MAX + 1],
		dns[CONFIGURATION_TEXT_MAX + SERIAL_MAX + 1];

	if (!clock_is_sane(now_s, out))
		return false;
	if (profile == NULL || !certificate_number_draw(draft->number)) {
		refusal_set(out, CHECK_CERTIFICATE_LINT, "no such profile, or no random numbers");
		return false;
	}
	struct device_certificate c = {
		.number = BYTES_OF_ARRAY(draft->number),
		.signature_algorithm = key_algorithm(m->key),
		.issuer = m->issuer,
		.authority_key_identifier = m->authority_key_identifier,
		.organization = bytes_of_string(profile->organization),
		.organizational_unit = bytes_of_string(profile->organizational_unit),
		.serial = bytes_of_string(facts->serial),
		.spki = areas->ik_spki,
		.hardware_module_type =
			m->hardware_module_types[profile - m->configuration.profiles],
		.uri = fill_template(profile->uri, facts->serial, uri, sizeof(uri)),
		.dns = fill_template(profile->dns, facts->serial, dns, sizeof(dns)),
		.crl_url = bytes_of_string(m->configuration.crl_url),
		.issuer_url = bytes_of_string(m->configuration.issuer_url),
	};
	fill_policies(m, &c);
	fill_validity(m, profile, now_s, &c);
	if (!is_within_ca(m, &c, out) || !write_tbs(m, facts, &c, draft, out))
		return false;
	draft->not_before_s = c.not_before_s;
	draft->not_after_s = c.not_after_s;
	if (EVP_Digest(draft->tbs_buffer, draft->tbs_len, draft->tbs_digest, NULL, EVP_sha256(),
		    NULL) == 1)
		return true;
	refusal_set(out, CHECK_CERTIFICATE_LINT, "no digest");
	return false;
}

bool certificate_sign(const struct materials *m, const struct certificate_draft *draft,
	uint8_t *buffer, size_t capacity, struct bytes *certificate, struct refusal *out)
{
	uint8_t signature_buffer[SIGNATURE_MAX];
	struct bytes tbs = bytes_of(draft->tbs_buffer, draft->tbs_len), signature;
	struct writer w = writer_of(buffer, capacity);
	enum fault fault = key_sign(m->key, tbs, signature_buffer, &signature);

	if (fault == FAULT_NONE) {
		signed_write(&w, tbs, key_algorithm(m->key), signature);
		fault = writer_end(&w, certificate);
	}
	if (fault == FAULT_NONE)
		return true;
	refusal_set(out, CHECK_CERTIFICATE_SIGNATURE, "%s", fault_text(fault));
	return false;
}

enum fault certificate_pem_write(struct bytes der, char *text, size_t capacity)
{
	char base64[BASE64_CAPACITY(CERTIFICATE_MAX)];
	struct writer w = writer_of((uint8_t *)text, capacity);

	if (der.len > CERTIFICATE_MAX)
		return FAULT_TOO_LONG;
	base64_encode(der, base64, sizeof(base64));
	struct bytes rest = bytes_of_string(base64);

	writer_bytes(&w, BYTES_OF_LITERAL("-----BEGIN CERTIFICATE-----\n"));
	while (rest.len > 0) {
		size_t len = rest.len < PEM_LINE ? rest.len : PEM_LINE;

		writer_bytes(&w, bytes_of(rest.data, len));
		writer_u8(&w, '\n');
		rest = bytes_of(rest.data + len, rest.len - len);
	}
	writer_bytes(&w, BYTES_OF_LITERAL("-----END CERTIFICATE-----\n"));
	writer_u8(&w, 0);
	return w.fault;
}
