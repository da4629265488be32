#include "sample_key.h"

#include <assert.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

/* The primes of one RSA key of each size, made by openssl genrsa for these tests alone. */
static const struct primes {
	unsigned bits;
	const char *p, *q;
} primes[] = {
	{ 2048,
		"eeabdd90e84f7793bfcc6ec1075271abcd2af5e35fcf0587ed51beaea4b45b76db924cbb5981c607"
		"57456fe7f783c6681ef4e82f802a95fddad6ec8086328b104d04a099bf0c6485fd23bb7637ec802f"
		"cf2e568d48ff4bb170242f5b01ad3425ae3c1a1ceedeaf8943f9855e4333a8bb8efdab38a6d52fdc"
		"37f2b37161093a53",
		"ee13c6e1a4ac01ecba89975f7bba477cef672568dab50f6a6818640d6ad8bb5386162f8090f6e2f5"
		"56e1ecef7f8ede4780218a35a8aeff39d60d2a5e97602b138171cf786015cc738711a2e356deb622"
		"9593741ba937f8c79527b0ebce264457e08650c4b3f40e2f4bcfc849a87a352d8819f2f6a2a6ad11"
		"bf9c5855d6ac91f9" },
	{ 3072,
		"fefcde60ee2968bac19eaece0091df0416090781f1707e9019419f8183b740e5e9658b69ef0fa9ed"
		"06fe36a6664fbe58a95cefef9662ab8c15b384fba186ca6f3d5f6f6c26b3ea82d7f0cabbef0bfa64"
		"3dd1167111b75b4412d6baa5dad68128cec23e3aca6fb13881bc5a38dc10f8b763aff2655e9ac983"
		"713116ad9cc7335e9d7ad739ab016df09d4c400669c9c489a6117180b83e98ab0b055901048e7838"
		"9dc6845bebbd7b7021ad0a150b954274c54a8d279bf1049136d7a15366723573",
		"dcc153b4b6bfbb8f8887ecd7e692e309c00505a5ab59fb27440c305424cf3495a971b680a375dba5"
		"d42e721fad8a4b26b002ba47284b9eb09d8ea4d8ecb212e8eb6f0b5630cde4abc306d38b9be02353"
		"40ecf9163c0e405c4bb2c187a51cabc5881d2558d3a305c455c1445905e5896f8d5fcb15b0ec109a"
		"387f4a866aba84371420781c629d4ad225f23ddeb424d3c3c5d8519bc2d4e36e6c249d8c33aa7eef"
		"8ffa185badd9555164c5702df58a4ac5ddc5834ad9efa2346992b1b22d853903" },
	{ 4096,
		"f15225a71bac5e6c82d3427aecf7c533ef65f187c6f34e653ac4bda0de8f2462c45589d1116da6bf"
		"eca531bfad6817c03a906b99fa82c8335282bc22863799e3b175e9031610183aa2c09bb532aa3eb4"
		"0a614b6fb6b77e8262c2e4c6a5da57eb3b1c51045b9f4b4c9202d2209c56ac1648ae87eee6bad02f"
		"f281d242951eb7c79fc8fd5240909403fdee6ff0ba6ba45c49d063f3632efd8f5a9e028191ff2325"
		"a21cfe5cb49ccdf0c81114e4d2461172c1ce61d0445257a04b5b5b1e1517dca8b3ad62e946929f64"
		"6a2eb54849028d3dd3a3d645fd6aa52c82e80def32e6d230c5ef580b6be1044412399871b165607a"
		"1f3c5b5e27ffb8c27b9ea88c4b95eb47",
		"cff64ebb69a17493300d14b3a9f059b70c498d8147da2276302258e1844e067ff9058e46903a3653"
		"480c37297135e12ffad519abac86f9a563e32b69fdd7de90184428ba8b52fa8d3436d1e5f02a4f65"
		"db6f097bac287598aad517ca2af2b9c58e8f33f61317dd729a8e4639b97cb0cf7a6e3d9d7d97ee37"
		"36d3b2820d3d34732ccff577a7cde4d7c3f410648d4c50631bec8d20600bbe85c7dcd1ca7f6b9520"
		"45356c53df69be6d460a976b39ccbae1585dde8491736279f1748c3aa6fa98e83918b87927a9a430"
		"5978f0fb09eafa558ec695cbd1b7a432219750b47ceaa5419a62f80af4f8dc9ed8b545dde07b1949"
		"95906e28701a25e10261d2e09508be8d" },
};

struct tpm_key sample_numbers(const struct template_row *row)
{
	struct tpm_key key = { .template = (uint8_t)row->template };
	size_t len = (row->key_bits + 7u) / 8;

	memset(key.a, row->type == TPM_ALG_RSA ? 0xc5 : 0x11, len);
	key.a_len = (uint16_t)len;
	if (row->type == TPM_ALG_ECC) {
		memset(key.b, 0x22, len);
		key.b_len = (uint16_t)len;
	}
	return key;
}

static const struct primes *primes_of(unsigned bits)
{
	const struct primes *row = primes;

	while (row->bits != bits)
		row++;
	return row;
}

/* d = e^-1 mod (p - 1)(q - 1). */
static void private_exponent(const BIGNUM *p, const BIGNUM *q, const BIGNUM *e, BIGNUM *d)
{
	BN_CTX *context = BN_CTX_new();
	BIGNUM *p1 = BN_dup(p), *q1 = BN_dup(q), *phi = BN_new();

	assert(BN_sub_word(p1, 1) == 1 && BN_sub_word(q1, 1) == 1);
	assert(BN_mul(phi, p1, q1, context) == 1);
	assert(BN_mod_inverse(d, e, phi, context) != NULL);
	BN_free(p1);
	BN_free(q1);
	BN_free(phi);
	BN_CTX_free(context);
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *builder)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY *key = NULL;

	assert(EVP_PKEY_fromdata_init(context) == 1);
	assert(EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params) == 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(context);
	return key;
}

static EVP_PKEY *rsa_key(unsigned bits, struct tpm_key *out)
{
	const struct primes *row = primes_of(bits);
	BIGNUM *p = NULL, *q = NULL, *e = NULL, *n = BN_new(), *d = BN_new();
	BN_CTX *context = BN_CTX_new();
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();

	assert(BN_hex2bn(&p, row->p) > 0 && BN_hex2bn(&q, row->q) > 0 && BN_dec2bn(&e, "65537") > 0);
	assert(BN_mul(n, p, q, context) == 1);
	private_exponent(p, q, e, d);
	out->a_len = (uint16_t)(bits / 8);
	assert(BN_bn2binpad(n, out->a, (int)bits / 8) == (int)bits / 8);
	assert(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1);
	assert(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1);
	assert(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_D, d) == 1);
	EVP_PKEY *key = from_params("RSA", builder);
	BN_free(p);
	BN_free(q);
	BN_free(e);
	BN_free(n);
	BN_free(d);
	BN_CTX_free(context);
	return key;
}

static EVP_PKEY *ecc_key(const struct template_row *row, struct tpm_key *out)
{
	const char *group = row->curve_id == TPM_ECC_NIST_P256 ? "P-256" :
		row->curve_id == TPM_ECC_NIST_P384 ? "P-384" : "P-521";
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", group);
	uint8_t point[1 + 2 * ECC_COORDINATE_MAX];
	size_t len = 0, field_len = (row->key_bits + 7u) / 8;

	assert(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, sizeof(point), &len) == 1);
	assert(len == 1 + 2 * field_len);
	out->a_len = out->b_len = (uint16_t)field_len;
	memcpy(out->a, point + 1, field_len);
	memcpy(out->b, point + 1 + field_len, field_len);
	return key;
}

struct tpm_key sample_key(const struct template_row *row, EVP_PKEY **private_key)
{
	struct tpm_key key = { .template = (uint8_t)row->template };

	*private_key = row->type == TPM_ALG_RSA ? rsa_key(row->key_bits, &key) : ecc_key(row, &key);
	return key;
}
