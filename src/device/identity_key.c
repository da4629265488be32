#include "identity_key.h"

#include "identity_key_making.h"
#include "options.h"
#include "public_key.h"
#include "report.h"
#include "storage_key.h"

void identity_key_close(struct identity_key *ik)
{
	tpm_object_release(&ik->object);
}

static enum fault fill_in(const struct key_file *file, uint32_t handle, struct identity_key *ik)
{
	ik->file = *file;
	ik->handle = handle;
	return key_id(&file->key, ik->id);
}

/* Whether the handle holds this folder's key: then it is opened. */
static enum fault open_at(struct tpm *tpm, uint32_t handle, const struct key_file *file,
	struct identity_key *ik)
{
	owned_tpm_object object = { 0 };
	struct tpm_area area;
	enum fault fault = tpm_persistent_open(tpm, handle, &object, &area);

	if (fault != FAULT_NONE)
		return fault;
	if (!bytes_equal(tpm_area_bytes(&area), tpm_area_bytes(&file->area)) ||
		!tpm_object_has_area(&object, &area))
		return FAULT_NOT_FOUND;
	fault = fill_in(file, handle, ik);
	if (fault != FAULT_NONE)
		return fault;
	ik->object = object;
	object.tpm = NULL;
	return FAULT_NONE;
}

/* At the handle that the state names, else wherever in our range the key may stand. */
static enum fault find(struct tpm *tpm, const struct key_file *file, uint32_t named,
	const struct tpm_handles *taken, struct identity_key *ik)
{
	enum fault fault = FAULT_NOT_FOUND;

	if (tpm_handles_have(taken, named))
		fault = open_at(tpm, named, file, ik);
	for (size_t i = 0; fault == FAULT_NOT_FOUND && i < taken->count; i++)
		fault = open_at(tpm, taken->handle[i], file, ik);
	return fault;
}

/* What a run needs at hand to come by its key. */
struct search {
	struct tpm *tpm;
	const struct directory *directory;
	const struct identity_key_wish *wish;
	struct state *state;
	struct tpm_handles taken; /* in our range, by whomever */
	struct key_file file;
	bool is_new;
	bool is_waiting; /* file is key.made's */
};

#define ADVICE_TAMPERED "see that nobody has tampered with TPM or bus"

/* The wished handle, the one named before, or the first that is free; nobody's is overwritten. */
static enum fault pick_handle(struct search *search)
{
	uint32_t wished = search->wish->handle;
	uint32_t handle = wished != 0 ? wished : search->state->handle;

	if (wished != 0 && tpm_handles_have(&search->taken, wished))
		return failure_set(search->tpm->failure, EXIT_TPM_REFUSED,
			"leave --handle out to have a free one chosen, or name another",
			"the handle 0x%08x is taken by another key", wished);
	if (handle == 0 || tpm_handles_have(&search->taken, handle)) {
		handle = PERSISTENT_HANDLE(IK_HANDLE_FIRST);
		while (tpm_handles_have(&search->taken, handle))
			handle++;
	}
	if (handle > PERSISTENT_HANDLE(IK_HANDLE_LAST))
		return failure_set(search->tpm->failure, EXIT_TPM_REFUSED,
			"remove a persistent key that nobody needs (tpm2_evictcontrol)",
			"no handle from 0x81020002 to 0x810200ff is free");
	search->state->handle = handle;
	return FAULT_NONE;
}

/* Makes the key and writes its halves, where they wait for the certificate. */
static enum fault make(struct search *search, enum tpm_template template)
{
	owned_tpm_object srk = { 0 };
	uint32_t parent = 0;

	search->is_new = true;
	enum fault fault = storage_key_open(search->tpm, &parent, &srk);
	if (fault != FAULT_NONE)
		return fault;
	if (template_row(template)->type == TPM_ALG_RSA)
		report_note("the TPM makes an RSA key; on a chip this takes seconds");
	fault = identity_key_make(search->tpm, srk.tr, template, &search->file);
	if (fault == FAULT_NONE)
		fault = key_made_write(search->directory, &search->file, parent);
	if (fault != FAULT_NONE)
		return fault;
	report_state("the identity key is made and waits in %s", search->directory->path);
	search->is_waiting = true;
	search->state->parent = parent;
	return FAULT_NONE;
}

/* Loads the key and has the TPM keep it at the handle that the state names. */
static enum fault persist(struct search *search)
{
	owned_tpm_object srk = { 0 };
	owned_tpm_object object = { 0 };

	enum fault fault = storage_key_open(search->tpm, &search->state->parent, &srk);
	if (fault == FAULT_NONE)
		fault = identity_key_load(search->tpm, &search->file, srk.tr, &object);
	if (fault == FAULT_NONE)
		fault = identity_key_keep(search->tpm, &object, search->state->handle);
	return fault;
}

/* The key is on disk: the TPM takes it in, or it is replaced where the TPM no longer knows it. */
static enum fault persist_or_replace(struct search *search)
{
	enum fault fault = persist(search);

	if (fault != FAULT_INVALID)
		return fault;
	report_note("the TPM no longer knows the key of %s (it was cleared): a new one is made",
		search->directory->path);
	fault = make(search, search->file.template->template);
	if (fault == FAULT_NONE)
		fault = persist(search);
	if (fault == FAULT_INVALID)
		fault = failure_set(search->tpm->failure, EXIT_TPM_REFUSED, ADVICE_TAMPERED,
			"the TPM does not take back the key that it has just made");
	return fault;
}

/* Names the handle in the state, has the key kept there, and opens it. */
static enum fault keep(struct search *search, struct identity_key *ik)
{
	enum fault fault = pick_handle(search);

	if (fault == FAULT_NONE)
		fault = state_write(search->directory, search->state);
	if (fault == FAULT_NONE)
		fault = persist_or_replace(search);
	if (fault == FAULT_NONE)
		fault = open_at(search->tpm, search->state->handle, &search->file, ik);
	if (fault == FAULT_NOT_FOUND)
		fault = failure_set(search->tpm->failure, EXIT_TPM_REFUSED, ADVICE_TAMPERED,
			"the TPM does not show the key that it was told to keep at 0x%08x",
			search->state->handle);
	return fault;
}

/* The key on disk stays in the TPM as the former one, if it is there, and another is made. */
static enum fault replace(struct search *search)
{
	struct state *state = search->state;
	enum tpm_template wished = search->wish->template;
	owned_identity_key former = { 0 };

	enum fault fault =
		find(search->tpm, &search->file, state->handle, &search->taken, &former);
	if (fault != FAULT_NONE && fault != FAULT_NOT_FOUND)
		return fault;
	state->handle = 0;
	if (fault == FAULT_NONE) {
		state->former_handle = former.handle;
		memcpy(state->former_ik_id, former.id, sizeof(state->former_ik_id));
	}
	fault = state_write(search->directory, state);
	if (fault != FAULT_NONE)
		return fault;
	return make(search,
		wished == TEMPLATE_NONE ? search->file.template->template : wished);
}

/* Whether --new-key has still to be done: the key on disk is not yet another than the former. */
static bool is_to_be_replaced(const struct search *search)
{
	const struct state *state = search->state;
	uint8_t id[32];

	if (!search->wish->is_new || state->former_handle == 0)
		return search->wish->is_new;
	return key_id(&search->file.key, id) == FAULT_NONE &&
		memcmp(id, state->former_ik_id, sizeof(id)) == 0;
}

/* A run that was ended between the installation of the key's certificate and its state. */
static enum fault finish_installation(struct search *search, uint32_t parent)
{
	search->state->parent = parent;
	enum fault fault = state_write(search->directory, search->state);

	return fault == FAULT_NONE ? key_made_remove(search->directory) : fault;
}

/*
 * Whether the key of key.made was made although the TPM has the installed one: not for --new-key,
 * but since a bus said that the TPM no longer knows it. Then it is removed. Who made the installed
 * key's parent, find_parent asks the TPM.
 */
static enum fault give_up(struct search *search, const struct key_file *waiting)
{
	struct state *state = search->state;
	owned_identity_key installed = { 0 };
	owned_identity_key needless = { 0 };

	if (state->former_handle != 0)
		return FAULT_NOT_FOUND;
	enum fault fault =
		find(search->tpm, &search->file, state->handle, &search->taken, &installed);
	if (fault != FAULT_NONE)
		return fault;
	report_note(
		"the TPM knows the installed key: the one that was made in its place is removed");
	fault = find(search->tpm, waiting, state->handle, &search->taken, &needless);
	if (fault == FAULT_NONE)
		fault = tpm_persistent_evict(search->tpm, &needless.object, needless.handle);
	if (fault != FAULT_NONE && fault != FAULT_NOT_FOUND)
		return fault;
	state->handle = installed.handle;
	return finish_installation(search, 0);
}

/* The key to go on with: the installed one, or the one that waits for its certificate. */
static enum fault read_key(struct search *search)
{
	struct key_file waiting;
	uint32_t parent;
	enum fault installed = key_file_read(search->directory, &search->file);

	if (installed != FAULT_NONE && installed != FAULT_NOT_FOUND)
		return installed;
	enum fault fault = key_made_read(search->directory, &waiting, &parent);
	if (fault != FAULT_NONE)
		return fault == FAULT_NOT_FOUND ? installed : fault;
	if (installed == FAULT_NONE && bytes_equal(tpm_area_bytes(&waiting.area),
			tpm_area_bytes(&search->file.area)))
		return finish_installation(search, parent);
	fault = installed == FAULT_NONE ? give_up(search, &waiting) : FAULT_NOT_FOUND;
	if (fault != FAULT_NOT_FOUND)
		return fault;
	search->file = waiting;
	search->is_waiting = true;
	search->state->parent = parent;
	return FAULT_NONE;
}

/* The key on disk must be of the type that was asked for; without one, it is made. */
static enum fault read_or_make(struct search *search)
{
	enum tpm_template wished = search->wish->template;
	enum fault fault = read_key(search);

	if (fault == FAULT_NOT_FOUND)
		return make(search, wished == TEMPLATE_NONE ? TEMPLATE_IK_P256_NODA : wished);
	if (fault == FAULT_NONE && is_to_be_replaced(search))
		return replace(search);
	if (fault != FAULT_NONE || wished == TEMPLATE_NONE ||
		wished == search->file.template->template)
		return fault;
	return failure_set(search->tpm->failure, EXIT_USAGE,
		"leave --key out, or have the key replaced by --new-key",
		"%s already has an identity key of another type, %s", search->directory->path,
		search->file.template->name);
}

static enum fault check_handle(const struct search *search, const struct identity_key *ik)
{
	if (search->wish->handle == 0 || search->wish->handle == ik->handle)
		return FAULT_NONE;
	return failure_set(search->tpm->failure, EXIT_USAGE,
		"leave --handle out, or give --dir a folder of its own for another key",
		"the key of %s is at 0x%08x already", search->directory->path, ik->handle);
}

/*
 * A state file that was lost, or removed as we advise, knew under which parent the key was made;
 * key.pem has to name it. The TPM knows: it loads the key under no other. Where it cannot say, such
 * as for a password, the certificate is not held up: the next run asks again.
 */
static void find_parent(const struct search *search)
{
	owned_tpm_object srk = { 0 };
	owned_tpm_object object = { 0 };
	uint32_t parent = search->state->parent;

	if (parent != 0)
		return;
	enum fault fault = storage_key_open(search->tpm, &parent, &srk);
	if (fault == FAULT_NONE)
		fault = identity_key_load(search->tpm, &search->file, srk.tr, &object);
	if (fault == FAULT_NONE)
		search->state->parent = parent;
	if (fault == FAULT_INVALID)
		search->state->parent = SRK_TRANSIENT;
}

static enum fault read_taken(struct tpm *tpm, struct tpm_handles *out)
{
	return tpm_handles_read(tpm, PERSISTENT_HANDLE(IK_HANDLE_FIRST),
		PERSISTENT_HANDLE(IK_HANDLE_LAST), out);
}

enum fault identity_key_open(struct tpm *tpm, const struct directory *directory,
	const struct identity_key_wish *wish, struct state *state, struct identity_key *out)
{
	owned_identity_key ik = { 0 };
	struct search search = {
		.tpm = tpm, .directory = directory, .wish = wish, .state = state
	};

	enum fault fault = read_taken(tpm, &search.taken);
	if (fault == FAULT_NONE)
		fault = read_or_make(&search);
	if (fault != FAULT_NONE)
		return fault;
	fault = find(tpm, &search.file, state->handle, &search.taken, &ik);
	if (fault == FAULT_NOT_FOUND)
		fault = keep(&search, &ik);
	if (fault == FAULT_NONE)
		fault = check_handle(&search, &ik);
	if (fault != FAULT_NONE)
		return fault;
	find_parent(&search);
	state->handle = ik.handle;
	ik.is_new = search.is_new;
	ik.is_waiting = search.is_waiting;
	*out = ik;
	ik.object.tpm = NULL;
	return FAULT_NONE;
}

enum fault identity_key_installed(const struct directory *directory, const struct identity_key *ik)
{
	return ik->is_waiting ? key_made_remove(directory) : FAULT_NONE;
}

enum fault identity_key_find(struct tpm *tpm, const struct directory *directory,
	struct state *state, struct identity_key *out)
{
	struct identity_key ik = { 0 };
	struct tpm_handles taken;
	struct key_file file;

	enum fault fault = key_file_read(directory, &file);
	if (fault == FAULT_NONE)
		fault = read_taken(tpm, &taken);
	if (fault == FAULT_NONE)
		fault = find(tpm, &file, state->handle, &taken, &ik);
	if (fault == FAULT_NONE)
		*out = ik;
	return fault;
}
