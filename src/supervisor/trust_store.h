#ifndef SUPERVISOR_TRUST_STORE_H
#define SUPERVISOR_TRUST_STORE_H

#include "anchors.h"
#include "folder.h"
#include "trouble.h"

#include <jansson.h>
#include <stdbool.h>

/*
 * trust_store: puts TPM vendors' CA certificates and revocation lists into DIR/trust and takes them
 * out. Before anything is written, all that would be there then is tried out by the verifier's own
 * rules (x509/trust.h), so that what was imported can always be loaded.
 */
enum { TRUST_FILE_NAME_MAX = 128 };

struct trust_item {
	bool is_crl;
	char file[TRUST_FILE_NAME_MAX + 1]; /* where it stood, for sentences; the end of a long path */
	char name[DIGEST_HEX_CAPACITY]; /* SHA-256 of the DER */
	size_t len;
	uint8_t *der;
};

/* What one command imports: all of it, or nothing. */
struct trust_batch {
	bool is_laboratory;
	char marks[MARKS_TEXT_MAX + 1]; /* for every certificate of it; sorted, without doubles */
	size_t count, capacity;
	struct trust_item *items;
};

/* Sorts marks and checks them (x509/trust_marks.h); text may be empty. FAULT_INVALID. */
enum fault trust_marks_normalise(const char *text, char out[MARKS_TEXT_MAX + 1], struct trouble *);

/*
 * Takes a file (DER, or PEM with any number of certificates and lists), or of a folder every file
 * that ends in .pem, .crt, .cer, .der or .crl. FAULT_DENIED: not a CA's certificate, or a maker of
 * software TPMs and this CA is no laboratory's.
 */
enum fault trust_batch_add(struct trust_batch *, const char *path, struct trouble *);

/* Tries it out together with what is there, then writes. added: how many were not there before. */
enum fault trust_batch_import(const struct trust_batch *, const struct folder *, size_t *added,
	struct trouble *);

void trust_batch_close(struct trust_batch *);

/* Appends an object for each file of trust/: id, kind, subject, issuer, not_after, marks. */
enum fault trust_describe(const struct folder *, json_t *list, struct trouble *);

/*
 * Removes the one whose id begins with prefix. FAULT_NOT_FOUND; FAULT_INVALID where several begin
 * so, and where it has less than four digits; FAULT_DENIED where a revocation list would be left
 * that nobody here has signed.
 */
enum fault trust_remove(const struct folder *, const char *prefix,
	char removed[DIGEST_HEX_CAPACITY], struct trouble *);

#endif
