#include "how_to_use.h"

#include "writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOW_TO_USE_MAX = 24576, PATH_CAPACITY = 4096 };

/*
 * The order of the providers and the query matter: with tpm2 first, or without the query, TLS
 * hashes in the TPM too, which has three slots, and fails with 0x902. Measured with 1.1.1.
 */
#define QUERY "?provider=tpm2,tpm2.digest!=yes,tpm2.cipher!=yes,tpm2.rand!=yes"
#define PROVIDERS "-provider default -provider tpm2 \\\n    -propquery '" QUERY "'"

static const char configuration[] =
	"# OpenSSL 3 with the key in the TPM: for programs that are started with\n"
	"# OPENSSL_CONF=@DIR@/openssl.cnf\n"
	"openssl_conf = openssl_init\n"
	"\n"
	"[openssl_init]\n"
	"providers = provider_section\n"
	"alg_section = algorithm_section\n"
	"\n"
	"[provider_section]\n"
	"default = active\n"
	"tpm2 = active\n"
	"\n"
	"[active]\n"
	"activate = 1\n"
	"\n"
	"[algorithm_section]\n"
	"default_properties = " QUERY "\n";

static const char text[] =
	"This device's identity\n"
	"======================\n"
	"\n"
	"  @DIR@/certificate.pem   the certificate\n"
	"  @DIR@/chain.pem         the same, then its issuers: what a TLS peer wants to see\n"
	"  @DIR@/ca.pem            the CA that was trusted when it was issued\n"
	"  handle:@KEY@        the key, in the TPM; it cannot leave it\n"
	"  @DIR@/key.pem           the same key, as programs read keys; of use to this TPM alone\n"
	"  @DIR@/key.pub, key.priv its halves, for a TPM that has lost the handle\n"
	"  @DIR@/openssl.cnf       makes programs that use OpenSSL 3 find the TPM\n"
	"\n"
	"All that follows needs the tpm2 provider (Debian: tpm2-openssl).\n"
	"\n"
	"Mutual TLS with openssl\n"
	"-----------------------\n"
	"export TPM2OPENSSL_TCTI='@TPM@'\n"
	"openssl s_client -connect HOST:PORT " PROVIDERS " \\\n"
	"    -CAfile SERVER.pem -partial_chain -verify_return_error \\\n"
	"    -cert @DIR@/certificate.pem -cert_chain @DIR@/chain.pem -key handle:@KEY@\n"
	"\n"
	"SERVER.pem is the server's own certificate. The provider lets the TPM check the server's\n"
	"signatures too, and a TPM has three slots, as has each user of /dev/tpmrm0: with the\n"
	"certificate of the server's CA in its place they do not suffice (0x902). With the resource\n"
	"manager of the next section they do.\n"
	"\n"
	"An RSA key may fail here. TLS 1.3 wants RSASSA-PSS with a salt of the hash's length; many chips\n"
	"take the longest that fits, which servers refuse, and none can be told. A P-256 key does not:\n"
	"genuine-device provision --dir @DIR@ --tcti '@TPM@' --new-key --key p256\n"
	"\n"
	"Mutual TLS with curl and nginx\n"
	"------------------------------\n"
	"These need the resource manager tpm2-abrmd (Debian: tpm2-abrmd, libtss2-tcti-tabrmd0) and\n"
	"root or group tss.\n"
	"\n"
	"OPENSSL_CONF=@DIR@/openssl.cnf TPM2OPENSSL_TCTI=tabrmd: \\\n"
	"    curl --tlsv1.3 --cert @DIR@/chain.pem --key @DIR@/key.pem https://HOST:PORT/\n"
	"\n"
	"An nginx that speaks mutual TLS for programs which speak plain HTTP to 127.0.0.1:8080.\n"
	"In /etc/systemd/system/nginx.service.d/tpm.conf:\n"
	"[Service]\n"
	"Environment=OPENSSL_CONF=@DIR@/openssl.cnf\n"
	"Environment=TPM2OPENSSL_TCTI=tabrmd:\n"
	"\n"
	"In /etc/nginx/nginx.conf, because workers share one way to the TPM:\n"
	"worker_processes 1;\n"
	"\n"
	"In /etc/nginx/conf.d/device.conf:\n"
	"server {\n"
	"    listen 127.0.0.1:8080;\n"
	"    location / {\n"
	"        proxy_pass                    https://HOST:PORT;\n"
	"        proxy_ssl_protocols           TLSv1.3;\n"
	"        proxy_ssl_certificate         @DIR@/chain.pem;\n"
	"        proxy_ssl_certificate_key     @DIR@/key.pem;\n"
	"        proxy_ssl_server_name         on;\n"
	"        proxy_ssl_name                HOST;\n"
	"        proxy_ssl_verify              on;\n"
	"        proxy_ssl_verify_depth        4;\n"
	"        proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;\n"
	"    }\n"
	"}\n"
	"\n"
	"Sign a file, and verify the signature\n"
	"-------------------------------------\n"
	"export TPM2OPENSSL_TCTI='@TPM@'\n"
	"openssl dgst -sha256 " PROVIDERS " \\\n"
	"    -sign handle:@KEY@ -out FILE.sig FILE\n"
	"openssl x509 -in @DIR@/certificate.pem -noout -pubkey > device.pub\n"
	"openssl dgst -sha256 -verify device.pub -signature FILE.sig FILE\n"
	"\n"
	"On the server: an nginx that lets in this CA's devices and says which one came\n"
	"------------------------------------------------------------------------------\n"
	"server {\n"
	"    listen 443 ssl;\n"
	"    ssl_certificate         /etc/nginx/server.pem;\n"
	"    ssl_certificate_key     /etc/nginx/server.key;\n"
	"    ssl_client_certificate  /etc/nginx/ca.pem;   # a copy of @DIR@/ca.pem\n"
	"    ssl_verify_client       on;\n"
	"    ssl_verify_depth        2;\n"
	"    location / {\n"
	"        proxy_set_header X-Device $ssl_client_s_dn;\n"
	"        proxy_pass http://127.0.0.1:8080;\n"
	"    }\n"
	"}\n"
	"\n"
	"Before it runs out\n"
	"------------------\n"
	"genuine-device provision --dir @DIR@ --tcti '@TPM@'\n";

struct placeholders {
	char directory[PATH_CAPACITY];
	char key[11];
	const char *tpm;
};

/* What stands for the placeholder with which rest begins, and its length; NULL where none does. */
static const char *value_of(
	const struct placeholders *placeholders, const char *rest, size_t *name_len)
{
	const struct {
		const char *name;
		const char *value;
	} rows[] = { { "@DIR@", placeholders->directory }, { "@KEY@", placeholders->key },
		{ "@TPM@", placeholders->tpm } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		*name_len = strlen(rows[i].name);
		if (strncmp(rest, rows[i].name, *name_len) == 0)
			return rows[i].value;
	}
	return NULL;
}

/* Writes a file of the folder from its text, with the placeholders filled in. */
static enum fault write_file(const struct directory *directory, const char *name,
	const char *rest, const struct placeholders *placeholders)
{
	uint8_t content[HOW_TO_USE_MAX];
	struct writer w = WRITER_OF_ARRAY(content);

	while (*rest != '\0') {
		size_t len;
		const char *value = value_of(placeholders, rest, &len);
		writer_bytes(&w, value == NULL ? bytes_of(rest, 1) : bytes_of_string(value));
		rest += value == NULL ? 1 : len;
	}
	if (w.fault != FAULT_NONE)
		return failure_set(directory->failure, EXIT_LOCAL_FILES,
			"give --dir a shorter path", "the path of the folder is too long");
	return directory_write(directory, name, writer_written(&w), 0644);
}

enum fault how_to_use_write(const struct directory *directory, uint32_t handle, const char *tcti)
{
	struct placeholders placeholders = { .tpm = tcti };

	if (realpath(directory->path, placeholders.directory) == NULL)
		(void)snprintf(placeholders.directory, sizeof(placeholders.directory), "%s",
			directory->path);
	(void)snprintf(placeholders.key, sizeof(placeholders.key), "0x%08x", handle);
	enum fault fault = write_file(directory, "openssl.cnf", configuration, &placeholders);
	if (fault != FAULT_NONE)
		return fault;
	return write_file(directory, "how-to-use.txt", text, &placeholders);
}
