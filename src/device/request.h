#ifndef DEVICE_REQUEST_H
#define DEVICE_REQUEST_H

#include "bytes.h"
#include "fault.h"
#include "limits.h"
#include "secret.h"

/*
 * request: the JSON body of getChallenge and getCertificate (docs/PROTOCOL.md, HTTP), written into
 * a buffer of its own, which is wiped at the end because the second body holds the ticket. All
 * members are base64 or words of a few safe characters, so nothing needs escaping.
 */
struct request {
	char text[BODY_MAX + 1];
	size_t len;
	enum fault fault; /* the first one stands */
};

void request_wipe(struct request *);
#define owned_request __attribute__((cleanup(request_wipe))) struct request

/* What both endpoints are told, as views. */
struct evidence {
	struct bytes csr;
	struct bytes ik_public;
	struct bytes ek_public;
	struct bytes ek_certificate;  /* empty: the TPM has none */
	const struct bytes *ek_chain;
	size_t ek_chain_count;
	const char *profile;          /* empty: the CA's default */
};

/* FAULT_TOO_LONG where the body would be over BODY_MAX. */
enum fault request_for_challenge(struct request *, const struct evidence *);
enum fault request_for_certificate(struct request *, const struct evidence *,
	struct bytes challenge, const struct secret *ticket);

#endif
