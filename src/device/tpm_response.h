#ifndef DEVICE_TPM_RESPONSE_H
#define DEVICE_TPM_RESPONSE_H

#include "failure.h"

#include <stdbool.h>
#include <tss2/tss2_common.h>

/*
 * tpm_response: what a response code (TPM 2.0 Part 2, 6.6) means to a person who stands before the
 * device: a phrase, what to do, and the exit code. Codes of the layers below (no device, no
 * permission, connection lost) are "no TPM"; codes of the TPM are "the TPM refused".
 */
struct tpm_response {
	enum exit_code exit_code;
	const char *meaning;
	const char *advice;
};

struct tpm_response tpm_response_of(TSS2_RC);

/* Whether rc is the TPM's own code, whichever handle, parameter or session it names. */
bool tpm_response_is(TSS2_RC rc, TSS2_RC code);

/* Whether the TPM complains of a parameter of the command (Part 2, 6.6.3), whichever. */
bool tpm_response_is_about_parameter(TSS2_RC rc);

/* Whether the TPM says that it does not know a key's type, curve, size or hash: another may do. */
bool tpm_response_is_unknown_type(TSS2_RC rc);

#endif
