#include "ticket.h"

#include "owned.h"
#include "reader.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

OWNED_TYPE(EVP_KDF, EVP_KDF_free)
OWNED_TYPE(EVP_KDF_CTX, EVP_KDF_CTX_free)

enum { MS_PER_DAY = 86400000 };

static const char message_label[] = "genuine ticket v1"; /* with its NUL in M */
static const char key_label[] = "genuine ticket key";    /* without */

enum fault ticket_header_read(struct bytes input, struct ticket_header *out)
{
	struct reader r = reader_of(input);
	struct ticket_header header = { .version = reader_u8(&r) };

	reader_copy(&r, header.ca_id, sizeof(header.ca_id));
	header.epoch = reader_u32(&r);
	header.issued_at_ms = reader_u64(&r);
	reader_copy(&r, header.nonce, sizeof(header.nonce));
	reader_copy(&r, header.fingerprint_prefix, sizeof(header.fingerprint_prefix));

	enum fault fault = reader_end(&r);
	if (fault == FAULT_NONE)
		*out = header;
	return fault;
}

void ticket_header_write(struct writer *w, const struct ticket_header *header)
{
	writer_u8(w, header->version);
	writer_bytes(w, BYTES_OF_ARRAY(header->ca_id));
	writer_u32(w, header->epoch);
	writer_u64(w, header->issued_at_ms);
	writer_bytes(w, BYTES_OF_ARRAY(header->nonce));
	writer_bytes(w, BYTES_OF_ARRAY(header->fingerprint_prefix));
}

uint32_t ticket_epoch(uint64_t issued_at_ms)
{
	uint64_t day = issued_at_ms / MS_PER_DAY;

	/* A day that no u32 holds is nobody's: it must not equal a day that is. */
	return day > UINT32_MAX ? UINT32_MAX : (uint32_t)day;
}

/* field(tag, bytes): framed, so that no octet can move from one field to the next. */
static void write_field(struct writer *w, uint8_t tag, struct bytes octets)
{
	writer_u8(w, tag);
	writer_sized(w, octets);
}

void ticket_message_write(struct writer *w, const struct ticket_fields *fields)
{
	uint8_t header[CHALLENGE_HEADER_SIZE];
	struct writer h = WRITER_OF_ARRAY(header);
	const uint8_t verdict[] = { fields->ek_trust, fields->binding };

	ticket_header_write(&h, &fields->header);
	writer_bytes(w, bytes_of(message_label, sizeof(message_label)));
	write_field(w, 1, writer_written(&h));
	write_field(w, 2, fields->profile);
	write_field(w, 3, BYTES_OF_ARRAY(fields->fingerprint));
	write_field(w, 4, fields->serial);
	write_field(w, 5, BYTES_OF_ARRAY(fields->csr_digest));
	write_field(w, 6, fields->ik_public);
	write_field(w, 7, fields->ek_public);
	write_field(w, 8, fields->ek_certificate_digest);
	write_field(w, 9, BYTES_OF_ARRAY(verdict));
}

static OSSL_PARAM octets_param(const char *name, struct bytes octets)
{
	return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)octets.data, octets.len);
}

enum fault ticket_key_derive(const struct secret *master, struct bytes ca_id, uint32_t epoch,
	struct secret *out)
{
	owned(EVP_KDF) *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	owned(EVP_KDF_CTX) *context = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	uint8_t info[sizeof(key_label) - 1 + 4];
	struct writer w = WRITER_OF_ARRAY(info);
	char hash[] = "SHA256";
	owned_secret key = { .len = TICKET_SIZE };

	writer_bytes(&w, BYTES_OF_LITERAL(key_label));
	writer_u32(&w, epoch);
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash, 0),
		octets_param(OSSL_KDF_PARAM_KEY, secret_bytes(master)),
		octets_param(OSSL_KDF_PARAM_SALT, ca_id),
		octets_param(OSSL_KDF_PARAM_INFO, writer_written(&w)),
		OSSL_PARAM_construct_end(),
	};
	if (context == NULL || EVP_KDF_derive(context, key.data, key.len, parameters) != 1)
		return FAULT_CRYPTO;
	*out = key;
	return FAULT_NONE;
}

enum fault ticket_make(const struct secret *master, const struct ticket_fields *fields,
	struct secret *out)
{
	uint8_t buffer[TICKET_MESSAGE_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	owned_secret key = { 0 }, ticket = { .len = TICKET_SIZE };
	struct bytes message;

	ticket_message_write(&w, fields);
	enum fault fault = writer_end(&w, &message);
	if (fault == FAULT_NONE)
		fault = ticket_key_derive(
			master, BYTES_OF_ARRAY(fields->header.ca_id), fields->header.epoch, &key);
	if (fault != FAULT_NONE)
		return fault;
	if (HMAC(EVP_sha256(), key.data, (int)key.len, message.data, message.len, ticket.data,
		    NULL) == NULL)
		return FAULT_CRYPTO;
	*out = ticket;
	return FAULT_NONE;
}
