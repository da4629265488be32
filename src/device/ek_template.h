#ifndef DEVICE_EK_TEMPLATE_H
#define DEVICE_EK_TEMPLATE_H

#include "options.h"
#include "templates.h"
#include "tpm_session.h"

/*
 * ek_template: which endorsement keys this TPM can have, in which order they are tried, and the
 * inPublic from which each is made anew (TCG EK Credential Profile 2.6, 2.2.1 and B).
 */
enum { EK_TEMPLATE_COUNT = 8 };

struct ek_order {
	const struct template_row *row[EK_TEMPLATE_COUNT];
	size_t count;
};

/*
 * The one of the last success (TEMPLATE_NONE: none yet), then P-256 L-2, RSA-2048 L-1, P-384 H-3
 * and the rest of the high range; of these only what choice allows.
 */
struct ek_order ek_order_of(enum ek_choice choice, enum tpm_template last);

/*
 * The same key in the other range, L-1 and H-1 or L-2 and H-2, which differ in the unique field
 * and are confused in the field; NULL where a template has no such twin.
 */
const struct template_row *ek_template_twin(const struct template_row *);

/* The inPublic of the template as the profile gives it. */
enum fault ek_template_standard(struct tpm *, const struct template_row *, TPM2B_PUBLIC *out);

/*
 * The inPublic as the chip's maker has written it into NV: the template index, the nonce index or
 * both. FAULT_NOT_FOUND where neither is populated.
 */
enum fault ek_template_of_nv(struct tpm *, const struct template_row *, TPM2B_PUBLIC *out);

#endif
