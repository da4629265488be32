#include "name.h"

#include "public_key.h"

#include <openssl/evp.h>

enum fault name_of_area(struct bytes tpmt_public, uint16_t name_alg, struct tpm_name *out)
{
	const EVP_MD *hash = tpm_hash(name_alg);
	struct tpm_name name = { .data = { (uint8_t)(name_alg >> 8), (uint8_t)name_alg } };
	unsigned digest_len = 0;

	if (hash == NULL)
		return FAULT_UNSUPPORTED;
	if (EVP_Digest(tpmt_public.data, tpmt_public.len, name.data + 2, &digest_len, hash, NULL) !=
		1)
		return FAULT_CRYPTO;
	name.len = 2 + digest_len;
	*out = name;
	return FAULT_NONE;
}

enum fault name_of_key(const struct tpm_key *key, struct tpm_name *out)
{
	uint8_t buffer[TPMT_PUBLIC_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct bytes area;

	tpmt_public_write(&w, key);
	enum fault fault = writer_end(&w, &area);
	if (fault != FAULT_NONE)
		return fault;
	return name_of_area(area, template_row(key->template)->name_alg, out);
}
