#include "identity_key_choice.h"

#include "former_key.h"
#include "identity_key_finding.h"
#include "public_key.h"
#include "report.h"

/* Both keys: on disk, and in the TPM where they are there. */
struct choice {
	struct tpm *tpm;
	const struct directory *directory;
	const struct identity_key_wish *wish;
	struct tpm_handles *taken;
	struct state *state;
	struct key_file installed, waiting;
	uint32_t parent; /* of the one that waits */
	struct identity_key installed_key, waiting_key;
};

static void choice_close(struct choice *choice)
{
	identity_key_close(&choice->installed_key);
	identity_key_close(&choice->waiting_key);
}

static bool is_in_tpm(const struct identity_key *ik)
{
	return ik->handle != 0;
}

enum fault identity_key_not_kept(struct failure *failure)
{
	return failure_set(failure, EXIT_TPM_REFUSED,
		"leave --keep-key out to go on with another one",
		"the TPM does not have the installed key");
}

/* A run that was ended between the installation of the key's certificate and its state. */
static enum fault finish_installation(struct choice *choice, uint32_t parent)
{
	choice->state->parent = parent;
	enum fault fault = state_write(choice->directory, choice->state);

	return fault == FAULT_NONE ? key_made_remove(choice->directory) : fault;
}

static bool is_shown(const struct choice *choice)
{
	return identity_key_is_shown(&choice->waiting_key, choice->state);
}

/* Whether --new-key has been told to replace the installed one. */
static bool is_former(const struct choice *choice)
{
	const struct state *state = choice->state;

	return state->former_handle != 0 && memcmp(state->former_ik_id, choice->installed_key.id,
		sizeof(state->former_ik_id)) == 0;
}

/* No key of ours is in the TPM before state names its handle: then it was lost, and what it knew. */
static bool is_state_lost(const struct choice *choice)
{
	return is_in_tpm(&choice->waiting_key) && choice->state->handle == 0;
}

/* Whether the one that waits is to be removed. The installed one can go on. */
static bool is_needless(const struct choice *choice)
{
	if (choice->wish->is_kept)
		return true;
	if (is_shown(choice) || is_state_lost(choice))
		return false;
	return !is_former(choice) || !is_in_tpm(&choice->waiting_key);
}

/* Once state says this, the one that waits is needless for any later run too. */
static enum fault give_up_waiting(struct choice *choice)
{
	struct state *state = choice->state;

	if (is_former(choice))
		state->former_handle = 0;
	if (is_in_tpm(&choice->installed_key))
		state->handle = choice->installed_key.handle;
	state->has_shown_ik_id = false;
	return state_write(choice->directory, state);
}

static enum fault evict_waiting(struct choice *choice)
{
	if (!is_in_tpm(&choice->waiting_key))
		return FAULT_NONE;
	return tpm_persistent_evict(
		choice->tpm, &choice->waiting_key.object, choice->waiting_key.handle);
}

/* A third key that was the former one goes as well; what the TPM had is then read again. */
static enum fault free_former(struct choice *choice, const struct identity_key *now)
{
	enum fault fault =
		former_key_free(choice->tpm, choice->directory, choice->state, now);

	return fault == FAULT_NONE ? identity_key_handles(choice->tpm, choice->taken) : fault;
}

static enum fault remove_waiting(struct choice *choice, uint32_t parent)
{
	report_note(choice->wish->is_kept
		? "the installed key is kept: the one that was made to replace it is removed"
		: "the TPM knows the installed key: the one that was made in its place is removed");
	enum fault fault = give_up_waiting(choice);
	if (fault == FAULT_NONE)
		fault = evict_waiting(choice);
	if (fault == FAULT_NONE)
		fault = free_former(choice, &choice->installed_key);
	return fault == FAULT_NONE ? finish_installation(choice, parent) : fault;
}

/* The installed key has become the former one, to be freed, whatever has led to it. */
static enum fault remember_former(struct choice *choice)
{
	struct state *state = choice->state;

	if (is_former(choice))
		return FAULT_NONE;
	enum fault fault = free_former(choice, &choice->waiting_key);
	if (fault != FAULT_NONE)
		return fault;
	state->former_handle = choice->installed_key.handle;
	memcpy(state->former_ik_id, choice->installed_key.id, sizeof(state->former_ik_id));
	return state_write(choice->directory, state);
}

/*
 * The TPM has the installed key no longer at a handle. Somebody may have removed it, and then it
 * still takes the halves; or cleared the TPM: then the one that waits is all that there is.
 */
static enum fault judge_without_installed(struct choice *choice)
{
	uint32_t parent = 0;

	if (!choice->wish->is_kept)
		return FAULT_NOT_FOUND;
	enum fault fault = identity_key_try_load(choice->tpm, &choice->installed, &parent);
	if (fault == FAULT_INVALID)
		return identity_key_not_kept(choice->tpm->failure);
	return fault == FAULT_NONE ? remove_waiting(choice, parent) : fault;
}

/* One that was shown to the CA, and that this TPM does not take, is another TPM's. */
static enum fault look_whose(struct choice *choice, bool *is_ours)
{
	uint32_t parent = choice->parent;

	*is_ours = true;
	if (is_in_tpm(&choice->waiting_key) || !is_shown(choice))
		return FAULT_NONE;
	enum fault fault = identity_key_try_load(choice->tpm, &choice->waiting, &parent);
	*is_ours = fault != FAULT_INVALID;
	return *is_ours ? fault : FAULT_NONE;
}

/* Where it is not in the TPM, out has its id alone. */
static enum fault look_for(struct choice *choice, const struct key_file *file,
	struct identity_key *out)
{
	enum fault fault = identity_key_look_for(
		choice->tpm, file, choice->state->handle, choice->taken, out);

	if (fault != FAULT_NOT_FOUND)
		return fault;
	return key_id(&file->key, out->id);
}

/* There are both. FAULT_NOT_FOUND: the one that waits goes on. */
static enum fault judge(struct choice *choice)
{
	bool is_ours;
	enum fault fault = look_for(choice, &choice->installed, &choice->installed_key);

	if (fault == FAULT_NONE)
		fault = look_for(choice, &choice->waiting, &choice->waiting_key);
	if (fault != FAULT_NONE)
		return fault;
	if (!is_in_tpm(&choice->installed_key))
		return judge_without_installed(choice);
	fault = look_whose(choice, &is_ours);
	if (fault != FAULT_NONE)
		return fault;
	if (!is_ours || is_needless(choice))
		return remove_waiting(choice, 0); /* Its parent the TPM is asked later. */
	fault = remember_former(choice);
	return fault == FAULT_NONE ? FAULT_NOT_FOUND : fault;
}

static enum fault choose(struct choice *choice, struct key_file *out, bool *is_waiting)
{
	enum fault installed = key_file_read(choice->directory, &choice->installed);

	if (installed != FAULT_NONE && installed != FAULT_NOT_FOUND)
		return installed;
	*out = choice->installed;
	enum fault fault =
		key_made_read(choice->directory, &choice->waiting, &choice->parent);
	if (fault != FAULT_NONE)
		return fault == FAULT_NOT_FOUND ? installed : fault;
	if (installed == FAULT_NONE && bytes_equal(tpm_area_bytes(&choice->waiting.area),
			tpm_area_bytes(&choice->installed.area)))
		return finish_installation(choice, choice->parent);
	fault = installed == FAULT_NONE ? judge(choice) : FAULT_NOT_FOUND;
	if (fault != FAULT_NOT_FOUND)
		return fault;
	*out = choice->waiting;
	*is_waiting = true;
	choice->state->parent = choice->parent;
	return FAULT_NONE;
}

enum fault identity_key_choose(struct tpm *tpm, const struct directory *directory,
	const struct identity_key_wish *wish, struct tpm_handles *taken, struct state *state,
	struct key_file *out, bool *is_waiting)
{
	__attribute__((cleanup(choice_close))) struct choice choice = { .tpm = tpm,
		.directory = directory, .wish = wish, .taken = taken, .state = state };

	*is_waiting = false;
	return choose(&choice, out, is_waiting);
}
