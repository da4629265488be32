#include "csr.h"

#include "der.h"

/* 1.2.840.113549.1.9.14 */
static const uint8_t id_extension_request[] = {
	0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e,
};
/* 2.5.4.5 */
static const uint8_t id_at_serial_number[] = { 0x55, 0x04, 0x05 };

/* CertificationRequestInfo. */
static enum fault read_info(struct bytes tbs, struct csr *csr)
{
	struct reader outer = reader_of(tbs);
	struct reader r = der_enter(&outer, DER_SEQUENCE);

	csr->tbs = tbs;
	csr->version = der_content(&r, DER_INTEGER);
	csr->subject = der_content(&r, DER_SEQUENCE);
	csr->spki = der_whole(&r, DER_SEQUENCE);
	csr->attributes = der_content(&r, DER_CONTEXT_0);
	return reader_end(&r);
}

enum fault csr_read(struct bytes der, struct csr *out)
{
	struct reader outer = reader_of(der);
	struct reader r = der_enter(&outer, DER_SEQUENCE);
	struct csr csr = { 0 };

	reader_fail(&r, read_info(der_whole(&r, DER_SEQUENCE), &csr));
	csr.signature_algorithm = der_whole(&r, DER_SEQUENCE);
	csr.signature = der_octets_of_bit_string(&r);
	reader_fail(&r, reader_end(&r));
	reader_fail(&r, reader_end(&outer));
	if (r.fault == FAULT_NONE)
		*out = csr;
	return r.fault;
}

bool csr_is_version_1(const struct csr *csr)
{
	return csr->version.len == 1 && csr->version.data[0] == 0;
}

/* Attribute ::= SEQUENCE { type, values SET }: the type, where all of it is there. */
static struct bytes take_attribute_type(struct reader *r)
{
	struct reader attribute = der_enter(r, DER_SEQUENCE);
	struct bytes type = der_content(&attribute, DER_OBJECT_IDENTIFIER);

	(void)der_content(&attribute, DER_SET);
	reader_fail(r, reader_end(&attribute));
	return type;
}

bool csr_has_only_extension_requests(const struct csr *csr, bool *is_empty)
{
	struct reader r = reader_of(csr->attributes);

	while (r.rest.len > 0 && r.fault == FAULT_NONE) {
		if (!bytes_equal(take_attribute_type(&r), BYTES_OF_ARRAY(id_extension_request)))
			return false;
	}
	if (r.fault != FAULT_NONE)
		return false;
	*is_empty = csr->attributes.len == 0;
	return true;
}

/* What one RDN, or all of them, say about the serialNumber. */
struct serial_number {
	size_t count;       /* of serialNumber attributes */
	bool is_alone;      /* the RDN of the last one had no other attribute */
	struct der_value value;
};

/* RelativeDistinguishedName ::= SET OF AttributeTypeAndValue (RFC 5280, 4.1.2.4). */
static void take_rdn(struct reader *r, struct serial_number *found)
{
	struct reader rdn = der_enter(r, DER_SET);
	size_t attributes = 0, count_before = found->count;

	while (rdn.rest.len > 0 && rdn.fault == FAULT_NONE) {
		struct reader attribute = der_enter(&rdn, DER_SEQUENCE);
		struct bytes type = der_content(&attribute, DER_OBJECT_IDENTIFIER);
		struct der_value value = der_take(&attribute);

		reader_fail(&rdn, reader_end(&attribute));
		attributes++;
		if (bytes_equal(type, BYTES_OF_ARRAY(id_at_serial_number))) {
			found->count++;
			found->value = value;
		}
	}
	if (found->count > count_before)
		found->is_alone = attributes == 1;
	reader_fail(r, rdn.fault);
}

enum fault csr_serial_number(const struct csr *csr, struct bytes *out)
{
	struct reader r = reader_of(csr->subject);
	struct serial_number found = { 0 };

	while (r.rest.len > 0 && r.fault == FAULT_NONE)
		take_rdn(&r, &found);
	if (r.fault != FAULT_NONE)
		return r.fault;
	if (found.count == 0)
		return FAULT_NOT_FOUND;
	if (found.count > 1 || !found.is_alone || (found.value.tag != DER_PRINTABLE_STRING &&
			found.value.tag != DER_UTF8_STRING))
		return FAULT_INVALID;
	*out = found.value.content;
	return FAULT_NONE;
}
