#ifndef X509_CRL_H
#define X509_CRL_H

#include "bytes.h"
#include "fault.h"
#include "writer.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * crl: the to-be-signed octets of our own revocation list (RFC 5280, 5.1.2): version 2, written in
 * three parts, because its entries come page by page.
 */
struct crl {
	struct bytes signature_algorithm; /* DER AlgorithmIdentifier */
	struct bytes issuer;              /* DER Name: the CA certificate's subject */
	struct bytes authority_key_identifier;
	uint64_t number;                  /* cRLNumber (5.2.3) */
	uint64_t this_update_s, next_update_s;
	/* Where the writer stands: set by crl_begin and crl_entry. */
	size_t tbs_mark, entries_mark;
	bool has_entries;
};

/* Octets that an entry, and everything that is no entry, can have. */
enum { CRL_ENTRY_MAX = 64, CRL_FRAME_MAX = 1024 };

void crl_begin(struct writer *, struct crl *);

/* One revoked certificate: its number, when, and CRLReason (5.3.1; 0, unspecified, is left out). */
void crl_entry(struct writer *, struct crl *, struct bytes number, uint64_t revoked_at_s,
	uint8_t reason);

/* Closes the list; what was written is the TBSCertList. */
void crl_end(struct writer *, struct crl *);

#endif
