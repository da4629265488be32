#ifndef FRONT_MATERIAL_H
#define FRONT_MATERIAL_H

#include "configuration.h"
#include "document.h"
#include "fault.h"
#include "message.h"

#include <openssl/ssl.h>

/*
 * material: what a front works with and a reload replaces: configuration, TLS certificate and key,
 * the CA's certificates for GET /v1/ca. It is gathered item by item (struct loading), made whole
 * beside what is in force, and then takes its place.
 */
struct material {
	struct configuration configuration;
	SSL_CTX *tls;
	struct document *ca; /* PEM, issuer first */
};

/* Takes NULL. */
void material_free(struct material *);

enum { CA_PEM_MAX = 2 * CHAIN_MAX, LOADING_REASON_MAX = 320 };

/* What has come so far. Zeros to begin with; wiped by loading_end, because it holds the TLS key. */
struct loading {
	bool has_configuration;
	struct configuration configuration;
	size_t ca_len;
	uint8_t ca[CA_PEM_MAX];
	size_t tls_certificate_len;
	uint8_t tls_certificate[TLS_PEM_MAX];
	size_t tls_key_len;
	uint8_t tls_key[TLS_PEM_MAX];
	char reason[LOADING_REASON_MAX]; /* why it cannot be prepared; the first one stays */
};

/*
 * Takes one item; descriptor (-1: none) stays the caller's. FAULT_UNSUPPORTED where the kind is no
 * part of the material. Items that are wrong are remembered and refused by loading_prepare.
 */
enum fault loading_take(struct loading *, const struct load *, int descriptor);

/* Makes material of it all. FAULT_INVALID: loading->reason is one line why. */
enum fault loading_prepare(struct loading *, struct material **out);

/* Forgets everything, the key without a trace. */
void loading_end(struct loading *);

#endif
