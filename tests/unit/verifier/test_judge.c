#include "kit.h"

#include "encoding.h"
#include "public_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <stdio.h>

/*
 * One row a way to be wrong: what is changed in sound evidence, and the check that must refuse it.
 * `before` changes what the octets are made from, `after` the octets; either may be NULL.
 */
struct wrong {
	enum check check;
	const char *what;
	void (*before)(struct kit *);
	void (*after)(struct kit *);
};

/* ---- the request ---- */

static void long_header(struct kit *kit)
{
	kit->header.len = CHALLENGE_HEADER_SIZE + 1;
}

static void get_certificate(struct kit *kit)
{
	kit->act = ACT_CERTIFICATE;
}

static void unknown_profile(struct kit *kit)
{
	kit->profile = "devic";
}

static void hint_cut(struct kit *kit)
{
	kit->hint_count = 2;
	kit->hints[0] = kit->hints[1] = kit->certificate;
	kit->hints[1].len--;
}

/* ---- DER and the CSR ---- */

static void csr_trailing(struct kit *kit)
{
	kit->csr.data[kit->csr.len++] = 0;
}

/* The outer length in one octet more than it needs (X.690, 10.1). */
static void csr_long_length(struct kit *kit)
{
	assert_true(kit->csr.data[1] == 0x81 || kit->csr.data[1] == 0x82);
	memmove(kit->csr.data + 3, kit->csr.data + 2, kit->csr.len - 2);
	kit->csr.data[1]++;
	kit->csr.data[2] = 0x00;
	kit->csr.len++;
}

static void csr_indefinite(struct kit *kit)
{
	size_t header_len = 2 + (kit->csr.data[1] & 0x0fu);

	memmove(kit->csr.data + 2, kit->csr.data + header_len, kit->csr.len - header_len);
	kit->csr.data[1] = 0x80;
	kit->csr.len -= header_len - 2;
	kit->csr.data[kit->csr.len++] = 0;
	kit->csr.data[kit->csr.len++] = 0;
}

static void csr_deep(struct kit *kit)
{
	for (size_t i = 0; i < 20; i++) {
		kit->csr.data[2 * i] = 0x30;
		kit->csr.data[2 * i + 1] = (uint8_t)(2 * (19 - i));
	}
	kit->csr.len = 40;
}

static void csr_is_a_certificate(struct kit *kit)
{
	static const uint8_t empty[] = { 0x30, 0x00 };

	memcpy(kit->csr.data, empty, sizeof(empty));
	kit->csr.len = sizeof(empty);
}

static void csr_version(struct kit *kit)
{
	kit->csr_version = 1;
}

static void csr_challenge_password(struct kit *kit)
{
	kit->csr_attribute = NID_pkcs9_challengePassword;
}

static void csr_sha1(struct kit *kit)
{
	kit->csr_hash = "SHA1";
}

/* The algorithm of the other type of key: ecdsa-with-SHA256 becomes …384 is no change of type. */
static void csr_rsa_algorithm(struct kit *kit)
{
	kit->csr_key = kit_key(TEMPLATE_IK_RSA2048, 0);
}

static void csr_other_key(struct kit *kit)
{
	kit->csr_key = kit_key(kit->ik_template, 2);
}

static void csr_without_serial(struct kit *kit)
{
	kit->serial_count = 0;
}

static void csr_two_serials(struct kit *kit)
{
	kit->serial_count = 2;
}

static void csr_shared_rdn(struct kit *kit)
{
	kit->is_serial_shared = true;
}

static void csr_bmp_serial(struct kit *kit)
{
	kit->serial_type = V_ASN1_IA5STRING;
}

static void serial_lower_case(struct kit *kit)
{
	kit->serial = "sn-0001";
}

static void serial_begins_with_hyphen(struct kit *kit)
{
	kit->serial = "-1";
}

static void serial_of_64(struct kit *kit)
{
	kit->serial = "0123456789012345678901234567890123456789012345678901234567890123";
}

static void serial_off_pattern(struct kit *kit)
{
	kit->configuration = "[identity]\nserial_pattern = SN-[0-9]{3}\n";
}

static void serial_not_ek_id(struct kit *kit)
{
	kit->configuration = "[identity]\nbinding = endorsement\n";
}

static void signature_flipped(struct kit *kit)
{
	kit->csr.data[kit->csr.len - 1] ^= 1;
}

/* ---- identity key ---- */

enum { AREA_TYPE = 2, AREA_NAME_ALG = 4, AREA_ATTRIBUTES = 6, AREA_POLICY = 10, IK_SYMMETRIC = 12,
	IK_SCHEME = 14, IK_CURVE = 16, IK_KDF = 18 };

static void ik_trailing(struct kit *kit)
{
	kit->ik_public.data[kit->ik_public.len++] = 0;
}

static void ik_inner_trailing(struct kit *kit)
{
	kit->ik_public.data[kit->ik_public.len++] = 0;
	kit->ik_public.data[1]++;
}

static void ik_keyed_hash(struct kit *kit)
{
	kit->ik_public.data[AREA_TYPE + 1] = 0x08;
}

static void ik_sha1_name(struct kit *kit)
{
	kit->ik_public.data[AREA_NAME_ALG + 1] = TPM_ALG_SHA1;
}

static void ik_curve(struct kit *kit)
{
	kit->ik_public.data[IK_CURVE + 1] = 0x10;
}

static void ik_can_leave(struct kit *kit)
{
	kit->ik_public.data[AREA_ATTRIBUTES + 3] &= (uint8_t)~TPMA_OBJECT_FIXEDTPM;
}

static void ik_restricted(struct kit *kit)
{
	kit->ik_public.data[AREA_ATTRIBUTES + 1] |= 0x01;
}

static void ik_padded_coordinate(struct kit *kit)
{
	/* One octet less, and the coordinate then begins with a zero. */
	struct tpm_key key = kit->ik_numbers;

	key.a[0] = key.a[1] = 0x01;
	kit_area_write(&key, &kit->ik_public);
	kit->ik_public.data[1]--;
	kit->ik_public.data[21]--;
	memmove(kit->ik_public.data + 22, kit->ik_public.data + 23, kit->ik_public.len - 23);
	kit->ik_public.data[22] = 0;
	kit->ik_public.len--;
}

static void ik_not_accepted(struct kit *kit)
{
	kit->configuration = "[identity-key]\naccept = p384\n";
}

/* Another IK, with a sound CSR for it: what only the gates can refuse. */
static void set_ik(struct kit *kit, const struct tpm_key *key)
{
	kit->ik_numbers = *key;
	kit_area_write(key, &kit->ik_public);
}

static void rsa_ik(struct kit *kit)
{
	kit->ik_template = TEMPLATE_IK_RSA2048;
	kit->ik = kit->csr_key = kit_key(TEMPLATE_IK_RSA2048, 0);
}

static void rsa_ek(struct kit *kit)
{
	kit->ek_template = TEMPLATE_EK_L1;
	kit->ek = kit->ek_certificate.key = kit_key(TEMPLATE_EK_L1, 1);
}

/* Puts the numbers of the kit's IK into the CSR too: they stand there as often as in the area. */
static void replace_number(struct kit_buffer *in, struct bytes old, struct bytes new)
{
	assert_int_equal(old.len, new.len);
	for (size_t i = 0; i + old.len <= in->len; i++) {
		if (memcmp(in->data + i, old.data, old.len) == 0)
			memcpy(in->data + i, new.data, new.len);
	}
}

static void set_ik_modulus(struct kit *kit, const uint8_t *modulus)
{
	struct tpm_key key = kit->ik_numbers;

	memcpy(key.a, modulus, key.a_len);
	replace_number(&kit->csr, bytes_of(kit->ik_numbers.a, key.a_len), bytes_of(key.a, key.a_len));
	set_ik(kit, &key);
}

static void set_ek_modulus(struct kit *kit, const uint8_t *modulus)
{
	struct tpm_key key = kit->ek_numbers;

	memcpy(key.a, modulus, key.a_len);
	kit->ek_numbers = key;
	kit_area_write(&key, &kit->ek_public);
}

/* The modulus, made a multiple of a prime; its top bit stays. */
static void make_multiple(const uint8_t *modulus, BN_ULONG factor, uint8_t out[256])
{
	BIGNUM *n = BN_bin2bn(modulus, 256, NULL);

	BN_sub_word(n, BN_mod_word(n, factor));
	if (!BN_is_odd(n))
		BN_sub_word(n, factor);
	assert_int_equal(BN_bn2binpad(n, out, 256), 256);
	BN_free(n);
}

static void ik_multiple_of_997(struct kit *kit)
{
	uint8_t modulus[256];

	make_multiple(kit->ik_numbers.a, 997, modulus);
	set_ik_modulus(kit, modulus);
}

static void ek_multiple_of_3(struct kit *kit)
{
	uint8_t modulus[256];

	make_multiple(kit->ek_numbers.a, 3, modulus);
	set_ek_modulus(kit, modulus);
}

static void ik_even(struct kit *kit)
{
	uint8_t modulus[256];

	memcpy(modulus, kit->ik_numbers.a, sizeof(modulus));
	modulus[255] &= 0xfe;
	set_ik_modulus(kit, modulus);
}

/* A number of 2048 bits that is a power of 65537 modulo each prime up to 167: by the CRT it is
 * enough to take such a power itself and add multiples of the primes' product. */
static void make_roca(uint8_t out[256])
{
	static const unsigned primes[] = { 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59,
		61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157,
		163, 167 };
	BN_CTX *context = BN_CTX_new();
	BIGNUM *product = BN_new(), *power = BN_new(), *n = BN_new(), *exponent = BN_new();
	uint8_t none[256];

	BN_one(product);
	for (size_t i = 0; i < sizeof(primes) / sizeof(primes[0]); i++)
		BN_mul_word(product, primes[i]);
	BN_set_word(power, 65537);
	BN_set_word(exponent, 123456789);
	BN_mod_exp(power, power, exponent, product, context);
	/* n = k · product + power, odd and without a factor below 1000. */
	BN_zero(n);
	BN_set_bit(n, 2047);
	BN_set_bit(n, 2046);
	BN_mod(exponent, n, product, context);
	BN_sub(n, n, exponent);
	BN_add(n, n, power);
	for (bool is_found = false; !is_found;) {
		BN_add(n, n, product);
		is_found = BN_is_odd(n);
		for (BN_ULONG factor = 169; factor < 1000 && is_found; factor += 2)
			is_found = BN_mod_word(n, factor) != 0;
	}
	assert_int_equal(BN_bn2binpad(n, none, 256), 256);
	memcpy(out, none, 256);
	BN_free(product);
	BN_free(power);
	BN_free(n);
	BN_free(exponent);
	BN_CTX_free(context);
}

static void ik_roca(struct kit *kit)
{
	uint8_t modulus[256];

	make_roca(modulus);
	set_ik_modulus(kit, modulus);
}

static void ek_roca(struct kit *kit)
{
	uint8_t modulus[256];

	make_roca(modulus);
	set_ek_modulus(kit, modulus);
}

/* p · q with q the next prime after p but one: the first step from the root finds them. */
static void make_close_primes(uint8_t out[256])
{
	BN_CTX *context = BN_CTX_new();
	BIGNUM *p = BN_new(), *q = BN_new(), *n = BN_new();

	assert_int_equal(BN_generate_prime_ex(p, 1024, 0, NULL, NULL, NULL), 1);
	BN_copy(q, p);
	do
		BN_add_word(q, 2);
	while (BN_check_prime(q, context, NULL) != 1);
	BN_mul(n, p, q, context);
	assert_int_equal(BN_bn2binpad(n, out, 256), 256);
	BN_free(p);
	BN_free(q);
	BN_free(n);
	BN_CTX_free(context);
}

static void ik_close_primes(struct kit *kit)
{
	uint8_t modulus[256];

	make_close_primes(modulus);
	set_ik_modulus(kit, modulus);
}

static void ek_close_primes(struct kit *kit)
{
	uint8_t modulus[256];

	make_close_primes(modulus);
	set_ek_modulus(kit, modulus);
}

static void ik_off_curve(struct kit *kit)
{
	struct tpm_key key = kit->ik_numbers;

	key.b[31] ^= 1;
	replace_number(&kit->csr, bytes_of(kit->ik_numbers.b, 32), bytes_of(key.b, 32));
	set_ik(kit, &key);
}

static void ek_off_curve(struct kit *kit)
{
	kit->ek_numbers.a[31] ^= 1;
	kit_area_write(&kit->ek_numbers, &kit->ek_public);
}

/* x, plus the field's prime where it still fits, would be the same point to a careless reader. */
static void ek_over_field(struct kit *kit)
{
	memset(kit->ek_numbers.a, 0xff, 32);
	kit_area_write(&kit->ek_numbers, &kit->ek_public);
}

static void ik_is_ek(struct kit *kit)
{
	kit->ek = kit->ek_certificate.key = kit->ik;
}

static void ik_is_ca(struct kit *kit)
{
	kit->ca_key = kit->ik;
}

static void ik_is_anchor(struct kit *kit)
{
	kit->vendor.key = kit->vendor.issuer_key = kit->ek_certificate.issuer_key = kit->ik;
}

/* ---- endorsement key ---- */

static void ek_cut(struct kit *kit)
{
	kit->ek_public.len--;
}

static void ek_signs(struct kit *kit)
{
	kit->ek_public.data[AREA_ATTRIBUTES + 1] ^= 0x04;
}

static void ek_policy(struct kit *kit)
{
	kit->ek_public.data[AREA_POLICY + 2] ^= 1;
}

static void ek_sym_cipher(struct kit *kit)
{
	kit->ek_public.data[AREA_TYPE + 1] = 0x25;
}

/* keyBits stands before the exponent and the modulus. No template has this one. */
static void ik_of_1024_bits(struct kit *kit)
{
	kit->ik_public.data[kit->ik_public.len - 256 - 2 - 4 - 2] = 1024 >> 8;
}

static void ek_not_accepted(struct kit *kit)
{
	kit->configuration = "[endorsement]\naccept = L-1, H-2\n";
}


/* tpm2b_public_write takes no such modulus: the octet is changed in the area itself. */
static void ek_top_bit_clear(struct kit *kit)
{
	kit->ek_public.data[kit->ek_public.len - 256] &= 0x7f;
}

/* ---- EK certificate ---- */

static void no_certificate(struct kit *kit)
{
	kit->has_no_certificate = true;
}

static void certificate_trailing(struct kit *kit)
{
	kit->certificate.data[kit->certificate.len++] = 0;
}

static void certificate_is_a_csr(struct kit *kit)
{
	kit->certificate = kit->csr;
}

static void certificate_other_key(struct kit *kit)
{
	kit->ek_certificate.key = kit_key(kit->ek_template, 2);
}

static void certificate_of_ca(struct kit *kit)
{
	kit->ek_certificate.basic_constraints = "critical,CA:TRUE";
}

static void basic_constraints_twice(struct kit *kit)
{
	kit->ek_certificate.has_basic_constraints_twice = true;
}

/* RFC 5280, 4.2.1.9: only a CA's. */
static void path_len_of_no_ca(struct kit *kit)
{
	kit->ek_certificate.basic_constraints = "critical,CA:FALSE,pathlen:0";
}

static void certificate_signs(struct kit *kit)
{
	kit->ek_certificate.key_usage = "critical,digitalSignature";
}

static void certificate_cert_sign(struct kit *kit)
{
	kit->ek_certificate.key_usage = "critical,keyEncipherment,keyCertSign";
}

static void vendor_unknown(struct kit *kit)
{
	kit->is_vendor_unknown = true;
}

/* Its name, not its key. */
static void vendor_namesake(struct kit *kit)
{
	kit->ek_certificate.issuer_key = kit_key(TEMPLATE_EK_L2, 2);
}

static void unknown_critical(struct kit *kit)
{
	kit->ek_certificate.has_unknown_critical = true;
}

static void certificate_sha1(struct kit *kit)
{
	kit->ek_certificate.hash = "SHA1";
}

static void certificate_md5(struct kit *kit)
{
	kit->marks = "sha1";
	kit->vendor.key = kit->vendor.issuer_key = kit->ek_certificate.issuer_key =
		kit_key(TEMPLATE_EK_L1, 2);
	kit->ek_certificate.hash = "MD5";
}

static void eku_absent(struct kit *kit)
{
	kit->ek_certificate.extended_key_usage = NULL;
}

static void eku_any(struct kit *kit)
{
	kit->ek_certificate.extended_key_usage = "anyExtendedKeyUsage";
	kit->marks = "ek-only";
}

static void eku_aik(struct kit *kit)
{
	kit->ek_certificate.extended_key_usage = "2.23.133.8.3";
}

static void eku_twice(struct kit *kit)
{
	kit->ek_certificate.has_twice = true;
}

static void not_yet_valid(struct kit *kit)
{
	kit->ek_certificate.not_before_s = kit->now_s + 60;
}

static void expired(struct kit *kit)
{
	kit->ek_certificate.not_after_s = kit->now_s - 60;
}

static void expired_enforced(struct kit *kit)
{
	expired(kit);
	kit->configuration = "[endorsement]\nexpiry = enforce\n";
}

static void ends_before_it_begins(struct kit *kit)
{
	kit->ek_certificate.not_after_s = kit->ek_certificate.not_before_s - 1;
}

/* RFC 5280, 4.1.2.5.2: no fractional seconds; OpenSSL would read them. */
static void ends_at_a_fraction(struct kit *kit)
{
	kit->ek_certificate.not_after = "20990101000000.5Z";
}

static void other_manufacturer(struct kit *kit)
{
	kit->marks = "manufacturer=INTC,manufacturer=53544D20";
}

static void manufacturer_malformed(struct kit *kit)
{
	kit->ek_certificate.manufacturer = "id:4946580";
}

/* The mark lets the name be absent, not wrong. */
static void manufacturer_malformed_marked(struct kit *kit)
{
	kit->ek_certificate.manufacturer = "id:4946580";
	kit->marks = "ek-only";
}

static void manufacturer_absent(struct kit *kit)
{
	kit->ek_certificate.manufacturer = NULL;
}

static void revoked(struct kit *kit)
{
	kit->has_crl = true;
}

static const struct wrong wrongs[] = {
	{ CHECK_HEADER_FORM, "header of 54 octets", get_certificate, long_header },
	{ CHECK_PROFILE_KNOWN, "another profile", unknown_profile, NULL },
	{ CHECK_CSR_DER, "trailing octet", NULL, csr_trailing },
	{ CHECK_CSR_DER, "length not minimal", NULL, csr_long_length },
	{ CHECK_CSR_DER, "indefinite length", NULL, csr_indefinite },
	{ CHECK_CSR_DER, "twenty levels", NULL, csr_deep },
	{ CHECK_EK_CHAIN_DER, "hint cut short", NULL, hint_cut },
	{ CHECK_IK_PUBLIC_READ, "trailing octet", NULL, ik_trailing },
	{ CHECK_IK_PUBLIC_READ, "octet left inside", NULL, ik_inner_trailing },
	{ CHECK_EK_PUBLIC_READ, "cut short", NULL, ek_cut },
	{ CHECK_IK_ALGORITHMS, "KEYEDHASH", NULL, ik_keyed_hash },
	{ CHECK_IK_ALGORITHMS, "nameAlg SHA-1", NULL, ik_sha1_name },
	{ CHECK_IK_ALGORITHMS, "another curve", NULL, ik_curve },
	{ CHECK_IK_ATTRIBUTES, "not fixedTPM", NULL, ik_can_leave },
	{ CHECK_IK_ATTRIBUTES, "restricted", NULL, ik_restricted },
	{ CHECK_IK_KEY_SIZE, "short coordinate with a leading zero", NULL, ik_padded_coordinate },
	{ CHECK_IK_KEY_SIZE, "RSA of 1024 bits", rsa_ik, ik_of_1024_bits },
	{ CHECK_IK_ACCEPTED, "P-384 only", ik_not_accepted, NULL },
	{ CHECK_EK_TEMPLATE, "EK that signs", NULL, ek_signs },
	{ CHECK_EK_TEMPLATE, "another policy", NULL, ek_policy },
	{ CHECK_EK_TEMPLATE, "SYMCIPHER", NULL, ek_sym_cipher },
	{ CHECK_EK_ACCEPTED, "L-2 not accepted", ek_not_accepted, NULL },
	{ CHECK_EK_KEY_SIZE, "top bit clear", rsa_ek, ek_top_bit_clear },
	{ CHECK_EK_CERTIFICATE_PRESENT, "left out", no_certificate, NULL },
	{ CHECK_CSR_FORM, "empty SEQUENCE", NULL, csr_is_a_certificate },
	{ CHECK_CSR_FORM, "version 1", csr_version, NULL },
	{ CHECK_CSR_ATTRIBUTES, "challengePassword", csr_challenge_password, NULL },
	{ CHECK_CSR_ALGORITHM, "SHA-1", csr_sha1, NULL },
	{ CHECK_CSR_ALGORITHM, "RSA under an ECC IK", csr_rsa_algorithm, NULL },
	{ CHECK_CSR_KEY, "another key", csr_other_key, NULL },
	{ CHECK_CSR_SUBJECT, "no serialNumber", csr_without_serial, NULL },
	{ CHECK_CSR_SUBJECT, "two serialNumbers", csr_two_serials, NULL },
	{ CHECK_CSR_SUBJECT, "RDN shared with a CN", csr_shared_rdn, NULL },
	{ CHECK_CSR_SUBJECT, "IA5String", csr_bmp_serial, NULL },
	{ CHECK_SERIAL_FORM, "lower case", serial_lower_case, NULL },
	{ CHECK_SERIAL_FORM, "begins with a hyphen", serial_begins_with_hyphen, NULL },
	{ CHECK_SERIAL_FORM, "64 octets", serial_of_64, NULL },
	{ CHECK_SERIAL_PATTERN, "prefix of a match", serial_off_pattern, NULL },
	{ CHECK_SERIAL_IS_EK_ID, "another serial", serial_not_ek_id, NULL },
	{ CHECK_IK_IS_NOT_EK, "one key", ik_is_ek, NULL },
	{ CHECK_IK_IS_NOT_CA, "this CA's key", ik_is_ca, NULL },
	{ CHECK_IK_IS_NOT_CA, "an anchor's key", ik_is_anchor, NULL },
	{ CHECK_IK_NUMBER, "multiple of 997", rsa_ik, ik_multiple_of_997 },
	{ CHECK_IK_NUMBER, "even", rsa_ik, ik_even },
	{ CHECK_EK_NUMBER, "multiple of 3", rsa_ek, ek_multiple_of_3 },
	{ CHECK_IK_ROCA, "ROCA", rsa_ik, ik_roca },
	{ CHECK_EK_ROCA, "ROCA", rsa_ek, ek_roca },
	{ CHECK_IK_FERMAT, "close primes", rsa_ik, ik_close_primes },
	{ CHECK_EK_FERMAT, "close primes", rsa_ek, ek_close_primes },
	{ CHECK_IK_POINT, "off by a bit", NULL, ik_off_curve },
	{ CHECK_EK_POINT, "off by a bit", NULL, ek_off_curve },
	{ CHECK_EK_POINT, "x not below the prime", NULL, ek_over_field },
	{ CHECK_CSR_SIGNATURE, "flipped bit", NULL, signature_flipped },
	{ CHECK_EK_CERTIFICATE_DER, "trailing octet", NULL, certificate_trailing },
	{ CHECK_EK_CERTIFICATE_DER, "a CSR", NULL, certificate_is_a_csr },
	{ CHECK_EK_CERTIFICATE_KEY, "another key", certificate_other_key, NULL },
	{ CHECK_EK_CERTIFICATE_NOT_CA, "cA TRUE", certificate_of_ca, NULL },
	{ CHECK_EK_CERTIFICATE_NOT_CA, "basicConstraints twice", basic_constraints_twice, NULL },
	{ CHECK_EK_CERTIFICATE_NOT_CA, "a path length without cA", path_len_of_no_ca, NULL },
	{ CHECK_EK_CERTIFICATE_KEY_USAGE, "digitalSignature", certificate_signs, NULL },
	{ CHECK_EK_CERTIFICATE_KEY_USAGE, "keyCertSign besides", certificate_cert_sign, NULL },
	{ CHECK_EK_CERTIFICATE_CHAIN, "vendor not imported", vendor_unknown, NULL },
	{ CHECK_EK_CERTIFICATE_CHAIN, "another of the vendor's name", vendor_namesake, NULL },
	{ CHECK_EK_CERTIFICATE_CHAIN, "unknown critical extension", unknown_critical, NULL },
	{ CHECK_EK_CERTIFICATE_ALGORITHM, "SHA-1", certificate_sha1, NULL },
	{ CHECK_EK_CERTIFICATE_ALGORITHM, "MD5 under an anchor marked sha1", certificate_md5, NULL },
	{ CHECK_EK_CERTIFICATE_EKU, "absent", eku_absent, NULL },
	{ CHECK_EK_CERTIFICATE_EKU, "any alone", eku_any, NULL },
	{ CHECK_EK_CERTIFICATE_EKU, "an AIK's", eku_aik, NULL },
	{ CHECK_EK_CERTIFICATE_EKU, "twice", eku_twice, NULL },
	{ CHECK_EK_CERTIFICATE_TIME, "not yet valid", not_yet_valid, NULL },
	{ CHECK_EK_CERTIFICATE_TIME, "expired, enforced", expired_enforced, NULL },
	{ CHECK_EK_CERTIFICATE_TIME, "ends before it begins", ends_before_it_begins, NULL },
	{ CHECK_EK_CERTIFICATE_TIME, "ends at a fraction of a second", ends_at_a_fraction, NULL },
	{ CHECK_EK_CERTIFICATE_MANUFACTURER, "another", other_manufacturer, NULL },
	{ CHECK_EK_CERTIFICATE_MANUFACTURER, "malformed", manufacturer_malformed, NULL },
	{ CHECK_EK_CERTIFICATE_MANUFACTURER, "malformed, ek-only", manufacturer_malformed_marked, NULL },
	{ CHECK_EK_CERTIFICATE_MANUFACTURER, "absent", manufacturer_absent, NULL },
	{ CHECK_EK_CERTIFICATE_REVOKED, "on the vendor's list", revoked, NULL },
};

enum { WRONG_COUNT = sizeof(wrongs) / sizeof(wrongs[0]) };

static void judge_one(struct kit *kit, void (*before)(struct kit *), void (*after)(struct kit *),
	struct verdict *verdict)
{
	if (before != NULL)
		before(kit);
	kit_build(kit);
	if (after != NULL)
		after(kit);
	kit_judge(kit, verdict);
	kit_close(kit);
}

static void test_each_check_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < WRONG_COUNT; i++) {
		struct kit kit = kit_of(TEMPLATE_IK_P256_NODA, TEMPLATE_EK_L2);
		const struct check_row *row = check_row((uint16_t)wrongs[i].check);
		struct verdict verdict;

		judge_one(&kit, wrongs[i].before, wrongs[i].after, &verdict);
		if (verdict.is_sound)
			fail_msg("%s (%s): accepted", row->name, wrongs[i].what);
		if (verdict.refusal.check != wrongs[i].check)
			fail_msg("%s (%s): refused by %s: %s", row->name, wrongs[i].what,
				check_row(verdict.refusal.check)->name, verdict.refusal.saw);
		assert_true(verdict.refusal.saw[0] != '\0');
	}
}

/* Every check of the verifier's has a row above. */
static void test_no_check_is_forgotten(void **state)
{
	uint64_t mask = 0;

	(void)state;
	for (size_t i = 0; i < WRONG_COUNT; i++)
		mask |= wrongs[i].check < 64 ? UINT64_C(1) << wrongs[i].check : 0;
	assert_int_equal(mask, EVIDENCE_MASK_FULL);
}

/* ---- what must be accepted ---- */

static void assert_accepted(struct kit *kit, const char *what, void (*before)(struct kit *),
	void (*after)(struct kit *))
{
	struct verdict verdict;

	judge_one(kit, before, after, &verdict);
	if (!verdict.is_sound)
		fail_msg("%s: refused by %s: %s", what, check_row(verdict.refusal.check)->name,
			verdict.refusal.saw);
	assert_int_equal(verdict.facts.evidence_mask, EVIDENCE_MASK_FULL);
	assert_string_equal(verdict.facts.serial, kit->serial);
}

static void test_every_template(void **state)
{
	size_t count;
	const struct template_row *rows = template_rows(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct kit kit = rows[i].is_ek ? kit_of(TEMPLATE_IK_P256, rows[i].template) :
			kit_of(rows[i].template, TEMPLATE_EK_L2);

		assert_accepted(&kit, rows[i].name, NULL, NULL);
	}
}

static void pss_hash_salt(struct kit *kit)
{
	rsa_ik(kit);
	kit->csr_hash = "SHA384";
	kit->pss_salt_len = RSA_PSS_SALTLEN_DIGEST;
}

static void pss_longest_salt(struct kit *kit)
{
	rsa_ik(kit);
	kit->pss_salt_len = 222;
}

static void pss_no_salt(struct kit *kit)
{
	rsa_ik(kit);
	kit->pss_salt_len = 0;
}

static void ecdsa_sha512(struct kit *kit)
{
	kit->csr_hash = "SHA512";
}

static void utf8_serial(struct kit *kit)
{
	kit->serial_type = V_ASN1_UTF8STRING;
}

static void longest_serial(struct kit *kit)
{
	kit->serial = "012345678901234567890123456789012345678901234567890123456789-AZ";
}

static void extension_request(struct kit *kit)
{
	kit->csr_attribute = NID_ext_req;
}

static void on_pattern(struct kit *kit)
{
	kit->configuration = "[identity]\nserial_pattern = AB|SN-[0-9]{4}\n";
}

static void oaep(struct kit *kit)
{
	rsa_ek(kit);
	kit->ek_certificate.is_oaep = true;
}

static void no_extension_marked(struct kit *kit)
{
	eku_absent(kit);
	manufacturer_absent(kit);
	kit->ek_certificate.key_usage = kit->ek_certificate.basic_constraints = NULL;
	kit->marks = "ek-only";
}

static void sha1_marked(struct kit *kit)
{
	certificate_sha1(kit);
	kit->marks = "sha1";
}

static void manufacturer_marked(struct kit *kit)
{
	kit->marks = "manufacturer=INTC,manufacturer=IFX";
}

static void key_agreement(struct kit *kit)
{
	kit->ek_certificate.key_usage = "critical,keyAgreement";
}

static void manifest_without_certificate(struct kit *kit)
{
	kit->configuration = "[endorsement]\ntrust = manifest\n";
	kit->has_no_certificate = true;
}

static void manifest_trust(struct kit *kit)
{
	kit->configuration = "[endorsement]\ntrust = manifest\n";
}

/* With trust = manifest neither certificate nor chain is read. */
static void garbage_certificate(struct kit *kit)
{
	memset(kit->certificate.data, 0xff, kit->certificate.len);
	kit->hints[0] = kit->certificate;
	kit->hint_count = 1;
}

static void not_on_list(struct kit *kit)
{
	kit->has_crl = true;
	kit->hint_count = 0;
}

/* The list names number 4711, and another is sent. */
static void other_number(struct kit *kit)
{
	kit->ek_certificate.number = 4712;
	kit_certificate_write(&kit->ek_certificate, &kit->certificate);
}

static void test_variants(void **state)
{
	static const struct wrong rights[] = {
		{ 0, "getCertificate", get_certificate, NULL },
		{ 0, "PSS, salt of the hash's length", pss_hash_salt, NULL },
		{ 0, "PSS, longest salt", pss_longest_salt, NULL },
		{ 0, "PSS, no salt", pss_no_salt, NULL },
		{ 0, "ECDSA with SHA-512 on P-256", ecdsa_sha512, NULL },
		{ 0, "UTF8String serial", utf8_serial, NULL },
		{ 0, "serial of 63", longest_serial, NULL },
		{ 0, "extensionRequest", extension_request, NULL },
		{ 0, "serial pattern", on_pattern, NULL },
		{ 0, "RSAES-OAEP key", oaep, NULL },
		{ 0, "no extension under ek-only", no_extension_marked, NULL },
		{ 0, "SHA-1 under sha1", sha1_marked, NULL },
		{ 0, "manufacturer allowed", manufacturer_marked, NULL },
		{ 0, "keyAgreement", key_agreement, NULL },
		{ 0, "expired, ignored", expired, NULL },
		{ 0, "manifest, no certificate", manifest_without_certificate, NULL },
		{ 0, "manifest, garbage for a certificate", manifest_trust, garbage_certificate },
		{ 0, "not on the list", not_on_list, other_number },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		struct kit kit = kit_of(TEMPLATE_IK_P256, TEMPLATE_EK_L2);

		assert_accepted(&kit, rights[i].what, rights[i].before, rights[i].after);
	}
}

/* Threats, A 11: TPMs cut leading zeros; the CSR and the certificate have them. */
static void test_short_coordinate(void **state)
{
	struct kit kit = kit_of(TEMPLATE_IK_P256, TEMPLATE_EK_L2);
	struct verdict verdict;

	(void)state;
	kit.ik = kit.csr_key = kit_short_key();
	kit_build(&kit);
	kit.ik_numbers = kit_numbers(kit.ik, TEMPLATE_IK_P256, true);
	kit_area_write(&kit.ik_numbers, &kit.ik_public);
	kit_judge(&kit, &verdict);
	assert_true(verdict.is_sound);
	assert_true(verdict.facts.ik.a_len < 32);

	kit.ik = kit.csr_key = kit_key(TEMPLATE_IK_P256, 0);
	kit.ek = kit.ek_certificate.key = kit_short_key();
	kit_build(&kit);
	kit.ek_numbers = kit_numbers(kit.ek, TEMPLATE_EK_L2, true);
	kit_area_write(&kit.ek_numbers, &kit.ek_public);
	kit_judge(&kit, &verdict);
	assert_true(verdict.is_sound);
	assert_true(verdict.facts.ek.a_len < 32);
	kit_close(&kit);
}

/* binding = endorsement: the serial is the EK id's beginning, in capitals. */
static void test_serial_is_ek_id(void **state)
{
	struct kit kit = kit_of(TEMPLATE_IK_P256, TEMPLATE_EK_L2);
	uint8_t id[32];
	char serial[65];

	(void)state;
	kit.ek_numbers = kit_numbers(kit.ek, TEMPLATE_EK_L2, false);
	assert_int_equal(key_id(&kit.ek_numbers, id), FAULT_NONE);
	for (size_t i = 0; i < 20; i++)
		(void)snprintf(serial + 2 * i, 3, "%02X", id[i]);
	kit.serial = serial;
	kit.configuration = "[identity]\nbinding = endorsement\n";
	assert_accepted(&kit, "serial of the EK id", NULL, NULL);
}

static void test_facts(void **state)
{
	struct kit kit = kit_of(TEMPLATE_IK_P384_NODA, TEMPLATE_EK_L2);
	struct verdict verdict;
	uint8_t digest[32];

	(void)state;
	kit.act = ACT_CERTIFICATE;
	kit_build(&kit);
	kit.header.data[5] = 0x55;
	kit_judge(&kit, &verdict);
	assert_true(verdict.is_sound);
	assert_int_equal(verdict.facts.act, ACT_CERTIFICATE);
	assert_memory_equal(&verdict.facts.ik, &kit.ik_numbers, sizeof(kit.ik_numbers));
	assert_memory_equal(&verdict.facts.ek, &kit.ek_numbers, sizeof(kit.ek_numbers));
	assert_memory_equal(verdict.facts.fingerprint, kit.policy->fingerprint, 32);
	assert_string_equal(verdict.facts.serial, "SN-0001");
	assert_string_equal(verdict.facts.profile, "device");
	EVP_Digest(kit.csr.data, kit.csr.len, digest, NULL, EVP_sha256(), NULL);
	assert_memory_equal(verdict.facts.csr_digest, digest, 32);
	assert_true(verdict.facts.has_ek_certificate);
	EVP_Digest(kit.certificate.data, kit.certificate.len, digest, NULL, EVP_sha256(), NULL);
	assert_memory_equal(verdict.facts.ek_certificate_digest, digest, 32);
	assert_int_equal(verdict.facts.header[5], 0x55);
	assert_int_equal(verdict.facts.ticket[0], 0x77);
	kit_close(&kit);
}

/* The certificate that a manifest makes superfluous is still bound into the ticket. */
static void test_digest_under_manifest(void **state)
{
	struct kit kit = kit_of(TEMPLATE_IK_P256, TEMPLATE_EK_L2);
	struct verdict verdict;
	uint8_t digest[32];

	(void)state;
	manifest_trust(&kit);
	kit_build(&kit);
	garbage_certificate(&kit);
	kit_judge(&kit, &verdict);
	assert_true(verdict.is_sound && verdict.facts.has_ek_certificate);
	EVP_Digest(kit.certificate.data, kit.certificate.len, digest, NULL, EVP_sha256(), NULL);
	assert_memory_equal(verdict.facts.ek_certificate_digest, digest, 32);
	kit_close(&kit);
}

static void test_notes(void **state)
{
	struct kit kit = kit_of(TEMPLATE_IK_P256, TEMPLATE_EK_L2);
	struct verdict verdict;

	(void)state;
	extension_request(&kit);
	expired(&kit);
	kit.configuration = "[endorsement]\nexpiry = warn\n";
	judge_one(&kit, NULL, NULL, &verdict);
	assert_true(verdict.is_sound && verdict.has_extension_request && verdict.is_past_not_after);

	kit = kit_of(TEMPLATE_IK_P256, TEMPLATE_EK_L2);
	judge_one(&kit, NULL, NULL, &verdict);
	assert_true(verdict.is_sound && !verdict.has_extension_request && !verdict.is_past_not_after);
}

/* What was known of the device by the time of the refusal. */
static void test_refusal_names_device(void **state)
{
	struct kit kit = kit_of(TEMPLATE_IK_P256, TEMPLATE_EK_L2);
	struct verdict verdict;
	uint8_t id[32];

	(void)state;
	judge_one(&kit, vendor_unknown, NULL, &verdict);
	assert_string_equal(verdict.refusal.serial, "SN-0001");
	assert_true(verdict.refusal.has_ek_id);
	assert_int_equal(key_id(&kit.ek_numbers, id), FAULT_NONE);
	assert_memory_equal(verdict.refusal.ek_id, id, 32);

	kit = kit_of(TEMPLATE_IK_P256, TEMPLATE_EK_L2);
	judge_one(&kit, NULL, ik_trailing, &verdict);
	assert_string_equal(verdict.refusal.serial, "");
	assert_false(verdict.refusal.has_ek_id);
}

/* Threats, B: of the words around the two accepted ones, none is accepted but they. */
static void test_all_attributes_of_three_flips(void **state)
{
	struct kit kit = kit_of(TEMPLATE_IK_P256, TEMPLATE_EK_L2);
	size_t accepted = 0, asked = 0;

	(void)state;
	kit_build(&kit);
	for (unsigned a = 0; a < 32; a++) {
		for (unsigned b = a; b < 32; b++) {
			for (unsigned c = b; c < 32; c++) {
				uint32_t word = UINT32_C(0x00040072) ^ UINT32_C(1) << a ^ UINT32_C(1) << b ^
					UINT32_C(1) << c;
				struct verdict verdict;

				for (unsigned i = 0; i < 4; i++)
					kit.ik_public.data[AREA_ATTRIBUTES + i] = (uint8_t)(word >> (24 - 8 * i));
				/* A CSR that fails keeps the accepted ones cheap. */
				kit.csr.data[kit.csr.len - 1] ^= 1;
				kit_judge(&kit, &verdict);
				kit.csr.data[kit.csr.len - 1] ^= 1;
				asked++;
				accepted += verdict.refusal.check != CHECK_IK_ATTRIBUTES;
				assert_true(verdict.refusal.check == CHECK_IK_ATTRIBUTES ||
					word == 0x00040072 || word == 0x00040472);
			}
		}
	}
	print_message("# %zu words of objectAttributes, %zu of them one of the two accepted\n", asked,
		accepted);
	assert_true(accepted > 0);
	kit_close(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_check_refuses),
		cmocka_unit_test(test_no_check_is_forgotten),
		cmocka_unit_test(test_every_template),
		cmocka_unit_test(test_variants),
		cmocka_unit_test(test_short_coordinate),
		cmocka_unit_test(test_serial_is_ek_id),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_digest_under_manifest),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_refusal_names_device),
		cmocka_unit_test(test_all_attributes_of_three_flips),
	};

	return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
