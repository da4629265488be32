#include "tls_issue.h"

#include "certificate.h"
#include "owned.h"
#include "store_clock.h"
#include "tls_certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <sys/mman.h>
#include <unistd.h>

OWNED_TYPE(BIO, BIO_free_all)
OWNED_TYPE(EVP_PKEY, EVP_PKEY_free)

enum { NOT_BEFORE_BACK_S = 300, SECONDS_PER_DAY = 86400 };

static uint64_t not_before_s(const struct materials *m, uint64_t now_s)
{
	uint64_t back_s = seconds_before(now_s, NOT_BEFORE_BACK_S);

	return back_s > m->ca_not_before_s ? back_s : m->ca_not_before_s;
}

/* RFC 5280, 6.1: nothing is valid longer than its issuer. */
static uint64_t not_after_s(const struct materials *m, uint64_t now_s)
{
	uint64_t end_s = now_s + (uint64_t)TLS_CERTIFICATE_DAYS * SECONDS_PER_DAY - 1;

	return end_s < m->ca_not_after_s ? end_s : m->ca_not_after_s;
}

/* The certificate over key, DER, in buffer. */
static enum fault issue(const struct materials *m, EVP_PKEY *key, uint64_t now_s, uint8_t *buffer,
	size_t capacity, struct bytes *out)
{
	uint8_t number[CERTIFICATE_NUMBER_SIZE], tbs_buffer[TBS_MAX], spki_buffer[SPKI_MAX];
	uint8_t signature_buffer[SIGNATURE_MAX];
	unsigned char *cursor = spki_buffer;
	int spki_len = i2d_PUBKEY(key, NULL);
	struct bytes tbs, signature;
	struct writer t = WRITER_OF_ARRAY(tbs_buffer), w = writer_of(buffer, capacity);

	if (spki_len <= 0 || spki_len > SPKI_MAX || i2d_PUBKEY(key, &cursor) != spki_len ||
		!certificate_number_draw(number))
		return FAULT_CRYPTO;
	struct tls_certificate certificate = {
		.frame = {
			.number = BYTES_OF_ARRAY(number),
			.signature_algorithm = key_algorithm(m->key),
			.issuer = m->issuer,
			.not_before_s = not_before_s(m, now_s),
			.not_after_s = not_after_s(m, now_s),
			.spki = bytes_of(spki_buffer, (size_t)spki_len),
			.organization = m->configuration.name,
			.common_name = m->configuration.host_count > 0 ? m->configuration.hosts[0] : "localhost",
		},
		.authority_key_identifier = m->authority_key_identifier,
		.host_count = m->configuration.host_count,
	};
	for (size_t i = 0; i < m->configuration.host_count; i++)
		certificate.hosts[i] = m->configuration.hosts[i];
	tls_certificate_write(&t, &certificate);
	enum fault fault = writer_end(&t, &tbs);
	if (fault == FAULT_NONE)
		fault = key_sign(m->key, tbs, signature_buffer, &signature);
	if (fault != FAULT_NONE)
		return fault;
	signed_write(&w, tbs, key_algorithm(m->key), signature);
	return writer_end(&w, out);
}

/* The key as PEM, then the certificate as PEM, wiped from where they passed through. */
static enum fault write_pem(EVP_PKEY *key, struct bytes certificate, int descriptor)
{
	owned(BIO) *memory = BIO_new(BIO_s_secmem());
	char certificate_pem[CERTIFICATE_PEM_MAX + 1], *text = NULL;

	if (memory == NULL ||
		PEM_write_bio_PKCS8PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL) != 1)
		return FAULT_CRYPTO;
	enum fault fault =
		certificate_pem_write(certificate, certificate_pem, sizeof(certificate_pem));
	if (fault != FAULT_NONE)
		return fault;
	if (BIO_puts(memory, certificate_pem) <= 0)
		return FAULT_NO_MEMORY;
	long len = BIO_get_mem_data(memory, &text);
	return write(descriptor, text, (size_t)len) == len ? FAULT_NONE : FAULT_SYSTEM;
}

enum fault tls_issue(const struct materials *m, uint64_t now_s, int *descriptor)
{
	uint8_t buffer[CERTIFICATE_MAX];
	struct bytes certificate;
	owned(EVP_PKEY) *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	owned_descriptor file = memfd_create("tls", MFD_CLOEXEC);

	if (now_s >= m->ca_not_after_s)
		return FAULT_DENIED;
	if (key == NULL)
		return FAULT_CRYPTO;
	if (file < 0)
		return FAULT_SYSTEM;
	enum fault fault = issue(m, key, now_s, buffer, sizeof(buffer), &certificate);
	if (fault == FAULT_NONE)
		fault = write_pem(key, certificate, file);
	if (fault != FAULT_NONE)
		return fault;
	*descriptor = file;
	file = -1;
	return FAULT_NONE;
}
