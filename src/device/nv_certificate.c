#include "nv_certificate.h"

#include "limits.h"
#include "reader.h"

#include <stdbool.h>

enum { DER_OCTET_STRING = 0x04, DER_SEQUENCE = 0x30, DER_LENGTH_1 = 0x81, DER_LENGTH_2 = 0x82 };

/* TCG PC Client Specific Implementation (TPM 1.2), 7.4.1: TCG_PCCLIENT_STORED_CERT. */
static struct bytes without_header(struct bytes content)
{
	struct reader r = reader_of(content);
	bool is_stored_certificate = reader_u16(&r) == 0x1001 && reader_u8(&r) == 0;

	(void)reader_u16(&r); /* certSize */
	if (!is_stored_certificate || r.fault != FAULT_NONE)
		return content;
	struct bytes after_short_header = r.rest;
	if (reader_u16(&r) == 0x1002) /* TCG_FULL_CERT */
		return r.rest;
	return after_short_header;
}

/* X.690, 8.1.3: the definite form only, of at most two octets. */
static size_t der_length(struct reader *r)
{
	uint8_t first = reader_u8(r);

	if (first < 0x80)
		return first;
	if (first == DER_LENGTH_1)
		return reader_u8(r);
	if (first == DER_LENGTH_2)
		return reader_u16(r);
	reader_fail(r, FAULT_INVALID);
	return 0;
}

static enum fault take_certificate(struct bytes *rest, struct bytes *out)
{
	struct reader r = reader_of(*rest);

	if (reader_u8(&r) != DER_SEQUENCE)
		reader_fail(&r, FAULT_INVALID);
	(void)reader_bytes(&r, der_length(&r));
	size_t len = rest->len - r.rest.len;
	if (r.fault != FAULT_NONE)
		return r.fault;
	if (len > EK_CERTIFICATE_MAX)
		return FAULT_TOO_LONG;
	*out = bytes_of(rest->data, len);
	*rest = r.rest;
	return FAULT_NONE;
}

/* Some chips have the certificate within an OCTET STRING. */
static struct bytes without_octet_string(struct bytes content)
{
	struct reader r = reader_of(content);
	bool is_octet_string = reader_u8(&r) == DER_OCTET_STRING;
	struct bytes inner = reader_bytes(&r, der_length(&r));

	return is_octet_string && r.fault == FAULT_NONE ? inner : content;
}

enum fault nv_certificate_unwrap(struct bytes content, struct bytes *out)
{
	struct bytes rest = without_octet_string(without_header(content));

	return take_certificate(&rest, out);
}

enum fault nv_certificate_next(struct bytes *chain, struct bytes *out)
{
	if (chain->len == 0 || chain->data[0] != DER_SEQUENCE)
		return FAULT_NOT_FOUND;
	return take_certificate(chain, out);
}
