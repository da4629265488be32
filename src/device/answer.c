#include "answer.h"

#include "encoding.h"
#include "log.h"
#include "owned.h"

#include <jansson.h>

OWNED_TYPE(json_t, json_decref)

static json_t *object_of(struct bytes body)
{
	json_t *root = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, NULL);

	if (root != NULL && !json_is_object(root)) {
		json_decref(root);
		root = NULL;
	}
	return root;
}

/* Exactly two members, both strings. */
static enum fault two_strings(
	json_t *root, const char *first, const char **a, const char *second, const char **b)
{
	if (root == NULL ||
		json_unpack_ex(root, NULL, JSON_STRICT, "{s:s, s:s}", first, a, second, b) != 0)
		return FAULT_INVALID;
	return FAULT_NONE;
}

enum fault answer_challenge(struct bytes body, struct challenge *out)
{
	owned(json_t) *root = object_of(body);
	const char *credential, *header;
	struct challenge challenge;
	struct bytes decoded;

	enum fault fault = two_strings(root, "credential", &credential, "challenge", &header);
	if (fault == FAULT_NONE)
		fault = base64_decode(bytes_of_string(credential), challenge.credential,
			sizeof(challenge.credential), &decoded);
	if (fault != FAULT_NONE)
		return fault;
	challenge.credential_len = decoded.len;
	fault = base64_decode(
		bytes_of_string(header), challenge.header, sizeof(challenge.header), &decoded);
	if (fault == FAULT_NONE && decoded.len != CHALLENGE_HEADER_SIZE)
		fault = FAULT_INVALID;
	if (fault == FAULT_NONE)
		*out = challenge;
	return fault;
}

static enum fault copy_pem(const char *text, char *out)
{
	size_t len = strlen(text);

	if (len > PEM_MAX)
		return FAULT_TOO_LONG;
	memcpy(out, text, len + 1);
	return FAULT_NONE;
}

enum fault answer_issued(struct bytes body, struct issued *out)
{
	owned(json_t) *root = object_of(body);
	const char *certificate, *chain;

	enum fault fault = two_strings(root, "certificate", &certificate, "chain", &chain);
	if (fault == FAULT_NONE)
		fault = copy_pem(certificate, out->certificate);
	return fault == FAULT_NONE ? copy_pem(chain, out->chain) : fault;
}

static void copy_text(const json_t *root, const char *name, char *out, size_t capacity)
{
	const char *text = json_string_value(json_object_get(root, name));

	if (text != NULL)
		log_escape(bytes_of_string(text), out, capacity);
}

/* A reference is shown within a command to type: nothing but what the CA's are made of. */
static bool is_reference(const char *text)
{
	return strspn(text, "0123456789abcdef") == strlen(text);
}

struct problem answer_problem(struct bytes body)
{
	owned(json_t) *root = object_of(body);
	struct problem problem = { 0 };

	copy_text(root, "title", problem.detail, sizeof(problem.detail));
	copy_text(root, "detail", problem.detail, sizeof(problem.detail));
	copy_text(root, "reference", problem.reference, sizeof(problem.reference));
	if (!is_reference(problem.reference))
		problem.reference[0] = '\0';
	return problem;
}
