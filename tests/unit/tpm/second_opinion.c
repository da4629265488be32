#include "second_opinion.h"

#include <tss2/tss2_mu.h>

static bool view_is(struct bytes view, const BYTE *data, UINT16 size)
{
	return bytes_equal(view, bytes_of(data, size));
}

static bool same_numbers(const struct tpmt_public *ours, const TPMT_PUBLIC *theirs)
{
	const TPMS_RSA_PARMS *rsa = &theirs->parameters.rsaDetail;
	const TPMS_ECC_PARMS *ecc = &theirs->parameters.eccDetail;
	const TPMS_ECC_POINT *point = &theirs->unique.ecc;

	if (ours->type == TPM_ALG_RSA)
		return ours->rsa.key_bits == rsa->keyBits && ours->rsa.exponent == rsa->exponent &&
			view_is(ours->rsa.modulus, theirs->unique.rsa.buffer, theirs->unique.rsa.size);
	return ours->ecc.curve_id == ecc->curveID && ours->ecc.kdf == ecc->kdf.scheme &&
		view_is(ours->ecc.x, point->x.buffer, point->x.size) &&
		view_is(ours->ecc.y, point->y.buffer, point->y.size);
}

/* asymDetail is what rsaDetail and eccDetail have in common. */
bool second_opinion_is_same(const struct tpmt_public *ours, const TPMT_PUBLIC *theirs)
{
	const TPMT_SYM_DEF_OBJECT *symmetric = &theirs->parameters.asymDetail.symmetric;

	return ours->type == theirs->type && ours->name_alg == theirs->nameAlg &&
		ours->object_attributes == theirs->objectAttributes &&
		view_is(ours->auth_policy, theirs->authPolicy.buffer, theirs->authPolicy.size) &&
		ours->symmetric == symmetric->algorithm &&
		(ours->symmetric == TPM_ALG_NULL || (ours->symmetric_key_bits == symmetric->keyBits.sym &&
			ours->symmetric_mode == symmetric->mode.sym)) &&
		ours->scheme == theirs->parameters.asymDetail.scheme.scheme && same_numbers(ours, theirs);
}

bool second_opinion_read(struct bytes area, TPMT_PUBLIC *out)
{
	size_t offset = 0;

	*out = (TPMT_PUBLIC){ 0 };
	return Tss2_MU_TPMT_PUBLIC_Unmarshal(area.data, area.len, &offset, out) == TSS2_RC_SUCCESS &&
		offset == area.len;
}

bool second_opinion_is_rewritten(const struct template_row *row, const struct tpmt_public *area,
	struct bytes tpm2b)
{
	uint8_t again[TPM2B_PUBLIC_MAX];
	struct writer w = WRITER_OF_ARRAY(again);
	struct tpm_key key = tpm_key_of(row, area);
	struct bytes written;

	tpm2b_public_write(&w, &key);
	return writer_end(&w, &written) == FAULT_NONE && bytes_equal(written, tpm2b);
}
