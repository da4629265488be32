#include "trust_store.h"

#include "owned.h"
#include "trust.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

OWNED_TYPE(BIO, BIO_free_all)
OWNED_TYPE(X509, X509_free)
OWNED_TYPE(X509_CRL, X509_CRL_free)
OWNED_TYPE(uint8_t, free)

enum { PATH_CAPACITY = DIGEST_HEX_CAPACITY + 16, ID_DIGITS_MIN = 4 };

/* ---- trying out ---- */

static bool is_in_batch(const struct trust_batch *batch, const char *name)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (strcmp(batch->items[i].name, name) == 0)
			return true;
	}
	return false;
}

/* whence: the file that is imported, or the one in trust/. */
static enum fault try_anchor(struct trust_set *trust, const char *marks, struct bytes der,
	const char *whence, struct trouble *trouble)
{
	enum fault fault = trust_add_anchor(trust, bytes_of_string(marks), der);

	if (fault == FAULT_NONE)
		return FAULT_NONE;
	return trouble_say(trouble, fault, "%s: %s", whence,
		fault == FAULT_DENIED
			? "it may not issue EK certificates (keyUsage or extendedKeyUsage)"
		: fault == FAULT_UNSUPPORTED ? "its key is of a kind that is not known"
					     : fault_text(fault));
}

/* The list's file is its DER; the caller frees *out. */
static enum fault read_crl(const struct trust_crl_file *crl, uint8_t **out, size_t *len)
{
	owned(uint8_t) *octets = malloc(TRUST_CRL_MAX);
	ssize_t got = octets == NULL ? -1 : pread(crl->descriptor, octets, TRUST_CRL_MAX, 0);

	if (got <= 0)
		return FAULT_SYSTEM;
	*len = (size_t)got;
	*out = owned_take(octets);
	return FAULT_NONE;
}

static enum fault try_crl(struct trust_set *trust, struct bytes der, const char *whence,
	struct trouble *trouble)
{
	enum fault fault = trust_add_crl(trust, der);

	if (fault == FAULT_NONE)
		return FAULT_NONE;
	return trouble_say(trouble, fault, "%s: revocation list: %s", whence, fault_text(fault));
}

/* What is there now, but what the batch brings anew and what is to be left out. */
static enum fault try_present(struct trust_set *trust, const struct anchors *present,
	const struct trust_batch *batch, const char *left_out, struct trouble *trouble)
{
	enum fault fault = FAULT_NONE;

	for (size_t i = 0; i < present->count && fault == FAULT_NONE; i++) {
		const struct anchor *anchor = &present->list[i];

		if (!is_in_batch(batch, anchor->name) && strcmp(anchor->name, left_out) != 0)
			fault = try_anchor(trust, anchor->marks, bytes_of(anchor->der, anchor->len),
				anchor->name, trouble);
	}
	for (size_t i = 0; i < present->crl_count && fault == FAULT_NONE; i++) {
		const struct trust_crl_file *crl = &present->crls[i];
		owned(uint8_t) *der = NULL;
		size_t len = 0;

		if (is_in_batch(batch, crl->name) || strcmp(crl->name, left_out) == 0)
			continue;
		fault = read_crl(crl, &der, &len);
		if (fault == FAULT_NONE)
			fault = try_crl(trust, bytes_of(der, len), crl->name, trouble);
	}
	return fault;
}

static enum fault try_batch(struct trust_set *trust, const struct trust_batch *batch,
	struct trouble *trouble)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct trust_item *item = &batch->items[i];
		const struct bytes der = bytes_of(item->der, item->len);
		enum fault fault = item->is_crl ? try_crl(trust, der, item->file, trouble) :
			try_anchor(trust, batch->marks, der, item->file, trouble);

		if (fault != FAULT_NONE)
			return fault;
	}
	return FAULT_NONE;
}

static enum fault try_out(const struct anchors *present, const struct trust_batch *batch,
	const char *left_out, struct trouble *trouble)
{
	struct trust_set *trust;
	enum fault fault = trust_open(&trust);

	if (fault != FAULT_NONE)
		return trouble_say(trouble, fault, "%s", fault_text(fault));
	fault = try_present(trust, present, batch, left_out, trouble);
	if (fault == FAULT_NONE)
		fault = try_batch(trust, batch, trouble);
	if (fault == FAULT_NONE && (fault = trust_seal(trust)) != FAULT_NONE)
		(void)trouble_say(trouble, FAULT_DENIED, fault == FAULT_NOT_FOUND ?
			"a revocation list would be there that no imported CA has signed" : "%s",
			fault_text(fault));
	trust_close(trust);
	return fault;
}

/* ---- writing ---- */

static void describe_name(BIO *text, const char *label, const X509_NAME *name)
{
	(void)BIO_printf(text, "%s: ", label);
	(void)X509_NAME_print_ex(text, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	(void)BIO_puts(text, "\n");
}

/* Readable lines, then the PEM; "marks:" is the line that counts. The caller frees it. */
static BIO *text_of_certificate(const struct trust_item *item, const char *marks)
{
	const uint8_t *at = item->der;
	owned(X509) *certificate = d2i_X509(NULL, &at, (long)item->len);
	owned(BIO) *text = BIO_new(BIO_s_mem());

	if (certificate == NULL || text == NULL)
		return NULL;
	describe_name(text, "subject", X509_get_subject_name(certificate));
	describe_name(text, "issuer", X509_get_issuer_name(certificate));
	/* Without the line an anchor would vouch for more than it was imported for. */
	bool is_marked = BIO_printf(text, "sha256: %s\nmarks: %s\n", item->name, marks) > 0;
	return is_marked && PEM_write_bio(text, PEM_STRING_X509, "", item->der, (long)item->len) > 0 ?
		owned_take(text) : NULL;
}

static enum fault write_item(const struct folder *folder, const struct trust_item *item,
	const char *marks, struct trouble *trouble)
{
	char path[PATH_CAPACITY];
	const mode_t mode = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;

	(void)snprintf(path, sizeof(path), "trust/%s.%s", item->name, item->is_crl ? "crl" : "pem");
	if (item->is_crl)
		return folder_replace(folder, path, mode, bytes_of(item->der, item->len), trouble);
	owned(BIO) *text = text_of_certificate(item, marks);
	const char *octets = NULL;
	long len = text == NULL ? 0 : BIO_get_mem_data(text, &octets);
	if (len <= 0)
		return trouble_say(trouble, FAULT_NO_MEMORY, "out of memory");
	return folder_replace(folder, path, mode, bytes_of(octets, (size_t)len), trouble);
}

static bool is_present(const struct anchors *present, const char *name)
{
	for (size_t i = 0; i < present->count; i++) {
		if (strcmp(present->list[i].name, name) == 0)
			return true;
	}
	for (size_t i = 0; i < present->crl_count; i++) {
		if (strcmp(present->crls[i].name, name) == 0)
			return true;
	}
	return false;
}

/* The same certificate may stand in a file and in its bundle. */
static bool is_earlier_in_batch(const struct trust_batch *batch, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (strcmp(batch->items[i].name, batch->items[index].name) == 0)
			return true;
	}
	return false;
}

static enum fault write_kind(const struct folder *folder, const struct trust_batch *batch, bool is_crl,
	const struct anchors *present, size_t *added, struct trouble *trouble)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->items[i].is_crl != is_crl || is_earlier_in_batch(batch, i))
			continue;
		enum fault fault = write_item(folder, &batch->items[i], batch->marks, trouble);

		if (fault != FAULT_NONE)
			return fault;
		*added += !is_present(present, batch->items[i].name);
	}
	return FAULT_NONE;
}

/* A list after whoever signed it: with a list that nobody signed no server starts. */
static enum fault write_batch(const struct folder *folder, const struct trust_batch *batch,
	const struct anchors *present, size_t *added, struct trouble *trouble)
{
	enum fault fault = write_kind(folder, batch, false, present, added, trouble);

	return fault != FAULT_NONE ? fault :
		write_kind(folder, batch, true, present, added, trouble);
}

enum fault trust_batch_import(const struct trust_batch *batch, const struct folder *folder,
	size_t *added, struct trouble *trouble)
{
	struct anchors present;
	enum fault fault = anchors_read(folder, &present, trouble);

	if (fault != FAULT_NONE)
		return fault;
	*added = 0;
	fault = try_out(&present, batch, "", trouble);
	if (fault == FAULT_NONE)
		fault = write_batch(folder, batch, &present, added, trouble);
	anchors_close(&present);
	return fault;
}

/* ---- listing ---- */

static json_t *text_of_name(const X509_NAME *name)
{
	owned(BIO) *memory = BIO_new(BIO_s_mem());
	const char *text = NULL;

	if (memory == NULL)
		return NULL;
	(void)X509_NAME_print_ex(memory, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	long len = BIO_get_mem_data(memory, &text);
	json_t *value = json_stringn(text, (size_t)len);
	/* A vendor's name may be in no encoding that it claims. */
	return value != NULL ? value : json_string("(not UTF-8)");
}

static json_t *text_of_time(const ASN1_TIME *time)
{
	char text[32] = "unknown";
	struct tm utc;

	if (time != NULL && ASN1_TIME_to_tm(time, &utc) == 1)
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return json_string(text);
}

static json_t *describe_anchor(const struct anchor *anchor)
{
	const uint8_t *at = anchor->der;
	owned(X509) *certificate = d2i_X509(NULL, &at, (long)anchor->len);

	if (certificate == NULL)
		return NULL;
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:s}", "id", anchor->name, "kind",
		"certificate", "subject", text_of_name(X509_get_subject_name(certificate)),
		"issuer", text_of_name(X509_get_issuer_name(certificate)), "not_after",
		text_of_time(X509_get0_notAfter(certificate)), "marks", anchor->marks);
}

static json_t *describe_crl(const struct trust_crl_file *file)
{
	owned(uint8_t) *der = NULL;
	size_t len = 0;
	const uint8_t *at;

	if (read_crl(file, &der, &len) != FAULT_NONE)
		return NULL;
	at = der;
	owned(X509_CRL) *crl = d2i_X509_CRL(NULL, &at, (long)len);
	if (crl == NULL)
		return NULL;
	return json_pack("{s:s, s:s, s:n, s:o, s:o, s:s}", "id", file->name, "kind", "crl",
		"subject", "issuer", text_of_name(X509_CRL_get_issuer(crl)), "not_after",
		text_of_time(X509_CRL_get0_nextUpdate(crl)), "marks", "");
}

enum fault trust_describe(const struct folder *folder, json_t *list, struct trouble *trouble)
{
	struct anchors present;
	enum fault fault = anchors_read(folder, &present, trouble);
	bool is_done = true;

	if (fault != FAULT_NONE)
		return fault;
	for (size_t i = 0; i < present.count; i++)
		is_done = is_done &&
			  json_array_append_new(list, describe_anchor(&present.list[i])) == 0;
	for (size_t i = 0; i < present.crl_count; i++)
		is_done =
			is_done && json_array_append_new(list, describe_crl(&present.crls[i])) == 0;
	anchors_close(&present);
	return is_done ? FAULT_NONE
		       : trouble_say(trouble, FAULT_NO_MEMORY, "trust/ cannot be described");
}

/* ---- removing ---- */

/* The one entry whose name begins so. Every name begins with a script's empty variable. */
static enum fault find_one(const struct anchors *present, const char *prefix, const char **name,
	bool *is_crl, struct trouble *trouble)
{
	size_t found = 0;

	if (strlen(prefix) < ID_DIGITS_MIN)
		return trouble_say(trouble, FAULT_INVALID,
			"give the first %d digits of the id, or more of them", ID_DIGITS_MIN);
	for (size_t i = 0; i < present->count + present->crl_count; i++) {
		bool is_list = i >= present->count;
		const char *candidate = is_list ? present->crls[i - present->count].name :
			present->list[i].name;

		if (strncmp(candidate, prefix, strlen(prefix)) != 0)
			continue;
		found++;
		*name = candidate;
		*is_crl = is_list;
	}
	if (found == 1)
		return FAULT_NONE;
	return trouble_say(trouble, found == 0 ? FAULT_NOT_FOUND : FAULT_INVALID, found == 0 ?
		"nothing in trust has an id that begins with %.64s" :
		"more than one id begins with %.64s: give more digits of it", prefix);
}

enum fault trust_remove(const struct folder *folder, const char *prefix,
	char removed[DIGEST_HEX_CAPACITY], struct trouble *trouble)
{
	const struct trust_batch nothing = { 0 };
	char path[PATH_CAPACITY];
	struct anchors present;
	const char *name = "";
	bool is_crl = false;
	enum fault fault = anchors_read(folder, &present, trouble);

	if (fault != FAULT_NONE)
		return fault;
	fault = find_one(&present, prefix, &name, &is_crl, trouble);
	if (fault == FAULT_NONE)
		fault = try_out(&present, &nothing, name, trouble);
	if (fault == FAULT_NONE) {
		memcpy(removed, name, DIGEST_HEX_CAPACITY);
		(void)snprintf(path, sizeof(path), "trust/%s.%s", name, is_crl ? "crl" : "pem");
		fault = folder_remove(folder, path, trouble);
	}
	anchors_close(&present);
	return fault;
}
