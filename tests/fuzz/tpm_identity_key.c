/*
 * Target: what drive_identity_key (tpm_drive.h) calls of src/device, with a TPM that gives
 * any responses (fake_tcti.h).
 * Holds: what tpm_drive.c demands: the key that is taken is one of our templates'.
 */
#include "fuzz.h"

#include "fake_tcti.h"
#include "tpm_drive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fake_tcti fake;
	struct failure failure = { 0 };
	struct tpm tpm;

	fake_tcti_open(&fake, bytes_of(data, len), NULL);
	fake_tpm_open(&tpm, &fake, &failure);
	drive_identity_key(&tpm);
	fake_tpm_close(&tpm);
	return 0;
}
