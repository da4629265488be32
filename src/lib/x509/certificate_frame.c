#include "certificate_frame.h"

#include "der_writer.h"
#include "device_certificate.h"
#include "extension.h"

static const uint8_t oid_common_name[] = { 0x55, 0x04, 0x03 };
static const uint8_t oid_organization[] = { 0x55, 0x04, 0x0a };
static const uint8_t oid_subject_key_identifier[] = { 0x55, 0x1d, 0x0e };
static const uint8_t oid_key_usage[] = { 0x55, 0x1d, 0x0f };

static void write_rdn(struct writer *w, struct bytes type, const char *value)
{
	size_t set = der_begin(w, DER_SET), attribute = der_begin(w, DER_SEQUENCE);

	der_element(w, DER_OBJECT_IDENTIFIER, type);
	der_element(w, DER_UTF8_STRING, bytes_of_string(value));
	der_end(w, attribute);
	der_end(w, set);
}

static void write_subject(struct writer *w, const struct certificate_frame *frame)
{
	size_t name = der_begin(w, DER_SEQUENCE);

	write_rdn(w, BYTES_OF_ARRAY(oid_organization), frame->organization);
	write_rdn(w, BYTES_OF_ARRAY(oid_common_name), frame->common_name);
	der_end(w, name);
}

static void write_validity(struct writer *w, const struct certificate_frame *frame)
{
	size_t validity = der_begin(w, DER_SEQUENCE);

	der_time(w, frame->not_before_s);
	der_time(w, frame->not_after_s);
	der_end(w, validity);
}

struct open_certificate certificate_begin(struct writer *w, const struct certificate_frame *frame)
{
	static const uint8_t version_3[] = { DER_INTEGER, 1, 2 };
	struct open_certificate open = { .tbs = der_begin(w, DER_SEQUENCE) };

	der_element(w, DER_CONTEXT_0, BYTES_OF_ARRAY(version_3));
	der_integer(w, frame->number);
	writer_bytes(w, frame->signature_algorithm);
	if (frame->issuer.len > 0)
		writer_bytes(w, frame->issuer);
	else
		write_subject(w, frame);
	write_validity(w, frame);
	write_subject(w, frame);
	writer_bytes(w, frame->spki);
	open.explicit_tag = der_begin(w, DER_CONTEXT_0 + 3);
	open.extensions = der_begin(w, DER_SEQUENCE);
	return open;
}

void certificate_end(struct writer *w, struct open_certificate open)
{
	der_end(w, open.extensions);
	der_end(w, open.explicit_tag);
	der_end(w, open.tbs);
}

void key_usage_write(struct writer *w, uint8_t unused_bits, uint8_t octet)
{
	const uint8_t bits[] = { unused_bits, octet };
	struct extension extension = extension_begin(w, BYTES_OF_ARRAY(oid_key_usage), true);

	der_element(w, DER_BIT_STRING, BYTES_OF_ARRAY(bits));
	extension_end(w, extension);
}

void subject_key_identifier_write(struct writer *w, struct bytes spki)
{
	uint8_t identifier[KEY_IDENTIFIER_SIZE];
	enum fault fault = subject_key_identifier(spki, identifier);

	if (fault != FAULT_NONE) {
		writer_fail(w, fault);
		return;
	}
	struct extension extension =
		extension_begin(w, BYTES_OF_ARRAY(oid_subject_key_identifier), false);
	der_element(w, DER_OCTET_STRING, BYTES_OF_ARRAY(identifier));
	extension_end(w, extension);
}
