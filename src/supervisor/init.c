#include "init.h"

#include "ca_certificate.h"
#include "ca_key.h"
#include "device_certificate.h"
#include "extension.h"
#include "folder.h"
#include "issuer_algorithm.h"
#include "limits.h"
#include "owned.h"
#include "ticket_keys.h"
#include "tls_certificate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

OWNED_TYPE(BIO, BIO_free_all)
OWNED_TYPE(DIR, closedir)
OWNED_TYPE(EVP_PKEY, EVP_PKEY_free)
OWNED_TYPE(X509, X509_free)

enum { SECONDS_A_DAY = 86400, CLOCK_SLACK_S = 300, STORE_UID_OFFSET = 3 };

enum { MODE_PUBLIC = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH, MODE_SECRET = S_IRUSR | S_IWUSR };

/* Everything that the folder will hold. */
struct contents {
	char configuration[CONFIGURATION_MAX];
	EVP_PKEY *ca_key, *tls_key;
	struct certificate_der {
		size_t len;
		uint8_t octets[CERTIFICATE_MAX];
	} ca, tls;
	struct ticket_keys ticket_keys;
	unsigned uid_base;
};

/* ---- certificates ---- */

static enum fault draw_number(uint8_t number[CERTIFICATE_NUMBER_OCTETS])
{
	if (RAND_bytes(number, CERTIFICATE_NUMBER_OCTETS) != 1)
		return FAULT_CRYPTO;
	number[0] = (uint8_t)((number[0] & 0x7f) | 0x40);
	return FAULT_NONE;
}

static enum fault spki_of(EVP_PKEY *key, uint8_t *buffer, size_t capacity, struct bytes *out)
{
	int len = i2d_PUBKEY(key, NULL);
	unsigned char *end = buffer;

	if (len <= 0 || (size_t)len > capacity || i2d_PUBKEY(key, &end) != len)
		return FAULT_CRYPTO;
	*out = bytes_of(buffer, (size_t)len);
	return FAULT_NONE;
}

/* Signs what w holds with the CA's key and puts the certificate into out. */
static enum fault sign(EVP_PKEY *ca_key, const struct writer *w, struct certificate_der *out)
{
	uint8_t signature_buffer[ISSUER_SIGNATURE_MAX];
	struct writer whole = WRITER_OF_ARRAY(out->octets);
	struct bytes tbs, signature, certificate;
	enum fault fault = writer_end(w, &tbs);

	if (fault == FAULT_NONE)
		fault = issuer_sign(ca_key, issuer_algorithm_of(ca_key), tbs, signature_buffer,
			&signature);
	if (fault != FAULT_NONE)
		return fault;
	signed_write(&whole, tbs, issuer_algorithm_of(ca_key)->identifier, signature);
	fault = writer_end(&whole, &certificate);
	if (fault == FAULT_NONE)
		out->len = certificate.len;
	return fault;
}

static enum fault make_ca_certificate(const struct init *init, struct contents *contents)
{
	uint8_t number[CERTIFICATE_NUMBER_OCTETS], spki[SPKI_MAX], tbs[CERTIFICATE_MAX];
	char common_name[128];
	struct writer w = WRITER_OF_ARRAY(tbs);
	uint64_t now_s = (uint64_t)time(NULL);
	struct certificate_frame frame = {
		.number = BYTES_OF_ARRAY(number),
		.signature_algorithm = issuer_algorithm_of(contents->ca_key)->identifier,
		.organization = init->name,
		.common_name = common_name,
		.not_before_s = now_s - CLOCK_SLACK_S,
		.not_after_s = now_s + (uint64_t)CA_CERTIFICATE_DAYS * SECONDS_A_DAY - 1,
	};

	/* X.520's upper bound of a common name, 64, holds for what is put together as well. */
	(void)snprintf(common_name, sizeof(common_name), "%s device identity CA", init->name);
	if (strlen(common_name) > 64)
		(void)snprintf(common_name, sizeof(common_name), "device identity CA");
	enum fault fault = draw_number(number);
	if (fault == FAULT_NONE)
		fault = spki_of(contents->ca_key, spki, sizeof(spki), &frame.spki);
	if (fault != FAULT_NONE)
		return fault;
	ca_certificate_write(&w, &frame);
	return sign(contents->ca_key, &w, &contents->ca);
}

/* The subject's octets and the key identifier of the CA's certificate, as they stand in it. */
static enum fault read_issuer(const struct certificate_der *ca, uint8_t *buffer, size_t capacity,
	struct bytes *issuer, uint8_t identifier[KEY_IDENTIFIER_SIZE])
{
	const uint8_t *at = ca->octets;
	owned(X509) *certificate = d2i_X509(NULL, &at, (long)ca->len);
	const ASN1_OCTET_STRING *key_identifier =
		certificate == NULL ? NULL : X509_get0_subject_key_id(certificate);
	int len =
		certificate == NULL ? -1 : i2d_X509_NAME(X509_get_subject_name(certificate), NULL);
	unsigned char *end = buffer;

	if (key_identifier == NULL || ASN1_STRING_length(key_identifier) != KEY_IDENTIFIER_SIZE ||
			len <= 0 || (size_t)len > capacity)
		return FAULT_CRYPTO;
	(void)i2d_X509_NAME(X509_get_subject_name(certificate), &end);
	*issuer = bytes_of(buffer, (size_t)len);
	memcpy(identifier, ASN1_STRING_get0_data(key_identifier), KEY_IDENTIFIER_SIZE);
	return FAULT_NONE;
}

static enum fault make_tls_certificate(const struct init *init, struct contents *contents)
{
	uint8_t number[CERTIFICATE_NUMBER_OCTETS], spki[SPKI_MAX], tbs[CERTIFICATE_MAX];
	uint8_t issuer[CERTIFICATE_MAX], identifier[KEY_IDENTIFIER_SIZE];
	struct writer w = WRITER_OF_ARRAY(tbs);
	uint64_t now_s = (uint64_t)time(NULL);
	struct tls_certificate certificate = {
		.frame = {
			.number = BYTES_OF_ARRAY(number),
			.signature_algorithm = issuer_algorithm_of(contents->ca_key)->identifier,
			.organization = init->name,
			.common_name = "identity CA",
			.not_before_s = now_s - CLOCK_SLACK_S,
			.not_after_s = now_s + (uint64_t)TLS_CERTIFICATE_DAYS * SECONDS_A_DAY - 1,
		},
		.authority_key_identifier = BYTES_OF_ARRAY(identifier),
		.host_count = init->host_count,
	};

	memcpy(certificate.hosts, init->hosts, init->host_count * sizeof(init->hosts[0]));
	enum fault fault = draw_number(number);
	if (fault == FAULT_NONE)
		fault = spki_of(contents->tls_key, spki, sizeof(spki), &certificate.frame.spki);
	if (fault == FAULT_NONE)
		fault = read_issuer(&contents->ca, issuer, sizeof(issuer),
			&certificate.frame.issuer, identifier);
	if (fault != FAULT_NONE)
		return fault;
	tls_certificate_write(&w, &certificate);
	return sign(contents->ca_key, &w, &contents->tls);
}

/* ---- contents ---- */

/* What was written must be readable: a bad name or host shows here, in the reader's own words. */
static enum fault make_configuration(const struct init *init, struct contents *contents,
	struct trouble *trouble)
{
	struct configuration configuration;
	struct configuration_error error = { "" };
	enum fault fault = init_configuration(init, contents->configuration,
		sizeof(contents->configuration));

	if (fault == FAULT_NONE && strpbrk(init->name, "\n\r") != NULL)
		fault = FAULT_INVALID;
	if (fault == FAULT_NONE)
		fault = configuration_read(
			bytes_of_string(contents->configuration), &configuration, &error);
	if (fault != FAULT_NONE)
		return trouble_say(trouble, fault, "--name or --host: %s", error.text[0] != '\0' ?
			error.text : fault_text(fault));
	contents->uid_base = configuration.uid_base;
	return FAULT_NONE;
}

static enum fault make_contents(const struct init *init, struct contents *contents,
	struct trouble *trouble)
{
	enum fault fault = make_configuration(init, contents, trouble);

	if (fault != FAULT_NONE)
		return fault;
	fault = ca_key_generate(init->ca_key, &contents->ca_key);
	if (fault == FAULT_INVALID)
		return trouble_say(trouble, fault, "--ca-key is p256, p384 or rsa3072");
	if (fault == FAULT_NONE)
		fault = ca_key_generate("p256", &contents->tls_key);
	if (fault == FAULT_NONE)
		fault = make_ca_certificate(init, contents);
	if (fault == FAULT_NONE)
		fault = make_tls_certificate(init, contents);
	if (fault == FAULT_NONE)
		fault = ticket_key_generate(&contents->ticket_keys.current);
	if (fault != FAULT_NONE)
		return trouble_say(trouble, fault, "keys or certificates cannot be made: %s",
			fault_text(fault));
	return FAULT_NONE;
}

static void wipe_contents(struct contents *contents)
{
	EVP_PKEY_free(contents->ca_key);
	EVP_PKEY_free(contents->tls_key);
	ticket_keys_wipe(&contents->ticket_keys);
	*contents = (struct contents){ .ca_key = NULL };
}

/* ---- writing ---- */

static enum fault write_key(const struct folder *folder, const char *name, const EVP_PKEY *key,
	struct trouble *trouble)
{
	owned(BIO) *text = BIO_new(BIO_s_secmem());
	const char *octets = NULL;

	if (text == NULL ||
		PEM_write_bio_PKCS8PrivateKey(text, key, NULL, NULL, 0, NULL, NULL) != 1)
		return trouble_say(trouble, FAULT_CRYPTO, "%s cannot be made", name);
	long len = BIO_get_mem_data(text, &octets);
	return folder_create(folder, name, MODE_SECRET, bytes_of(octets, (size_t)len), trouble);
}

static enum fault write_certificate(const struct folder *folder, const char *name,
	const struct certificate_der *der, struct trouble *trouble)
{
	owned(BIO) *text = BIO_new(BIO_s_mem());
	const char *octets = NULL;

	if (text == NULL ||
		PEM_write_bio(text, PEM_STRING_X509, "", der->octets, (long)der->len) <= 0)
		return trouble_say(trouble, FAULT_NO_MEMORY, "%s cannot be made", name);
	long len = BIO_get_mem_data(text, &octets);
	return folder_create(folder, name, MODE_PUBLIC, bytes_of(octets, (size_t)len), trouble);
}

static enum fault write_ticket_keys(const struct folder *folder, const struct ticket_keys *keys,
	struct trouble *trouble)
{
	uint8_t buffer[TICKET_KEYS_FILE_MAX];
	struct bytes text;
	enum fault fault = ticket_keys_write(keys, buffer, sizeof(buffer), &text);

	if (fault == FAULT_NONE)
		fault = folder_create(folder, "secret/ticket.keys", MODE_SECRET, text, trouble);
	OPENSSL_cleanse(buffer, sizeof(buffer));
	return fault;
}

static enum fault make_directory(const struct folder *folder, const char *name, mode_t mode,
	struct trouble *trouble)
{
	if (mkdirat(folder->descriptor, name, mode) == 0 &&
			fchmodat(folder->descriptor, name, mode, 0) == 0)
		return FAULT_NONE;
	return trouble_say(trouble, errno == EEXIST ? FAULT_EXISTS : FAULT_SYSTEM, "%s/%s: %s",
		folder->path, name, strerror(errno));
}

/* The store writes its database itself, and as root it is another user then. */
static enum fault make_directories(const struct folder *folder, const struct contents *contents,
	struct trouble *trouble)
{
	uid_t store = contents->uid_base + STORE_UID_OFFSET;
	enum fault fault = make_directory(folder, "secret", S_IRWXU, trouble);

	if (fault == FAULT_NONE)
		fault = make_directory(
			folder, "trust", S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH, trouble);
	if (fault == FAULT_NONE)
		fault = make_directory(folder, "store", S_IRWXU, trouble);
	if (fault == FAULT_NONE && geteuid() == 0 &&
		fchownat(folder->descriptor, "store", store, store, AT_SYMLINK_NOFOLLOW) != 0)
		return trouble_say(
			trouble, FAULT_SYSTEM, "%s/store: %s", folder->path, strerror(errno));
	return fault;
}

/* genuine.conf comes last: a folder without it is no CA, whatever a crash left behind. */
static enum fault write_contents(const struct folder *folder, const struct contents *contents,
	struct trouble *trouble)
{
	enum fault fault = make_directories(folder, contents, trouble);

	if (fault == FAULT_NONE)
		fault = write_key(folder, "secret/ca.key", contents->ca_key, trouble);
	if (fault == FAULT_NONE)
		fault = write_key(folder, "secret/tls.key", contents->tls_key, trouble);
	if (fault == FAULT_NONE)
		fault = write_ticket_keys(folder, &contents->ticket_keys, trouble);
	if (fault == FAULT_NONE)
		fault = write_certificate(folder, "ca.pem", &contents->ca, trouble);
	if (fault == FAULT_NONE)
		fault = write_certificate(folder, "tls.pem", &contents->tls, trouble);
	if (fault == FAULT_NONE)
		fault = folder_create(folder, "genuine.conf", MODE_PUBLIC,
			bytes_of_string(contents->configuration), trouble);
	return fault;
}

/* ---- the folder itself ---- */

static enum fault refuse_what_is_there(const char *path, struct trouble *trouble)
{
	owned(DIR) *directory = opendir(path);
	const struct dirent *entry;

	if (directory == NULL)
		return trouble_say(trouble, FAULT_SYSTEM, "%s: %s", path, strerror(errno));
	while ((entry = readdir(directory)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return trouble_say(trouble, FAULT_EXISTS,
				"%s is not empty (%s); init overwrites nothing: name another "
				"folder with -C",
				path, entry->d_name);
	}
	return FAULT_NONE;
}

static enum fault make_folder(const char *path, struct folder *out, struct trouble *trouble)
{
	const mode_t mode = S_IRWXU | S_IXGRP | S_IXOTH;

	if (mkdir(path, mode) != 0 && errno != EEXIST)
		return trouble_say(trouble, FAULT_SYSTEM, "%s: %s", path, strerror(errno));
	enum fault fault = refuse_what_is_there(path, trouble);
	if (fault == FAULT_NONE)
		fault = folder_open(path, out, trouble);
	if (fault == FAULT_NONE && fchmod(out->descriptor, mode) != 0)
		fault = trouble_say(trouble, FAULT_SYSTEM, "%s: %s", path, strerror(errno));
	return fault;
}

enum fault init_folder(const struct init *init, struct trouble *trouble)
{
	static struct contents contents;
	owned_folder folder = { 0 };
	enum fault fault = make_contents(init, &contents, trouble);

	if (fault == FAULT_NONE)
		fault = make_folder(init->directory, &folder, trouble);
	if (fault == FAULT_NONE)
		fault = write_contents(&folder, &contents, trouble);
	wipe_contents(&contents);
	return fault;
}
