#include "storage_key.h"

#include "report.h"
#include "tpm_response.h"

/* What makes a key a parent, and its children unable to leave (TPM 2.0 Part 1, 25.1). */
enum {
	PARENT_BITS = 0x00030012, /* fixedTPM, fixedParent, restricted, decrypt */
	SIGN_BIT = 0x00040000,
	/* userWithAuth, noDA: our empty password is no guess that counts towards the TPM's lockout. */
	PASSWORD_BITS = 0x00000440
};

/*
 * TCG TPM v2.0 Provisioning Guidance, 7.5.1, with P-256: every chip makes it in no time. With an
 * empty unique, as whoever reads key.pem makes the parent 40000001 of a TSS2 PRIVATE KEY.
 */
static const TPM2B_PUBLIC srk_in_public = {
	.publicArea = {
		.type = TPM2_ALG_ECC,
		.nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = 0x00030472,
		.parameters.eccDetail = {
			.symmetric = { .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB },
			.scheme.scheme = TPM2_ALG_NULL,
			.curveID = TPM2_ECC_NIST_P256,
			.kdf.scheme = TPM2_ALG_NULL,
		},
	},
};

#define ADVICE_OTHER_SRK "give it one of RSA: tpm2_createprimary -C o -G rsa2048 -c srk.ctx -a " \
	"'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt'; " \
	"tpm2_evictcontrol -C o -c srk.ctx 0x81000001"

/* What stands at 81000001 may be anybody's: a parent that a child may be made under, or not. */
static bool is_parent(const struct tpm_area *area)
{
	struct tpmt_public public;

	if (tpm2b_public_read(tpm_area_bytes(area), &public) != FAULT_NONE)
		return false;
	return (public.object_attributes & PARENT_BITS) == PARENT_BITS &&
		(public.object_attributes & SIGN_BIT) == 0 &&
		(public.object_attributes & PASSWORD_BITS) == PASSWORD_BITS;
}

static enum fault open_persistent(struct tpm *tpm, struct tpm_object *out)
{
	owned_tpm_object srk = { 0 };
	struct tpm_area area;
	enum fault fault = tpm_persistent_open(tpm, SRK_HANDLE, &srk, &area);

	if (fault != FAULT_NONE)
		return fault;
	if (!is_parent(&area))
		return FAULT_NOT_FOUND;
	*out = srk;
	srk.tpm = NULL;
	return FAULT_NONE;
}

static enum fault make(struct tpm *tpm, struct tpm_object *out)
{
	static const TPM2B_DATA outside_info;
	static const TPML_PCR_SELECTION creation_pcr;
	struct tpm_object srk = { .tpm = tpm };
	TSS2_RC rc = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
		ESYS_TR_NONE, &tpm_sensitive_empty, &srk_in_public, &outside_info, &creation_pcr,
		&srk.tr, NULL, NULL, NULL, NULL);

	if (tpm_response_is_unknown_type(rc))
		return failure_set(tpm->failure, EXIT_TPM_REFUSED, ADVICE_OTHER_SRK,
			"this TPM cannot make a storage root key of P-256, and none is at 0x%x",
			SRK_HANDLE);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_refused(tpm, rc, "make a storage root key");
	*out = srk;
	return FAULT_NONE;
}

enum fault storage_key_open(struct tpm *tpm, uint32_t *parent, struct tpm_object *out)
{
	enum fault fault = FAULT_NOT_FOUND;

	if (*parent != SRK_TRANSIENT)
		fault = open_persistent(tpm, out);
	if (fault == FAULT_NONE)
		*parent = SRK_HANDLE;
	if (fault != FAULT_NOT_FOUND)
		return fault;
	*parent = SRK_TRANSIENT;
	return make(tpm, out);
}
