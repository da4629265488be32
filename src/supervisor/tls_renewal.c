#include "tls_renewal.h"

#include "owned.h"
#include "pem_password.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

OWNED_TYPE(BIO, BIO_free_all)
OWNED_TYPE(EVP_PKEY, EVP_PKEY_free)
OWNED_TYPE(X509, X509_free)

enum { TLS_FILE_MAX = 16384, LIFE_PARTS = 3, SECONDS_A_DAY = 86400 };

static X509 *read_certificate(const struct folder *folder)
{
	uint8_t buffer[TLS_FILE_MAX];
	struct bytes file;
	struct trouble trouble;

	if (folder_read(folder, "tls.pem", FOLDER_PUBLIC, buffer, sizeof(buffer), &file,
		    &trouble) != FAULT_NONE)
		return NULL;
	owned(BIO) *memory = BIO_new_mem_buf(file.data, (int)file.len);
	return memory == NULL ? NULL : PEM_read_bio_X509(memory, NULL, pem_no_password, NULL);
}

static bool has_key(const struct folder *folder, const X509 *certificate)
{
	uint8_t buffer[TLS_FILE_MAX];
	struct bytes file;
	struct trouble trouble;

	if (folder_read(folder, "secret/tls.key", FOLDER_SECRET, buffer, sizeof(buffer), &file,
			&trouble) != FAULT_NONE)
		return false;
	owned(BIO) *memory = BIO_new_mem_buf(file.data, (int)file.len);
	owned(EVP_PKEY) *key = memory == NULL ? NULL :
		PEM_read_bio_PrivateKey(memory, NULL, pem_no_password, NULL);
	bool is_its_key = key != NULL && X509_check_private_key(certificate, key) == 1;

	OPENSSL_cleanse(buffer, sizeof(buffer));
	return is_its_key;
}

static bool names_host(X509 *certificate, const char *host)
{
	return X509_check_host(certificate, host, 0, 0, NULL) == 1 ||
		X509_check_ip_asc(certificate, host, 0) == 1;
}

static bool names_hosts(X509 *certificate, const struct configuration *configuration)
{
	for (size_t i = 0; i < configuration->host_count; i++) {
		if (!names_host(certificate, configuration->hosts[i]))
			return false;
	}
	return true;
}

static bool is_ageing(const X509 *certificate)
{
	int life_days, life_s, left_days, left_s;

	if (ASN1_TIME_diff(&life_days, &life_s, X509_get0_notBefore(certificate),
		    X509_get0_notAfter(certificate)) != 1 ||
		ASN1_TIME_diff(&left_days, &left_s, NULL, X509_get0_notAfter(certificate)) != 1)
		return true;
	return left_days < life_days / LIFE_PARTS;
}

bool tls_is_due(const struct folder *folder, const struct configuration *configuration)
{
	owned(X509) *certificate = read_certificate(folder);

	return certificate == NULL || is_ageing(certificate) ||
		!names_hosts(certificate, configuration) || !has_key(folder, certificate);
}

bool tls_is_usable(const struct folder *folder)
{
	owned(X509) *certificate = read_certificate(folder);

	return certificate != NULL && has_key(folder, certificate) &&
		X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

/* The authority's file: the key's PEM, then the certificate's. */
static enum fault install(const struct folder *folder, struct bytes file, struct trouble *trouble)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	const uint8_t *certificate = memmem(file.data, file.len, begin, sizeof(begin) - 1);

	if (certificate == NULL || certificate == file.data)
		return trouble_say(
			trouble, FAULT_INVALID, "the authority's TLS certificate does not read");
	size_t key_len = (size_t)(certificate - file.data);
	enum fault fault = folder_replace(folder, "secret/tls.key", S_IRUSR | S_IWUSR,
		bytes_of(file.data, key_len), trouble);
	if (fault != FAULT_NONE)
		return fault;
	return folder_replace(folder, "tls.pem", S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH,
		bytes_of(certificate, file.len - key_len), trouble);
}

enum fault tls_renew(struct server *server, struct trouble *trouble)
{
	uint8_t buffer[TLS_FILE_MAX];
	enum fault fault = server_ask_tls(server, trouble);

	if (fault != FAULT_NONE)
		return fault;
	ssize_t len = pread(server->tls, buffer, sizeof(buffer), 0);
	fault = len < 0 ? FAULT_SYSTEM
			: install(server->folder, bytes_of(buffer, (size_t)len), trouble);
	OPENSSL_cleanse(buffer, sizeof(buffer));
	owned_close_descriptor(&server->tls);
	server->tls = -1;
	if (fault == FAULT_NONE)
		server->has_new_tls = true;
	return fault;
}
