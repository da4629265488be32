#include "extension.h"

#include "der_writer.h"

static const uint8_t oid_authority_key_identifier[] = { 0x55, 0x1d, 0x23 };

struct extension extension_begin(struct writer *w, struct bytes type, bool is_critical)
{
	static const uint8_t is_true[] = { 0xff }; /* X.690, 11.1 */
	struct extension extension = { .sequence = der_begin(w, DER_SEQUENCE) };

	der_element(w, DER_OBJECT_IDENTIFIER, type);
	if (is_critical)
		der_element(w, DER_BOOLEAN, BYTES_OF_ARRAY(is_true));
	extension.value = der_begin(w, DER_OCTET_STRING);
	return extension;
}

void extension_end(struct writer *w, struct extension extension)
{
	der_end(w, extension.value);
	der_end(w, extension.sequence);
}

void authority_key_identifier_write(struct writer *w, struct bytes identifier)
{
	struct extension extension =
		extension_begin(w, BYTES_OF_ARRAY(oid_authority_key_identifier), false);
	size_t sequence = der_begin(w, DER_SEQUENCE);

	der_element(w, DER_PRIMITIVE_0, identifier);
	der_end(w, sequence);
	extension_end(w, extension);
}
