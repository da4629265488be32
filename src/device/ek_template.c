#include "ek_template.h"

#include "nv.h"

#include <string.h>
#include <tss2/tss2_mu.h>

static const enum tpm_template order[EK_TEMPLATE_COUNT] = {
	TEMPLATE_EK_L2, TEMPLATE_EK_L1, TEMPLATE_EK_H3, TEMPLATE_EK_H2,
	TEMPLATE_EK_H1, TEMPLATE_EK_H6, TEMPLATE_EK_H4, TEMPLATE_EK_H7,
};

static bool is_allowed(const struct template_row *row, enum ek_choice choice)
{
	if (choice == EK_AUTO)
		return true;
	return row->type == (choice == EK_RSA ? TPM_ALG_RSA : TPM_ALG_ECC);
}

static void order_add(struct ek_order *out, enum tpm_template template, enum ek_choice choice)
{
	const struct template_row *row = template_row(template);

	if (row == NULL || !is_allowed(row, choice))
		return;
	for (size_t i = 0; i < out->count; i++)
		if (out->row[i] == row)
			return;
	out->row[out->count++] = row;
}

struct ek_order ek_order_of(enum ek_choice choice, enum tpm_template last)
{
	struct ek_order out = { 0 };

	for (size_t i = 0; i < EK_TEMPLATE_COUNT; i++)
		if (order[i] == last)
			order_add(&out, last, choice);
	for (size_t i = 0; i < EK_TEMPLATE_COUNT; i++)
		order_add(&out, order[i], choice);
	return out;
}

const struct template_row *ek_template_twin(const struct template_row *row)
{
	switch ((unsigned)row->template) {
	case TEMPLATE_EK_L1:
		return template_row(TEMPLATE_EK_H1);
	case TEMPLATE_EK_L2:
		return template_row(TEMPLATE_EK_H2);
	case TEMPLATE_EK_H1:
		return template_row(TEMPLATE_EK_L1);
	case TEMPLATE_EK_H2:
		return template_row(TEMPLATE_EK_L2);
	default:
		return NULL;
	}
}

enum fault ek_template_standard(
	struct tpm *tpm, const struct template_row *row, TPM2B_PUBLIC *out)
{
	uint8_t buffer[TPM2B_PUBLIC_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct bytes in_public;

	template_in_public_write(&w, row);
	if (writer_end(&w, &in_public) != FAULT_NONE)
		in_public = (struct bytes){ 0 };
	return tpm_public_of(tpm, in_public, out);
}

/* Low range: certificate, nonce, template stand side by side. High range: no nonce. */
static uint32_t template_index(const struct template_row *row)
{
	return row->ek_certificate_nv + (row->has_full_unique ? 2 : 1);
}

static uint32_t nonce_index(const struct template_row *row)
{
	return row->has_full_unique ? row->ek_certificate_nv + 1 : 0;
}

static bool read_template(struct bytes content, TPM2B_PUBLIC *out)
{
	size_t offset = 0;
	TPM2B_PUBLIC public = { 0 };

	if (Tss2_MU_TPMT_PUBLIC_Unmarshal(content.data, content.len, &offset, &public.publicArea) !=
			TSS2_RC_SUCCESS ||
		offset != content.len)
		return false;
	*out = public;
	return true;
}

/* EK Credential Profile, 2.2.1.6: unique is the nonce, padded with zeros to the key's size. */
static enum fault apply_nonce(TPMT_PUBLIC *area, struct bytes nonce)
{
	TPM2B_PUBLIC_KEY_RSA *modulus = &area->unique.rsa;
	TPMS_ECC_POINT *point = &area->unique.ecc;

	if (area->type == TPM2_ALG_RSA && nonce.len <= 256) {
		memset(modulus->buffer, 0, 256);
		memcpy(modulus->buffer, nonce.data, nonce.len);
		modulus->size = 256;
		return FAULT_NONE;
	}
	if (area->type == TPM2_ALG_ECC && nonce.len <= 32) {
		memset(point->x.buffer, 0, 32);
		memset(point->y.buffer, 0, 32);
		memcpy(point->x.buffer, nonce.data, nonce.len);
		point->x.size = point->y.size = 32;
		return FAULT_NONE;
	}
	return FAULT_NOT_FOUND;
}

/* swtpm 0.7 writes its P-256 template where the nonce belongs: what reads as one is one. */
static enum fault read_nonce(
	struct tpm *tpm, const struct template_row *row, bool has_template, TPM2B_PUBLIC *out)
{
	uint8_t buffer[NV_INDEX_MAX];
	struct bytes nonce;
	enum fault fault = nv_read(tpm, nonce_index(row), buffer, sizeof(buffer), &nonce);

	if (fault != FAULT_NONE || read_template(nonce, out))
		return fault;
	if (!has_template) {
		fault = ek_template_standard(tpm, row, out);
		if (fault != FAULT_NONE)
			return fault;
	}
	return apply_nonce(&out->publicArea, nonce);
}

enum fault ek_template_of_nv(struct tpm *tpm, const struct template_row *row, TPM2B_PUBLIC *out)
{
	uint8_t buffer[NV_INDEX_MAX];
	struct bytes content;
	TPM2B_PUBLIC public = { 0 };

	enum fault fault = nv_read(tpm, template_index(row), buffer, sizeof(buffer), &content);
	if (fault != FAULT_NONE && fault != FAULT_NOT_FOUND)
		return fault;
	bool has_template = fault == FAULT_NONE && read_template(content, &public);

	fault = FAULT_NOT_FOUND;
	if (nonce_index(row) != 0)
		fault = read_nonce(tpm, row, has_template, &public);
	if (fault == FAULT_NOT_FOUND && has_template)
		fault = FAULT_NONE;
	if (fault == FAULT_NONE)
		*out = public;
	return fault;
}
