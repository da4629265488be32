#include "crl.h"

#include "der_writer.h"
#include "extension.h"

static const uint8_t oid_crl_number[] = { 0x55, 0x1d, 0x14 };
static const uint8_t oid_crl_reason[] = { 0x55, 0x1d, 0x15 };

void crl_begin(struct writer *w, struct crl *crl)
{
	static const uint8_t version_2[] = { 1 };

	crl->tbs_mark = der_begin(w, DER_SEQUENCE);
	der_integer(w, BYTES_OF_ARRAY(version_2));
	writer_bytes(w, crl->signature_algorithm);
	writer_bytes(w, crl->issuer);
	der_time(w, crl->this_update_s);
	der_time(w, crl->next_update_s);
	crl->has_entries = false;
}

/* crlEntryExtensions with the reason alone. */
static void write_reason(struct writer *w, uint8_t reason)
{
	size_t extensions = der_begin(w, DER_SEQUENCE);
	struct extension extension = extension_begin(w, BYTES_OF_ARRAY(oid_crl_reason), false);

	der_element(w, DER_ENUMERATED, bytes_of(&reason, 1));
	extension_end(w, extension);
	der_end(w, extensions);
}

void crl_entry(struct writer *w, struct crl *crl, struct bytes number, uint64_t revoked_at_s,
	uint8_t reason)
{
	/* revokedCertificates is left out where there are none (5.1.2.6). */
	if (!crl->has_entries)
		crl->entries_mark = der_begin(w, DER_SEQUENCE);
	crl->has_entries = true;

	size_t entry = der_begin(w, DER_SEQUENCE);
	der_integer(w, number);
	der_time(w, revoked_at_s);
	if (reason != 0)
		write_reason(w, reason);
	der_end(w, entry);
}

static void write_crl_number(struct writer *w, uint64_t number)
{
	uint8_t octets[8];
	struct writer n = WRITER_OF_ARRAY(octets);
	struct extension extension = extension_begin(w, BYTES_OF_ARRAY(oid_crl_number), false);

	writer_u64(&n, number);
	der_integer(w, BYTES_OF_ARRAY(octets));
	extension_end(w, extension);
}

void crl_end(struct writer *w, struct crl *crl)
{
	if (crl->has_entries)
		der_end(w, crl->entries_mark);

	size_t explicit_tag = der_begin(w, DER_CONTEXT_0), extensions = der_begin(w, DER_SEQUENCE);
	authority_key_identifier_write(w, crl->authority_key_identifier);
	write_crl_number(w, crl->number);
	der_end(w, extensions);
	der_end(w, explicit_tag);
	der_end(w, crl->tbs_mark);
}
