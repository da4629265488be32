#ifndef TPM_NAME_H
#define TPM_NAME_H

#include "bytes.h"
#include "fault.h"
#include "limits.h"
#include "templates.h"

/* name: the Name of an object (TPM 2.0 Part 1, 16): nameAlg, then its hash of TPMT_PUBLIC. */
struct tpm_name {
	uint8_t data[2 + DIGEST_MAX];
	size_t len;
};

/* From the area that we write ourselves for key. FAULT_INVALID for numbers that do not fit. */
enum fault name_of_key(const struct tpm_key *key, struct tpm_name *out);

/* From octets of a TPMT_PUBLIC (without TPM2B size) and their nameAlg. FAULT_UNSUPPORTED: hash. */
enum fault name_of_area(struct bytes tpmt_public, uint16_t name_alg, struct tpm_name *out);

#endif
