#include "certificate_frame.h"

#include "der_writer.h"

static const uint8_t oid_common_name[] = { 0x55, 0x04, 0x03 };
static const uint8_t oid_organization[] = { 0x55, 0x04, 0x0a };

void rdn_write(struct writer *w, struct bytes type, uint8_t string_tag, struct bytes value)
{
	size_t set = der_begin(w, DER_SET), attribute = der_begin(w, DER_SEQUENCE);

	der_element(w, DER_OBJECT_IDENTIFIER, type);
	der_element(w, string_tag, value);
	der_end(w, attribute);
	der_end(w, set);
}

static void write_subject(struct writer *w, const struct certificate_frame *frame)
{
	if (frame->subject.len > 0) {
		writer_bytes(w, frame->subject);
		return;
	}
	size_t name = der_begin(w, DER_SEQUENCE);
	rdn_write(w, BYTES_OF_ARRAY(oid_organization), DER_UTF8_STRING,
		bytes_of_string(frame->organization));
	rdn_write(w, BYTES_OF_ARRAY(oid_common_name), DER_UTF8_STRING,
		bytes_of_string(frame->common_name));
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
