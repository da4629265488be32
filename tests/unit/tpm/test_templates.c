#include "templates.h"

#include "public_key.h"
#include "sample_key.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <tss2/tss2_mu.h>

#include <cmocka.h>

static struct tpmt_public read_written(const struct tpm_key *key, uint8_t *buffer)
{
	struct writer w = writer_of(buffer, TPM2B_PUBLIC_MAX);
	struct tpmt_public area;
	struct bytes out;

	tpm2b_public_write(&w, key);
	assert_int_equal(writer_end(&w, &out), FAULT_NONE);
	assert_int_equal(tpm2b_public_read(out, &area), FAULT_NONE);
	return area;
}

/* Calls test with the area that each template gives. */
static void for_each_template(void (*test)(const struct template_row *, const struct tpm_key *,
	const struct tpmt_public *))
{
	size_t count;
	const struct template_row *rows = template_rows(&count);

	assert_int_equal(count, 20);
	for (size_t i = 0; i < count; i++) {
		struct tpm_key key = sample_numbers(&rows[i]);
		uint8_t buffer[TPM2B_PUBLIC_MAX];
		struct tpmt_public area = read_written(&key, buffer);

		test(&rows[i], &key, &area);
	}
}

static void back_and_forth(const struct template_row *row, const struct tpm_key *key, const struct tpmt_public *area)
{
	assert_ptr_equal(template_of(area, row->is_ek), row);
	assert_null(template_of(area, !row->is_ek));
	assert_ptr_equal(template_row((unsigned)row->template), row);
	struct tpm_key again = tpm_key_of(row, area);
	assert_memory_equal(&again, key, sizeof(again));
}

static void test_back_and_forth(void **state)
{
	(void)state;
	for_each_template(back_and_forth);
}

/* The constants of TCG's profile and of docs/PROTOCOL.md, written here a second time. */
static void test_constants(void **state)
{
	static const struct {
		enum tpm_template template;
		const char *name;
		uint16_t type, name_alg, aes, bits, curve;
		uint32_t attributes, nv;
	} wanted[] = {
		{ TEMPLATE_EK_L1, "L-1", 0x0001, 0x000b, 128, 2048, 0, 0x000300b2, 0x01c00002 },
		{ TEMPLATE_EK_L2, "L-2", 0x0023, 0x000b, 128, 256, 3, 0x000300b2, 0x01c0000a },
		{ TEMPLATE_EK_H1, "H-1", 0x0001, 0x000b, 128, 2048, 0, 0x000300f2, 0x01c00012 },
		{ TEMPLATE_EK_H2, "H-2", 0x0023, 0x000b, 128, 256, 3, 0x000300f2, 0x01c00014 },
		{ TEMPLATE_EK_H3, "H-3", 0x0023, 0x000c, 256, 384, 4, 0x000300f2, 0x01c00016 },
		{ TEMPLATE_EK_H4, "H-4", 0x0023, 0x000d, 256, 521, 5, 0x000300f2, 0x01c00018 },
		{ TEMPLATE_EK_H6, "H-6", 0x0001, 0x000c, 256, 3072, 0, 0x000300f2, 0x01c0001c },
		{ TEMPLATE_EK_H7, "H-7", 0x0001, 0x000c, 256, 4096, 0, 0x000300f2, 0x01c0001e },
		{ TEMPLATE_IK_RSA2048, "rsa2048", 0x0001, 0x000b, 0, 2048, 0, 0x00040072, 0 },
		{ TEMPLATE_IK_RSA2048_NODA, "rsa2048", 0x0001, 0x000b, 0, 2048, 0, 0x00040472, 0 },
		{ TEMPLATE_IK_RSA3072, "rsa3072", 0x0001, 0x000b, 0, 3072, 0, 0x00040072, 0 },
		{ TEMPLATE_IK_RSA3072_NODA, "rsa3072", 0x0001, 0x000b, 0, 3072, 0, 0x00040472, 0 },
		{ TEMPLATE_IK_RSA4096, "rsa4096", 0x0001, 0x000b, 0, 4096, 0, 0x00040072, 0 },
		{ TEMPLATE_IK_RSA4096_NODA, "rsa4096", 0x0001, 0x000b, 0, 4096, 0, 0x00040472, 0 },
		{ TEMPLATE_IK_P256, "p256", 0x0023, 0x000b, 0, 256, 3, 0x00040072, 0 },
		{ TEMPLATE_IK_P256_NODA, "p256", 0x0023, 0x000b, 0, 256, 3, 0x00040472, 0 },
		{ TEMPLATE_IK_P384, "p384", 0x0023, 0x000b, 0, 384, 4, 0x00040072, 0 },
		{ TEMPLATE_IK_P384_NODA, "p384", 0x0023, 0x000b, 0, 384, 4, 0x00040472, 0 },
		{ TEMPLATE_IK_P521, "p521", 0x0023, 0x000b, 0, 521, 5, 0x00040072, 0 },
		{ TEMPLATE_IK_P521_NODA, "p521", 0x0023, 0x000b, 0, 521, 5, 0x00040472, 0 },
	};
	size_t count;
	const struct template_row *rows = template_rows(&count);

	(void)state;
	assert_int_equal(count, sizeof(wanted) / sizeof(wanted[0]));
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(rows[i].template, wanted[i].template);
		assert_string_equal(rows[i].name, wanted[i].name);
		assert_int_equal(rows[i].type, wanted[i].type);
		assert_int_equal(rows[i].name_alg, wanted[i].name_alg);
		assert_int_equal(rows[i].symmetric_key_bits, wanted[i].aes);
		assert_int_equal(rows[i].key_bits, wanted[i].bits);
		assert_int_equal(rows[i].curve_id, wanted[i].curve);
		assert_int_equal(rows[i].object_attributes, wanted[i].attributes);
		assert_int_equal(rows[i].ek_certificate_nv, wanted[i].nv);
		assert_int_equal(rows[i].is_ek, wanted[i].template < TEMPLATE_IK_RSA2048);
	}
	assert_null(template_row(0));
	assert_null(template_row(9));
	assert_null(template_row(31));
	assert_null(template_row(44));
	assert_null(template_row(UINT32_MAX));
}

/* ---- everything that is pinned ---- */

static void assert_no_template(const struct tpmt_public *area, const struct template_row *row, const char *what)
{
	if (template_of(area, true) != NULL || template_of(area, false) != NULL)
		fail_msg("%s: still a template after another %s", row->name, what);
}

/* Each of the 32 attributes. noDA alone may be either way, and only for an identity key. */
static void flip_attributes(const struct template_row *row, const struct tpm_key *key, const struct tpmt_public *area)
{
	(void)key;
	for (unsigned bit = 0; bit < 32; bit++) {
		struct tpmt_public other = *area;

		other.object_attributes ^= UINT32_C(1) << bit;
		if (!row->is_ek && bit == 10) {
			assert_int_equal(template_of(&other, false)->object_attributes, other.object_attributes);
			assert_null(template_of(&other, true));
			continue;
		}
		assert_no_template(&other, row, "attribute");
	}
}

static void flip_policy(const struct template_row *row, const struct tpm_key *key, const struct tpmt_public *area)
{
	uint8_t policy[DIGEST_MAX + 1] = { 0 };
	size_t len = area->auth_policy.len;

	(void)key;
	if (len > 0)
		memcpy(policy, area->auth_policy.data, len);
	for (size_t bit = 0; bit < len * 8; bit++) {
		struct tpmt_public other = *area;

		policy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		other.auth_policy = bytes_of(policy, len);
		assert_no_template(&other, row, "policy");
		policy[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	struct tpmt_public longer = *area, shorter = *area;
	longer.auth_policy = bytes_of(policy, len + 1);
	assert_no_template(&longer, row, "policy's length");
	shorter.auth_policy = bytes_of(policy, len > 0 ? len - 1 : 32);
	assert_no_template(&shorter, row, "policy's length");
}

/* Every other value of each 16-bit algorithm and size. */
static void change_algorithms(const struct template_row *row, const struct tpm_key *key,
	const struct tpmt_public *area)
{
	(void)key;
	for (unsigned value = 0; value <= UINT16_MAX; value++) {
		uint16_t v = (uint16_t)value;
		struct tpmt_public other = *area;

		other.type = v;
		if (v != TPM_ALG_RSA && v != TPM_ALG_ECC)
			assert_no_template(&other, row, "type");
		other = *area;
		other.name_alg = v;
		if (v != area->name_alg)
			assert_no_template(&other, row, "nameAlg");
		other = *area;
		other.symmetric = v;
		if (v != area->symmetric)
			assert_no_template(&other, row, "symmetric");
		other = *area;
		other.scheme = v;
		if (v != area->scheme)
			assert_no_template(&other, row, "scheme");
	}
}

static void change_symmetric(const struct template_row *row, const struct tpm_key *key,
	const struct tpmt_public *area)
{
	(void)key;
	if (!row->is_ek)
		return;
	for (unsigned value = 0; value <= UINT16_MAX; value++) {
		struct tpmt_public other = *area;

		other.symmetric_key_bits = (uint16_t)value;
		if (value != area->symmetric_key_bits)
			assert_no_template(&other, row, "keyBits");
		other = *area;
		other.symmetric_mode = (uint16_t)value;
		if (value != area->symmetric_mode)
			assert_no_template(&other, row, "mode");
	}
}

/* Of the parameters, only sizes and curves of other rows may make another template. */
static void change_parameters(const struct template_row *row, const struct tpm_key *key,
	const struct tpmt_public *area)
{
	static const uint32_t exponents[] = { 1, 2, 3, 65537, 65536, 0x01000100, UINT32_MAX };

	(void)key;
	for (size_t i = 0; i < sizeof(exponents) / sizeof(exponents[0]) && row->type == TPM_ALG_RSA; i++) {
		struct tpmt_public other = *area;

		other.rsa.exponent = exponents[i];
		assert_no_template(&other, row, "exponent");
	}
	for (unsigned value = 0; value <= UINT16_MAX; value++) {
		struct tpmt_public other = *area;
		const struct template_row *found;

		if (row->type == TPM_ALG_RSA)
			other.rsa.key_bits = (uint16_t)value;
		else
			other.ecc.curve_id = (uint16_t)value;
		found = template_of(&other, row->is_ek);
		assert_true(found == NULL || (row->type == TPM_ALG_RSA ? found->key_bits : found->curve_id) == value);
		other = *area;
		if (row->type == TPM_ALG_ECC && value != TPM_ALG_NULL) {
			other.ecc.kdf = (uint16_t)value;
			assert_no_template(&other, row, "kdf");
		}
	}
}

static void test_pinned(void **state)
{
	(void)state;
	for_each_template(flip_attributes);
	for_each_template(flip_policy);
	for_each_template(change_algorithms);
	for_each_template(change_symmetric);
	for_each_template(change_parameters);
}

/* ---- numbers ---- */

static void fit_numbers(const struct template_row *row, const struct tpm_key *key, const struct tpmt_public *area)
{
	static uint8_t a[RSA_MODULUS_MAX + 1], b[ECC_COORDINATE_MAX + 1];
	size_t len = key->a_len;
	struct bytes good_b = bytes_of(key->b, key->b_len);

	(void)area;
	memset(a, 0x80, sizeof(a));
	memset(b, 0x80, sizeof(b));
	for (size_t i = 0; i <= len + 1; i++) {
		bool is_whole = i == len, is_short = i > 0 && i < len && row->type == TPM_ALG_ECC;

		assert_int_equal(template_numbers_fit(row, bytes_of(a, i), good_b), is_whole || is_short);
		if (row->type == TPM_ALG_ECC)
			assert_int_equal(template_numbers_fit(row, bytes_of(a, len), bytes_of(b, i)), is_whole || is_short);
	}
	a[0] = b[0] = 0;
	if (row->type == TPM_ALG_RSA) {
		assert_false(template_numbers_fit(row, bytes_of(a, len), good_b)); /* a leading zero */
		a[0] = 0x7f;
		assert_false(template_numbers_fit(row, bytes_of(a, len), good_b)); /* one bit short */
		a[0] = 0x80;
		assert_false(template_numbers_fit(row, bytes_of(a, len), bytes_of(b, 1)));
		return;
	}
	assert_true(template_numbers_fit(row, bytes_of(a, len), good_b)); /* a zero that the field's length needs */
	assert_false(template_numbers_fit(row, bytes_of(a, len - 1), good_b)); /* one that is half cut */
	assert_false(template_numbers_fit(row, bytes_of(a, 1), good_b));
	assert_false(template_numbers_fit(row, bytes_of(a, len), bytes_of(b, len - 1)));
}

/* What does not fit is not written. */
static void write_unfit(const struct template_row *row, const struct tpm_key *key, const struct tpmt_public *area)
{
	struct tpm_key unfit[4] = { *key, *key, *key, *key };

	(void)row;
	(void)area;
	unfit[0].template = 99;
	unfit[1].a_len = 0;
	unfit[2].a_len = UINT16_MAX;
	unfit[3].b_len = UINT16_MAX;
	for (size_t i = 0; i < 4; i++) {
		uint8_t buffer[TPM2B_PUBLIC_MAX];
		struct writer bare = WRITER_OF_ARRAY(buffer), sized = WRITER_OF_ARRAY(buffer), spki = WRITER_OF_ARRAY(buffer);

		tpmt_public_write(&bare, &unfit[i]);
		tpm2b_public_write(&sized, &unfit[i]);
		spki_write(&spki, &unfit[i]);
		assert_int_equal(bare.fault, FAULT_INVALID);
		assert_int_equal(sized.fault, FAULT_INVALID);
		assert_int_equal(spki.fault, FAULT_INVALID);
	}
}

static void test_numbers(void **state)
{
	(void)state;
	for_each_template(fit_numbers);
	for_each_template(write_unfit);
}

/* ---- inPublic ---- */

static bool is_zero(const BYTE *octets, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (octets[i] != 0)
			return false;
	}
	return true;
}

/* As libtss2-mu hands it to the TPM: zeros of the key's size for L-1 and L-2, else empty; an empty
 * unique and one of zeros make different keys. */
static void in_public(const struct template_row *row, const struct tpm_key *key, const struct tpmt_public *area)
{
	uint8_t buffer[TPM2B_PUBLIC_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	TPM2B_PUBLIC theirs = { 0 };
	struct bytes out;
	size_t offset = 0, unique_len = row->template == TEMPLATE_EK_L1 ? 256 : row->template == TEMPLATE_EK_L2 ? 32 : 0;

	(void)key;
	template_in_public_write(&w, row);
	assert_int_equal(writer_end(&w, &out), FAULT_NONE);
	assert_int_equal(Tss2_MU_TPM2B_PUBLIC_Unmarshal(out.data, out.len, &offset, &theirs), TSS2_RC_SUCCESS);
	assert_int_equal(offset, out.len);
	assert_int_equal(theirs.publicArea.objectAttributes, area->object_attributes);
	if (row->type == TPM_ALG_RSA) {
		assert_int_equal(theirs.publicArea.unique.rsa.size, unique_len);
		assert_true(is_zero(theirs.publicArea.unique.rsa.buffer, unique_len));
		return;
	}
	assert_int_equal(theirs.publicArea.unique.ecc.x.size, unique_len);
	assert_int_equal(theirs.publicArea.unique.ecc.y.size, unique_len);
	assert_true(is_zero(theirs.publicArea.unique.ecc.x.buffer, unique_len));
	assert_true(is_zero(theirs.publicArea.unique.ecc.y.buffer, unique_len));
}

static void test_in_public(void **state)
{
	(void)state;
	for_each_template(in_public);
}

/* ---- the policies, from their definition (TPM 2.0 Part 3, 23; EK Credential Profile 2.6, B.5) ---- */

enum { TPM_CC_POLICY_SECRET = 0x151, TPM_CC_POLICY_OR = 0x171, TPM_CC_POLICY_AUTHORIZE_NV = 0x192 };

struct digest {
	uint8_t data[DIGEST_MAX];
	size_t len;
};

static struct bytes view(const struct digest *digest)
{
	return bytes_of(digest->data, digest->len);
}

static struct digest hash(uint16_t alg, const struct writer *w)
{
	struct digest digest;
	unsigned len;

	assert_int_equal(EVP_Digest(w->data, w->len, digest.data, &len, tpm_hash(alg), NULL), 1);
	digest.len = len;
	return digest;
}

/* A policy of one command: the hash of zeros, the command and what it binds. */
static struct digest policy_of(uint16_t alg, uint32_t command, struct bytes first, struct bytes second)
{
	static const uint8_t zeros[DIGEST_MAX];
	uint8_t buffer[512];
	struct writer w = WRITER_OF_ARRAY(buffer);

	writer_bytes(&w, bytes_of(zeros, (size_t)EVP_MD_get_size(tpm_hash(alg))));
	writer_u32(&w, command);
	writer_bytes(&w, first);
	writer_bytes(&w, second);
	return hash(alg, &w);
}

/* PolicySecret(TPM_RH_ENDORSEMENT), then hashed once more with the empty policyRef. */
static struct digest policy_a(uint16_t alg)
{
	static const uint8_t handle[] = { 0x40, 0, 0, 0x0b }; /* TPM_RH_ENDORSEMENT: a handle is its own Name */
	uint8_t buffer[DIGEST_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct digest secret = policy_of(alg, TPM_CC_POLICY_SECRET, BYTES_OF_ARRAY(handle), bytes_of(NULL, 0));

	writer_bytes(&w, view(&secret));
	return hash(alg, &w);
}

/* PolicyAuthorizeNV of the index I-1, I-2 or I-3: its Name is of TPMS_NV_PUBLIC. */
static struct digest policy_c(uint16_t alg, uint32_t index)
{
	uint8_t buffer[128], name_buffer[2 + DIGEST_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer), name = WRITER_OF_ARRAY(name_buffer);
	struct digest a = policy_a(alg);

	writer_u32(&w, index);
	writer_u16(&w, alg);
	writer_u32(&w, 0x220f1008); /* TPMA_NV of the profile, written */
	writer_tpm2b(&w, view(&a));
	writer_u16(&w, (uint16_t)(2 + a.len)); /* a hash identifier and a policy */
	struct digest of_public = hash(alg, &w);
	writer_u16(&name, alg);
	writer_bytes(&name, view(&of_public));
	return policy_of(alg, TPM_CC_POLICY_AUTHORIZE_NV, writer_written(&name), bytes_of(NULL, 0));
}

static struct digest policy_b(uint16_t alg, uint32_t index)
{
	struct digest a = policy_a(alg), c = policy_c(alg, index);

	return policy_of(alg, TPM_CC_POLICY_OR, view(&a), view(&c));
}

static void test_policies(void **state)
{
	static const struct {
		enum tpm_template template;
		uint32_t index; /* 0: PolicyA */
	} wanted[] = {
		{ TEMPLATE_EK_L1, 0 }, { TEMPLATE_EK_L2, 0 },
		{ TEMPLATE_EK_H1, 0x01c07f01 }, { TEMPLATE_EK_H2, 0x01c07f01 },
		{ TEMPLATE_EK_H3, 0x01c07f02 }, { TEMPLATE_EK_H4, 0x01c07f03 },
		{ TEMPLATE_EK_H6, 0x01c07f02 }, { TEMPLATE_EK_H7, 0x01c07f02 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		const struct template_row *row = template_row(wanted[i].template);
		struct digest policy = wanted[i].index == 0 ? policy_a(row->name_alg) :
			policy_b(row->name_alg, wanted[i].index);

		assert_true(bytes_equal(row->auth_policy, view(&policy)));
	}
	assert_int_equal(template_row(TEMPLATE_IK_P256)->auth_policy.len, 0);
}

/* An area may be a template's in all but the length of its numbers. */
static void other_numbers(const struct template_row *row, const struct tpm_key *key, const struct tpmt_public *area)
{
	struct tpmt_public shorter = *area;

	(void)key;
	assert_true(template_area_fits(row, area));
	if (row->type == TPM_ALG_RSA)
		shorter.rsa.modulus.len--;
	else
		shorter.ecc.y.len = 0;
	assert_ptr_equal(template_of(&shorter, row->is_ek), row);
	assert_false(template_area_fits(row, &shorter));
}

static void test_other_numbers(void **state)
{
	(void)state;
	for_each_template(other_numbers);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_back_and_forth), cmocka_unit_test(test_constants),
		cmocka_unit_test(test_pinned), cmocka_unit_test(test_numbers), cmocka_unit_test(test_in_public),
		cmocka_unit_test(test_policies), cmocka_unit_test(test_other_numbers) };

	return cmocka_run_group_tests_name("templates", tests, NULL, NULL);
}
