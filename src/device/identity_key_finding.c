#include "identity_key_finding.h"

#include "identity_key_making.h"
#include "options.h"
#include "public_key.h"
#include "storage_key.h"

enum fault identity_key_handles(struct tpm *tpm, struct tpm_handles *out)
{
	return tpm_handles_read(tpm, PERSISTENT_HANDLE(IK_HANDLE_FIRST),
		PERSISTENT_HANDLE(IK_HANDLE_LAST), out);
}

static enum fault fill_in(const struct key_file *file, uint32_t handle, struct identity_key *ik)
{
	ik->file = *file;
	ik->handle = handle;
	return key_id(&file->key, ik->id);
}

enum fault identity_key_open_at(struct tpm *tpm, uint32_t handle, const struct key_file *file,
	struct identity_key *ik)
{
	owned_tpm_object object = { 0 };
	struct tpm_area area;
	enum fault fault = tpm_persistent_open(tpm, handle, &object, &area);

	if (fault != FAULT_NONE)
		return fault;
	if (!bytes_equal(tpm_area_bytes(&area), tpm_area_bytes(&file->area)) ||
		!tpm_object_has_area(&object, &area))
		return FAULT_INVALID;
	fault = fill_in(file, handle, ik);
	if (fault != FAULT_NONE)
		return fault;
	ik->object = object;
	object.tpm = NULL;
	return FAULT_NONE;
}

/* At a handle that the TPM has listed. FAULT_NOT_FOUND: another key is there. */
static enum fault open_listed(struct tpm *tpm, uint32_t handle, const struct key_file *file,
	struct identity_key *ik)
{
	enum fault fault = identity_key_open_at(tpm, handle, file, ik);

	if (fault == FAULT_INVALID)
		return FAULT_NOT_FOUND;
	return fault == FAULT_NOT_FOUND ? tpm_handle_denied(tpm, handle) : fault;
}

enum fault identity_key_look_for(struct tpm *tpm, const struct key_file *file, uint32_t named,
	const struct tpm_handles *taken, struct identity_key *ik)
{
	enum fault fault = FAULT_NOT_FOUND;

	if (tpm_handles_have(taken, named))
		fault = open_listed(tpm, named, file, ik);
	for (size_t i = 0; fault == FAULT_NOT_FOUND && i < taken->count; i++)
		fault = open_listed(tpm, taken->handle[i], file, ik);
	return fault;
}

enum fault identity_key_try_load(struct tpm *tpm, const struct key_file *file, uint32_t *parent)
{
	owned_tpm_object object = { 0 };
	bool is_any = *parent == 0;
	enum fault fault = identity_key_load(tpm, file, parent, &object);

	if (fault != FAULT_INVALID || !is_any || *parent == SRK_TRANSIENT)
		return fault;
	*parent = SRK_TRANSIENT;
	return identity_key_load(tpm, file, parent, &object);
}
