#include "commands.h"

#include "operator_client.h"
#include "owned.h"
#include "pem_password.h"
#include "shared_factors.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

OWNED_TYPE(BIO, BIO_free_all)
OWNED_TYPE(X509, X509_free)

/* The RSA identity keys of all recorded certificates, each once: its modulus, and whose it is. */
struct keys {
	json_t *seen; /* by IK id; other kinds of keys as well */
	json_t **rows; /* serial, ik_id, number */
	BIGNUM **moduli, **shared;
	size_t count, capacity;
};

static void keys_close(struct keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		json_decref(keys->rows[i]);
		BN_free(keys->moduli[i]);
		BN_free(keys->shared[i]);
	}
	free(keys->rows);
	free(keys->moduli);
	free(keys->shared);
	json_decref(keys->seen);
}

#define owned_keys __attribute__((cleanup(keys_close))) struct keys

static bool keys_open(struct keys *keys, size_t capacity)
{
	keys->capacity = capacity;
	keys->seen = json_object();
	keys->rows = calloc(capacity + 1, sizeof(json_t *));
	keys->moduli = calloc(capacity + 1, sizeof(BIGNUM *));
	keys->shared = calloc(capacity + 1, sizeof(BIGNUM *));
	return keys->seen != NULL && keys->rows != NULL && keys->moduli != NULL &&
		keys->shared != NULL;
}

static const char *text_of(const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text != NULL ? text : "";
}

/* *out stays NULL where the certificate's key is no RSA key. */
static enum fault modulus_of(const char *pem, BIGNUM **out)
{
	owned(BIO) *file = BIO_new_mem_buf(pem, -1);
	owned(X509) *certificate = file != NULL ? PEM_read_bio_X509(file, NULL, pem_no_password, NULL)
		: NULL;
	const EVP_PKEY *key = certificate != NULL ? X509_get0_pubkey(certificate) : NULL;

	if (key == NULL)
		return FAULT_INVALID;
	if (EVP_PKEY_is_a(key, "RSA") &&
			EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, out) != 1)
		return FAULT_NO_MEMORY;
	return FAULT_NONE;
}

/* One that cannot be looked at is not passed over: it could be the one that shares a prime. */
static enum fault take_certificate(struct keys *keys, const json_t *shown, struct trouble *trouble)
{
	const char *ik_id = text_of(shown, "ik_id");
	BIGNUM *modulus = NULL;

	if (json_object_get(keys->seen, ik_id) != NULL)
		return FAULT_NONE;
	if (json_object_set_new(keys->seen, ik_id, json_true()) != 0)
		return FAULT_NO_MEMORY;
	enum fault fault = modulus_of(text_of(shown, "certificate"), &modulus);

	if (fault != FAULT_NONE)
		return trouble_say(trouble, fault, "the certificate %s cannot be read: %s",
			text_of(shown, "number"), fault_text(fault));
	if (modulus == NULL)
		return FAULT_NONE;
	keys->moduli[keys->count] = modulus;
	keys->shared[keys->count] = BN_new();
	keys->rows[keys->count] = json_pack("{s:s, s:s, s:s}", "serial", text_of(shown, "serial"),
		"ik_id", ik_id, "number", text_of(shown, "number"));
	keys->count++;
	return keys->shared[keys->count - 1] != NULL && keys->rows[keys->count - 1] != NULL ?
		FAULT_NONE : FAULT_NO_MEMORY;
}

static enum fault ask(struct operator_client *client, const char *verb, const char *argument,
	struct rows *rows, struct trouble *trouble)
{
	const struct order order = { verb, argument != NULL, { argument } };
	const struct row_sink sink = { rows_take, rows };
	enum fault fault = rows_open(rows);

	return fault == FAULT_NONE ? operator_ask(client, &order, &sink, trouble) : fault;
}

static enum fault take_all(struct operator_client *client, struct keys *keys,
	struct trouble *trouble)
{
	owned_rows all = { 0 };
	size_t index;
	json_t *row;
	enum fault fault = ask(client, "certificate list", NULL, &all, trouble);

	if (fault == FAULT_NONE && !keys_open(keys, json_array_size(all.list)))
		fault = FAULT_NO_MEMORY;
	json_array_foreach(all.list, index, row) {
		owned_rows shown = { 0 };

		if (fault == FAULT_NONE)
			fault = ask(client, "certificate show", text_of(row, "number"), &shown, trouble);
		if (fault == FAULT_NONE)
			fault = take_certificate(keys, json_array_get(shown.list, 0), trouble);
	}
	return fault;
}

static int tell(const struct invocation *invocation, const struct keys *keys)
{
	owned_rows found = { 0 };
	struct trouble trouble = { "" };
	enum fault fault = rows_open(&found);

	if (fault != FAULT_NONE)
		return invocation_fail(fault, &trouble);
	for (size_t i = 0; i < keys->count; i++) {
		if (!BN_is_one(keys->shared[i]) && !BN_is_zero(keys->shared[i]))
			rows_add(&found, json_incref(keys->rows[i]));
	}
	size_t count = json_array_size(found.list);
	int status = invocation_print(invocation, &found, ROWS_LIST);

	if (status == STATUS_DONE && count == 0 && !invocation->is_json)
		(void)printf("none of %zu RSA keys shares a factor with another\n", keys->count);
	if (status != STATUS_DONE || count == 0)
		return status;
	fault = trouble_say(&trouble, FAULT_DENIED, "%zu keys share a factor with another one: whoever "
		"has the certificates can compute them. `genuine-ca ban add ik IK_ID` refuses a key, "
		"`genuine-ca certificate revoke SERIAL` ends its certificates", count);
	return invocation_fail(fault, &trouble);
}

int command_certificate_factors(struct invocation *invocation)
{
	owned_keys keys = { 0 };
	struct operator_client client;
	struct trouble trouble = { "" }, ignored;

	if (!invocation_is_good(invocation, 0, 0))
		return STATUS_USAGE;
	enum fault fault = operator_open(invocation->directory, &client, &trouble);

	if (fault != FAULT_NONE)
		return invocation_fail(fault, &trouble);
	fault = take_all(&client, &keys, &trouble);
	(void)operator_close(&client, &ignored);
	if (fault == FAULT_NONE && keys.count > 1)
		fault = shared_factors_find(keys.moduli, keys.count, keys.shared);
	if (fault != FAULT_NONE)
		return invocation_fail(fault, &trouble);
	return tell(invocation, &keys);
}
