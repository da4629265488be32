#include "ca_certificate.h"

#include "der_writer.h"
#include "extension.h"

/* keyCertSign and cRLSign (RFC 5280, 4.2.1.3), bits 5 and 6 of seven. */
enum { KEY_USAGE_CA = 0x06, KEY_USAGE_CA_UNUSED_BITS = 1 };

static const uint8_t oid_basic_constraints[] = { 0x55, 0x1d, 0x13 };

static void write_basic_constraints(struct writer *w)
{
	static const uint8_t is_true[] = { 0xff }, zero[] = { 0 };
	struct extension extension =
		extension_begin(w, BYTES_OF_ARRAY(oid_basic_constraints), true);
	size_t sequence = der_begin(w, DER_SEQUENCE);

	der_element(w, DER_BOOLEAN, BYTES_OF_ARRAY(is_true));
	der_integer(w, BYTES_OF_ARRAY(zero));
	der_end(w, sequence);
	extension_end(w, extension);
}

void ca_certificate_write(struct writer *w, const struct certificate_frame *frame)
{
	struct open_certificate open = certificate_begin(w, frame);

	write_basic_constraints(w);
	key_usage_write(w, KEY_USAGE_CA_UNUSED_BITS, KEY_USAGE_CA);
	subject_key_identifier_write(w, frame->spki);
	certificate_end(w, open);
}
