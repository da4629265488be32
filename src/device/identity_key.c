#include "identity_key.h"

#include "key_file.h"
#include "options.h"
#include "public_key.h"
#include "report.h"
#include "storage_key.h"
#include "tpm_response.h"

#include <tss2/tss2_mu.h>

void identity_key_close(struct identity_key *ik)
{
	tpm_object_release(&ik->object);
}

static enum fault fill_in(const struct key_file *file, uint32_t handle, struct identity_key *ik)
{
	ik->template = file->template;
	ik->key = file->key;
	ik->area = file->area;
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

/* The wished handle, the one named before, or the first that is free; nobody's is overwritten. */
static enum fault pick_handle(struct tpm *tpm, const struct tpm_handles *taken, uint32_t wished,
	uint32_t named, uint32_t *out)
{
	uint32_t handle = wished != 0 ? wished : named;

	if (wished != 0 && tpm_handles_have(taken, wished))
		return failure_set(tpm->failure, EXIT_TPM_REFUSED,
			"leave --handle out to have a free one chosen, or name another",
			"the handle 0x%08x is taken by another key", wished);
	if (handle == 0 || tpm_handles_have(taken, handle)) {
		handle = PERSISTENT_HANDLE(IK_HANDLE_FIRST);
		while (tpm_handles_have(taken, handle))
			handle++;
	}
	if (handle > PERSISTENT_HANDLE(IK_HANDLE_LAST))
		return failure_set(tpm->failure, EXIT_TPM_REFUSED,
			"remove a persistent key that nobody needs (tpm2_evictcontrol)",
			"no handle from 0x81020002 to 0x810200ff is free");
	*out = handle;
	return FAULT_NONE;
}

static enum fault in_public_of(
	struct tpm *tpm, enum tpm_template template, TPM2B_PUBLIC *out)
{
	uint8_t buffer[TPM2B_PUBLIC_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct bytes in_public = { 0 };

	template_in_public_write(&w, template_row(template));
	(void)!writer_end(&w, &in_public);
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
	if (fault == FAULT_NONE)
		fault = key_file_recognise(file);
	if (fault == FAULT_NONE || fault == FAULT_DENIED)
		return fault;
	return failure_set(tpm->failure, EXIT_TPM_REFUSED,
		"see that nobody has tampered with TPM or bus",
		"the TPM made another key than it was asked for");
}

static enum fault create(
	struct tpm *tpm, ESYS_TR parent, enum tpm_template template, struct key_file *file)
{
	static const TPM2B_DATA outside_info;
	static const TPML_PCR_SELECTION creation_pcr;
	TPM2B_PRIVATE *private_half = NULL;
	TPM2B_PUBLIC *public_half = NULL;
	TPM2B_PUBLIC in_public;

	enum fault fault = in_public_of(tpm, template, &in_public);
	if (fault != FAULT_NONE)
		return fault;
	TSS2_RC rc = Esys_Create(tpm->esys, parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
		&tpm_sensitive_empty, &in_public, &outside_info, &creation_pcr, &private_half,
		&public_half, NULL, NULL, NULL);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_refused(tpm, rc, "make the identity key");
	fault = take_halves(tpm, private_half, public_half, file);
	Esys_Free(private_half);
	Esys_Free(public_half);
	if (fault == FAULT_NONE && file->template->template != template)
		fault = failure_set(tpm->failure, EXIT_TPM_REFUSED,
			"see that nobody has tampered with TPM or bus",
			"the TPM made another key than it was asked for");
	return fault;
}

/* Makes the key and writes its halves; state says under which parent. */
static enum fault make(struct tpm *tpm, const struct directory *directory,
	enum tpm_template template, struct state *state, struct key_file *file)
{
	owned_tpm_object srk = { 0 };

	*file = (struct key_file){ 0 };
	state->parent = 0;
	enum fault fault = storage_key_open(tpm, &state->parent, &srk);
	if (fault != FAULT_NONE)
		return fault;
	if (template_row(template)->type == TPM_ALG_RSA)
		report_note("the TPM makes an RSA key; on a chip this takes seconds");
	fault = create(tpm, srk.tr, template, file);
	if (fault == FAULT_NONE)
		fault = state_write(directory, state);
	return fault == FAULT_NONE ? key_file_write(directory, file) : fault;
}

/* FAULT_INVALID where the TPM does not know the key: it was cleared, or is another one. */
static enum fault load(
	struct tpm *tpm, ESYS_TR parent, const struct key_file *file, struct tpm_object *out)
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
	TSS2_RC rc = Esys_Load(tpm->esys, parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
		&private_half, &public_half, &object.tr);
	if (tpm_response_is(rc, TPM2_RC_INTEGRITY))
		return FAULT_INVALID;
	if (rc != TSS2_RC_SUCCESS)
		return tpm_refused(tpm, rc, "load the identity key");
	*out = object;
	return FAULT_NONE;
}

static enum fault evict_control(struct tpm *tpm, const struct tpm_object *object, uint32_t handle)
{
	ESYS_TR persistent = ESYS_TR_NONE;
	TSS2_RC rc = Esys_EvictControl(tpm->esys, ESYS_TR_RH_OWNER, object->tr, ESYS_TR_PASSWORD,
		ESYS_TR_NONE, ESYS_TR_NONE, handle, &persistent);

	if (rc != TSS2_RC_SUCCESS)
		return tpm_refused(tpm, rc, "keep the identity key");
	(void)Esys_TR_Close(tpm->esys, &persistent);
	return FAULT_NONE;
}

/* Loads the key and has the TPM keep it at state->handle. */
static enum fault persist(struct tpm *tpm, const struct key_file *file, struct state *state)
{
	owned_tpm_object srk = { 0 };
	owned_tpm_object object = { 0 };

	enum fault fault = storage_key_open(tpm, &state->parent, &srk);
	if (fault == FAULT_NONE)
		fault = load(tpm, srk.tr, file, &object);
	return fault == FAULT_NONE ? evict_control(tpm, &object, state->handle) : fault;
}

static enum fault check_wish(struct tpm *tpm, const struct directory *directory,
	const struct identity_key_wish *wish, const struct key_file *file)
{
	if (wish->template == TEMPLATE_NONE || wish->template == file->template->template)
		return FAULT_NONE;
	return failure_set(tpm->failure, EXIT_USAGE,
		"leave --key out, or give --dir a folder of its own for the other key",
		"%s already has an identity key of another type, %s", directory->path,
		file->template->name);
}

static enum fault make_named(struct tpm *tpm, const struct directory *directory,
	const struct identity_key_wish *wish, struct state *state, struct key_file *file)
{
	enum tpm_template template =
		wish->template == TEMPLATE_NONE ? TEMPLATE_IK_P256_NODA : wish->template;

	return make(tpm, directory, template, state, file);
}

/* The key is on disk: the TPM takes it in, or it is replaced where the TPM no longer knows it. */
static enum fault persist_or_replace(struct tpm *tpm, const struct directory *directory,
	const struct identity_key_wish *wish, struct state *state, struct key_file *file)
{
	struct identity_key_wish same = { .template = file->template->template };

	enum fault fault = persist(tpm, file, state);
	if (fault != FAULT_INVALID)
		return fault;
	report_note("the TPM no longer knows the key of %s (it was cleared): a new one is made",
		directory->path);
	fault = make_named(tpm, directory, wish->template == TEMPLATE_NONE ? &same : wish, state, file);
	if (fault == FAULT_NONE)
		fault = persist(tpm, file, state);
	if (fault == FAULT_INVALID)
		fault = failure_set(tpm->failure, EXIT_TPM_REFUSED,
			"see that nobody has tampered with TPM or bus",
			"the TPM does not take back the key that it has just made");
	return fault;
}

/* Names the handle in the state, has the key kept there, and opens it. */
static enum fault keep(struct tpm *tpm, const struct directory *directory,
	const struct identity_key_wish *wish, const struct tpm_handles *taken,
	struct state *state, struct key_file *file, struct identity_key *ik)
{
	enum fault fault = pick_handle(tpm, taken, wish->handle, state->handle, &state->handle);

	if (fault == FAULT_NONE)
		fault = state_write(directory, state);
	if (fault == FAULT_NONE)
		fault = persist_or_replace(tpm, directory, wish, state, file);
	if (fault == FAULT_NONE)
		fault = open_at(tpm, state->handle, file, ik);
	if (fault == FAULT_NOT_FOUND)
		fault = failure_set(tpm->failure, EXIT_TPM_REFUSED,
			"see that nobody has tampered with TPM or bus",
			"the TPM does not show the key that it was told to keep at 0x%08x", state->handle);
	return fault;
}

static enum fault read_taken(struct tpm *tpm, struct tpm_handles *out)
{
	return tpm_handles_read(tpm, PERSISTENT_HANDLE(IK_HANDLE_FIRST),
		PERSISTENT_HANDLE(IK_HANDLE_LAST), out);
}

enum fault identity_key_open(struct tpm *tpm, const struct directory *directory,
	const struct identity_key_wish *wish, struct state *state, struct identity_key *out)
{
	struct identity_key ik = { 0 };
	struct tpm_handles taken;
	struct key_file file;

	enum fault fault = read_taken(tpm, &taken);
	if (fault != FAULT_NONE)
		return fault;
	fault = key_file_read(directory, &file);
	if (fault == FAULT_NONE)
		fault = check_wish(tpm, directory, wish, &file);
	else if (fault == FAULT_NOT_FOUND) {
		ik.is_new = true;
		fault = make_named(tpm, directory, wish, state, &file);
	}
	if (fault != FAULT_NONE)
		return fault;

	fault = find(tpm, &file, state->handle, &taken, &ik);
	if (fault == FAULT_NOT_FOUND)
		fault = keep(tpm, directory, wish, &taken, state, &file, &ik);
	if (fault != FAULT_NONE)
		return fault;
	state->handle = ik.handle;
	*out = ik;
	return FAULT_NONE;
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
