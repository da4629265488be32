#include "software_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

/* cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void take_number(EVP_PKEY *pkey, const char *name, uint8_t *out, size_t len)
{
	BIGNUM *number = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(pkey, name, &number), 1);
	assert_int_equal(BN_bn2binpad(number, out, (int)len), (int)len);
	BN_free(number);
}

struct software_key software_key_make(enum tpm_template template)
{
	const struct template_row *row = template_row(template);
	struct software_key key = { .key.template = (uint8_t)template };
	uint16_t len = row->key_bits / 8;

	key.key.a_len = len;
	if (row->type == TPM_ALG_RSA) {
		key.pkey = EVP_RSA_gen(row->key_bits);
		take_number(key.pkey, OSSL_PKEY_PARAM_RSA_N, key.key.a, len);
		return key;
	}
	key.pkey = EVP_EC_gen(row->key_bits == 384 ? "P-384" : "P-256");
	key.key.b_len = len;
	take_number(key.pkey, OSSL_PKEY_PARAM_EC_PUB_X, key.key.a, len);
	take_number(key.pkey, OSSL_PKEY_PARAM_EC_PUB_Y, key.key.b, len);
	return key;
}

void software_key_free(struct software_key *key)
{
	EVP_PKEY_free(key->pkey);
}

struct signature software_key_sign(const struct software_key *key, struct bytes message)
{
	const EVP_MD *hash = signature_hash(template_row(key->key.template));
	struct signature signature = { .len = SIGNATURE_MAX };
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	assert_int_equal(EVP_DigestSignInit(context, NULL, hash, NULL, key->pkey), 1);
	assert_int_equal(EVP_DigestSign(context, signature.data, &signature.len, message.data,
				 message.len), 1);
	EVP_MD_CTX_free(context);
	return signature;
}
