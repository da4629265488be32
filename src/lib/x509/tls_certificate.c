#include "tls_certificate.h"

#include "der_writer.h"
#include "extension.h"

#include <arpa/inet.h>

/* RFC 5280, 4.2.1.6: GeneralName dNSName [2], iPAddress [7]. */
enum { GENERAL_NAME_DNS = DER_PRIMITIVE_0 + 2, GENERAL_NAME_IP = DER_PRIMITIVE_0 + 7 };

/* digitalSignature: all that TLS 1.3, and ECDHE in 1.2, asks of a server's key. */
enum { KEY_USAGE_DIGITAL_SIGNATURE = 0x80, KEY_USAGE_UNUSED_BITS = 7 };

static const uint8_t oid_subject_alt_name[] = { 0x55, 0x1d, 0x11 };
static const uint8_t oid_server_auth[] = { 0x2b, 6, 1, 5, 5, 7, 3, 1 };

static void write_host(struct writer *w, const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, host, &v4) == 1)
		der_element(w, GENERAL_NAME_IP, bytes_of(&v4, sizeof(v4)));
	else if (inet_pton(AF_INET6, host, &v6) == 1)
		der_element(w, GENERAL_NAME_IP, bytes_of(&v6, sizeof(v6)));
	else
		der_element(w, GENERAL_NAME_DNS, bytes_of_string(host));
}

static bool is_named_already(const struct tls_certificate *certificate, const char *host)
{
	for (size_t i = 0; i < certificate->host_count; i++) {
		if (strcmp(certificate->hosts[i], host) == 0)
			return true;
	}
	return false;
}

static void write_subject_alt_name(struct writer *w, const struct tls_certificate *certificate)
{
	static const char *const always[] = { "localhost", "127.0.0.1", "::1" };
	struct extension extension =
		extension_begin(w, BYTES_OF_ARRAY(oid_subject_alt_name), false);
	size_t names = der_begin(w, DER_SEQUENCE);

	for (size_t i = 0; i < certificate->host_count; i++)
		write_host(w, certificate->hosts[i]);
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
		if (!is_named_already(certificate, always[i]))
			write_host(w, always[i]);
	}
	der_end(w, names);
	extension_end(w, extension);
}

void tls_certificate_write(struct writer *w, const struct tls_certificate *certificate)
{
	struct open_certificate open = certificate_begin(w, &certificate->frame);

	not_a_ca_write(w);
	key_usage_write(w, KEY_USAGE_UNUSED_BITS, KEY_USAGE_DIGITAL_SIGNATURE);
	ext_key_usage_write(w, BYTES_OF_ARRAY(oid_server_auth));
	subject_key_identifier_write(w, certificate->frame.spki);
	authority_key_identifier_write(w, certificate->authority_key_identifier);
	write_subject_alt_name(w, certificate);
	certificate_end(w, open);
}
