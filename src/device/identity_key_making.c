#include "identity_key_making.h"

#include "storage_key.h"
#include "tpm_response.h"

#include <tss2/tss2_mu.h>

static enum fault in_public_of(struct tpm *tpm, enum tpm_template template, TPM2B_PUBLIC *out)
{
	uint8_t buffer[TPM2B_PUBLIC_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct bytes in_public = { 0 };

	template_in_public_write(&w, template_row(template));
	if (writer_end(&w, &in_public) != FAULT_NONE)
		in_public = (struct bytes){ 0 };
	return tpm_public_of(tpm, in_public, out);
}

static enum fault take_halves(struct tpm *tpm, const TPM2B_PRIVATE *private_half,
	const TPM2B_PUBLIC *public_half, struct key_file *file)
{
	enum fault fault = tpm_area_of(tpm, public_half, &file->area);

	if (fault == FAULT_NONE &&
		Tss2_MU_TPM2B_PRIVATE_Marshal(private_half, file->private_half,
			sizeof(file->private_half), &file->private_half_len) != TSS2_RC_SUCCESS)
		fault = FAULT_TOO_LONG;
	return fault == FAULT_NONE ? key_file_recognise(file) : fault;
}

enum fault identity_key_make(
	struct tpm *tpm, ESYS_TR parent, enum tpm_template template, struct key_file *out)
{
	static const TPM2B_DATA outside_info;
	static const TPML_PCR_SELECTION creation_pcr;
	TPM2B_PRIVATE *private_half = NULL;
	TPM2B_PUBLIC *public_half = NULL;
	TPM2B_PUBLIC in_public;
	struct key_file file = { 0 };

	enum fault fault = in_public_of(tpm, template, &in_public);
	if (fault != FAULT_NONE)
		return fault;
	TSS2_RC rc = Esys_Create(tpm->esys, parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
		&tpm_sensitive_empty, &in_public, &outside_info, &creation_pcr, &private_half,
		&public_half, NULL, NULL, NULL);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_refused(tpm, rc, "make the identity key");
	fault = take_halves(tpm, private_half, public_half, &file);
	Esys_Free(private_half);
	Esys_Free(public_half);
	if (fault != FAULT_NONE || file.template->template != template)
		return failure_set(tpm->failure, EXIT_TPM_REFUSED,
			"see that nobody has tampered with TPM or bus",
			"the TPM made another key than it was asked for");
	*out = file;
	return FAULT_NONE;
}

static enum fault load_under(
	struct tpm *tpm, const struct key_file *file, ESYS_TR parent, struct tpm_object *out)
{
	TPM2B_PRIVATE private_half = { 0 };
	TPM2B_PUBLIC public_half;
	struct tpm_object object = { .tpm = tpm };
	size_t offset = 0;

	enum fault fault = tpm_public_of(tpm, tpm_area_bytes(&file->area), &public_half);
	if (fault != FAULT_NONE)
		return fault;
	if (Tss2_MU_TPM2B_PRIVATE_Unmarshal(file->private_half, file->private_half_len, &offset,
		    &private_half) != TSS2_RC_SUCCESS)
		return FAULT_INVALID;
	TSS2_RC rc = Esys_Load(tpm->esys, parent, ESYS_TR_PASSWORD, ESYS_TR_NONE,
		ESYS_TR_NONE, &private_half, &public_half, &object.tr);
	if (tpm_response_is(rc, TPM2_RC_INTEGRITY))
		return FAULT_INVALID;
	if (rc != TSS2_RC_SUCCESS)
		return tpm_refused(tpm, rc, "load the identity key");
	*out = object;
	return FAULT_NONE;
}

enum fault identity_key_load(
	struct tpm *tpm, const struct key_file *file, uint32_t *parent, struct tpm_object *out)
{
	owned_tpm_object srk = { 0 };
	enum fault fault = storage_key_open(tpm, parent, &srk);

	return fault == FAULT_NONE ? load_under(tpm, file, srk.tr, out) : fault;
}

enum fault identity_key_keep(struct tpm *tpm, const struct tpm_object *object, uint32_t handle)
{
	ESYS_TR persistent = ESYS_TR_NONE;
	TSS2_RC rc = Esys_EvictControl(tpm->esys, ESYS_TR_RH_OWNER, object->tr, ESYS_TR_PASSWORD,
		ESYS_TR_NONE, ESYS_TR_NONE, handle, &persistent);

	if (rc != TSS2_RC_SUCCESS)
		return tpm_refused(tpm, rc, "keep the identity key");
	(void)Esys_TR_Close(tpm->esys, &persistent);
	return FAULT_NONE;
}
