#include "policy.h"

#include "certificate_facts.h"
#include "descriptor.h"
#include "memory_watch.h"
#include "owned.h"
#include "pattern.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

OWNED_TYPE(X509, X509_free)
OWNED_TYPE(uint8_t, free)

enum { MARKS_MAX = 512 };

enum fault policy_open(struct policy **out)
{
	struct policy *policy = calloc(1, sizeof(*policy));

	if (policy == NULL)
		return FAULT_NO_MEMORY;
	enum fault fault = trust_open(&policy->trust);

	if (fault != FAULT_NONE) {
		free(policy);
		return fault;
	}
	*out = policy;
	return FAULT_NONE;
}

void policy_close(struct policy *policy)
{
	if (policy == NULL)
		return;
	trust_close(policy->trust);
	if (policy->has_serial_pattern)
		regfree(&policy->serial_pattern);
	free(policy);
}

__attribute__((format(printf, 2, 3)))
static void refuse(struct policy *policy, const char *format, ...)
{
	va_list arguments;

	if (policy->refused[0] != '\0')
		return;
	va_start(arguments, format);
	(void)vsnprintf(policy->refused, sizeof(policy->refused), format, arguments);
	va_end(arguments);
}

/* [identity] serial_pattern: a POSIX extended expression for the whole serial. */
static void compile_serial_pattern(struct policy *policy)
{
	const char *text = policy->configuration.serial_pattern;

	if (text[0] == '\0')
		return;
	if (pattern_compile(text, &policy->serial_pattern) == FAULT_NONE)
		policy->has_serial_pattern = true;
	else
		refuse(policy, "[identity] serial_pattern: not a regular expression");
}

static void load_configuration(struct policy *policy, struct bytes text)
{
	struct configuration_error error = { "unreadable" };

	if (policy->has_configuration)
		refuse(policy, "the configuration came twice");
	else if (configuration_read(text, &policy->configuration, &error) != FAULT_NONE)
		refuse(policy, "%s", error.text);
	else
		compile_serial_pattern(policy);
	policy->has_configuration = true;
}

static void load_fingerprint(struct policy *policy, struct bytes octets)
{
	if (octets.len != sizeof(policy->fingerprint)) {
		refuse(policy, "the fingerprint has %zu octets", octets.len);
		return;
	}
	memcpy(policy->fingerprint, octets.data, octets.len);
	policy->has_fingerprint = true;
}

static void load_ca_certificate(struct policy *policy, struct bytes der)
{
	owned(X509) *certificate = NULL;
	uint8_t *spki = NULL;

	if (policy->ca_key_count == CA_CERTIFICATE_COUNT_MAX ||
			certificate_open(der, &certificate) != FAULT_NONE) {
		refuse(policy, "this CA's certificates do not read, or are more than %d",
			CA_CERTIFICATE_COUNT_MAX);
		return;
	}
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &spki);

	if (len > 0 && EVP_Digest(spki, (size_t)len, policy->ca_keys[policy->ca_key_count], NULL,
			EVP_sha256(), NULL) == 1)
		policy->ca_key_count++;
	else
		refuse(policy, "the key of this CA's certificate does not read");
	OPENSSL_free(spki);
}

/* The certificate's subject, for a line that the operator reads. */
static void describe(struct bytes der, char *out, size_t capacity)
{
	owned(X509) *certificate = NULL;
	enum fault fault = certificate_open(der, &certificate);

	(void)snprintf(out, capacity, "(%s)", fault_text(fault));
	if (fault == FAULT_NONE)
		X509_NAME_oneline(X509_get_subject_name(certificate), out, (int)capacity);
}

static void load_anchor(struct policy *policy, struct bytes octets)
{
	struct reader r = reader_of(octets);
	struct bytes marks = reader_sized(&r, MARKS_MAX);
	char subject[160];

	if (r.fault != FAULT_NONE) {
		refuse(policy, "an anchor's marks: %s", fault_text(r.fault));
		return;
	}
	enum fault fault = trust_add_anchor(policy->trust, marks, r.rest);

	if (fault == FAULT_NONE)
		return;
	describe(r.rest, subject, sizeof(subject));
	if (fault == FAULT_DENIED)
		refuse(policy, "anchor %s: not a CA certificate that may issue EK certificates",
			subject);
	else
		refuse(policy, "anchor %s, or its marks: %s", subject, fault_text(fault));
}

/* Reads the whole file behind a descriptor; the caller frees out. */
static enum fault read_descriptor(int descriptor, size_t max, uint8_t **out, size_t *len)
{
	struct stat status;

	if (fstat(descriptor, &status) != 0)
		return FAULT_SYSTEM;
	if (status.st_size <= 0 || (uint64_t)status.st_size > max)
		return FAULT_TOO_LONG;
	owned(uint8_t) *octets = malloc((size_t)status.st_size);

	if (octets == NULL)
		return FAULT_NO_MEMORY;
	enum fault fault = descriptor_read(descriptor, octets, (size_t)status.st_size, len);
	if (fault != FAULT_NONE)
		return fault;
	*out = owned_take(octets);
	return FAULT_NONE;
}

static void load_crl(struct policy *policy, int descriptor)
{
	owned(uint8_t) *octets = NULL;
	size_t len = 0;
	enum fault fault = read_descriptor(descriptor, CRL_MAX, &octets, &len);

	if (fault == FAULT_NONE)
		fault = trust_add_crl(policy->trust, bytes_of(octets, len));
	if (fault != FAULT_NONE)
		refuse(policy, "a TPM vendor's revocation list: %s", fault_text(fault));
}

static enum fault load_item(struct policy *policy, const struct load *load, int descriptor)
{
	switch (load->kind) {
	case LOAD_CONFIGURATION:
		load_configuration(policy, load->octets);
		return FAULT_NONE;
	case LOAD_FINGERPRINT:
		load_fingerprint(policy, load->octets);
		return FAULT_NONE;
	case LOAD_CA_CERTIFICATE:
		load_ca_certificate(policy, load->octets);
		return FAULT_NONE;
	case LOAD_ANCHOR:
		load_anchor(policy, load->octets);
		return FAULT_NONE;
	case LOAD_CRL:
		load_crl(policy, descriptor);
		return FAULT_NONE;
	default:
		return FAULT_INVALID;
	}
}

/* A certificate's no may have been memory's. */
static void refuse_without_memory(struct policy *policy)
{
	if (memory_watch_has_failed())
		refuse(policy, "out of memory");
}

enum fault policy_load(struct policy *policy, const struct load *load, int descriptor)
{
	if ((descriptor >= 0) != (load->kind == LOAD_CRL))
		return FAULT_INVALID;
	memory_watch_begin();
	enum fault fault = load_item(policy, load, descriptor);

	refuse_without_memory(policy);
	return fault;
}

enum fault policy_complete(struct policy *policy)
{
	memory_watch_begin();
	if (!policy->has_configuration || !policy->has_fingerprint || policy->ca_key_count == 0)
		refuse(policy, "no configuration, no fingerprint or no CA certificate");
	if (policy->refused[0] == '\0' && trust_seal(policy->trust) != FAULT_NONE)
		refuse(policy, "no imported certificate signed a TPM vendor's revocation list");
	refuse_without_memory(policy);
	return policy->refused[0] == '\0' ? FAULT_NONE : FAULT_DENIED;
}

bool policy_has_issuer_key(const struct policy *policy, const uint8_t spki_digest[32])
{
	for (size_t i = 0; i < policy->ca_key_count; i++) {
		if (memcmp(policy->ca_keys[i], spki_digest, 32) == 0)
			return true;
	}
	return trust_has_key(policy->trust, spki_digest);
}
