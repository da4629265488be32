#include "tpm_session.h"

#include "tpm_response.h"
#include "tpm_watch.h"
#include "writer.h"

#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tctildr.h>
#include <unistd.h>

const TPM2B_SENSITIVE_CREATE tpm_sensitive_empty = { 0 };

static const char *const devices[] = { "/dev/tpmrm0", "/dev/tpm0" };

/* The first device that is there, as a TCTI; NULL where the system has none. */
static const char *device_of_system(void)
{
	if (access(devices[0], F_OK) == 0)
		return "device:/dev/tpmrm0";
	if (access(devices[1], F_OK) == 0)
		return "device:/dev/tpm0";
	return NULL;
}

/* What to do about a TCTI that does not open: a device's path alone is the commonest mistake. */
static const char *advice_of(const char *tcti)
{
	if (tcti[0] == '/')
		return "a TCTI has a name before its path: device:/dev/tpmrm0";
	return "see that it is there, that you may open it (group tss, or root) and that no other "
	       "program has it";
}

static enum fault no_tpm(struct failure *failure, const char *tcti)
{
	if (tcti == NULL)
		return failure_set(failure, EXIT_NO_TPM,
			"enable the TPM in the firmware's settings, or name one by --tcti",
			"this device has no TPM: neither %s nor %s exists", devices[0], devices[1]);
	return failure_set(
		failure, EXIT_NO_TPM, advice_of(tcti), "the TPM at %s does not open", tcti);
}

/* Some TCTIs ask who is there as they are opened, and wait for the answer without limit. */
static TSS2_RC tcti_open(struct tpm *tpm, const char *tcti)
{
	tpm_watch_begin();
	TSS2_RC rc = Tss2_TctiLdr_Initialize(tcti, &tpm->tcti);
	tpm_watch_end();
	return rc;
}

enum fault tpm_open(struct tpm *tpm, const char *tcti, struct failure *failure)
{
	*tpm = (struct tpm){ .failure = failure };
	/* The libraries would print what we say in better words; who wants theirs sets the
	 * variable. */
	(void)setenv("TSS2_LOG", "all+none", 0);
	if (tcti == NULL)
		tcti = getenv("TPM2TOOLS_TCTI");
	if (tcti == NULL || tcti[0] == '\0')
		tcti = device_of_system();
	if (!tpm_watch_start())
		return failure_set(failure, EXIT_OTHER, "free some memory and run it again",
			"this program had no memory left to watch the TPM");
	if (tcti == NULL || tcti_open(tpm, tcti) != TSS2_RC_SUCCESS)
		return no_tpm(failure, tcti);
	tpm->name = tcti;
	tcti_clock_open(&tpm->clock, tpm->tcti);
	if (Esys_Initialize(&tpm->esys, tcti_clock_context(&tpm->clock), NULL) != TSS2_RC_SUCCESS)
		return no_tpm(failure, tcti);
	return FAULT_NONE;
}

void tpm_close(struct tpm *tpm)
{
	if (tpm->esys != NULL)
		Esys_Finalize(&tpm->esys);
	if (tpm->tcti != NULL)
		Tss2_TctiLdr_Finalize(&tpm->tcti);
}

enum fault tpm_refused(struct tpm *tpm, TSS2_RC rc, const char *doing)
{
	struct tpm_response response = tpm_response_of(rc);

	return failure_set(tpm->failure, response.exit_code, response.advice,
		"the TPM would not %s: %s (0x%x)", doing, response.meaning, rc);
}

/*
 * TPM2_FlushContext (TPM 2.0 Part 3, 28.4) without ESYS: after a response that it did not believe
 * (its HMAC was wrong, or there was no memory for it) ESYS gives the TPM no command any more.
 */
static void flush_by_handle(struct tpm *tpm, TPM2_HANDLE handle)
{
	enum { COMMAND_SIZE = 14 };
	TSS2_TCTI_CONTEXT *tcti = tcti_clock_context(&tpm->clock);
	uint8_t command[COMMAND_SIZE], response[TPM2_MAX_RESPONSE_SIZE];
	struct writer w = WRITER_OF_ARRAY(command);
	size_t size = sizeof(response);

	writer_u16(&w, TPM2_ST_NO_SESSIONS);
	writer_u32(&w, COMMAND_SIZE);
	writer_u32(&w, TPM2_CC_FlushContext);
	writer_u32(&w, handle);
	if (Tss2_Tcti_Transmit(tcti, COMMAND_SIZE, command) == TSS2_RC_SUCCESS)
		(void)Tss2_Tcti_Receive(tcti, &size, response, TSS2_TCTI_TIMEOUT_BLOCK);
}

static bool is_of_esys(TSS2_RC rc)
{
	return (rc & TSS2_RC_LAYER_MASK) == TSS2_ESAPI_RC_LAYER;
}

/*
 * A flush that the TPM refuses, or that does not reach it, cannot be mended: the TPM has lost the
 * object, or the connection is gone.
 */
static void flush(struct tpm *tpm, ESYS_TR tr)
{
	TPM2_HANDLE handle = 0;
	TSS2_RC known = Esys_TR_GetTpmHandle(tpm->esys, tr, &handle);
	TSS2_RC rc = Esys_FlushContext(tpm->esys, tr);

	if (rc == TSS2_RC_SUCCESS)
		return;
	if (is_of_esys(rc) && known == TSS2_RC_SUCCESS)
		flush_by_handle(tpm, handle);
	(void)Esys_TR_Close(tpm->esys, &tr);
}

void tpm_object_release(struct tpm_object *object)
{
	if (object->tpm == NULL)
		return;
	if (object->is_persistent)
		(void)Esys_TR_Close(object->tpm->esys, &object->tr);
	else
		flush(object->tpm, object->tr);
	object->tpm = NULL;
}

struct bytes tpm_area_bytes(const struct tpm_area *area)
{
	return bytes_of(area->data, area->len);
}

enum fault tpm_area_of(struct tpm *tpm, const TPM2B_PUBLIC *public, struct tpm_area *out)
{
	struct tpm_area area = { 0 };
	TSS2_RC rc =
		Tss2_MU_TPM2B_PUBLIC_Marshal(public, area.data, sizeof(area.data), &area.len);

	if (rc != TSS2_RC_SUCCESS)
		return failure_set(tpm->failure, EXIT_TPM_REFUSED, "choose another --ek or --key",
			"the TPM gave a public area that is larger than any that is known");
	*out = area;
	return FAULT_NONE;
}

enum fault tpm_public_of(struct tpm *tpm, struct bytes tpm2b_public, TPM2B_PUBLIC *out)
{
	TPM2B_PUBLIC public = { 0 };
	size_t offset = 0;

	if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(tpm2b_public.data, tpm2b_public.len, &offset, &public) !=
			TSS2_RC_SUCCESS ||
		offset != tpm2b_public.len)
		return failure_set(tpm->failure, EXIT_OTHER, "this is an error of ours: report it",
			"a public area was written that the TPM's library does not read");
	*out = public;
	return FAULT_NONE;
}

bool tpm_object_has_area(const struct tpm_object *object, const struct tpm_area *area)
{
	uint8_t *form = NULL;
	size_t len = 0;

	if (Esys_TR_Serialize(object->tpm->esys, object->tr, &form, &len) != TSS2_RC_SUCCESS)
		return false;
	/* IESYS_RESOURCE: handle, name, type of resource, then the TPM2B_PUBLIC. */
	bool has = len > area->len && memcmp(form + len - area->len, area->data, area->len) == 0;
	Esys_Free(form);
	return has;
}

static enum fault read_area(struct tpm *tpm, ESYS_TR tr, struct tpm_area *out)
{
	TPM2B_PUBLIC *public = NULL;
	TSS2_RC rc = Esys_ReadPublic(
		tpm->esys, tr, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &public, NULL, NULL);

	if (rc != TSS2_RC_SUCCESS)
		return tpm_refused(tpm, rc, "show a key's public area");
	enum fault fault = tpm_area_of(tpm, public, out);
	Esys_Free(public);
	return fault;
}

enum fault tpm_persistent_open(
	struct tpm *tpm, uint32_t handle, struct tpm_object *out, struct tpm_area *area)
{
	owned_tpm_object object = { .is_persistent = true };
	TSS2_RC rc = Esys_TR_FromTPMPublic(
		tpm->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &object.tr);

	if (tpm_response_is(rc, TPM2_RC_HANDLE))
		return FAULT_NOT_FOUND;
	if (rc != TSS2_RC_SUCCESS)
		return tpm_refused(tpm, rc, "show a persistent key");
	object.tpm = tpm;
	enum fault fault = read_area(tpm, object.tr, area);
	if (fault != FAULT_NONE)
		return fault;
	*out = object;
	object.tpm = NULL;
	return FAULT_NONE;
}

/* TPM 2.0 Part 2, 8.8 (TPMA_STARTUP_CLEAR): shEnable. Its objects are listed all the same. */
static bool owner_is_off(struct tpm *tpm)
{
	TPMS_CAPABILITY_DATA *data = NULL;
	TPMI_YES_NO more;
	TSS2_RC rc = Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
		TPM2_CAP_TPM_PROPERTIES, TPM2_PT_STARTUP_CLEAR, 1, &more, &data);
	bool is_off = rc == TSS2_RC_SUCCESS && data->data.tpmProperties.count == 1 &&
		data->data.tpmProperties.tpmProperty[0].property == TPM2_PT_STARTUP_CLEAR &&
		(data->data.tpmProperties.tpmProperty[0].value & TPMA_STARTUP_CLEAR_SHENABLE) == 0;

	Esys_Free(data);
	return is_off;
}

enum fault tpm_handle_denied(struct tpm *tpm, uint32_t handle)
{
	if (owner_is_off(tpm))
		return tpm_refused(tpm, TPM2_RC_HIERARCHY, "show a persistent key");
	return failure_set(tpm->failure, EXIT_TPM_REFUSED, "run it again",
		"the TPM lists a key at 0x%08x and did not know it when it was asked for it", handle);
}

enum fault tpm_persistent_evict(
	struct tpm *tpm, const struct tpm_object *object, uint32_t handle)
{
	ESYS_TR none = ESYS_TR_NONE;
	TSS2_RC rc = Esys_EvictControl(tpm->esys, ESYS_TR_RH_OWNER, object->tr, ESYS_TR_PASSWORD,
		ESYS_TR_NONE, ESYS_TR_NONE, handle, &none);

	return rc == TSS2_RC_SUCCESS ? FAULT_NONE
				     : tpm_refused(tpm, rc, "remove the persistent identity key");
}

/* One answer of TPM2_GetCapability from handle first on; says whether there is more. */
static enum fault read_some(
	struct tpm *tpm, uint32_t first, uint32_t last, struct tpm_handles *handles, bool *more)
{
	TPMI_YES_NO more_data = TPM2_NO;
	TPMS_CAPABILITY_DATA *data = NULL;
	TSS2_RC rc = Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
		TPM2_CAP_HANDLES, first, TPM_HANDLES_MAX, &more_data, &data);

	if (rc != TSS2_RC_SUCCESS)
		return tpm_refused(tpm, rc, "list its handles");
	*more = more_data == TPM2_YES && data->data.handles.count > 0;
	for (uint32_t i = 0; i < data->data.handles.count; i++) {
		uint32_t handle = data->data.handles.handle[i];
		if (handle < first || handle > last || handles->count == TPM_HANDLES_MAX) {
			*more = false;
			break;
		}
		handles->handle[handles->count++] = handle;
	}
	Esys_Free(data);
	return FAULT_NONE;
}

enum fault tpm_handles_read(
	struct tpm *tpm, uint32_t first, uint32_t last, struct tpm_handles *out)
{
	struct tpm_handles handles = { 0 };
	bool more = true;

	while (more) {
		uint32_t next = handles.count == 0 ? first : handles.handle[handles.count - 1] + 1;
		enum fault fault = read_some(tpm, next, last, &handles, &more);
		if (fault != FAULT_NONE)
			return fault;
	}
	*out = handles;
	return FAULT_NONE;
}

bool tpm_handles_have(const struct tpm_handles *handles, uint32_t handle)
{
	for (size_t i = 0; i < handles->count; i++)
		if (handles->handle[i] == handle)
			return true;
	return false;
}
