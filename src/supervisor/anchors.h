#ifndef SUPERVISOR_ANCHORS_H
#define SUPERVISOR_ANCHORS_H

#include "bytes.h"
#include "fault.h"
#include "folder.h"
#include "limits.h"

#include <stdint.h>

/*
 * anchors: the files of trust/: TPM vendors' CA certificates with their marks (SHA256.pem: lines of
 * text, then PEM) and revocation lists (SHA256.crl: DER). `trust import` writes them, having looked
 * into them; a server reads them and passes them on to the verifier unread.
 */
enum { MARKS_TEXT_MAX = 256, TRUST_FILE_MAX = 2 * ANCHOR_MAX + 2048, TRUST_CRL_MAX = 1 << 20 };
enum { TRUST_CRL_FILES_MAX = 256, DIGEST_HEX_CAPACITY = 65 };

struct anchor {
	char name[DIGEST_HEX_CAPACITY]; /* SHA-256 of the DER: the file's name without .pem */
	char marks[MARKS_TEXT_MAX + 1]; /* sorted, by comma; empty: none */
	size_t len;
	uint8_t *der;
};

struct trust_crl_file {
	char name[DIGEST_HEX_CAPACITY];
	int descriptor;
};

struct anchors {
	size_t count, capacity;
	struct anchor *list; /* in ascending order of their names */
	size_t crl_count;
	struct trust_crl_file crls[TRUST_CRL_FILES_MAX];
};

/*
 * Reads all of trust/. A file there that is not what its name says is refused, and so is all of
 * it: a trust that is half there is none.
 */
enum fault anchors_read(const struct folder *, struct anchors *out, struct trouble *);
void anchors_close(struct anchors *);

/* Reads the octets of one such file: text lines, of which "marks:" counts, then one PEM. */
enum fault anchor_read(struct bytes file, struct anchor *out);

#endif
