#include "anchors.h"

#include "encoding.h"
#include "owned.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

OWNED_TYPE(BIO, BIO_free_all)
OWNED_TYPE(DIR, closedir)

static const char marks_label[] = "marks:";

/* ---- one file ---- */

/* The value of the line "marks: …" before the PEM; empty where there is no such line. */
static enum fault marks_of_text(struct bytes file, char out[MARKS_TEXT_MAX + 1])
{
	out[0] = '\0';
	while (file.len > 0 && file.data[0] != '-') {
		const uint8_t *end = memchr(file.data, '\n', file.len);
		size_t len = end == NULL ? file.len : (size_t)(end - file.data);
		const size_t label_len = strlen(marks_label);

		if (len > label_len && memcmp(file.data, marks_label, label_len) == 0) {
			size_t begin = label_len + (file.data[label_len] == ' ');

			if (len - begin > MARKS_TEXT_MAX)
				return FAULT_TOO_LONG;
			memcpy(out, file.data + begin, len - begin);
			out[len - begin] = '\0';
		}
		len += end != NULL;
		file = bytes_of(file.data + len, file.len - len);
	}
	return FAULT_NONE;
}

static enum fault name_of_der(const uint8_t *der, size_t len, char out[DIGEST_HEX_CAPACITY])
{
	uint8_t digest[32];

	if (EVP_Q_digest(NULL, "SHA256", NULL, der, len, digest, NULL) != 1)
		return FAULT_CRYPTO;
	hex_encode(BYTES_OF_ARRAY(digest), out, DIGEST_HEX_CAPACITY);
	return FAULT_NONE;
}

/* The DER of the one certificate in PEM; the caller frees it with OPENSSL_free. */
static enum fault der_of_pem(struct bytes file, uint8_t **der, size_t *len)
{
	owned(BIO) *memory = BIO_new_mem_buf(file.data, (int)file.len);
	char *name = NULL, *header = NULL;
	uint8_t *octets = NULL;
	long octets_len = 0;

	if (memory == NULL)
		return FAULT_NO_MEMORY;
	bool is_certificate = PEM_read_bio(memory, &name, &header, &octets, &octets_len) == 1 &&
		strcmp(name, PEM_STRING_X509) == 0 && octets_len > 0 && octets_len <= ANCHOR_MAX;
	OPENSSL_free(name);
	OPENSSL_free(header);
	if (!is_certificate) {
		OPENSSL_free(octets);
		return FAULT_INVALID;
	}
	*der = octets;
	*len = (size_t)octets_len;
	return FAULT_NONE;
}

enum fault anchor_read(struct bytes file, struct anchor *out)
{
	struct anchor anchor = { .der = NULL };
	enum fault fault = marks_of_text(file, anchor.marks);

	if (fault == FAULT_NONE)
		fault = der_of_pem(file, &anchor.der, &anchor.len);
	if (fault == FAULT_NONE)
		fault = name_of_der(anchor.der, anchor.len, anchor.name);
	if (fault == FAULT_NONE)
		*out = anchor;
	return fault;
}

/* ---- all of them ---- */

static enum fault append(struct anchors *anchors, const struct anchor *anchor)
{
	if (anchors->count == ANCHOR_COUNT_MAX)
		return FAULT_TOO_LONG;
	if (anchors->count == anchors->capacity) {
		size_t capacity = anchors->capacity == 0 ? 64 : 2 * anchors->capacity;
		struct anchor *list = realloc(anchors->list, capacity * sizeof(*list));

		if (list == NULL)
			return FAULT_NO_MEMORY;
		anchors->list = list;
		anchors->capacity = capacity;
	}
	anchors->list[anchors->count++] = *anchor;
	return FAULT_NONE;
}

/* The name is the digest: a file that was changed by hand does not pass for what was imported. */
static bool has_name(const char *file_name, const char *digest, const char *suffix)
{
	return strncmp(file_name, digest, DIGEST_HEX_CAPACITY - 1) == 0 &&
		strcmp(file_name + DIGEST_HEX_CAPACITY - 1, suffix) == 0;
}

static enum fault read_anchor(const struct folder *trust, const char *name, struct anchors *anchors,
	struct trouble *trouble)
{
	uint8_t buffer[TRUST_FILE_MAX];
	struct bytes file;
	struct anchor anchor;
	enum fault fault =
		folder_read(trust, name, FOLDER_PUBLIC, buffer, sizeof(buffer), &file, trouble);

	if (fault != FAULT_NONE)
		return fault;
	if (anchor_read(file, &anchor) != FAULT_NONE)
		return trouble_say(trouble, FAULT_INVALID,
			"%s/%s does not hold one certificate in PEM", trust->path, name);
	fault = has_name(name, anchor.name, ".pem") ? append(anchors, &anchor) : FAULT_INVALID;
	if (fault == FAULT_NONE)
		return FAULT_NONE;
	OPENSSL_free(anchor.der);
	return trouble_say(trouble, fault, fault == FAULT_INVALID ?
		"%s/%s is not named by its certificate's SHA-256: use genuine-ca trust import" :
		"%s: %s is one anchor too many", trust->path, name);
}

static enum fault read_crl(const struct folder *trust, const char *name, struct anchors *anchors,
	struct trouble *trouble)
{
	struct trust_crl_file crl = { .descriptor = -1 };

	if (strlen(name) != DIGEST_HEX_CAPACITY - 1 + strlen(".crl") ||
			anchors->crl_count == TRUST_CRL_FILES_MAX)
		return trouble_say(trouble, FAULT_INVALID,
			"%s/%s: a revocation list too many, or not imported by genuine-ca trust "
			"import",
			trust->path, name);
	memcpy(crl.name, name, DIGEST_HEX_CAPACITY - 1);
	enum fault fault = folder_open_file(trust, name, FOLDER_PUBLIC, &crl.descriptor, trouble);
	if (fault == FAULT_NONE)
		anchors->crls[anchors->crl_count++] = crl;
	return fault;
}

static bool ends_with(const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	return len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

static enum fault read_entry(const struct folder *trust, const char *name, struct anchors *anchors,
	struct trouble *trouble)
{
	/* Hidden names, and a file that an import that crashed had begun. */
	if (name[0] == '.' || ends_with(name, ".new"))
		return FAULT_NONE;
	if (ends_with(name, ".pem"))
		return read_anchor(trust, name, anchors, trouble);
	if (ends_with(name, ".crl"))
		return read_crl(trust, name, anchors, trouble);
	return trouble_say(trouble, FAULT_INVALID,
		"%s/%s is neither .pem nor .crl: import it with genuine-ca trust import, or take "
		"it away",
		trust->path, name);
}

static int compare_anchors(const void *a, const void *b)
{
	return strcmp(((const struct anchor *)a)->name, ((const struct anchor *)b)->name);
}

static enum fault read_entries(const struct folder *trust, struct anchors *anchors,
	struct trouble *trouble)
{
	int descriptor = fcntl(trust->descriptor, F_DUPFD_CLOEXEC, 0);
	owned(DIR) *directory = descriptor < 0 ? NULL : fdopendir(descriptor);
	const struct dirent *entry;
	enum fault fault = FAULT_NONE;

	if (directory == NULL)
		return trouble_say(trouble, FAULT_SYSTEM, "%s: %s", trust->path, strerror(errno));
	rewinddir(directory);
	while (fault == FAULT_NONE && (entry = readdir(directory)) != NULL)
		fault = read_entry(trust, entry->d_name, anchors, trouble);
	return fault;
}

enum fault anchors_read(const struct folder *folder, struct anchors *out, struct trouble *trouble)
{
	char path[4096];
	struct anchors anchors = { 0 };
	owned_folder trust = { 0 };

	if (snprintf(path, sizeof(path), "%s/trust", folder->path) >= (int)sizeof(path))
		return trouble_say(
			trouble, FAULT_TOO_LONG, "%s: the path is too long", folder->path);
	enum fault fault = folder_open(path, &trust, trouble);
	if (fault == FAULT_NONE)
		fault = read_entries(&trust, &anchors, trouble);
	if (fault != FAULT_NONE) {
		anchors_close(&anchors);
		return fault;
	}
	if (anchors.count > 0)
		qsort(anchors.list, anchors.count, sizeof(anchors.list[0]), compare_anchors);
	*out = anchors;
	return FAULT_NONE;
}

void anchors_close(struct anchors *anchors)
{
	for (size_t i = 0; i < anchors->count; i++)
		OPENSSL_free(anchors->list[i].der);
	free(anchors->list);
	for (size_t i = 0; i < anchors->crl_count; i++)
		owned_close_descriptor(&anchors->crls[i].descriptor);
}
