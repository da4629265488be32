#include "how_to_use.h"

#include "writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOW_TO_USE_MAX = 16384, PATH_CAPACITY = 4096 };

/*
 * The order of the providers and the query matter: with tpm2 first, or without the query, TLS
 * hashes in the TPM too, which has three slots, and fails with 0x902. Measured with 1.1.1.
 */
#define PROVIDERS \
	"-provider default -provider tpm2 \\\n" \
	"    -propquery '?provider=tpm2,tpm2.digest!=yes,tpm2.cipher!=yes'"

static const char text[] =
	"This device's identity\n"
	"======================\n"
	"\n"
	"  @DIR@/certificate.pem   the certificate\n"
	"  @DIR@/chain.pem         the same, then its issuers: what a TLS peer wants to see\n"
	"  @DIR@/ca.pem            the CA that was trusted when it was issued\n"
	"  handle:@KEY@        the key, in the TPM; it cannot leave it\n"
	"  @DIR@/key.pub, key.priv the key's halves, for a TPM that has lost the handle\n"
	"\n"
	"The lines below need the tpm2 provider (Debian: tpm2-openssl) and the TPM's name:\n"
	"export TPM2OPENSSL_TCTI='@TPM@'\n"
	"\n"
	"Mutual TLS as a client\n"
	"----------------------\n"
	"openssl s_client -connect HOST:PORT " PROVIDERS " \\\n"
	"    -CAfile SERVER.pem -partial_chain -verify_return_error \\\n"
	"    -cert @DIR@/certificate.pem -cert_chain @DIR@/chain.pem -key handle:@KEY@\n"
	"\n"
	"SERVER.pem is the server's own certificate. tpm2-openssl 1.1.1 lets the TPM check the\n"
	"server's signatures too, and three slots have room for one key: with the CA's certificate "
	"in\n"
	"its place, a TPM of three slots says 0x902.\n"
	"\n"
	"Sign a file, and verify the signature\n"
	"-------------------------------------\n"
	"openssl dgst -sha256 " PROVIDERS " \\\n"
	"    -sign handle:@KEY@ -out FILE.sig FILE\n"
	"openssl x509 -in @DIR@/certificate.pem -noout -pubkey > key.pem\n"
	"openssl dgst -sha256 -verify key.pem -signature FILE.sig FILE\n"
	"\n"
	"An nginx that lets in this CA's devices, and tells the application which one came\n"
	"---------------------------------------------------------------------------------\n"
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

struct placeholder {
	const char *name;
	const char *value;
};

/* Copies the text with its placeholders filled in. FAULT_TOO_LONG. */
static enum fault fill_in(const struct placeholder *placeholders, size_t count, struct writer *w)
{
	for (const char *rest = text; *rest != '\0';) {
		size_t i = 0;
		while (i < count &&
			strncmp(rest, placeholders[i].name, strlen(placeholders[i].name)) != 0)
			i++;
		writer_bytes(
			w, i < count ? bytes_of_string(placeholders[i].value) : bytes_of(rest, 1));
		rest += i < count ? strlen(placeholders[i].name) : 1;
	}
	return w->fault;
}

enum fault how_to_use_write(const struct directory *directory, uint32_t handle, const char *tcti)
{
	char path[PATH_CAPACITY], handle_text[11];
	uint8_t content[HOW_TO_USE_MAX];
	struct writer w = WRITER_OF_ARRAY(content);

	if (realpath(directory->path, path) == NULL)
		(void)snprintf(path, sizeof(path), "%s", directory->path);
	(void)snprintf(handle_text, sizeof(handle_text), "0x%08x", handle);
	const struct placeholder placeholders[] = {
		{ "@DIR@", path }, { "@KEY@", handle_text }, { "@TPM@", tcti }
	};
	if (fill_in(placeholders, sizeof(placeholders) / sizeof(placeholders[0]), &w) != FAULT_NONE)
		return failure_set(directory->failure, EXIT_LOCAL_FILES,
			"give --dir a shorter path", "the path of the folder is too long");
	return directory_write(directory, "how-to-use.txt", writer_written(&w), 0644);
}
