#include "materials.h"

#include "descriptor.h"
#include "owned.h"
#include "reader.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

OWNED_TYPE(X509, X509_free)
OWNED_TYPE(BIO, BIO_free_all)

enum { SECONDS_PER_DAY = 86400 };

static enum fault load_configuration(struct materials *m, struct bytes text)
{
	struct configuration_error error;
	enum fault fault = configuration_read(text, &m->configuration, &error);

	m->has_configuration = fault == FAULT_NONE;
	return fault;
}

static enum fault load_ca_certificate(struct materials *m, struct bytes der)
{
	const unsigned char *cursor = der.data;
	owned(X509) *certificate = d2i_X509(NULL, &cursor, (long)der.len);

	if (certificate == NULL || cursor != der.data + der.len)
		return FAULT_INVALID;
	if (m->ca_certificate_count == CA_CERTIFICATE_COUNT_MAX)
		return FAULT_TOO_LONG;
	m->ca_certificates[m->ca_certificate_count++] = owned_take(certificate);
	return FAULT_NONE;
}

/* Comes after the certificate that it must be the key of. */
static enum fault load_ca_key(struct materials *m, int descriptor)
{
	if (m->ca_certificate_count == 0 || m->key != NULL || descriptor < 0)
		return FAULT_INVALID;
	return key_open_file(descriptor, m->ca_certificates[0], &m->key);
}

static enum fault load_ticket_keys(struct materials *m, int descriptor)
{
	uint8_t text[TICKET_KEYS_FILE_MAX];
	size_t len;

	if (descriptor < 0)
		return FAULT_INVALID;
	enum fault fault = descriptor_read(descriptor, text, sizeof(text), &len);
	if (fault == FAULT_NONE)
		fault = ticket_keys_read(bytes_of(text, len), &m->ticket_keys);
	explicit_bzero(text, sizeof(text));
	m->has_ticket_keys = fault == FAULT_NONE;
	return fault;
}

static enum fault load_fingerprint(struct materials *m, struct bytes octets)
{
	struct reader r = reader_of(octets);

	reader_copy(&r, m->fingerprint, sizeof(m->fingerprint));
	m->has_fingerprint = reader_end(&r) == FAULT_NONE;
	return reader_end(&r);
}

static enum fault load_former_fingerprint(struct materials *m, struct bytes octets)
{
	struct reader r = reader_of(octets);

	reader_copy(&r, m->former_fingerprint, sizeof(m->former_fingerprint));
	m->former_fingerprint_until_ms = reader_u64(&r);
	m->has_former_fingerprint = reader_end(&r) == FAULT_NONE;
	return reader_end(&r);
}

enum fault materials_load(struct materials *m, const struct load *load, int descriptor)
{
	switch (load->kind) {
	case LOAD_CONFIGURATION:
		return load_configuration(m, load->octets);
	case LOAD_FINGERPRINT:
		return load_fingerprint(m, load->octets);
	case LOAD_FORMER_FINGERPRINT:
		return load_former_fingerprint(m, load->octets);
	case LOAD_CA_CERTIFICATE:
		return load_ca_certificate(m, load->octets);
	case LOAD_CA_KEY:
		return load_ca_key(m, descriptor);
	case LOAD_TICKET_KEYS:
		return load_ticket_keys(m, descriptor);
	default:
		return FAULT_UNSUPPORTED;
	}
}

static uint64_t seconds_of(const ASN1_TIME *time)
{
	struct tm utc;

	return ASN1_TIME_to_tm(time, &utc) == 1 ? (uint64_t)timegm(&utc) : 0;
}

/* Issuer's name, key identifier and validity, from its certificate's own octets. */
static enum fault take_issuer(struct materials *m)
{
	X509 *ca = m->ca_certificates[0];
	const ASN1_OCTET_STRING *identifier = X509_get0_subject_key_id(ca);
	unsigned char *cursor = m->issuer_buffer;
	int len = i2d_X509_NAME(X509_get_subject_name(ca), NULL);

	if (len <= 0 || len > NAME_DER_MAX || identifier == NULL)
		return FAULT_INVALID;
	(void)i2d_X509_NAME(X509_get_subject_name(ca), &cursor);
	m->issuer = bytes_of(m->issuer_buffer, (size_t)len);
	m->authority_key_identifier = bytes_of(ASN1_STRING_get0_data(identifier),
		(size_t)ASN1_STRING_length(identifier));
	m->ca_not_before_s = seconds_of(X509_get0_notBefore(ca));
	m->ca_not_after_s = seconds_of(X509_get0_notAfter(ca));
	return FAULT_NONE;
}

/* The chain that devices get: issuer first, what is self-issued left out (PROTOCOL, HTTP). */
static enum fault take_chain(struct materials *m)
{
	owned(BIO) *memory = BIO_new(BIO_s_mem());
	char *text = NULL;

	if (memory == NULL)
		return FAULT_NO_MEMORY;
	for (size_t i = 0; i < m->ca_certificate_count; i++) {
		X509 *ca = m->ca_certificates[i];

		if (X509_NAME_cmp(X509_get_subject_name(ca), X509_get_issuer_name(ca)) != 0 &&
			PEM_write_bio_X509(memory, ca) != 1)
			return FAULT_CRYPTO;
	}
	long len = BIO_get_mem_data(memory, &text);
	if (len < 0 || len > CHAIN_MAX)
		return FAULT_TOO_LONG;
	if (len > 0)
		memcpy(m->chain_pem, text, (size_t)len);
	m->chain_pem[len] = '\0';
	return FAULT_NONE;
}

static enum fault take_oids(struct materials *m)
{
	const struct configuration *c = &m->configuration;
	enum fault fault = oid_of_text(c->policy_arc, &m->policy_arc);

	for (size_t i = 0; fault == FAULT_NONE && i < c->profile_count; i++) {
		if (c->profiles[i].hardware_module_type[0] != '\0')
			fault = oid_of_text(
				c->profiles[i].hardware_module_type, &m->hardware_module_types[i]);
	}
	return fault;
}

/* A profile whose length passes the CA's end is refused at start (PROTOCOL, The certificate). */
static bool profiles_fit(const struct materials *m, uint64_t now_s)
{
	for (size_t i = 0; i < m->configuration.profile_count; i++) {
		uint64_t length_s =
			(uint64_t)m->configuration.profiles[i].validity_days * SECONDS_PER_DAY;

		if (now_s + length_s > m->ca_not_after_s)
			return false;
	}
	return true;
}

static const char *missing(const struct materials *m)
{
	if (!m->has_configuration)
		return "no configuration was given";
	if (m->ca_certificate_count == 0 || m->key == NULL)
		return "no CA certificate or no key was given";
	if (!m->has_ticket_keys)
		return "no ticket keys were given";
	return m->has_fingerprint ? NULL : "no fingerprint was given";
}

enum fault materials_finish(struct materials *m, uint64_t now_s, const char **why)
{
	*why = missing(m);
	if (*why != NULL)
		return FAULT_INVALID;
	*why = "the CA certificate has no subject key identifier, or its chain is too long";
	enum fault fault = take_issuer(m);
	if (fault == FAULT_NONE)
		fault = take_chain(m);
	if (fault != FAULT_NONE)
		return fault;
	*why = "policy_arc or hardware_module_type is not an object identifier";
	fault = take_oids(m);
	if (fault != FAULT_NONE)
		return fault;
	*why = "a profile's validity passes the end of the CA's own certificate";
	return profiles_fit(m, now_s) ? FAULT_NONE : FAULT_INVALID;
}

void materials_close(struct materials *m)
{
	for (size_t i = 0; i < m->ca_certificate_count; i++)
		X509_free(m->ca_certificates[i]);
	key_close(m->key);
	explicit_bzero(m, sizeof(*m));
}
