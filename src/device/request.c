#include "request.h"

#include "encoding.h"

#include <openssl/crypto.h>
#include <string.h>

void request_wipe(struct request *request)
{
	OPENSSL_cleanse(request->text, sizeof(request->text));
}

static void put(struct request *request, const char *text)
{
	size_t len = strlen(text);

	if (request->fault != FAULT_NONE || len > BODY_MAX - request->len) {
		request->fault = FAULT_TOO_LONG;
		return;
	}
	memcpy(request->text + request->len, text, len + 1);
	request->len += len;
}

static void put_base64(struct request *request, struct bytes value)
{
	size_t capacity = BASE64_CAPACITY(value.len);

	put(request, "\"");
	if (request->fault != FAULT_NONE || capacity > BODY_MAX - request->len) {
		request->fault = FAULT_TOO_LONG;
		return;
	}
	base64_encode(value, request->text + request->len, capacity);
	request->len += capacity - 1;
	put(request, "\"");
}

static void put_member(struct request *request, const char *name, struct bytes value)
{
	put(request, request->len == 1 ? "\"" : ",\"");
	put(request, name);
	put(request, "\":");
	put_base64(request, value);
}

static void put_chain(struct request *request, const struct evidence *evidence)
{
	put(request, ",\"ekChain\":[");
	for (size_t i = 0; i < evidence->ek_chain_count; i++) {
		if (i > 0)
			put(request, ",");
		put_base64(request, evidence->ek_chain[i]);
	}
	put(request, "]");
}

static void put_profile(struct request *request, const char *profile)
{
	put(request, ",\"profile\":\"");
	put(request, profile);
	put(request, "\"");
}

static void put_evidence(struct request *request, const struct evidence *evidence)
{
	request->len = 0;
	request->fault = FAULT_NONE;
	put(request, "{");
	put_member(request, "csr", evidence->csr);
	put_member(request, "ikPublic", evidence->ik_public);
	put_member(request, "ekPublic", evidence->ek_public);
	if (evidence->ek_certificate.len > 0)
		put_member(request, "ekCertificate", evidence->ek_certificate);
	if (evidence->ek_chain_count > 0)
		put_chain(request, evidence);
	if (evidence->profile[0] != '\0')
		put_profile(request, evidence->profile);
}

enum fault request_for_challenge(struct request *request, const struct evidence *evidence)
{
	put_evidence(request, evidence);
	put(request, "}");
	return request->fault;
}

enum fault request_for_certificate(struct request *request, const struct evidence *evidence,
	struct bytes challenge, const struct secret *ticket)
{
	put_evidence(request, evidence);
	put_member(request, "challenge", challenge);
	put_member(request, "ticket", secret_bytes(ticket));
	put(request, "}");
	return request->fault;
}
