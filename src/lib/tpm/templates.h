#ifndef TPM_TEMPLATES_H
#define TPM_TEMPLATES_H

#include "bytes.h"
#include "fault.h"
#include "limits.h"
#include "tpmt_public.h"
#include "writer.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * templates: the public areas that we accept, as constants, and the two ways through them: from a
 * received area to {template, key numbers}, and from {template, key numbers} back to the area.
 *
 * Endorsement keys: TCG EK Credential Profile for TPM Family 2.0, 2.6, B.3 and B.4. Identity keys:
 * docs/PROTOCOL.md, "Identity keys that are accepted". The numbers of enum tpm_template are on the
 * wire between roles: never renumber.
 */
enum tpm_template {
	TEMPLATE_NONE = 0,
	TEMPLATE_EK_L1 = 1, /* RSA 2048, low range */
	TEMPLATE_EK_L2 = 2, /* P-256, low range */
	TEMPLATE_EK_H1 = 3, /* RSA 2048 */
	TEMPLATE_EK_H2 = 4, /* P-256 */
	TEMPLATE_EK_H3 = 5, /* P-384 */
	TEMPLATE_EK_H4 = 6, /* P-521 */
	TEMPLATE_EK_H6 = 7, /* RSA 3072 */
	TEMPLATE_EK_H7 = 8, /* RSA 4096 */
	TEMPLATE_IK_RSA2048 = 32, /* attributes 00040072; the same + 1: with noDA, 00040472 */
	TEMPLATE_IK_RSA2048_NODA,
	TEMPLATE_IK_RSA3072,
	TEMPLATE_IK_RSA3072_NODA,
	TEMPLATE_IK_RSA4096,
	TEMPLATE_IK_RSA4096_NODA,
	TEMPLATE_IK_P256,
	TEMPLATE_IK_P256_NODA,
	TEMPLATE_IK_P384,
	TEMPLATE_IK_P384_NODA,
	TEMPLATE_IK_P521,
	TEMPLATE_IK_P521_NODA,
};

struct template_row {
	enum tpm_template template;
	const char *name; /* "L-1" … "H-7", "rsa2048", "p256", … as in the configuration */
	bool is_ek;
	uint16_t type;               /* TPM_ALG_RSA or TPM_ALG_ECC */
	uint16_t name_alg;
	uint32_t object_attributes;
	struct bytes auth_policy;    /* empty for identity keys */
	uint16_t symmetric_key_bits; /* AES-CFB key of a restricted decryption key; 0: symmetric
					NULL */
	uint16_t key_bits;           /* RSA modulus, or the curve's field: 256, 384, 521 */
	uint16_t curve_id;           /* 0 for RSA */
	uint32_t ek_certificate_nv;  /* NV index of the EK certificate; 0 for identity keys */
	bool has_full_unique;        /* L-1, L-2: unique in inPublic is zeros of the key's size */
};

/* The row; NULL where there is none with that number (it may come from another process). */
const struct template_row *template_row(unsigned number);

/* The rows in the order of the enumeration; count is set to how many there are. */
const struct template_row *template_rows(size_t *count);

/*
 * tpm_key: a key's template and its numbers, spelt as the TPM spelt them: this, and no octets of
 * the device's, is what travels to the authority.
 */
struct tpm_key {
	uint8_t template; /* enum tpm_template */
	uint16_t a_len;   /* RSA: the modulus. ECC: x */
	uint16_t b_len;   /* RSA: 0. ECC: y */
	uint8_t a[RSA_MODULUS_MAX];
	uint8_t b[ECC_COORDINATE_MAX];
};

/*
 * The template, endorsement or identity as is_ek says, that area equals outside its numbers. NULL
 * where there is none. Says nothing about the numbers (template_numbers_fit).
 */
const struct template_row *template_of(const struct tpmt_public *area, bool is_ek);

/*
 * Whether the numbers have the sizes that the template demands: a modulus of exactly key_bits / 8
 * octets with its top bit set; coordinates of the field's length, or shorter and then beginning
 * with an octet that is not 0; none empty.
 */
bool template_numbers_fit(const struct template_row *, struct bytes a, struct bytes b);

/* The same for the numbers of an area that has the row's type. */
bool template_area_fits(const struct template_row *, const struct tpmt_public *area);

/* Copies the numbers; they must fit the row (template_area_fits). */
struct tpm_key tpm_key_of(const struct template_row *, const struct tpmt_public *area);

/*
 * Writes the TPMT_PUBLIC or TPM2B_PUBLIC of a key from the template's constants and its numbers.
 * A fault sticks in the writer: FAULT_INVALID where template or numbers are not valid.
 */
void tpmt_public_write(struct writer *, const struct tpm_key *);
void tpm2b_public_write(struct writer *, const struct tpm_key *);

/*
 * Writes the TPM2B_PUBLIC that TPM2_CreatePrimary or TPM2_Create takes as inPublic: the template
 * with the unique field that belongs to it (256 or 32 + 32 zeros for L-1 and L-2, else empty).
 */
void template_in_public_write(struct writer *, const struct template_row *);

#endif
