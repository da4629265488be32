#include "trust_store.h"

#include "certificate_facts.h"
#include "encoding.h"
#include "owned.h"
#include "pem_end.h"
#include "software_tpm.h"
#include "trust_marks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

OWNED_TYPE(BIO, BIO_free_all)
OWNED_TYPE(DIR, closedir)
OWNED_TYPE(X509, X509_free)
OWNED_TYPE(X509_CRL, X509_CRL_free)
OWNED_TYPE(uint8_t, free)

enum { IMPORT_FILE_MAX = 16 * 1024 * 1024, MARK_COUNT_MAX = 16 };

/* ---- marks ---- */

static int compare_marks(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void join_marks(char **marks, size_t count, char *out)
{
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		if (i > 0 && strcmp(marks[i - 1], marks[i]) == 0)
			continue;
		len += (size_t)sprintf(out + len, "%s%s", len == 0 ? "" : ",", marks[i]);
	}
}

enum fault trust_marks_normalise(const char *text, char out[MARKS_TEXT_MAX + 1],
	struct trouble *trouble)
{
	struct trust_marks parsed;
	char copy[MARKS_TEXT_MAX + 1], *rest = copy, *marks[MARK_COUNT_MAX];
	size_t count = 0;

	out[0] = '\0';
	if (text[0] == '\0')
		return FAULT_NONE;
	if (strlen(text) > MARKS_TEXT_MAX ||
			trust_marks_read(bytes_of_string(text), &parsed) != FAULT_NONE)
		return trouble_say(trouble, FAULT_INVALID,
			"%.200s: marks are ek-only, hints, sha1 and "
			"manufacturer=ID (such as IFX or 49465800), with commas between them",
			text);
	memcpy(copy, text, strlen(text) + 1);
	while (rest != NULL && count < MARK_COUNT_MAX)
		marks[count++] = strsep(&rest, ",");
	if (rest != NULL)
		return trouble_say(trouble, FAULT_INVALID, "more than %d marks", MARK_COUNT_MAX);
	qsort(marks, count, sizeof(marks[0]), compare_marks);
	join_marks(marks, count, out);
	return FAULT_NONE;
}

/* ---- one item ---- */

static enum fault append(struct trust_batch *batch, bool is_crl, const char *path, struct bytes der)
{
	struct trust_item item = { .is_crl = is_crl, .len = der.len, .der = malloc(der.len) };
	size_t path_len = strlen(path);
	uint8_t digest[32];

	if (batch->count == batch->capacity) {
		size_t capacity = batch->capacity == 0 ? 16 : 2 * batch->capacity;
		struct trust_item *items = realloc(batch->items, capacity * sizeof(*items));

		if (items != NULL) {
			batch->items = items;
			batch->capacity = capacity;
		}
	}
	if (item.der == NULL || batch->count == batch->capacity ||
			EVP_Q_digest(NULL, "SHA256", NULL, der.data, der.len, digest, NULL) != 1) {
		free(item.der);
		return FAULT_NO_MEMORY;
	}
	memcpy(item.der, der.data, der.len);
	(void)snprintf(item.file, sizeof(item.file), "%s",
		path + (path_len > TRUST_FILE_NAME_MAX ? path_len - TRUST_FILE_NAME_MAX : 0));
	hex_encode(BYTES_OF_ARRAY(digest), item.name, sizeof(item.name));
	batch->items[batch->count++] = item;
	return FAULT_NONE;
}

static enum fault add_certificate(struct trust_batch *batch, const char *path, struct bytes der,
	struct trouble *trouble)
{
	owned(X509) *certificate = NULL;

	if (der.len > ANCHOR_MAX || certificate_open(der, &certificate) != FAULT_NONE)
		return trouble_say(
			trouble, FAULT_INVALID, "%s: not a certificate that can be read", path);
	struct basic_constraints constraints = certificate_basic_constraints(certificate);
	if (constraints.presence != EXTENSION_PRESENT || !constraints.is_ca)
		return trouble_say(trouble, FAULT_DENIED,
			"%s: not a CA's certificate (RFC 5280, 4.2.1.9); "
			"a TPM's own certificate belongs into a manifest",
			path);
	const char *word = software_tpm_vendor(certificate);
	if (word != NULL && !batch->is_laboratory)
		return trouble_say(trouble, FAULT_DENIED,
			"%s: \"%s\" says that its TPMs are software, whose "
			"keys can be copied; only a CA made with init --laboratory takes it",
			path, word);
	return append(batch, false, path, der);
}

static enum fault add_crl(struct trust_batch *batch, const char *path, struct bytes der,
	struct trouble *trouble)
{
	const uint8_t *at = der.data;
	owned(X509_CRL) *crl = d2i_X509_CRL(NULL, &at, (long)der.len);

	if (crl == NULL || at != der.data + der.len || der.len > TRUST_CRL_MAX)
		return trouble_say(trouble, FAULT_INVALID,
			"%s: neither a certificate nor a revocation list that can be read", path);
	return append(batch, true, path, der);
}

/* ---- one file ---- */

static enum fault add_pem_block(struct trust_batch *batch, const char *path, const char *name,
	struct bytes der, struct trouble *trouble)
{
	if (strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0)
		return add_certificate(batch, path, der, trouble);
	if (strcmp(name, PEM_STRING_X509_CRL) == 0)
		return add_crl(batch, path, der, trouble);
	return trouble_say(
		trouble, FAULT_INVALID, "%s: holds %.60s, which is no certificate", path, name);
}

static enum fault add_pem(struct trust_batch *batch, const char *path, struct bytes file,
	struct trouble *trouble)
{
	owned(BIO) *memory = BIO_new_mem_buf(file.data, (int)file.len);
	size_t before = batch->count;
	char *name, *header;
	uint8_t *der;
	long len;

	ERR_clear_error();
	while (memory != NULL && PEM_read_bio(memory, &name, &header, &der, &len) == 1) {
		enum fault fault =
			add_pem_block(batch, path, name, bytes_of(der, (size_t)len), trouble);

		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(der);
		if (fault != FAULT_NONE)
			return fault;
	}
	if (batch->count == before)
		return trouble_say(trouble, FAULT_INVALID, "%s: no PEM in it can be read", path);
	if (!pem_has_ended())
		return trouble_say(trouble, FAULT_INVALID,
			"%s: a PEM in it cannot be read, behind %zu that can", path,
			batch->count - before);
	return FAULT_NONE;
}

static enum fault add_octets(struct trust_batch *batch, const char *path, struct bytes file,
	struct trouble *trouble)
{
	static const char pem[] = "-----BEGIN ";
	owned(X509) *certificate = NULL;

	if (memmem(file.data, file.len, pem, sizeof(pem) - 1) != NULL)
		return add_pem(batch, path, file, trouble);
	if (certificate_open(file, &certificate) == FAULT_NONE)
		return add_certificate(batch, path, file, trouble);
	return add_crl(batch, path, file, trouble);
}

static enum fault add_file(struct trust_batch *batch, const char *path, struct trouble *trouble)
{
	owned(uint8_t) *octets = malloc(IMPORT_FILE_MAX);
	owned_descriptor file = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got = 1;

	if (octets == NULL)
		return trouble_say(trouble, FAULT_NO_MEMORY, "out of memory");
	while (file >= 0 && len < IMPORT_FILE_MAX &&
		(got = read(file, octets + len, IMPORT_FILE_MAX - len)) > 0)
		len += (size_t)got;
	if (file < 0 || got < 0)
		return trouble_say(trouble, FAULT_SYSTEM, "%s: %s", path, strerror(errno));
	if (len == IMPORT_FILE_MAX || len == 0)
		return trouble_say(trouble, FAULT_INVALID, "%s: is empty or too long", path);
	return add_octets(batch, path, bytes_of(octets, len), trouble);
}

/* ---- a folder ---- */

static bool is_certificate_file(const char *name)
{
	static const char *const endings[] = { ".pem", ".crt", ".cer", ".der", ".crl" };
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot != NULL && dot != name && i < sizeof(endings) / sizeof(endings[0]);
		i++) {
		if (strcasecmp(dot, endings[i]) == 0)
			return true;
	}
	return false;
}

static enum fault add_folder(struct trust_batch *batch, const char *path, struct trouble *trouble)
{
	owned(DIR) *directory = opendir(path);
	size_t before = batch->count;
	const struct dirent *entry;

	if (directory == NULL)
		return trouble_say(trouble, FAULT_SYSTEM, "%s: %s", path, strerror(errno));
	while ((entry = readdir(directory)) != NULL) {
		char file[4096];

		if (!is_certificate_file(entry->d_name))
			continue;
		if (snprintf(file, sizeof(file), "%s/%s", path, entry->d_name) >= (int)sizeof(file))
			return trouble_say(
				trouble, FAULT_TOO_LONG, "%s: the path is too long", path);
		enum fault fault = add_file(batch, file, trouble);
		if (fault != FAULT_NONE)
			return fault;
	}
	if (batch->count == before)
		return trouble_say(trouble, FAULT_INVALID,
			"%s: no file in it ends in .pem, .crt, .cer, .der or .crl", path);
	return FAULT_NONE;
}

enum fault trust_batch_add(struct trust_batch *batch, const char *path, struct trouble *trouble)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return trouble_say(trouble, FAULT_NOT_FOUND, "%s: %s", path, strerror(errno));
	return S_ISDIR(status.st_mode) ? add_folder(batch, path, trouble)
				       : add_file(batch, path, trouble);
}

void trust_batch_close(struct trust_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		free(batch->items[i].der);
	free(batch->items);
}
