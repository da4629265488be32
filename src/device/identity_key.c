#include "identity_key.h"

#include "identity_key_choice.h"
#include "identity_key_finding.h"
#include "identity_key_making.h"
#include "options.h"
#include "public_key.h"
#include "report.h"
#include "storage_key.h"

void identity_key_close(struct identity_key *ik)
{
	tpm_object_release(&ik->object);
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

static enum fault check_wished_handle(const struct search *search)
{
	uint32_t wished = search->wish->handle;

	if (wished == 0 || !tpm_handles_have(&search->taken, wished))
		return FAULT_NONE;
	return failure_set(search->tpm->failure, EXIT_TPM_REFUSED,
		"leave --handle out to have a free one chosen, or name another",
		"the handle 0x%08x is taken by another key", wished);
}

/* The wished handle, the one named before, or the first that is free; nobody's is overwritten. */
static enum fault pick_handle(struct search *search)
{
	uint32_t wished = search->wish->handle;
	uint32_t handle = wished != 0 ? wished : search->state->handle;
	enum fault fault = check_wished_handle(search);

	if (fault != FAULT_NONE)
		return fault;
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
		report_note("the TPM makes an RSA key; on a chip this takes seconds, and may be of no use "
			    "to TLS 1.3 (how-to-use.txt)");
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
	owned_tpm_object object = { 0 };
	enum fault fault = identity_key_load(
		search->tpm, &search->file, &search->state->parent, &object);

	return fault == FAULT_NONE
		? identity_key_keep(search->tpm, &object, search->state->handle) : fault;
}

/* The key is on disk: the TPM takes it in, or it is replaced where the TPM no longer knows it. */
static enum fault persist_or_replace(struct search *search)
{
	enum fault fault = persist(search);

	if (fault != FAULT_INVALID)
		return fault;
	if (search->wish->is_kept && !search->is_waiting)
		return identity_key_not_kept(search->tpm->failure);
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
		fault = identity_key_open_at(search->tpm, search->state->handle, &search->file, ik);
	if (fault == FAULT_NOT_FOUND || fault == FAULT_INVALID)
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

	/* Before anything is changed: a mistyped option begins no rekey. */
	enum fault fault = check_wished_handle(search);
	if (fault != FAULT_NONE)
		return fault;
	fault = identity_key_look_for(
		search->tpm, &search->file, state->handle, &search->taken, &former);
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

/* The key on disk must be of the type that was asked for; without one, it is made. */
static enum fault read_or_make(struct search *search)
{
	enum tpm_template wished = search->wish->template;
	enum fault fault = identity_key_choose(search->tpm, search->directory, search->wish,
		&search->taken, search->state, &search->file, &search->is_waiting);

	if (fault == FAULT_NOT_FOUND)
		return make(search, wished == TEMPLATE_NONE ? TEMPLATE_IK_P256_NODA : wished);
	if (fault == FAULT_NONE && is_to_be_replaced(search))
		return replace(search);
	if (fault != FAULT_NONE || wished == TEMPLATE_NONE ||
		wished == search->file.template->template)
		return fault;
	return failure_set(search->tpm->failure, EXIT_USAGE, search->is_waiting
		? "leave --key out, or give that key up by --keep-key"
		: "leave --key out, or have the key replaced by --new-key",
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
	owned_tpm_object object = { 0 };
	uint32_t parent = search->state->parent;

	if (parent != 0)
		return;
	enum fault fault = identity_key_load(search->tpm, &search->file, &parent, &object);
	if (fault == FAULT_NONE)
		search->state->parent = parent;
	if (fault == FAULT_INVALID)
		search->state->parent = SRK_TRANSIENT;
}

enum fault identity_key_open(struct tpm *tpm, const struct directory *directory,
	const struct identity_key_wish *wish, struct state *state, struct identity_key *out)
{
	owned_identity_key ik = { 0 };
	struct search search = {
		.tpm = tpm, .directory = directory, .wish = wish, .state = state
	};

	enum fault fault = identity_key_handles(tpm, &search.taken);
	if (fault == FAULT_NONE)
		fault = read_or_make(&search);
	if (fault != FAULT_NONE)
		return fault;
	fault = identity_key_look_for(tpm, &search.file, state->handle, &search.taken, &ik);
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

bool identity_key_is_shown(const struct identity_key *ik, const struct state *state)
{
	return state->has_shown_ik_id &&
		memcmp(state->shown_ik_id, ik->id, sizeof(ik->id)) == 0;
}

enum fault identity_key_show(const struct directory *directory, const struct identity_key *ik,
	struct state *state, bool *is_first)
{
	if (!ik->is_waiting || identity_key_is_shown(ik, state))
		return FAULT_NONE;
	*is_first = true;
	state->has_shown_ik_id = true;
	memcpy(state->shown_ik_id, ik->id, sizeof(state->shown_ik_id));
	return state_write(directory, state);
}

enum fault identity_key_unshow(const struct directory *directory, struct state *state)
{
	state->has_shown_ik_id = false;
	return state_write(directory, state);
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
		fault = identity_key_handles(tpm, &taken);
	if (fault == FAULT_NONE)
		fault = identity_key_look_for(tpm, &file, state->handle, &taken, &ik);
	if (fault == FAULT_NONE)
		*out = ik;
	return fault;
}
