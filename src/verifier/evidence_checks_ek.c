#include "judgement.h"

#include "public_key.h"

/* TPM 2.0 Part 2, 12.2.5; a type that we do not know is the next check's to refuse. */
bool check_ek_public_read(struct judgement *judgement, struct refusal *refusal)
{
	enum fault fault = tpm2b_public_read(judgement->evidence->ek_public, &judgement->ek.area);

	judgement->ek.is_supported = fault == FAULT_NONE;
	if (fault == FAULT_NONE || fault == FAULT_UNSUPPORTED)
		return true;
	refusal_set(refusal, CHECK_EK_PUBLIC_READ, "ekPublic: %s", fault_text(fault));
	return false;
}

/*
 * TCG EK Credential Profile 2.6, B.3 and B.4. One chip opens credentials for many encodings of its
 * EK's area; but for one of them nobody has promised what the key may be used for.
 */
bool check_ek_template(struct judgement *judgement, struct refusal *refusal)
{
	struct judged_key *ek = &judgement->ek;

	if (!ek->is_supported) {
		refusal_set(refusal, CHECK_EK_TEMPLATE, "ekPublic: neither RSA nor ECC");
		return false;
	}
	ek->row = template_of(&ek->area, true);
	if (ek->row != NULL)
		return true;
	refusal_set(refusal, CHECK_EK_TEMPLATE,
		"type %04x, nameAlg %04x, attributes %08x, authPolicy of %zu, symmetric %04x/%u",
		ek->area.type, ek->area.name_alg, ek->area.object_attributes,
		ek->area.auth_policy.len, ek->area.symmetric, ek->area.symmetric_key_bits);
	return false;
}

bool check_ek_accepted(struct judgement *judgement, struct refusal *refusal)
{
	const struct template_row *row = judgement->ek.row;

	if ((judgement->policy->configuration.accept >> row->template & 1) != 0)
		return true;
	refusal_set(refusal, CHECK_EK_ACCEPTED, "template %s", row->name);
	return false;
}

bool check_ek_key_size(struct judgement *judgement, struct refusal *refusal)
{
	struct judged_key *ek = &judgement->ek;
	bool is_rsa = ek->area.type == TPM_ALG_RSA;
	struct bytes a = is_rsa ? ek->area.rsa.modulus : ek->area.ecc.x;
	struct bytes b = is_rsa ? bytes_of(NULL, 0) : ek->area.ecc.y;

	if (template_numbers_fit(ek->row, a, b)) {
		ek->key = tpm_key_of(ek->row, &ek->area);
		ek->has_id = key_id(&ek->key, ek->id) == FAULT_NONE;
		return true;
	}
	refusal_set(refusal, CHECK_EK_KEY_SIZE, "template %s, numbers of %zu and %zu octets",
		ek->row->name, a.len, b.len);
	return false;
}
