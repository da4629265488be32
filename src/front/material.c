#include "material.h"

#include "descriptor.h"
#include "pem.h"
#include "tls.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void material_free(struct material *material)
{
	if (material == NULL)
		return;
	SSL_CTX_free(material->tls);
	document_release(material->ca);
	free(material);
}

static void set_reason(struct loading *loading, const char *what, const char *why)
{
	if (loading->reason[0] == '\0')
		(void)snprintf(loading->reason, sizeof(loading->reason), "%s: %s", what, why);
}

static void take_configuration(struct loading *loading, struct bytes text)
{
	struct configuration_error error = { "" };

	if (configuration_read(text, &loading->configuration, &error) != FAULT_NONE)
		set_reason(loading, "genuine.conf", error.text);
	loading->has_configuration = true;
}

static void take_file(struct loading *loading, const char *what, int descriptor, uint8_t *out,
	size_t *len)
{
	enum fault fault = descriptor_read(descriptor, out, TLS_PEM_MAX, len);

	if (fault != FAULT_NONE)
		set_reason(loading, what, fault_text(fault));
}

static void take_ca_certificate(struct loading *loading, struct bytes der)
{
	struct writer w = writer_of(loading->ca + loading->ca_len,
		sizeof(loading->ca) - loading->ca_len);
	struct bytes pem;

	pem_write(&w, der);
	enum fault fault = writer_end(&w, &pem);
	if (fault != FAULT_NONE)
		set_reason(loading, "the CA's certificates", fault_text(fault));
	else
		loading->ca_len += pem.len;
}

enum fault loading_take(struct loading *loading, const struct load *load, int descriptor)
{
	switch (load->kind) {
	case LOAD_CONFIGURATION:
		take_configuration(loading, load->octets);
		return FAULT_NONE;
	case LOAD_CA_CERTIFICATE:
		take_ca_certificate(loading, load->octets);
		return FAULT_NONE;
	case LOAD_TLS_CERTIFICATE:
		take_file(loading, "the TLS certificate", descriptor, loading->tls_certificate,
			&loading->tls_certificate_len);
		return FAULT_NONE;
	case LOAD_TLS_KEY:
		take_file(loading, "the TLS key", descriptor, loading->tls_key,
			&loading->tls_key_len);
		return FAULT_NONE;
	default:
		return FAULT_UNSUPPORTED;
	}
}

/* An item that did not come at all is the supervisor's slip, and is named. */
static void check_complete(struct loading *loading)
{
	if (!loading->has_configuration)
		set_reason(loading, "genuine.conf", "did not come");
	if (loading->ca_len == 0)
		set_reason(loading, "the CA's certificates", "did not come");
}

static enum fault make_tls(const struct loading *loading, SSL_CTX **out, const char **reason)
{
	struct bytes certificates = bytes_of(loading->tls_certificate, loading->tls_certificate_len);
	struct bytes key = bytes_of(loading->tls_key, loading->tls_key_len);

	return tls_context_make(certificates, key, loading->configuration.has_tls12, out, reason);
}

static struct material *material_make(struct loading *loading)
{
	struct material *material = calloc(1, sizeof(*material));
	const char *trouble = fault_text(FAULT_NO_MEMORY);

	if (material != NULL)
		material->ca = document_make(loading->ca_len);
	if (material == NULL || material->ca == NULL ||
			make_tls(loading, &material->tls, &trouble) != FAULT_NONE) {
		set_reason(loading, "TLS", trouble);
		material_free(material);
		return NULL;
	}
	material->configuration = loading->configuration;
	memcpy(material->ca->data, loading->ca, loading->ca_len);
	return material;
}

enum fault loading_prepare(struct loading *loading, struct material **out)
{
	check_complete(loading);
	if (loading->reason[0] != '\0')
		return FAULT_INVALID;
	struct material *material = material_make(loading);
	if (material == NULL)
		return FAULT_INVALID;
	*out = material;
	return FAULT_NONE;
}

void loading_end(struct loading *loading)
{
	OPENSSL_cleanse(loading, sizeof(*loading));
}
