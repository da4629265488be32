#include "request_json.h"

#include "encoding.h"
#include "limits.h"
#include "memory_watch.h"
#include "owned.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

OWNED_TYPE(json_t, json_decref)

void request_json_open(uint32_t seed)
{
	json_set_alloc_funcs(memory_watch_malloc, free);
	json_object_seed(seed);
}

/* One reading: what it fills and where a refusal goes. The first failure sticks. */
struct reading {
	struct evidence evidence;
	uint8_t *free; /* where the next member's octets go */
	size_t free_len;
	struct refusal *refusal;
	enum fault fault;
};

__attribute__((format(printf, 3, 4)))
static void refuse(struct reading *reading, enum check check, const char *format, ...)
{
	char saw[SAW_MAX + 1];
	va_list arguments;

	if (reading->fault != FAULT_NONE)
		return;
	va_start(arguments, format);
	(void)vsnprintf(saw, sizeof(saw), format, arguments);
	va_end(arguments);
	refusal_set(reading->refusal, check, "%s", saw);
	reading->fault = FAULT_INVALID;
}

/* ---- binary members ---- */

/* The commonest ways to be wrong, told apart for whoever writes a client. */
static const char *base64_trouble(const char *text, size_t len)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t digits = strspn(text, alphabet);
	size_t end = digits + strspn(text + digits, "=");

	if (end < len && strchr(" \t\r\n", text[end]) != NULL)
		return "it contains white space";
	if (end < len && strchr("-_", text[end]) != NULL)
		return "it is of the URL alphabet";
	if (end < len)
		return "it contains a character that is no base64 digit";
	if (len % 4 != 0)
		return "its padding is missing or wrong";
	return "its padding is wrong or its trailing bits are not zero";
}

/* Decodes a string into a view of len_min to len_max octets. */
static struct bytes take_binary(struct reading *reading, const char *name, const json_t *value,
	size_t len_min, size_t len_max)
{
	struct bytes octets = { 0 };

	if (!json_is_string(value)) {
		refuse(reading, CHECK_JSON_SCHEMA, "%s is not a string", name);
		return octets;
	}
	const char *text = json_string_value(value);
	struct bytes view = bytes_of(text, json_string_length(value));
	if (base64_decode(view, reading->free, reading->free_len, &octets) != FAULT_NONE) {
		refuse(reading, CHECK_JSON_BASE64, "%s is not canonical base64: %s", name,
			base64_trouble(text, view.len));
		return (struct bytes){ 0 };
	}
	if (octets.len < len_min || octets.len > len_max) {
		refuse(reading, CHECK_MEMBER_SIZE, "%s has %zu octets, not %zu to %zu", name,
			octets.len, len_min, len_max);
		return (struct bytes){ 0 };
	}
	reading->free += octets.len;
	reading->free_len -= octets.len;
	return octets;
}

static void take_csr(struct reading *reading, const json_t *value)
{
	reading->evidence.csr = take_binary(reading, "csr", value, 1, CSR_MAX);
}

static void take_ik_public(struct reading *reading, const json_t *value)
{
	reading->evidence.ik_public = take_binary(reading, "ikPublic", value, 1, TPM2B_PUBLIC_MAX);
}

static void take_ek_public(struct reading *reading, const json_t *value)
{
	reading->evidence.ek_public = take_binary(reading, "ekPublic", value, 1, TPM2B_PUBLIC_MAX);
}

/* docs/PROTOCOL.md: left out where the TPM has none; empty is 400. */
static void take_ek_certificate(struct reading *reading, const json_t *value)
{
	reading->evidence.has_ek_certificate = true;
	reading->evidence.ek_certificate =
		take_binary(reading, "ekCertificate", value, 1, EK_CERTIFICATE_MAX);
}

static void take_ek_chain(struct reading *reading, const json_t *value)
{
	struct evidence *evidence = &reading->evidence;
	size_t count = json_array_size(value), total = 0;

	if (!json_is_array(value)) {
		refuse(reading, CHECK_JSON_SCHEMA, "ekChain is not an array");
		return;
	}
	if (count > EK_CHAIN_COUNT_MAX) {
		refuse(reading, CHECK_MEMBER_SIZE, "ekChain has %zu entries, not at most %d", count,
			EK_CHAIN_COUNT_MAX);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "ekChain[%zu]", i);
		evidence->ek_chain[i] = take_binary(reading, name, json_array_get(value, i), 1,
			EK_CHAIN_MAX);
		total += evidence->ek_chain[i].len;
	}
	evidence->ek_chain_count = count;
	if (total > EK_CHAIN_MAX)
		refuse(reading, CHECK_MEMBER_SIZE, "ekChain has %zu octets, not at most %d", total,
			EK_CHAIN_MAX);
}

static void take_challenge(struct reading *reading, const json_t *value)
{
	reading->evidence.challenge = take_binary(reading, "challenge", value, 1,
		CHALLENGE_HEADER_MAX);
}

static void take_ticket(struct reading *reading, const json_t *value)
{
	reading->evidence.ticket = take_binary(reading, "ticket", value, TICKET_SIZE, TICKET_SIZE);
}

/* Text, not base64. Copied, because the JSON value ends before the evidence does. */
static void take_profile(struct reading *reading, const json_t *value)
{
	size_t len = json_string_length(value);

	if (!json_is_string(value)) {
		refuse(reading, CHECK_JSON_SCHEMA, "profile is not a string");
		return;
	}
	if (len == 0 || len > PROFILE_NAME_MAX || len > reading->free_len) {
		refuse(reading, CHECK_MEMBER_SIZE, "profile has %zu octets, not 1 to %d", len,
			PROFILE_NAME_MAX);
		return;
	}
	memcpy(reading->free, json_string_value(value), len);
	reading->evidence.profile = bytes_of(reading->free, len);
	reading->free += len;
	reading->free_len -= len;
}

/* ---- the schema ---- */

enum presence { OPTIONAL, REQUIRED, REQUIRED_FOR_CERTIFICATE };

/* One row a member, in the order of docs/PROTOCOL.md. */
static const struct member {
	const char *name;
	enum presence presence;
	void (*take)(struct reading *, const json_t *);
} members[] = {
	{ "csr", REQUIRED, take_csr },
	{ "ikPublic", REQUIRED, take_ik_public },
	{ "ekPublic", REQUIRED, take_ek_public },
	{ "ekCertificate", OPTIONAL, take_ek_certificate },
	{ "ekChain", OPTIONAL, take_ek_chain },
	{ "profile", OPTIONAL, take_profile },
	{ "challenge", REQUIRED_FOR_CERTIFICATE, take_challenge },
	{ "ticket", REQUIRED_FOR_CERTIFICATE, take_ticket },
};

enum { MEMBER_COUNT = sizeof(members) / sizeof(members[0]) };

static bool is_of_act(const struct member *member, uint8_t act)
{
	return member->presence != REQUIRED_FOR_CERTIFICATE || act == ACT_CERTIFICATE;
}

static bool is_member(const char *name, uint8_t act)
{
	for (size_t i = 0; i < MEMBER_COUNT; i++) {
		if (strcmp(members[i].name, name) == 0)
			return is_of_act(&members[i], act);
	}
	return false;
}

static void check_names(struct reading *reading, json_t *object, uint8_t act)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value) {
		if (!is_member(name, act))
			refuse(reading, CHECK_JSON_SCHEMA, "%.48s is not a member of this request",
				name);
	}
}

static void take_members(struct reading *reading, const json_t *object, uint8_t act)
{
	for (size_t i = 0; i < MEMBER_COUNT; i++) {
		const json_t *value = json_object_get(object, members[i].name);

		if (!is_of_act(&members[i], act))
			continue;
		if (value != NULL)
			members[i].take(reading, value);
		else if (members[i].presence != OPTIONAL)
			refuse(reading, CHECK_JSON_SCHEMA, "%s is missing", members[i].name);
	}
}

/*
 * Whether the body is as small in shape as a request is, asked before the library sees it: it calls
 * itself for each level, where the stack of a process whose memory is locked may not grow, and
 * makes a value for each comma, 64 KiB of which are ten times the work of any request.
 */
static bool is_modest(struct bytes body, struct reading *reading)
{
	size_t depth = 0, commas = 0;
	bool is_in_string = false;

	for (size_t i = 0; i < body.len && reading->fault == FAULT_NONE; i++) {
		uint8_t c = body.data[i];

		if (is_in_string && c == '\\')
			i++;
		else if (c == '"')
			is_in_string = !is_in_string;
		else if (!is_in_string && (c == '[' || c == '{') && ++depth > JSON_DEPTH_MAX)
			refuse(reading, CHECK_JSON_FORM, "a depth of more than %d", JSON_DEPTH_MAX);
		else if (!is_in_string && (c == ']' || c == '}') && depth > 0)
			depth--;
		else if (!is_in_string && c == ',' && ++commas > JSON_COMMA_COUNT_MAX)
			refuse(reading, CHECK_JSON_FORM, "more than %d commas", JSON_COMMA_COUNT_MAX);
	}
	return reading->fault == FAULT_NONE;
}

/* RFC 8259; an object without duplicates. NULL where it is not one. */
static json_t *parse(struct reading *reading, struct bytes body)
{
	json_error_t error;

	/* Nowhere in JSON; the library passes over one behind a number, true, false or null. */
	if (memchr(body.data, 0, body.len) != NULL)
		refuse(reading, CHECK_JSON_FORM, "an octet of 0");
	if (reading->fault != FAULT_NONE || !is_modest(body, reading))
		return NULL;
	json_t *value = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES,
		&error);

	if (value == NULL)
		refuse(reading, CHECK_JSON_FORM, "line %d, column %d: %.80s", error.line,
			error.column, error.text);
	else if (!json_is_object(value))
		refuse(reading, CHECK_JSON_FORM, "the body is not an object");
	return value;
}

enum fault request_json_read(struct bytes body, uint8_t act, struct evidence_octets *octets,
	struct evidence *out, struct refusal *refusal)
{
	struct reading reading = { .evidence = { .act = act,
		.profile = BYTES_OF_LITERAL("device") },
		.free = octets->data, .free_len = sizeof(octets->data), .refusal = refusal };

	memory_watch_begin();
	if (body.len == 0)
		refuse(&reading, CHECK_JSON_FORM, "the body is empty");
	owned(json_t) *object = body.len == 0 ? NULL : parse(&reading, body);
	if (reading.fault == FAULT_NONE) {
		check_names(&reading, object, act);
		take_members(&reading, object, act);
	}
	if (memory_watch_has_failed()) {
		refusal_set(refusal, CHECK_BACK_END, "the front had no memory");
		return FAULT_NO_MEMORY;
	}
	if (reading.fault == FAULT_NONE)
		*out = reading.evidence;
	return reading.fault;
}
