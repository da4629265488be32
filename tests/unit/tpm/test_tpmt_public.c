#include "tpmt_public.h"

#include "sample_key.h"
#include "second_opinion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <tss2/tss2_mu.h>

#include <cmocka.h>

/* Where the 16-bit sizes of an area without its TPM2B size lie; count is set to how many. */
static void find_sizes(const struct template_row *row, const struct tpm_key *key, size_t area_len, size_t at[3],
	size_t *count)
{
	at[0] = 8; /* authPolicy: behind type, nameAlg and objectAttributes */
	*count = 2;
	if (row->type == TPM_ALG_RSA) {
		at[1] = area_len - key->a_len - 2;
		return;
	}
	at[1] = area_len - key->b_len - 2 - key->a_len - 2;
	at[2] = area_len - key->b_len - 2;
	*count = 3;
}

static struct bytes area_of(const struct tpm_key *key, uint8_t *buffer)
{
	struct writer w = writer_of(buffer, TPMT_PUBLIC_MAX);
	struct bytes area;

	tpmt_public_write(&w, key);
	assert_int_equal(writer_end(&w, &area), FAULT_NONE);
	return area;
}

/* Calls test with every template's area, in a buffer that it may spoil. */
static void for_each_area(void (*test)(const struct template_row *, const struct tpm_key *, uint8_t *, size_t))
{
	size_t count;
	const struct template_row *rows = template_rows(&count);

	for (size_t i = 0; i < count; i++) {
		struct tpm_key key = sample_numbers(&rows[i]);
		uint8_t buffer[TPMT_PUBLIC_MAX];

		test(&rows[i], &key, buffer, area_of(&key, buffer).len);
	}
}

static void read_area(const struct template_row *row, const struct tpm_key *key, uint8_t *area, size_t len)
{
	struct tpmt_public out;

	assert_int_equal(tpmt_public_read(bytes_of(area, len), &out), FAULT_NONE);
	assert_int_equal(out.type, row->type);
	assert_int_equal(out.name_alg, row->name_alg);
	assert_int_equal(out.object_attributes, row->object_attributes);
	assert_true(bytes_equal(out.auth_policy, row->auth_policy));
	assert_int_equal(out.symmetric, row->symmetric_key_bits == 0 ? TPM_ALG_NULL : TPM_ALG_AES);
	assert_int_equal(out.symmetric_key_bits, row->symmetric_key_bits);
	assert_int_equal(out.symmetric_mode, row->symmetric_key_bits == 0 ? 0 : TPM_ALG_CFB);
	assert_int_equal(out.scheme, TPM_ALG_NULL);
	assert_int_equal(out.scheme_hash, 0);
	if (row->type == TPM_ALG_RSA) {
		assert_int_equal(out.rsa.key_bits, row->key_bits);
		assert_int_equal(out.rsa.exponent, 0);
		assert_true(bytes_equal(out.rsa.modulus, bytes_of(key->a, key->a_len)));
		return;
	}
	assert_int_equal(out.ecc.curve_id, row->curve_id);
	assert_int_equal(out.ecc.kdf, TPM_ALG_NULL);
	assert_true(bytes_equal(out.ecc.x, bytes_of(key->a, key->a_len)));
	assert_true(bytes_equal(out.ecc.y, bytes_of(key->b, key->b_len)));
}

static void test_read(void **state)
{
	(void)state;
	for_each_area(read_area);
}

/* cut at every octet, in memory of exactly that size; and one octet more. */
static void cut_area(const struct template_row *row, const struct tpm_key *key, uint8_t *area, size_t len)
{
	struct tpmt_public out = { .object_attributes = 0xaaaaaaaa };

	(void)row;
	(void)key;
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *exact = test_malloc(cut + 2);

		memcpy(exact + 2, area, cut);
		assert_int_equal(tpmt_public_read(bytes_of(exact + 2, cut), &out), FAULT_TRUNCATED);
		exact[0] = (uint8_t)(cut >> 8);
		exact[1] = (uint8_t)cut;
		assert_int_equal(tpm2b_public_read(bytes_of(exact, cut + 2), &out), FAULT_TRUNCATED);
		assert_int_equal(out.object_attributes, 0xaaaaaaaa);
		test_free(exact);
	}
	assert_int_equal(tpmt_public_read(bytes_of(area, len + 1), &out), FAULT_TRAILING);
	assert_int_equal(out.object_attributes, 0xaaaaaaaa);
}

static void test_truncated(void **state)
{
	(void)state;
	for_each_area(cut_area);
}

/* the TPM2B's own size says less or more than there is. */
static void wrong_tpm2b(const struct template_row *row, const struct tpm_key *key, uint8_t *area, size_t len)
{
	uint8_t sized[TPM2B_PUBLIC_MAX + 1] = { (uint8_t)(len >> 8), (uint8_t)len };
	struct tpmt_public out = { .object_attributes = 0xaaaaaaaa };

	memcpy(sized + 2, area, len);
	for (unsigned size = 0; size <= UINT16_MAX; size++) {
		sized[0] = (uint8_t)(size >> 8);
		sized[1] = (uint8_t)size;
		if (size != len)
			assert_int_not_equal(tpm2b_public_read(bytes_of(sized, len + 2), &out), FAULT_NONE);
	}
	assert_int_equal(out.object_attributes, 0xaaaaaaaa);
	sized[0] = (uint8_t)(len >> 8);
	sized[1] = (uint8_t)len;
	assert_int_equal(tpm2b_public_read(bytes_of(sized, len + 3), &out), FAULT_TRAILING);
	assert_int_equal(tpm2b_public_read(bytes_of(sized, 1), &out), FAULT_TRUNCATED);
	assert_int_equal(tpm2b_public_read(bytes_of(sized, 0), &out), FAULT_TRUNCATED);
	assert_int_equal(tpm2b_public_read(bytes_of(sized, len + 2), &out), FAULT_NONE);
	read_area(row, key, sized + 2, len);
}

static void test_wrong_tpm2b(void **state)
{
	(void)state;
	for_each_area(wrong_tpm2b);
}

/* each 16-bit size inside takes each value but its own. */
static void wrong_sizes(const struct template_row *row, const struct tpm_key *key, uint8_t *area, size_t len)
{
	struct tpmt_public out;
	size_t at[3], count;

	find_sizes(row, key, len, at, &count);
	for (size_t i = 0; i < count; i++) {
		uint8_t high = area[at[i]], low = area[at[i] + 1];

		for (unsigned size = 0; size <= UINT16_MAX; size++) {
			area[at[i]] = (uint8_t)(size >> 8);
			area[at[i] + 1] = (uint8_t)size;
			if (size == (unsigned)(high << 8 | low) || tpmt_public_read(bytes_of(area, len), &out) != FAULT_NONE)
				continue;
			if (template_of(&out, true) != NULL || template_of(&out, false) != NULL)
				fail_msg("%s: size %u at %zu", row->name, size, at[i]);
		}
		area[at[i]] = high;
		area[at[i] + 1] = low;
	}
}

static void test_wrong_sizes(void **state)
{
	(void)state;
	for_each_area(wrong_sizes);
}

/* every type but RSA and ECC. */
static void test_types(void **state)
{
	struct tpm_key key = sample_numbers(template_row(TEMPLATE_IK_P256));
	uint8_t buffer[TPMT_PUBLIC_MAX];
	struct bytes area = area_of(&key, buffer);
	struct tpmt_public out;

	(void)state;
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		if (type == TPM_ALG_RSA || type == TPM_ALG_ECC)
			continue;
		buffer[0] = (uint8_t)(type >> 8);
		buffer[1] = (uint8_t)type;
		assert_int_equal(tpmt_public_read(area, &out), FAULT_UNSUPPORTED);
	}
}

/* Numbers over what any key that we know can have. */
static void test_too_long(void **state)
{
	static const uint8_t head[] = { 0x00, 0x01, 0x00, 0x0b, 0, 4, 0, 0x72, 0, 0, 0, 0x10, 0, 0x10, 0x08, 0x00, 0, 0, 0, 0 };
	uint8_t buffer[sizeof(head) + 2 + RSA_MODULUS_MAX + 1];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct tpmt_public out;
	static const uint8_t modulus[RSA_MODULUS_MAX + 1];
	struct bytes area;

	(void)state;
	writer_bytes(&w, BYTES_OF_ARRAY(head));
	writer_tpm2b(&w, bytes_of(modulus, RSA_MODULUS_MAX));
	assert_int_equal(writer_end(&w, &area), FAULT_NONE);
	assert_int_equal(tpmt_public_read(area, &out), FAULT_NONE);
	w.len = sizeof(head);
	writer_tpm2b(&w, bytes_of(modulus, RSA_MODULUS_MAX + 1));
	assert_int_equal(writer_end(&w, &area), FAULT_NONE);
	assert_int_equal(tpmt_public_read(area, &out), FAULT_TOO_LONG);
}

/* Schemes with a hash, with a hash and a count, and without either (Part 2, 11.2). */
static void test_schemes(void **state)
{
	static const uint8_t ecdsa[] = { 0x00, 0x23, 0x00, 0x0b, 0, 4, 0, 0x72, 0, 0, 0, 0x10, 0x00, 0x18, 0x00, 0x0b,
		0x00, 0x03, 0x00, 0x10, 0, 1, 0xaa, 0, 1, 0xbb };
	static const uint8_t ecdaa[] = { 0x00, 0x23, 0x00, 0x0b, 0, 4, 0, 0x72, 0, 0, 0, 0x10, 0x00, 0x1a, 0x00, 0x0b,
		0x00, 0x01, 0x00, 0x03, 0x00, 0x10, 0, 1, 0xaa, 0, 1, 0xbb };
	static const uint8_t kdf[] = { 0x00, 0x23, 0x00, 0x0b, 0, 4, 0, 0x72, 0, 0, 0, 0x10, 0x00, 0x10,
		0x00, 0x03, 0x00, 0x20, 0x00, 0x0b, 0, 1, 0xaa, 0, 1, 0xbb };
	static const uint8_t rsaes[] = { 0x00, 0x01, 0x00, 0x0b, 0, 2, 0, 0x72, 0, 0, 0, 0x10, 0x00, 0x15, 0x08, 0x00,
		0, 1, 0, 1, 0, 1, 0xcc };
	struct tpmt_public out;

	(void)state;
	assert_int_equal(tpmt_public_read(BYTES_OF_ARRAY(ecdsa), &out), FAULT_NONE);
	assert_int_equal(out.scheme, 0x18);
	assert_int_equal(out.scheme_hash, TPM_ALG_SHA256);
	assert_int_equal(tpmt_public_read(BYTES_OF_ARRAY(ecdaa), &out), FAULT_NONE);
	assert_int_equal(out.ecc.curve_id, TPM_ECC_NIST_P256);
	assert_int_equal(tpmt_public_read(BYTES_OF_ARRAY(kdf), &out), FAULT_NONE);
	assert_int_equal(out.ecc.kdf, 0x20);
	assert_int_equal(out.ecc.y.data[0], 0xbb);
	assert_int_equal(tpmt_public_read(BYTES_OF_ARRAY(rsaes), &out), FAULT_NONE);
	assert_int_equal(out.scheme, TPM_ALG_RSAES);
	assert_int_equal(out.rsa.exponent, 0x00010001);
}

/* ---- the oracle: libtss2-mu ---- */

/* The TPM2B form is theirs only for what is sound: it takes malformed areas. */
static void compare_area(const struct template_row *row, const struct tpm_key *key, uint8_t *area, size_t len)
{
	uint8_t sized[TPM2B_PUBLIC_MAX] = { (uint8_t)(len >> 8), (uint8_t)len };
	struct tpmt_public ours;
	TPM2B_PUBLIC theirs = { 0 };
	size_t offset = 0;

	(void)key;
	memcpy(sized + 2, area, len);
	assert_int_equal(tpm2b_public_read(bytes_of(sized, len + 2), &ours), FAULT_NONE);
	assert_int_equal(Tss2_MU_TPM2B_PUBLIC_Unmarshal(sized, len + 2, &offset, &theirs), TSS2_RC_SUCCESS);
	assert_int_equal(offset, len + 2);
	if (!second_opinion_is_same(&ours, &theirs.publicArea))
		fail_msg("%s: libtss2-mu reads another area", row->name);
}

/* Every bit flipped: where both take it whole, both take it for the same. */
static void compare_flipped(const struct template_row *row, const struct tpm_key *key, uint8_t *area, size_t len)
{
	size_t both = 0;

	(void)key;
	for (size_t bit = 0; bit < len * 8; bit++) {
		struct tpmt_public ours;
		TPMT_PUBLIC theirs;

		area[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (tpmt_public_read(bytes_of(area, len), &ours) == FAULT_NONE &&
			second_opinion_read(bytes_of(area, len), &theirs)) {
			both++;
			if (!second_opinion_is_same(&ours, &theirs))
				fail_msg("%s: bit %zu: libtss2-mu reads another area", row->name, bit);
		}
		area[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(both > len); /* most flips are in attributes, policy and numbers: taken by both */
}

static void test_oracle(void **state)
{
	(void)state;
	for_each_area(compare_area);
	for_each_area(compare_flipped);
}

/* ---- what real hardware gave: GENUINE_TEST_DATA/vectors ---- */

static struct bytes read_vector(const char *name, uint8_t *buffer, size_t capacity)
{
	const char *data = getenv("GENUINE_TEST_DATA");
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/vectors/%s", data != NULL ? data : "../shared", name);
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		print_message("# no %s: set GENUINE_TEST_DATA\n", path);
		skip();
	}
	size_t len = fread(buffer, 1, capacity, file);
	(void)fclose(file);
	return bytes_of(buffer, len);
}

/* An attestation key of an ST33: P-384, restricted, ECDSA with SHA-384; none of our templates. */
static void test_hardware(void **state)
{
	uint8_t buffer[TPM2B_PUBLIC_MAX];
	struct bytes area = read_vector("attestz-iak-TPMT_PUBLIC.bin", buffer, sizeof(buffer));
	struct tpmt_public out;

	(void)state;
	assert_int_equal(tpmt_public_read(area, &out), FAULT_NONE);
	assert_int_equal(out.type, TPM_ALG_ECC);
	assert_int_equal(out.name_alg, TPM_ALG_SHA384);
	assert_int_equal(out.object_attributes, 0x000500f2);
	assert_int_equal(out.auth_policy.len, 48);
	assert_int_equal(out.scheme, 0x0018);
	assert_int_equal(out.scheme_hash, TPM_ALG_SHA384);
	assert_int_equal(out.ecc.curve_id, TPM_ECC_NIST_P384);
	assert_int_equal(out.ecc.x.len, 48);
	assert_int_equal(out.ecc.y.len, 48);
	assert_null(template_of(&out, true));
	assert_null(template_of(&out, false));

	struct bytes sized = read_vector("attestz-challengeResp-iak_pub.bin", buffer, sizeof(buffer));
	assert_int_equal(tpm2b_public_read(sized, &out), FAULT_NONE);
	assert_int_equal(out.object_attributes, 0x000500f2);
}

/* TPM_ALG_XOR has a hash where the others have bits and a mode: it is none of TPMI_ALG_SYM_OBJECT. */
static void xor_area(const struct template_row *row, const struct tpm_key *key, uint8_t *area, size_t len)
{
	size_t symmetric_at = 2 + 2 + 4 + 2 + row->auth_policy.len;
	struct tpmt_public out;

	(void)key;
	if (row->symmetric_key_bits == 0)
		return;
	area[symmetric_at + 1] = TPM_ALG_XOR;
	assert_int_equal(tpmt_public_read(bytes_of(area, len), &out), FAULT_INVALID);
}

static void test_xor(void **state)
{
	(void)state;
	for_each_area(xor_area);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_read), cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_wrong_tpm2b), cmocka_unit_test(test_wrong_sizes), cmocka_unit_test(test_types),
		cmocka_unit_test(test_too_long), cmocka_unit_test(test_schemes), cmocka_unit_test(test_oracle),
		cmocka_unit_test(test_xor), cmocka_unit_test(test_hardware) };

	return cmocka_run_group_tests_name("tpmt_public", tests, NULL, NULL);
}
