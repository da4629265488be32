#include "extension.h"

#include "der.h"
#include "der_writer.h"

#include <openssl/evp.h>

static const uint8_t oid_subject_key_identifier[] = { 0x55, 0x1d, 0x0e };
static const uint8_t oid_key_usage[] = { 0x55, 0x1d, 0x0f };
static const uint8_t oid_basic_constraints[] = { 0x55, 0x1d, 0x13 };
static const uint8_t oid_authority_key_identifier[] = { 0x55, 0x1d, 0x23 };
static const uint8_t oid_ext_key_usage[] = { 0x55, 0x1d, 0x25 };

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

void not_a_ca_write(struct writer *w)
{
	struct extension extension =
		extension_begin(w, BYTES_OF_ARRAY(oid_basic_constraints), true);

	der_element(w, DER_SEQUENCE, bytes_of(NULL, 0));
	extension_end(w, extension);
}

void ext_key_usage_write(struct writer *w, struct bytes purpose)
{
	struct extension extension = extension_begin(w, BYTES_OF_ARRAY(oid_ext_key_usage), false);
	size_t purposes = der_begin(w, DER_SEQUENCE);

	der_element(w, DER_OBJECT_IDENTIFIER, purpose);
	der_end(w, purposes);
	extension_end(w, extension);
}

enum fault subject_key_identifier(struct bytes spki, uint8_t out[KEY_IDENTIFIER_SIZE])
{
	uint8_t digest[32];
	struct reader outer = reader_of(spki);
	struct reader info = der_enter(&outer, DER_SEQUENCE);

	(void)der_whole(&info, DER_SEQUENCE); /* algorithm */
	struct bytes key = der_octets_of_bit_string(&info);
	enum fault fault = reader_end(&info);
	if (fault != FAULT_NONE)
		return fault;
	if (EVP_Digest(key.data, key.len, digest, NULL, EVP_sha256(), NULL) != 1)
		return FAULT_CRYPTO;
	memcpy(out, digest, KEY_IDENTIFIER_SIZE);
	return FAULT_NONE;
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

void authority_key_identifier_write(struct writer *w, struct bytes identifier)
{
	struct extension extension =
		extension_begin(w, BYTES_OF_ARRAY(oid_authority_key_identifier), false);
	size_t sequence = der_begin(w, DER_SEQUENCE);

	der_element(w, DER_PRIMITIVE_0, identifier);
	der_end(w, sequence);
	extension_end(w, extension);
}
