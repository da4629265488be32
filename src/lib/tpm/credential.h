#ifndef TPM_CREDENTIAL_H
#define TPM_CREDENTIAL_H

#include "bytes.h"
#include "fault.h"
#include "name.h"
#include "secret.h"
#include "templates.h"

#include <openssl/types.h>

/*
 * credential: TPM2_MakeCredential in software (TPM 2.0 Part 1, 24; B.10.4 for RSA, C.6.4 for ECC).
 * Only the TPM that holds the EK's private part and an object with the Name can open the result.
 */

/*
 * Makes the credential file of tpm2-tools: u32 BADCC0DE, u32 1, TPM2B_ID_OBJECT,
 * TPM2B_ENCRYPTED_SECRET. Seed and ephemeral key are fresh at each call. credential is at most the
 * digest size of the EK's nameAlg; out views buffer (CREDENTIAL_MAX is always enough).
 * FAULT_INVALID for an EK that is no EK template's or whose numbers are not a key, FAULT_TOO_LONG,
 * FAULT_CRYPTO.
 */
enum fault credential_make(const struct tpm_key *ek, const struct tpm_name *name,
	struct bytes credential, uint8_t *buffer, size_t capacity, struct bytes *out);

/*
 * Reads a credential file back into its two TPM2B, each with its size, as the TPM takes them:
 * FAULT_INVALID for another magic or version, sizes over Part 2's, FAULT_TRAILING.
 */
enum fault credential_file_read(struct bytes file, struct bytes *id_object, struct bytes *secret);

/* ---- The parts, for tests with known answers. ---- */

/* KDFa (Part 1, 11.4.10.2), out_len octets into out. label comes without its NUL, which is
 * added. */
enum fault kdfa(const EVP_MD *hash, struct bytes key, struct bytes label, struct bytes context_u,
	struct bytes context_v, size_t out_len, struct secret *out);

/* KDFe (Part 1, 11.4.10.3). */
enum fault kdfe(const EVP_MD *hash, struct bytes z, struct bytes label, struct bytes party_u,
	struct bytes party_v, size_t out_len, struct secret *out);

/* Everything after the seed: steps 4 to 6; writes the TPM2B_ID_OBJECT. */
enum fault credential_seal(const struct template_row *ek, const struct secret *seed,
	const struct tpm_name *name, struct bytes credential, struct writer *out);

#endif
