/*
 * Target: credential_file_read (src/lib/tpm/credential.h), beside libtss2-mu.
 * Holds: what is read is the file's two parts, in their order, whole; libtss2-mu reads both.
 */
#include "fuzz.h"

#include "credential.h"

#include <tss2/tss2_mu.h>

enum { HEAD = 8 }; /* magic and version */

static void demand_mu(struct bytes id_object, struct bytes encrypted_secret)
{
	TPM2B_ID_OBJECT blob = { 0 };
	TPM2B_ENCRYPTED_SECRET secret = { 0 };
	size_t blob_end = 0, secret_end = 0;

	must_hold(Tss2_MU_TPM2B_ID_OBJECT_Unmarshal(id_object.data, id_object.len, &blob_end, &blob) ==
		TSS2_RC_SUCCESS && blob_end == id_object.len);
	must_hold(Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(encrypted_secret.data, encrypted_secret.len,
		&secret_end, &secret) == TSS2_RC_SUCCESS && secret_end == encrypted_secret.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes id_object, encrypted_secret;

	if (credential_file_read(bytes_of(data, len), &id_object, &encrypted_secret) != FAULT_NONE)
		return 0;
	must_hold(id_object.data == data + HEAD);
	must_hold(encrypted_secret.data == id_object.data + id_object.len);
	must_hold(HEAD + id_object.len + encrypted_secret.len == len);
	demand_mu(id_object, encrypted_secret);
	return 0;
}
