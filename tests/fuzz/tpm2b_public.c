/*
 * Target: tpm2b_public_read (src/lib/tpm/tpmt_public.h), template_of, template_numbers_fit,
 * tpm_key_of, tpm2b_public_write (src/lib/tpm/templates.h), beside libtss2-mu.
 * Holds: what is accepted as a template's key, libtss2-mu accepts with the same values, and both
 * write it as the octets that came; where both read an area they read the same in it; and what
 * libtss2-mu reads to its end and writes as it came, we read (must_be_read).
 */
#include "fuzz.h"

#include "second_opinion.h"

#include <tss2/tss2_mu.h>

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

	if (row == NULL || !template_area_fits(row, area))
		return;
	must_hold(is_read_by_mu);
	must_hold(second_opinion_is_rewritten(row, area, input));
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
		must_hold(second_opinion_is_same(&ours, &theirs.publicArea));
	demand_template(&ours, false, is_read_by_mu, input);
	demand_template(&ours, true, is_read_by_mu, input);
	return 0;
}
