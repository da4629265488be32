#include "key_pem.h"

#include "der_writer.h"
#include "owned.h"
#include "storage_key.h"

#include <openssl/pem.h>

OWNED_TYPE(BIO, BIO_free_all)

enum { KEY_DER_MAX = TPM2B_PUBLIC_MAX + TPM2B_PRIVATE_MAX + 64 };

/* 2.23.133.10.1.3, id-loadablekey. */
static const uint8_t loadable_key[] = { 0x67, 0x81, 0x05, 0x0a, 0x01, 0x03 };
static const uint8_t is_true[] = { 0xff };

/*
 * TPMKey ::= SEQUENCE { type OBJECT IDENTIFIER, emptyAuth [0] EXPLICIT BOOLEAN,
 *	parent INTEGER, pubkey OCTET STRING, privkey OCTET STRING }
 */
static void write_der(struct writer *w, const struct key_file *file, uint32_t parent)
{
	const uint8_t parent_octets[] = { (uint8_t)(parent >> 24), (uint8_t)(parent >> 16),
		(uint8_t)(parent >> 8), (uint8_t)parent };

	size_t key = der_begin(w, DER_SEQUENCE);
	der_element(w, DER_OBJECT_IDENTIFIER, BYTES_OF_ARRAY(loadable_key));
	size_t empty_auth = der_begin(w, DER_CONTEXT_0);
	der_element(w, DER_BOOLEAN, BYTES_OF_ARRAY(is_true));
	der_end(w, empty_auth);
	der_integer(w, BYTES_OF_ARRAY(parent_octets));
	der_element(w, DER_OCTET_STRING, tpm_area_bytes(&file->area));
	der_element(w, DER_OCTET_STRING, bytes_of(file->private_half, file->private_half_len));
	der_end(w, key);
}

enum fault key_pem_write(
	const struct directory *directory, const struct key_file *file, uint32_t parent)
{
	uint8_t buffer[KEY_DER_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct bytes der;
	char *pem = NULL;
	owned(BIO) *bio = BIO_new(BIO_s_mem());

	write_der(&w, file, parent == 0 ? SRK_TRANSIENT : parent);
	enum fault fault = writer_end(&w, &der);
	if (fault != FAULT_NONE)
		return fault;
	if (bio == NULL ||
		PEM_write_bio(bio, "TSS2 PRIVATE KEY", "", der.data, (long)der.len) <= 0)
		return FAULT_NO_MEMORY;
	long len = BIO_get_mem_data(bio, &pem);
	return directory_write(directory, "key.pem", bytes_of(pem, (size_t)len), 0600);
}
