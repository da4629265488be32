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

static enum fault public_read(const struct tpm_object *index, TPMS_NV_PUBLIC *out)
{
	TPM2B_NV_PUBLIC *public = NULL;
	TSS2_RC rc = Esys_NV_ReadPublic(index->tpm->esys, index->tr, ESYS_TR_NONE, ESYS_TR_NONE,
		ESYS_TR_NONE, &public, NULL);

	if (rc != TSS2_RC_SUCCESS)
		return tpm_refused(index->tpm, rc, "describe an NV index");
	*out = public->nvPublic;
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

/*
 * By whose authorization the index is read: its own, else the owner's; ESYS_TR_NONE where neither
 * may. Where the index has a password, our empty one is a guess, and one that counts towards the
 * TPM's lockout unless the index is exempt (TPM 2.0 Part 2, 13.4). The owner always is.
 */
static ESYS_TR reader_of_index(const struct tpm_object *index, TPMA_NV attributes)
{
	if ((attributes & TPMA_NV_AUTHREAD) != 0 && (attributes & TPMA_NV_NO_DA) != 0)
		return index->tr;
	return (attributes & TPMA_NV_OWNERREAD) != 0 ? ESYS_TR_RH_OWNER : ESYS_TR_NONE;
}

/* Never written; or its own password or lock keeps it from us, as whoever defined it chose. */
static bool is_empty_to_us(TSS2_RC rc, bool is_by_itself)
{
	if (tpm_response_is(rc, TPM2_RC_NV_UNINITIALIZED))
		return true;
	return is_by_itself && (tpm_response_is(rc, TPM2_RC_BAD_AUTH) ||
				       tpm_response_is(rc, TPM2_RC_NV_LOCKED));
}

enum fault nv_read(
	struct tpm *tpm, uint32_t number, uint8_t *buffer, size_t capacity, struct bytes *out)
{
	owned_tpm_object index = { 0 };
	TPMS_NV_PUBLIC public = { 0 };

	enum fault fault = index_open(tpm, number, &index);
	if (fault == FAULT_NONE)
		fault = public_read(&index, &public);
	if (fault != FAULT_NONE)
		return fault;
	ESYS_TR by = reader_of_index(&index, public.attributes);
	if (public.dataSize > capacity || by == ESYS_TR_NONE)
		return FAULT_NOT_FOUND;

	TSS2_RC rc = content_read(&index, by, public.dataSize, buffer);
	if (is_empty_to_us(rc, by == index.tr))
		return FAULT_NOT_FOUND;
	if (rc != TSS2_RC_SUCCESS)
		return tpm_refused(tpm, rc, "let an NV index be read");
	*out = bytes_of(buffer, public.dataSize);
	return FAULT_NONE;
}
