#include "commands.h"

#include "encoding.h"
#include "limits.h"
#include "operator_client.h"
#include "owned.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

OWNED_TYPE(BIO, BIO_free_all)
OWNED_TYPE(uint8_t, free)

/* The octets of the rows' der, put together in their order. The caller frees *out. */
static enum fault join(const struct rows *rows, uint8_t **out, size_t *len)
{
	owned(uint8_t) *der = malloc(CRL_MAX);
	size_t index, at = 0;
	json_t *row;

	if (der == NULL)
		return FAULT_NO_MEMORY;
	json_array_foreach(rows->list, index, row) {
		const char *text = json_string_value(json_object_get(row, "der"));
		struct bytes piece;

		if (text == NULL)
			return FAULT_INVALID;
		enum fault fault =
			base64_decode(bytes_of_string(text), der + at, CRL_MAX - at, &piece);
		if (fault != FAULT_NONE)
			return fault;
		at += piece.len;
	}
	*len = at;
	*out = owned_take(der);
	return at > 0 ? FAULT_NONE : FAULT_NOT_FOUND;
}

static enum fault write_list(const uint8_t *der, size_t len, bool is_der)
{
	bool is_done;

	if (is_der) {
		is_done = fwrite(der, 1, len, stdout) == len;
	} else {
		is_done = PEM_write(stdout, PEM_STRING_X509_CRL, "", der, (long)len) > 0;
	}
	return is_done && fflush(stdout) == 0 ? FAULT_NONE : FAULT_SYSTEM;
}

/* --json: the members of the first row, with the whole of der. */
static int print_json(const struct invocation *invocation, struct rows *rows, const uint8_t *der,
	size_t len)
{
	size_t capacity = BASE64_CAPACITY(len);
	char *text = malloc(capacity);
	json_t *first = json_array_get(rows->list, 0);

	if (text != NULL)
		base64_encode(bytes_of(der, len), text, capacity);
	if (text == NULL || json_object_set_new(first, "der", json_string(text)) != 0)
		rows->is_lost = true;
	free(text);
	return invocation_print(invocation, rows, ROWS_OBJECT);
}

static enum fault ask(
	const struct invocation *invocation, struct rows *rows, struct trouble *trouble)
{
	const struct order order = { .verb = "crl" };
	const struct row_sink sink = { rows_take, rows };
	struct operator_client client;
	struct trouble ignored;
	enum fault fault = operator_open(invocation->directory, &client, trouble);

	if (fault != FAULT_NONE)
		return fault;
	fault = operator_ask(&client, &order, &sink, trouble);
	/* A CA that has not run yet has none: the authority makes the first one. */
	if (fault == FAULT_NOT_FOUND && client.is_local) {
		client.needs_list = true;
		fault = operator_close(&client, trouble);
		if (fault == FAULT_NONE)
			fault = operator_open(invocation->directory, &client, trouble);
		if (fault != FAULT_NONE)
			return fault;
		fault = operator_ask(&client, &order, &sink, trouble);
	}
	(void)operator_close(&client, &ignored);
	return fault;
}

int command_crl(struct invocation *invocation)
{
	bool is_der = invocation_flag(invocation, "--der"),
	     is_pem = invocation_flag(invocation, "--pem");
	struct trouble trouble = { "" };
	owned_rows rows = { 0 };
	owned(uint8_t) *der = NULL;
	size_t len = 0;

	if (!invocation_is_good(invocation, 0, 0))
		return STATUS_USAGE;
	enum fault fault = rows_open(&rows);
	if (fault == FAULT_NONE)
		fault = ask(invocation, &rows, &trouble);
	if (fault == FAULT_NONE)
		fault = join(&rows, &der, &len);
	if (fault == FAULT_NONE && invocation->is_json)
		return print_json(invocation, &rows, der, len);
	if (fault == FAULT_NONE)
		fault = write_list(der, len, is_der && !is_pem);
	return invocation_fail(fault, &trouble);
}
