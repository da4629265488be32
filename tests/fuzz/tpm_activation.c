/*
 * Target: credential_activate (src/device/activation.h), tpm_persistent_open (tpm_session.h), with a
 * credential and a TPM of the attacker's. Input: the credential file with a u16 size, then responses
 * (fake_tcti.h).
 * Holds: a ticket has its size.
 */
#include "fuzz.h"

#include "fake_tcti.h"
#include "reader.h"
#include "tpm_drive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fake_tcti fake;
	struct reader r = reader_of(bytes_of(data, len));
	struct bytes credential = reader_tpm2b(&r, UINT16_MAX);
	struct failure failure = { 0 };
	struct tpm tpm;

	fake_tcti_open(&fake, r.rest, NULL);
	fake_tpm_open(&tpm, &fake, &failure);
	drive_activation(&tpm, credential);
	fake_tpm_close(&tpm);
	return 0;
}
