#ifndef TESTS_TPM_SECOND_OPINION_H
#define TESTS_TPM_SECOND_OPINION_H

/* Before the TSS, whose macros have the same names. */
#include "templates.h"

#include <tss2/tss2_tpm2_types.h>

/*
 * second_opinion: what libtss2-mu reads in a public area, beside what we read. Its TPM2B form takes
 * malformed areas (docs/DEPENDENCIES.md), its TPMT form stops where the area ends; both leave what
 * they do not read as it was, so they are given a zeroed struct.
 */

/* Whether both have read the same: type, attributes, policy, algorithms, numbers. */
bool second_opinion_is_same(const struct tpmt_public *ours, const TPMT_PUBLIC *theirs);

/* Whether the TPMT form takes area, all of it; then out is what it read. */
bool second_opinion_read(struct bytes area, TPMT_PUBLIC *out);

/* Whether an area that was taken as a key of row is written again as the TPM2B that came. */
bool second_opinion_is_rewritten(const struct template_row *, const struct tpmt_public *area,
	struct bytes tpm2b);

#endif
