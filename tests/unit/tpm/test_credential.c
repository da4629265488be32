/*
 * MakeCredential: known answers published with go-tpm for its parts, and what is made opened again
 * here with the EK's private key, as a TPM would: by Part 1, 24, written a second time.
 */
#include "credential.h"

#include "encoding.h"
#include "public_key.h"
#include "reader.h"
#include "sample_key.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct octets {
	uint8_t data[1024];
	size_t len;
};

static struct octets hex(const char *text)
{
	struct octets octets = { .len = strlen(text) / 2 };

	assert_int_equal(hex_decode(bytes_of_string(text), octets.data, octets.len), FAULT_NONE);
	return octets;
}

static struct bytes view(const struct octets *octets)
{
	return bytes_of(octets->data, octets->len);
}

static void assert_hex(struct bytes octets, const char *wanted)
{
	char text[2 * 1024 + 1];

	hex_encode(octets, text, sizeof(text));
	assert_string_equal(text, wanted);
}

/* ---- known answers ---- */

static void test_kdfa(void **state)
{
	static const uint8_t key[] = { 'y', 'o', 'l', 'o', 0 }, u[] = { 'k', 'e', 'k', 0 }, v[] = { 'y', 'o', 'y', 'o', 0 };
	struct secret out;

	(void)state;
	assert_int_equal(kdfa(EVP_sha256(), BYTES_OF_ARRAY(key), BYTES_OF_LITERAL("IDENTITY"), BYTES_OF_ARRAY(u),
		BYTES_OF_ARRAY(v), 16, &out), FAULT_NONE);
	assert_hex(secret_bytes(&out), "d2d72cc7a8a5eb09e8c79012e2da9f22");
}

/* As the TPM's reference implementation computed them. */
static void test_kdfe(void **state)
{
	static const struct {
		const char *z, *u, *v, *wanted;
	} rows[] = {
		{ "69fd74d052a5cd9d6addf4ea791f4737eb297246dce604f6385c1392e0fb56b9",
			"c29f8cff1ce054ed5945abd393ee2eed3f67437d9db07b932156c65d32921373",
			"107937dc44e5bb5094d3d30a55efac77b6db3253ba42dabc804446b93864e055",
			"b15267e3f960f8f8f3b94ff3fc64119f6876974f984f82d50bd54abc7a6406e8" },
		{ "bb3a3f26d6810bff2967634995fd579f806fa68f0d9db5bd62d10c305ceaa9da8eec673ee08951bc63ae9c6fb5fe98b1",
			"20f0f40cf185ca07a45699f74a0719c621843e9d071e4f6be8c37abda838ee1a2a09824d226b36a7ae5018aa0997d617",
			"cb677d1274259f552aa45260d96546c53fe1a04af78a0c0cbbb4f43b327163c50d7608bc2cf64c1f2cbe799aaa9fbe6d",
			"9454b72eb50f0b2566246976a7445da1a1ebfa82c914c465ac754e941de0faaa" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct octets z = hex(rows[i].z), u = hex(rows[i].u), v = hex(rows[i].v);
		struct secret out;

		assert_int_equal(kdfe(EVP_sha256(), view(&z), BYTES_OF_LITERAL("DUPLICATE"), view(&u), view(&v), 32, &out),
			FAULT_NONE);
		assert_hex(secret_bytes(&out), rows[i].wanted);
	}
}

#define NAME "000be6c9e97fda917ca0f64dbef678b019a82fdafccc94860f88bddc036644c92bdc"
#define CREDENTIAL "0102030405060708010203040506070801020304050607080102030405060708"

static struct tpm_name known_name(void)
{
	struct octets octets = hex(NAME);
	struct tpm_name name = { .len = octets.len };

	memcpy(name.data, octets.data, octets.len);
	return name;
}

static void assert_sealed(enum tpm_template template, const struct secret *seed, const char *wanted)
{
	struct tpm_name name = known_name();
	struct octets credential = hex(CREDENTIAL);
	uint8_t buffer[CREDENTIAL_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);

	assert_int_equal(credential_seal(template_row(template), seed, &name, view(&credential), &w), FAULT_NONE);
	assert_hex(writer_written(&w), wanted);
}

static void test_known_answer_rsa(void **state)
{
	struct secret seed = { .len = 32 }, key;
	struct octets name = hex(NAME);
	struct bytes none = { NULL, 0 };

	(void)state;
	assert_int_equal(kdfa(EVP_sha256(), secret_bytes(&seed), BYTES_OF_LITERAL("STORAGE"), view(&name), none, 16, &key),
		FAULT_NONE);
	assert_hex(secret_bytes(&key), "f02b8673c51b2e6822c658d55006877b");
	assert_int_equal(kdfa(EVP_sha256(), secret_bytes(&seed), BYTES_OF_LITERAL("INTEGRITY"), none, none, 32, &key),
		FAULT_NONE);
	assert_hex(secret_bytes(&key), "b47bc8bc5d6da6065f3e6ec1dbd7efc7c044eefd42e0c01dceb216a6c102db41");
	assert_sealed(TEMPLATE_EK_L1, &seed, "0044" "002058ca640528dd69a0c6ef82a87173b1066bec1a9ac2da6b066a57a596bbee76f9"
		"4be88de887123d02c228f64c36eba7bfb0486f8fd5240ff18ccae3f119d06e3b290b");
}

/* A P-256 key from its parts. */
static EVP_PKEY *p256_key(struct bytes point, const BIGNUM *scalar)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.len), 1);
	if (scalar != NULL)
		assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar), 1);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(EVP_PKEY_fromdata(context, &key, scalar != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(context);
	return key;
}

static size_t derive(EVP_PKEY *ours, EVP_PKEY *theirs, uint8_t *z, size_t capacity)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, ours, NULL);
	size_t len = capacity;

	assert_int_equal(EVP_PKEY_derive_init(context), 1);
	assert_int_equal(EVP_PKEY_derive_set_peer(context, theirs), 1);
	assert_int_equal(EVP_PKEY_derive(context, z, &len), 1);
	EVP_PKEY_CTX_free(context);
	return len;
}

#define EPHEMERAL_X "1e1837ef0d195188357571b5e5545b122e8f0967fda724203eb2561cce97285e"
#define EPHEMERAL_Y "f82b2d4f9ef1079f6c4b5b8356e23242e958b6d749a6b5681a4103566bdc5a89"
#define EK_X "b087e2c6ab14a7c7090527980e124a099df67801c5deb4bb1dd4cc3a7a058f53"
#define EK_Y "2b5fe3eeb4f4f16ba4857615862e78444327dcc119e2f2f7905ff7523f6a27db"
#define ZEROS_30 "000000000000000000000000000000000000000000000000000000000000"

/* The ephemeral scalar is 0042 and thirty octets of 0; its point is what the device gets. */
static void test_known_answer_ecc(void **state)
{
	struct octets point = hex("04" EPHEMERAL_X EPHEMERAL_Y), ek_point = hex("04" EK_X EK_Y);
	struct octets x = hex(EPHEMERAL_X), ek_x = hex(EK_X);
	BIGNUM *scalar = NULL;
	struct secret seed;
	uint8_t z[32];

	(void)state;
	assert_true(BN_hex2bn(&scalar, "42" ZEROS_30) > 0);
	EVP_PKEY *ephemeral = p256_key(view(&point), scalar), *ek = p256_key(view(&ek_point), NULL);
	assert_int_equal(derive(ephemeral, ek, z, sizeof(z)), 32);
	assert_int_equal(kdfe(EVP_sha256(), BYTES_OF_ARRAY(z), BYTES_OF_LITERAL("IDENTITY"), view(&x), view(&ek_x), 32,
		&seed), FAULT_NONE);
	assert_hex(secret_bytes(&seed), "b4bac3724fd11fc31f014dc6761c42bddf0d24c1ed8c0e1bd0177a0324df1851");
	assert_sealed(TEMPLATE_EK_L2, &seed, "0044" "00204e12aae39c300ccb8bb7f7aeee8ff27b88a529b3afc3930025e9ccba373d339e"
		"fe805aceff9f645d8988a0d9a8d3cd7872120ac64c744b447efc988ea9b367f081ec");
	EVP_PKEY_free(ephemeral);
	EVP_PKEY_free(ek);
	BN_free(scalar);
}

/* ---- opened again, as the TPM does (Part 1, 24; Part 3, 12.5) ---- */

/* RSAES-OAEP, the label with its NUL, the EK's nameAlg for both hashes (B.10.4). */
static struct secret decrypt_seed(EVP_PKEY *ek, const EVP_MD *hash, struct bytes encrypted)
{
	static const uint8_t label[] = "IDENTITY";
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, ek, NULL);
	uint8_t seed[RSA_MODULUS_MAX];
	size_t len = sizeof(seed);

	assert_int_equal(EVP_PKEY_decrypt_init(context), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_oaep_md(context, hash), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash), 1);
	assert_int_equal(EVP_PKEY_CTX_set0_rsa_oaep_label(context, OPENSSL_memdup(label, sizeof(label)), sizeof(label)), 1);
	assert_int_equal(EVP_PKEY_decrypt(context, seed, &len, encrypted.data, encrypted.len), 1);
	EVP_PKEY_CTX_free(context);
	assert_int_equal(len, EVP_MD_get_size(hash));
	return secret_of(bytes_of(seed, len));
}

/* The public key of the ephemeral point, on the EK's curve. */
static EVP_PKEY *ephemeral_key(EVP_PKEY *ek, struct bytes x, struct bytes y)
{
	uint8_t point[1 + 2 * ECC_COORDINATE_MAX] = { 4 };
	EVP_PKEY *key = EVP_PKEY_new();

	memcpy(point + 1, x.data, x.len);
	memcpy(point + 1 + x.len, y.data, y.len);
	assert_int_equal(EVP_PKEY_copy_parameters(key, ek), 1);
	assert_int_equal(EVP_PKEY_set1_encoded_public_key(key, point, 1 + x.len + y.len), 1);
	return key;
}

/* One-pass Diffie-Hellman (C.6.4): coordinates of the field's length, PartyVInfo the EK's own x. */
static struct secret agree_seed(EVP_PKEY *ek, const struct template_row *row, struct bytes ek_x, struct bytes encrypted)
{
	size_t field_len = (row->key_bits + 7u) / 8;
	struct reader r = reader_of(encrypted);
	struct bytes x = reader_tpm2b(&r, ECC_COORDINATE_MAX), y = reader_tpm2b(&r, ECC_COORDINATE_MAX);
	const EVP_MD *hash = tpm_hash(row->name_alg);
	uint8_t z[ECC_COORDINATE_MAX];
	struct secret seed;

	assert_int_equal(reader_end(&r), FAULT_NONE);
	assert_int_equal(x.len, field_len);
	assert_int_equal(y.len, field_len);
	EVP_PKEY *ephemeral = ephemeral_key(ek, x, y);
	assert_int_equal(derive(ek, ephemeral, z, sizeof(z)), field_len);
	EVP_PKEY_free(ephemeral);
	assert_int_equal(kdfe(hash, bytes_of(z, field_len), BYTES_OF_LITERAL("IDENTITY"), x, ek_x,
		(size_t)EVP_MD_get_size(hash), &seed), FAULT_NONE);
	return seed;
}

/* outerHMAC over encIdentity and Name; false where it is another. */
static bool is_intact(const EVP_MD *hash, const struct secret *seed, struct bytes mac, struct bytes identity,
	const struct tpm_name *name)
{
	uint8_t message[256], wanted[DIGEST_MAX];
	struct writer w = WRITER_OF_ARRAY(message);
	struct bytes none = { NULL, 0 };
	struct secret key;
	unsigned len = 0;

	assert_int_equal(kdfa(hash, secret_bytes(seed), BYTES_OF_LITERAL("INTEGRITY"), none, none,
		(size_t)EVP_MD_get_size(hash), &key), FAULT_NONE);
	writer_bytes(&w, identity);
	writer_bytes(&w, bytes_of(name->data, name->len));
	assert_non_null(HMAC(hash, key.data, (int)key.len, message, w.len, wanted, &len));
	return bytes_equal(mac, bytes_of(wanted, len));
}

static struct octets decrypt_identity(const struct template_row *row, const struct secret *seed, struct bytes identity,
	const struct tpm_name *name)
{
	static const uint8_t iv[16];
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	const EVP_CIPHER *cipher = row->symmetric_key_bits == 256 ? EVP_aes_256_cfb128() : EVP_aes_128_cfb128();
	uint8_t plain[256];
	struct octets credential = { 0 };
	struct secret key;
	int len = 0;

	assert_int_equal(kdfa(tpm_hash(row->name_alg), secret_bytes(seed), BYTES_OF_LITERAL("STORAGE"),
		bytes_of(name->data, name->len), bytes_of(NULL, 0), row->symmetric_key_bits / 8u, &key), FAULT_NONE);
	assert_int_equal(EVP_DecryptInit_ex2(context, cipher, key.data, iv, NULL), 1);
	assert_int_equal(EVP_DecryptUpdate(context, plain, &len, identity.data, (int)identity.len), 1);
	EVP_CIPHER_CTX_free(context);
	struct reader r = reader_of(bytes_of(plain, (size_t)len));
	struct bytes inner = reader_tpm2b(&r, DIGEST_MAX);
	assert_int_equal(reader_end(&r), FAULT_NONE);
	memcpy(credential.data, inner.data, inner.len);
	credential.len = inner.len;
	return credential;
}

/* ActivateCredential; false where the integrity fails, as TPM_RC_INTEGRITY. */
static bool activate(EVP_PKEY *private_key, const struct tpm_key *ek, const struct tpm_name *name, struct bytes file,
	struct octets *credential)
{
	const struct template_row *row = template_row(ek->template);
	const EVP_MD *hash = tpm_hash(row->name_alg);
	struct bytes id_object, encrypted_secret;

	assert_int_equal(credential_file_read(file, &id_object, &encrypted_secret), FAULT_NONE);
	struct reader outer = reader_of(id_object), sized = reader_of(encrypted_secret);
	struct reader r = reader_of(reader_tpm2b(&outer, CREDENTIAL_MAX));
	struct bytes encrypted = reader_tpm2b(&sized, CREDENTIAL_MAX);
	assert_int_equal(reader_end(&outer), FAULT_NONE);
	assert_int_equal(reader_end(&sized), FAULT_NONE);
	struct bytes mac = reader_tpm2b(&r, DIGEST_MAX), identity = r.rest;
	struct secret seed = row->type == TPM_ALG_RSA ? decrypt_seed(private_key, hash, encrypted) :
		agree_seed(private_key, row, bytes_of(ek->a, ek->a_len), encrypted);

	if (!is_intact(hash, &seed, mac, identity, name))
		return false;
	*credential = decrypt_identity(row, &seed, identity, name);
	return true;
}

static struct tpm_name name_of_an_ik(void)
{
	struct tpm_key ik = sample_numbers(template_row(TEMPLATE_IK_P256_NODA));
	struct tpm_name name;

	assert_int_equal(name_of_key(&ik, &name), FAULT_NONE);
	return name;
}

static void round_trip(const struct tpm_key *ek, EVP_PKEY *private_key, size_t credential_len)
{
	struct tpm_name name = name_of_an_ik(), other = name;
	uint8_t buffer[CREDENTIAL_MAX], credential[DIGEST_MAX];
	struct octets opened;
	struct bytes file;

	memset(credential, 0x77, sizeof(credential));
	assert_int_equal(credential_make(ek, &name, bytes_of(credential, credential_len), buffer, sizeof(buffer), &file),
		FAULT_NONE);
	assert_true(activate(private_key, ek, &name, file, &opened));
	assert_true(bytes_equal(view(&opened), bytes_of(credential, credential_len)));
	other.data[other.len - 1] ^= 1;
	assert_false(activate(private_key, ek, &other, file, &opened)); /* another key's Name */
}

static void test_round_trip(void **state)
{
	size_t count, eks = 0;
	const struct template_row *rows = template_rows(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		if (!rows[i].is_ek)
			continue;
		EVP_PKEY *private_key = NULL;
		struct tpm_key ek = sample_key(&rows[i], &private_key);

		round_trip(&ek, private_key, TICKET_SIZE);
		round_trip(&ek, private_key, (size_t)EVP_MD_get_size(tpm_hash(rows[i].name_alg)));
		EVP_PKEY_free(private_key);
		eks++;
	}
	assert_int_equal(eks, 8);
}

/* An EK whose x begins with an octet of 0, which its TPM leaves out: KDFe is over what the TPM stores. */
static void test_short_coordinate(void **state)
{
	const struct template_row *row = template_row(TEMPLATE_EK_L2);
	EVP_PKEY *private_key = NULL;
	struct tpm_key ek = sample_key(row, &private_key);

	(void)state;
	while (ek.a[0] != 0 || ek.a[1] == 0) {
		EVP_PKEY_free(private_key);
		ek = sample_key(row, &private_key);
	}
	round_trip(&ek, private_key, TICKET_SIZE); /* spelt whole */
	memmove(ek.a, ek.a + 1, 31);
	ek.a_len = 31;
	round_trip(&ek, private_key, TICKET_SIZE);
	EVP_PKEY_free(private_key);
}

/* Two for the same facts have nothing in common: seed, encrypted identity and MAC are fresh. */
static void test_fresh(void **state)
{
	static const enum tpm_template templates[] = { TEMPLATE_EK_L1, TEMPLATE_EK_L2 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		EVP_PKEY *private_key = NULL;
		struct tpm_key ek = sample_key(template_row(templates[i]), &private_key);
		struct tpm_name name = name_of_an_ik();
		uint8_t credential[TICKET_SIZE] = { 1 }, first_buffer[CREDENTIAL_MAX], second_buffer[CREDENTIAL_MAX];
		struct bytes first, second;

		assert_int_equal(credential_make(&ek, &name, BYTES_OF_ARRAY(credential), first_buffer, CREDENTIAL_MAX, &first),
			FAULT_NONE);
		assert_int_equal(credential_make(&ek, &name, BYTES_OF_ARRAY(credential), second_buffer, CREDENTIAL_MAX, &second),
			FAULT_NONE);
		assert_int_equal(first.len, second.len);
		assert_memory_not_equal(first.data + 12, second.data + 12, 32);               /* outerHMAC */
		assert_memory_not_equal(first.data + 44, second.data + 44, 34);               /* encIdentity */
		assert_memory_not_equal(first.data + 82, second.data + 82, first.len - 82);   /* secret */
		EVP_PKEY_free(private_key);
	}
}

static void test_make_refused(void **state)
{
	EVP_PKEY *private_key = NULL;
	struct tpm_key ek = sample_key(template_row(TEMPLATE_EK_L2), &private_key), ik = ek, off = ek, unknown = ek;
	struct tpm_name name = name_of_an_ik();
	uint8_t buffer[CREDENTIAL_MAX], credential[33] = { 0 };
	struct bytes file = { NULL, 99 };

	(void)state;
	ik.template = TEMPLATE_IK_P256;
	off.b[31] ^= 1;
	unknown.template = 99;
	struct bytes ticket = bytes_of(credential, 32);
	assert_int_equal(credential_make(&ik, &name, ticket, buffer, CREDENTIAL_MAX, &file), FAULT_INVALID);
	assert_int_equal(credential_make(&off, &name, ticket, buffer, CREDENTIAL_MAX, &file), FAULT_INVALID);
	assert_int_equal(credential_make(&unknown, &name, ticket, buffer, CREDENTIAL_MAX, &file), FAULT_INVALID);
	assert_int_equal(credential_make(&ek, &name, bytes_of(credential, 33), buffer, CREDENTIAL_MAX, &file), FAULT_TOO_LONG);
	assert_int_equal(credential_make(&ek, &name, ticket, buffer, 147, &file), FAULT_TOO_LONG);
	assert_int_equal(file.len, 99);
	assert_int_equal(credential_make(&ek, &name, ticket, buffer, 148, &file), FAULT_NONE);
	assert_int_equal(file.len, 8 + 2 + 68 + 2 + 68);
	EVP_PKEY_free(private_key);
}

/* ---- the file ---- */

static void test_file(void **state)
{
	static const uint8_t file[] = { 0xba, 0xdc, 0xc0, 0xde, 0, 0, 0, 1, 0, 2, 0xaa, 0xbb, 0, 1, 0xcc, 0xee };
	static const uint8_t first[] = { 0, 2, 0xaa, 0xbb }, second[] = { 0, 1, 0xcc };
	struct bytes id_object, encrypted_secret;
	size_t len = sizeof(file) - 1;

	(void)state;
	assert_int_equal(credential_file_read(bytes_of(file, len), &id_object, &encrypted_secret), FAULT_NONE);
	assert_true(bytes_equal(id_object, BYTES_OF_ARRAY(first)));
	assert_true(bytes_equal(encrypted_secret, BYTES_OF_ARRAY(second)));
	for (size_t cut = 0; cut < len; cut++)
		assert_int_not_equal(credential_file_read(bytes_of(file, cut), &id_object, &encrypted_secret), FAULT_NONE);
	assert_int_equal(credential_file_read(bytes_of(file, len + 1), &id_object, &encrypted_secret), FAULT_TRAILING);
	for (size_t bit = 0; bit < 8 * 8; bit++) {
		uint8_t other[sizeof(file)];

		memcpy(other, file, len);
		other[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(credential_file_read(bytes_of(other, len), &id_object, &encrypted_secret), FAULT_INVALID);
	}
}

/* TPM2B_ID_OBJECT of at most 132 octets, TPM2B_ENCRYPTED_SECRET of at most 512. */
static void test_file_sizes(void **state)
{
	static const struct {
		size_t first, second;
		enum fault fault;
	} rows[] = { { 132, 512, FAULT_NONE }, { 133, 1, FAULT_TOO_LONG }, { 1, 513, FAULT_TOO_LONG } };
	static const uint8_t octets[600] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t buffer[1024];
		struct writer w = WRITER_OF_ARRAY(buffer);
		struct bytes id_object, encrypted_secret;

		writer_u32(&w, 0xbadcc0de);
		writer_u32(&w, 1);
		writer_tpm2b(&w, bytes_of(octets, rows[i].first));
		writer_tpm2b(&w, bytes_of(octets, rows[i].second));
		assert_int_equal(credential_file_read(writer_written(&w), &id_object, &encrypted_secret), rows[i].fault);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_kdfa), cmocka_unit_test(test_kdfe),
		cmocka_unit_test(test_known_answer_rsa), cmocka_unit_test(test_known_answer_ecc),
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_short_coordinate), cmocka_unit_test(test_fresh),
		cmocka_unit_test(test_make_refused), cmocka_unit_test(test_file), cmocka_unit_test(test_file_sizes) };

	return cmocka_run_group_tests_name("credential", tests, NULL, NULL);
}
