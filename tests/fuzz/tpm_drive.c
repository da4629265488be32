/* templates.h, in tpm_session.h, before the TSS. */
#include "tpm_drive.h"

#include "activation.h"
#include "endorsement_key.h"
#include "folder.h"
#include "identity_key.h"
#include "must_hold.h"
#include "signature.h"

static void demand_row_of(const struct tpm_area *area, const struct template_row *row, bool is_ek)
{
	struct tpmt_public public;

	must_hold(row != NULL && row->is_ek == is_ek);
	must_hold(tpm2b_public_read(tpm_area_bytes(area), &public) == FAULT_NONE);
	must_hold(template_of(&public, is_ek) == row);
}

void drive_endorsement_key(struct tpm *tpm)
{
	static struct ek_chain chain;
	owned_endorsement_key ek = { 0 };
	struct ek_order order = ek_order_of(EK_AUTO, TEMPLATE_NONE);

	if (endorsement_key_choose(tpm, &order, &ek) == FAULT_NONE) {
		demand_row_of(&ek.area, ek.template, true);
		must_hold(ek.certificate_len <= sizeof(ek.certificate));
	}
	if (ek_chain_read(tpm, &chain) == FAULT_NONE)
		must_hold(chain.count <= EK_CHAIN_COUNT_MAX);
}

/* ---- the identity key ---- */

void drive_identity_key(struct tpm *tpm)
{
	static const struct identity_key_wish wish = { .template = TEMPLATE_NONE };
	struct state state = { 0 };
	owned_identity_key ik = { 0 };
	struct directory *folder = folder_empty(tpm->failure);
	struct signature signature;

	if (identity_key_open(tpm, folder, &wish, &state, &ik) != FAULT_NONE)
		return;
	demand_row_of(&ik.file.area, ik.file.template, false);
	must_hold(ik.file.template->template == TEMPLATE_IK_P256_NODA);
	if (identity_key_sign(tpm, &ik, BYTES_OF_LITERAL("message"), &signature) == FAULT_NONE)
		must_hold(signature.len <= sizeof(signature.data));
}

/* ---- activation ---- */

static bool open_ek(struct tpm *tpm, struct endorsement_key *ek)
{
	struct tpmt_public public;

	if (tpm_persistent_open(tpm, DRIVE_EK_HANDLE, &ek->object, &ek->area) != FAULT_NONE ||
			tpm2b_public_read(tpm_area_bytes(&ek->area), &public) != FAULT_NONE)
		return false;
	ek->template = template_of(&public, true);
	return ek->template != NULL;
}

void drive_activation(struct tpm *tpm, struct bytes credential)
{
	owned_endorsement_key ek = { 0 };
	owned_identity_key ik = { 0 };
	owned_secret ticket = { 0 };

	if (!open_ek(tpm, &ek) ||
			tpm_persistent_open(tpm, DRIVE_IK_HANDLE, &ik.object, &ik.file.area) !=
				FAULT_NONE)
		return;
	if (credential_activate(tpm, &ek, &ik, credential, &ticket) == FAULT_NONE)
		must_hold(ticket.len == TICKET_SIZE);
}
