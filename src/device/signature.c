#include "signature.h"

#include "owned.h"
#include "public_key.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

OWNED_TYPE(ECDSA_SIG, ECDSA_SIG_free)
OWNED_TYPE(EVP_PKEY, EVP_PKEY_free)
OWNED_TYPE(EVP_MD_CTX, EVP_MD_CTX_free)
OWNED_TYPE(BIGNUM, BN_free)

static uint16_t hash_alg(const struct template_row *ik)
{
	return ik->curve_id == TPM_ECC_NIST_P384 ? TPM_ALG_SHA384 : TPM_ALG_SHA256;
}

const EVP_MD *signature_hash(const struct template_row *ik)
{
	return tpm_hash(hash_alg(ik));
}

enum fault ecdsa_signature_write(struct bytes r, struct bytes s, struct signature *out)
{
	owned(ECDSA_SIG) *pair = ECDSA_SIG_new();
	owned(BIGNUM) *r_number = BN_bin2bn(r.data, (int)r.len, NULL);
	owned(BIGNUM) *s_number = BN_bin2bn(s.data, (int)s.len, NULL);
	unsigned char *der = out->data;

	if (pair == NULL || r_number == NULL || s_number == NULL)
		return FAULT_NO_MEMORY;
	if (ECDSA_SIG_set0(pair, r_number, s_number) != 1)
		return FAULT_CRYPTO;
	(void)owned_take(r_number);
	(void)owned_take(s_number);
	int len = i2d_ECDSA_SIG(pair, NULL);
	if (len <= 0 || len > SIGNATURE_MAX)
		return FAULT_TOO_LONG;
	out->len = (size_t)i2d_ECDSA_SIG(pair, &der);
	return FAULT_NONE;
}

static enum fault rsa_signature_write(const TPM2B_PUBLIC_KEY_RSA *number, struct signature *out)
{
	if (number->size > SIGNATURE_MAX)
		return FAULT_TOO_LONG;
	memcpy(out->data, number->buffer, number->size);
	out->len = number->size;
	return FAULT_NONE;
}

static enum fault signature_write(const TPMT_SIGNATURE *signature, struct signature *out)
{
	const TPMS_SIGNATURE_ECC *ecdsa = &signature->signature.ecdsa;

	if (signature->sigAlg == TPM2_ALG_RSASSA)
		return rsa_signature_write(&signature->signature.rsassa.sig, out);
	if (signature->sigAlg == TPM2_ALG_ECDSA)
		return ecdsa_signature_write(
			bytes_of(ecdsa->signatureR.buffer, ecdsa->signatureR.size),
			bytes_of(ecdsa->signatureS.buffer, ecdsa->signatureS.size), out);
	return FAULT_UNSUPPORTED;
}

bool signature_is_valid(
	EVP_PKEY *key, const EVP_MD *hash, struct bytes message, const struct signature *signature)
{
	owned(EVP_MD_CTX) *context = EVP_MD_CTX_new();

	return context != NULL && EVP_DigestVerifyInit(context, NULL, hash, NULL, key) == 1 &&
		EVP_DigestVerify(context, signature->data, signature->len, message.data,
			message.len) == 1;
}

/* TPM2_Sign over a digest of our own making: an unrestricted key takes it without a ticket. */
static enum fault sign_digest(struct tpm *tpm, const struct identity_key *ik,
	const TPM2B_DIGEST *digest, struct signature *out)
{
	static const TPMT_TK_HASHCHECK no_ticket = {
		.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL
	};
	bool is_rsa = ik->file.template->type == TPM_ALG_RSA;
	TPMT_SIG_SCHEME scheme = { .scheme = is_rsa ? TPM2_ALG_RSASSA : TPM2_ALG_ECDSA,
		.details.any.hashAlg = hash_alg(ik->file.template) };
	TPMT_SIGNATURE *signature = NULL;

	TSS2_RC rc = Esys_Sign(tpm->esys, ik->object.tr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
		ESYS_TR_NONE, digest, &scheme, &no_ticket, &signature);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_refused(tpm, rc, "sign with the identity key");
	enum fault fault = signature_write(signature, out);
	Esys_Free(signature);
	return fault;
}

enum fault identity_key_sign(
	struct tpm *tpm, const struct identity_key *ik, struct bytes message, struct signature *out)
{
	const EVP_MD *hash = signature_hash(ik->file.template);
	owned(EVP_PKEY) *public = NULL;
	TPM2B_DIGEST digest = { .size = (uint16_t)EVP_MD_get_size(hash) };
	struct signature signature = { 0 };

	enum fault fault = public_key_open(&ik->file.key, &public);
	if (fault == FAULT_NONE &&
		EVP_Digest(message.data, message.len, digest.buffer, NULL, hash, NULL) != 1)
		fault = FAULT_CRYPTO;
	if (fault == FAULT_NONE)
		fault = sign_digest(tpm, ik, &digest, &signature);
	if (fault == FAULT_DENIED)
		return fault;
	if (fault != FAULT_NONE || !signature_is_valid(public, hash, message, &signature))
		return failure_set(tpm->failure, EXIT_TPM_REFUSED,
			"see that nobody has tampered with TPM or bus, and run it again",
			"the TPM's signature does not verify with the identity key");
	*out = signature;
	return FAULT_NONE;
}
