#include "pem.h"

#include "encoding.h"
#include "limits.h"

enum { PEM_LINE = 64 };

void pem_write(struct writer *w, struct bytes der)
{
	char base64[BASE64_CAPACITY(CERTIFICATE_MAX)];

	if (der.len > CERTIFICATE_MAX) {
		writer_fail(w, FAULT_TOO_LONG);
		return;
	}
	base64_encode(der, base64, sizeof(base64));
	struct bytes rest = bytes_of_string(base64);
	writer_bytes(w, BYTES_OF_LITERAL("-----BEGIN CERTIFICATE-----\n"));
	while (rest.len > 0) {
		size_t len = rest.len < PEM_LINE ? rest.len : PEM_LINE;

		writer_bytes(w, bytes_of(rest.data, len));
		writer_bytes(w, BYTES_OF_LITERAL("\n"));
		rest = bytes_of(rest.data + len, rest.len - len);
	}
	writer_bytes(w, BYTES_OF_LITERAL("-----END CERTIFICATE-----\n"));
}
