#ifndef AUTHORITY_TBS_CERTIFICATE_H
#define AUTHORITY_TBS_CERTIFICATE_H

#include "bytes.h"
#include "der.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * tbs_certificate: a TBSCertificate (RFC 5280, 4.1) taken apart for the lints, names as there. Read
 * part by part: where one is not framed as the standard says, its is_read is false, what could
 * be taken stands and the rest is empty, so that each lint can name what it saw.
 */
enum { RDN_COUNT_MAX = 8, EXTENSION_COUNT_MAX = 16 };

/* RelativeDistinguishedName: its first attribute. */
struct tbs_rdn {
	struct bytes type;       /* contents of the OBJECT IDENTIFIER */
	struct der_value value;
	bool is_multi_valued;
};

struct tbs_extension {
	struct bytes type;        /* contents of the OBJECT IDENTIFIER */
	bool has_critical;        /* the BOOLEAN is there */
	struct bytes critical;    /* its contents */
	struct bytes value;       /* contents of the OCTET STRING */
};

struct tbs_certificate {
	struct bytes whole;
	bool is_read;
	struct bytes version;          /* contents of [0]; empty where absent */
	struct bytes serial_number;    /* contents of the INTEGER */
	struct bytes signature;        /* whole AlgorithmIdentifier */
	struct bytes issuer;           /* whole Name */
	struct bytes subject;          /* whole Name */
	struct bytes spki;             /* whole SubjectPublicKeyInfo */
	struct bytes issuer_unique_id, subject_unique_id; /* empty where absent */

	bool validity_is_read;
	struct der_value not_before, not_after;

	bool subject_is_read;
	size_t rdn_count;
	struct tbs_rdn rdns[RDN_COUNT_MAX];

	bool spki_is_read;
	struct bytes spki_algorithm;   /* whole AlgorithmIdentifier */
	struct bytes spki_key;         /* octets of the BIT STRING */

	bool extensions_are_read;
	size_t extension_count;
	struct tbs_extension extensions[EXTENSION_COUNT_MAX];
};

/* Views into tbs. */
struct tbs_certificate tbs_certificate_read(struct bytes tbs);

/* The first extension of that type; NULL where there is none. */
const struct tbs_extension *tbs_extension_find(const struct tbs_certificate *, struct bytes type);

/* The value of the first attribute of that type; tag 0 and empty where there is none. */
struct der_value tbs_attribute_find(const struct tbs_certificate *, struct bytes type);

#endif
