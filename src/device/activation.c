#include "activation.h"

#include "credential.h"
#include "tpm_response.h"

#include <openssl/crypto.h>
#include <string.h>

/*
 * TCG EK Credential Profile 2.6, B.6: PolicyA is PolicySecret(TPM_RH_ENDORSEMENT), PolicyC is
 * PolicyAuthorizeNV(I-1 … I-3). The high range's authPolicy is PolicyOR(PolicyA, PolicyC).
 */
/* clang-format off */
static const TPML_DIGEST policy_or_sha256 = { .count = 2, .digests = {
	{ .size = 32, .buffer = {
		0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d,
		0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64,
		0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa } },
	{ .size = 32, .buffer = {
		0x37, 0x67, 0xe2, 0xed, 0xd4, 0x3f, 0xf4, 0x5a, 0x3a, 0x7e, 0x1e, 0xae,
		0xfc, 0xef, 0x78, 0x64, 0x3d, 0xca, 0x96, 0x46, 0x32, 0xe7, 0xaa, 0xd8,
		0x2c, 0x67, 0x3a, 0x30, 0xd8, 0x63, 0x3f, 0xde } },
} };
static const TPML_DIGEST policy_or_sha384 = { .count = 2, .digests = {
	{ .size = 48, .buffer = {
		0x8b, 0xbf, 0x22, 0x66, 0x53, 0x7c, 0x17, 0x1c, 0xb5, 0x6e, 0x40, 0x3c,
		0x4d, 0xc1, 0xd4, 0xb6, 0x4f, 0x43, 0x26, 0x11, 0xdc, 0x38, 0x6e, 0x6f,
		0x53, 0x20, 0x50, 0xc3, 0x27, 0x8c, 0x93, 0x0e, 0x14, 0x3e, 0x8b, 0xb1,
		0x13, 0x38, 0x24, 0xcc, 0xb4, 0x31, 0x05, 0x38, 0x71, 0xc6, 0xdb, 0x53 } },
	{ .size = 48, .buffer = {
		0xd6, 0x03, 0x2c, 0xe6, 0x1f, 0x2f, 0xb3, 0xc2, 0x40, 0xeb, 0x3c, 0xf6,
		0xa3, 0x32, 0x37, 0xef, 0x2b, 0x6a, 0x16, 0xf4, 0x29, 0x3c, 0x22, 0xb4,
		0x55, 0xe2, 0x61, 0xcf, 0xfd, 0x21, 0x7a, 0xd5, 0xb4, 0x94, 0x7c, 0x2d,
		0x73, 0xe6, 0x30, 0x05, 0xee, 0xd2, 0xdc, 0x2b, 0x35, 0x93, 0xd1, 0x65 } },
} };
static const TPML_DIGEST policy_or_sha512 = { .count = 2, .digests = {
	{ .size = 64, .buffer = {
		0x1e, 0x3b, 0x76, 0x50, 0x2c, 0x8a, 0x14, 0x25, 0xaa, 0x0b, 0x7b, 0x3f,
		0xc6, 0x46, 0xa1, 0xb0, 0xfa, 0xe0, 0x63, 0xb0, 0x3b, 0x53, 0x68, 0xf9,
		0xc4, 0xcd, 0xde, 0xca, 0xff, 0x08, 0x91, 0xdd, 0x68, 0x2b, 0xac, 0x1a,
		0x85, 0xd4, 0xd8, 0x32, 0xb7, 0x81, 0xea, 0x45, 0x19, 0x15, 0xde, 0x5f,
		0xc5, 0xbf, 0x0d, 0xc4, 0xa1, 0x91, 0x7c, 0xd4, 0x2f, 0xa0, 0x41, 0xe3,
		0xf9, 0x98, 0xe0, 0xee } },
	{ .size = 64, .buffer = {
		0x58, 0x9e, 0xe1, 0xe1, 0x46, 0x54, 0x47, 0x16, 0xe8, 0xde, 0xaf, 0xe6,
		0xdb, 0x24, 0x7b, 0x01, 0xb8, 0x1e, 0x9f, 0x9c, 0x7d, 0xd1, 0x6b, 0x81,
		0x4a, 0xa1, 0x59, 0x13, 0x87, 0x49, 0x10, 0x5f, 0xba, 0x53, 0x88, 0xdd,
		0x1d, 0xea, 0x70, 0x2f, 0x35, 0x24, 0x0c, 0x18, 0x49, 0x33, 0x12, 0x1e,
		0x2c, 0x61, 0xb8, 0xf5, 0x0d, 0x3e, 0xf9, 0x13, 0x93, 0xa4, 0x9a, 0x38,
		0xc3, 0xf7, 0x3f, 0xc8 } },
} };
/* clang-format on */

static const TPML_DIGEST *policy_or_of(uint16_t name_alg)
{
	if (name_alg == TPM_ALG_SHA256)
		return &policy_or_sha256;
	return name_alg == TPM_ALG_SHA384 ? &policy_or_sha384 : &policy_or_sha512;
}

/*
 * A policy session, salted to the EK and with its nameAlg (so that PolicyOR's digests fit), that
 * encrypts the first parameter both ways: blob in, ticket out.
 */
static enum fault session_open(
	struct tpm *tpm, const struct endorsement_key *ek, struct tpm_object *out)
{
	static const TPMT_SYM_DEF aes_128_cfb = {
		.algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB
	};
	struct tpm_object session = { .tpm = tpm };
	TSS2_RC rc = Esys_StartAuthSession(tpm->esys, ek->object.tr, ESYS_TR_NONE, ESYS_TR_NONE,
		ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_POLICY, &aes_128_cfb,
		ek->template->name_alg, &session.tr);

	if (rc != TSS2_RC_SUCCESS)
		return tpm_refused(tpm, rc, "start a session with the endorsement key");
	*out = session;
	rc = Esys_TRSess_SetAttributes(tpm->esys, session.tr,
		TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_ENCRYPT | TPMA_SESSION_DECRYPT, 0xff);
	return rc == TSS2_RC_SUCCESS ? FAULT_NONE : tpm_refused(tpm, rc, "encrypt a session");
}

/* What the EK's authPolicy wants (EK Credential Profile 2.6, B.6). */
static enum fault policy_satisfy(
	struct tpm *tpm, const struct endorsement_key *ek, const struct tpm_object *session)
{
	TSS2_RC rc = Esys_PolicySecret(tpm->esys, ESYS_TR_RH_ENDORSEMENT, session->tr,
		ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL, NULL, 0, NULL, NULL);

	if (rc != TSS2_RC_SUCCESS)
		return tpm_refused(tpm, rc, "let the endorsement key be used");
	if ((ek->template->object_attributes & TPMA_OBJECT_USERWITHAUTH) == 0)
		return FAULT_NONE;
	rc = Esys_PolicyOR(tpm->esys, session->tr, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
		policy_or_of(ek->template->name_alg));
	return rc == TSS2_RC_SUCCESS ? FAULT_NONE
				     : tpm_refused(tpm, rc, "let the endorsement key be used");
}

/* The blob's two parts as ESYS takes them: the sizes were checked by credential_file_read. */
static enum fault parts_read(
	struct tpm *tpm, struct bytes file, TPM2B_ID_OBJECT *blob, TPM2B_ENCRYPTED_SECRET *secret)
{
	struct bytes id_object, encrypted_secret;
	enum fault fault = credential_file_read(file, &id_object, &encrypted_secret);

	/* TPM 2.0 Part 3, 12.5: neither is ever empty. */
	if (fault == FAULT_NONE && (id_object.len == 2 || encrypted_secret.len == 2))
		fault = FAULT_INVALID;
	if (fault == FAULT_NONE && (id_object.len - 2 > sizeof(blob->credential) ||
		encrypted_secret.len - 2 > sizeof(secret->secret)))
		fault = FAULT_TOO_LONG;
	if (fault != FAULT_NONE)
		return failure_set(tpm->failure, EXIT_CA_REFUSED, "tell whoever runs the CA",
			"the CA's credential is none (%s)", fault_text(fault));
	blob->size = (uint16_t)(id_object.len - 2);
	memcpy(blob->credential, id_object.data + 2, blob->size);
	secret->size = (uint16_t)(encrypted_secret.len - 2);
	memcpy(secret->secret, encrypted_secret.data + 2, secret->size);
	return FAULT_NONE;
}

/*
 * The command's parameters are what the CA sent. And where a seed does not open (RFC 8017, 7.1.2),
 * libtpms says failure, without being in failure mode.
 */
static bool is_about_the_blob(TSS2_RC rc)
{
	return tpm_response_is_about_parameter(rc) || tpm_response_is(rc, TPM2_RC_FAILURE);
}

/*
 * The second session is ours and has no password: where its HMAC is wrong, the TPM got another command
 * than was sent, or its keys have other Names than were shown (TPM 2.0 Part 1, 16).
 */
static bool is_about_the_session(TSS2_RC rc)
{
	const TSS2_RC place = TPM2_RC_S | TPM2_RC_2, place_bits = 0xf00;

	return (rc & place_bits) == place &&
		(tpm_response_is(rc, TPM2_RC_BAD_AUTH) || tpm_response_is(rc, TPM2_RC_AUTH_FAIL));
}

static enum fault take_ticket(struct tpm *tpm, TPM2B_DIGEST *info, struct secret *out)
{
	enum fault fault = FAULT_NONE;

	if (info->size == TICKET_SIZE)
		*out = secret_of(bytes_of(info->buffer, info->size));
	else
		fault = failure_set(tpm->failure, EXIT_CA_REFUSED, "tell whoever runs the CA",
			"the CA's ticket has %u octets instead of %u", info->size, TICKET_SIZE);
	OPENSSL_cleanse(info->buffer, sizeof(info->buffer));
	Esys_Free(info);
	return fault;
}

enum fault credential_activate(struct tpm *tpm, const struct endorsement_key *ek,
	const struct identity_key *ik, struct bytes credential, struct secret *out)
{
	owned_tpm_object session = { 0 };
	TPM2B_ID_OBJECT blob = { 0 };
	TPM2B_ENCRYPTED_SECRET secret = { 0 };
	TPM2B_DIGEST *info = NULL;

	enum fault fault = parts_read(tpm, credential, &blob, &secret);
	if (fault == FAULT_NONE)
		fault = session_open(tpm, ek, &session);
	if (fault == FAULT_NONE)
		fault = policy_satisfy(tpm, ek, &session);
	if (fault != FAULT_NONE)
		return fault;
	TSS2_RC rc = Esys_ActivateCredential(tpm->esys, ik->object.tr, ek->object.tr,
		ESYS_TR_PASSWORD, session.tr, ESYS_TR_NONE, &blob, &secret, &info);
	if (is_about_the_blob(rc))
		return failure_set(tpm->failure, EXIT_TPM_REFUSED,
			"run it again; if that does not help, tell whoever runs the CA",
			"the TPM would not open the CA's credential: it was not sealed for these "
			"two keys (0x%x)", rc);
	if (is_about_the_session(rc))
		return failure_set(tpm->failure, EXIT_TPM_REFUSED,
			"see that nobody has tampered with TPM or bus, and run it again",
			"the TPM would not open the CA's credential: the command is not the one that "
			"was sent, or its keys are not those that it showed (0x%x)", rc);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_refused(tpm, rc, "open the CA's credential");
	return take_ticket(tpm, info, out);
}
