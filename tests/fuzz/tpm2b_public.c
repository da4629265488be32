/*
 * Target: tpm2b_public_read (src/lib/tpm/tpmt_public.h), template_of, template_numbers_fit,
 * tpm_key_of, tpm2b_public_write (src/lib/tpm/templates.h), beside libtss2-mu.
 * Holds: what is accepted as a template's key, libtss2-mu accepts with the same values, and both
 * write it as the octets that came; where both read an area they read the same in it; and what
 * libtss2-mu reads to its end and writes as it came, we read (must_be_read).
 */
#include "fuzz.h"

/* Before the TSS, whose macros have the same names. */
#include "templates.h"

#include <tss2/tss2_mu.h>

static struct bytes buffer_of(const TPM2B_DIGEST *digest)
{
	return bytes_of(digest->buffer, digest->size);
}

static void same_rsa(const struct tpmt_public *ours, const TPMT_PUBLIC *theirs)
{
	const TPMS_RSA_PARMS *parameters = &theirs->parameters.rsaDetail;

	must_hold(ours->symmetric == parameters->symmetric.algorithm);
	must_hold(ours->scheme == parameters->scheme.scheme);
	must_hold(ours->rsa.key_bits == parameters->keyBits);
	must_hold(ours->rsa.exponent == parameters->exponent);
	must_hold(bytes_equal(ours->rsa.modulus,
		bytes_of(theirs->unique.rsa.buffer, theirs->unique.rsa.size)));
}

static void same_ecc(const struct tpmt_public *ours, const TPMT_PUBLIC *theirs)
{
	const TPMS_ECC_PARMS *parameters = &theirs->parameters.eccDetail;
	const TPMS_ECC_POINT *point = &theirs->unique.ecc;

	must_hold(ours->symmetric == parameters->symmetric.algorithm);
	must_hold(ours->scheme == parameters->scheme.scheme);
	must_hold(ours->ecc.curve_id == parameters->curveID);
	must_hold(ours->ecc.kdf == parameters->kdf.scheme);
	must_hold(bytes_equal(ours->ecc.x, bytes_of(point->x.buffer, point->x.size)));
	must_hold(bytes_equal(ours->ecc.y, bytes_of(point->y.buffer, point->y.size)));
}

static void same(const struct tpmt_public *ours, const TPMT_PUBLIC *theirs)
{
	must_hold(ours->type == theirs->type && ours->name_alg == theirs->nameAlg);
	must_hold(ours->object_attributes == theirs->objectAttributes);
	must_hold(bytes_equal(ours->auth_policy, buffer_of(&theirs->authPolicy)));
	if (ours->type == TPM_ALG_RSA)
		same_rsa(ours, theirs);
	else
		same_ecc(ours, theirs);
}

/* Whether libtss2-mu reads all of it and writes it as it came. */
static bool mu_reads(struct bytes input, TPM2B_PUBLIC *out)
{
	uint8_t again[sizeof(TPM2B_PUBLIC)];
	size_t offset = 0, again_len = 0;

	*out = (TPM2B_PUBLIC){ 0 };
	return Tss2_MU_TPM2B_PUBLIC_Unmarshal(input.data, input.len, &offset, out) ==
			TSS2_RC_SUCCESS && offset == input.len &&
		Tss2_MU_TPM2B_PUBLIC_Marshal(out, again, sizeof(again), &again_len) ==
			TSS2_RC_SUCCESS && bytes_equal(bytes_of(again, again_len), input);
}

/*
 * Whether we, too, must read an area that libtss2-mu reads: RSA or ECC, coordinates of the curves
 * that we know, and no XOR, which is no TPMI_ALG_SYM_OBJECT (Part 2, 9.30) but passes there.
 */
static bool must_be_read(const TPMT_PUBLIC *area)
{
	const TPMS_ECC_POINT *point = &area->unique.ecc;

	if (area->type != TPM_ALG_RSA && area->type != TPM_ALG_ECC)
		return false;
	/* Symmetric stands in the same place for both types. */
	if (area->parameters.rsaDetail.symmetric.algorithm == TPM2_ALG_XOR)
		return false;
	return area->type == TPM_ALG_RSA ||
		(point->x.size <= ECC_COORDINATE_MAX && point->y.size <= ECC_COORDINATE_MAX);
}

static void demand_template(const struct tpmt_public *area, bool is_ek, bool is_read_by_mu,
	struct bytes input)
{
	const struct template_row *row = template_of(area, is_ek);
	bool is_rsa = area->type == TPM_ALG_RSA;
	struct bytes a = is_rsa ? area->rsa.modulus : area->ecc.x;
	uint8_t again[TPM2B_PUBLIC_MAX];
	struct writer w = WRITER_OF_ARRAY(again);

	if (row == NULL || a.len == 0 ||
			!template_numbers_fit(row, a, is_rsa ? bytes_of(NULL, 0) : area->ecc.y))
		return;
	must_hold(is_read_by_mu);
	struct tpm_key key = tpm_key_of(row, area);
	tpm2b_public_write(&w, &key);
	must_hold(bytes_equal(writer_written(&w), input));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes input = bytes_of(data, len);
	struct tpmt_public ours;
	TPM2B_PUBLIC theirs;
	bool is_read_by_mu = mu_reads(input, &theirs);

	if (tpm2b_public_read(input, &ours) != FAULT_NONE) {
		must_hold(!is_read_by_mu || !must_be_read(&theirs.publicArea));
		return 0;
	}
	if (is_read_by_mu)
		same(&ours, &theirs.publicArea);
	demand_template(&ours, false, is_read_by_mu, input);
	demand_template(&ours, true, is_read_by_mu, input);
	return 0;
}
