#include "former_key.h"

#include "key_file.h"
#include "public_key.h"
#include "report.h"

static enum fault look_again(struct tpm *tpm, uint32_t handle)
{
	struct tpm_handles handles;
	enum fault fault = tpm_handles_read(tpm, handle, handle, &handles);

	if (fault != FAULT_NONE || !tpm_handles_have(&handles, handle))
		return fault == FAULT_NONE ? FAULT_NOT_FOUND : fault;
	return tpm_handle_denied(tpm, handle);
}

/* Whether the handle still holds the former key: then it is freed. */
static enum fault free_handle(struct tpm *tpm, const struct state *state)
{
	owned_tpm_object object = { 0 };
	struct key_file file = { 0 };
	uint8_t id[32];

	enum fault fault = tpm_persistent_open(tpm, state->former_handle, &object, &file.area);
	if (fault == FAULT_NOT_FOUND)
		return look_again(tpm, state->former_handle);
	if (fault == FAULT_NONE)
		fault = key_file_recognise(&file);
	if (fault == FAULT_NONE)
		fault = key_id(&file.key, id);
	if (fault != FAULT_NONE || memcmp(id, state->former_ik_id, sizeof(id)) != 0)
		return fault == FAULT_NONE || fault == FAULT_INVALID ? FAULT_NOT_FOUND : fault;
	/* A lie on the bus, or no memory to look: a key that is forgotten now would stay for ever. */
	if (!tpm_object_has_area(&object, &file.area))
		return failure_set(tpm->failure, EXIT_TPM_REFUSED, "run it again",
			"the Name of the former key at 0x%08x is not that of its public area",
			state->former_handle);
	return tpm_persistent_evict(tpm, &object, state->former_handle);
}

enum fault former_key_free(struct tpm *tpm, const struct directory *directory,
	struct state *state, const struct identity_key *now)
{
	if (state->former_handle == 0)
		return FAULT_NONE;
	/* A run that was ended before it had written the new key's halves has gone on with the old. */
	bool is_in_use = memcmp(state->former_ik_id, now->id, sizeof(now->id)) == 0;
	enum fault fault = is_in_use ? FAULT_NONE : free_handle(tpm, state);

	if (fault != FAULT_NONE && fault != FAULT_NOT_FOUND)
		return fault;
	if (!is_in_use)
		report_note("the former key at 0x%08x %s", state->former_handle,
			fault == FAULT_NONE ? "was removed from the TPM" : "was gone already");
	state->former_handle = 0;
	return state_write(directory, state);
}
