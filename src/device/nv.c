#include "nv.h"

#include "tpm_response.h"

#include <string.h>

/* TPM_PT_NV_BUFFER_MAX is at least this on a PC Client TPM; larger chunks gain little. */
enum { NV_CHUNK = 512 };

static enum fault index_open(struct tpm *tpm, uint32_t index, struct tpm_object *out)
{
	struct tpm_object object = { .tpm = tpm, .is_persistent = true };
	TSS2_RC rc = Esys_TR_FromTPMPublic(
		tpm->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &object.tr);

	if (tpm_response_is(rc, TPM2_RC_HANDLE))
		return FAULT_NOT_FOUND;
	if (rc != TSS2_RC_SUCCESS)
		return tpm_refused(tpm, rc, "open an NV index");
	*out = object;
	return FAULT_NONE;
}

static enum fault data_size_read(const struct tpm_object *index, size_t *out)
{
	TPM2B_NV_PUBLIC *public = NULL;
	TSS2_RC rc = Esys_NV_ReadPublic(index->tpm->esys, index->tr, ESYS_TR_NONE, ESYS_TR_NONE,
		ESYS_TR_NONE, &public, NULL);

	if (rc != TSS2_RC_SUCCESS)
		return tpm_refused(index->tpm, rc, "describe an NV index");
	*out = public->nvPublic.dataSize;
	Esys_Free(public);
	return FAULT_NONE;
}

static TSS2_RC chunk_read(
	const struct tpm_object *index, ESYS_TR by, size_t offset, size_t len, uint8_t *out)
{
	TPM2B_MAX_NV_BUFFER *data = NULL;
	TSS2_RC rc = Esys_NV_Read(index->tpm->esys, by, index->tr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
		ESYS_TR_NONE, (uint16_t)len, (uint16_t)offset, &data);

	if (rc != TSS2_RC_SUCCESS)
		return rc;
	if (data->size == len)
		memcpy(out, data->buffer, len);
	else
		rc = TSS2_ESYS_RC_MALFORMED_RESPONSE;
	Esys_Free(data);
	return rc;
}

static TSS2_RC content_read(const struct tpm_object *index, ESYS_TR by, size_t size, uint8_t *out)
{
	for (size_t offset = 0; offset < size; offset += NV_CHUNK) {
		size_t len = size - offset < NV_CHUNK ? size - offset : NV_CHUNK;
		TSS2_RC rc = chunk_read(index, by, offset, len, out + offset);
		if (rc != TSS2_RC_SUCCESS)
			return rc;
	}
	return TSS2_RC_SUCCESS;
}

enum fault nv_read(
	struct tpm *tpm, uint32_t number, uint8_t *buffer, size_t capacity, struct bytes *out)
{
	owned_tpm_object index = { 0 };
	size_t size;

	enum fault fault = index_open(tpm, number, &index);
	if (fault == FAULT_NONE)
		fault = data_size_read(&index, &size);
	if (fault != FAULT_NONE)
		return fault;
	if (size > capacity)
		return FAULT_NOT_FOUND;

	TSS2_RC rc = content_read(&index, index.tr, size, buffer);
	if (tpm_response_is(rc, TPM2_RC_NV_AUTHORIZATION) ||
		tpm_response_is(rc, TPM2_RC_AUTH_UNAVAILABLE))
		rc = content_read(&index, ESYS_TR_RH_OWNER, size, buffer);
	if (tpm_response_is(rc, TPM2_RC_NV_UNINITIALIZED))
		return FAULT_NOT_FOUND;
	if (rc != TSS2_RC_SUCCESS)
		return tpm_refused(tpm, rc, "let an NV index be read");
	*out = bytes_of(buffer, size);
	return FAULT_NONE;
}
