#include "judgement.h"

#include "public_key.h"

enum { IK_ATTRIBUTES = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
	TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_SIGN };
enum { IK_ATTRIBUTES_NODA = IK_ATTRIBUTES | TPMA_OBJECT_NODA };
enum { RSA_KEY_BITS_ANY = 2048 }; /* stands for every size while the rest is compared */

/*
 * TPM 2.0 Part 2, 12.2.5. A type that we do not know ends the reading without a fault of form; it
 * has no template, which is the next check's to say.
 */
bool check_ik_public_read(struct judgement *judgement, struct refusal *refusal)
{
	enum fault fault = tpm2b_public_read(judgement->evidence->ik_public, &judgement->ik.area);

	judgement->ik.is_supported = fault == FAULT_NONE;
	if (fault == FAULT_NONE || fault == FAULT_UNSUPPORTED)
		return true;
	refusal_set(refusal, CHECK_IK_PUBLIC_READ, "ikPublic: %s", fault_text(fault));
	return false;
}

/* All but the attributes and an RSA key's size, which have checks of their own. */
bool check_ik_algorithms(struct judgement *judgement, struct refusal *refusal)
{
	struct tpmt_public area = judgement->ik.area;

	area.object_attributes = IK_ATTRIBUTES;
	if (area.type == TPM_ALG_RSA)
		area.rsa.key_bits = RSA_KEY_BITS_ANY;
	if (!judgement->ik.is_supported) {
		refusal_set(refusal, CHECK_IK_ALGORITHMS, "ikPublic: neither RSA nor ECC");
		return false;
	}
	if (template_of(&area, false) != NULL)
		return true;
	refusal_set(refusal, CHECK_IK_ALGORITHMS,
		"type %04x, nameAlg %04x, symmetric %04x, scheme %04x, authPolicy of %zu octets",
		area.type, area.name_alg, area.symmetric, area.scheme, area.auth_policy.len);
	return false;
}

/* By equality: a bit that nobody has thought of is as bad as a missing one. */
bool check_ik_attributes(struct judgement *judgement, struct refusal *refusal)
{
	uint32_t attributes = judgement->ik.area.object_attributes;

	if (attributes == IK_ATTRIBUTES || attributes == IK_ATTRIBUTES_NODA)
		return true;
	refusal_set(refusal, CHECK_IK_ATTRIBUTES, "objectAttributes %08x", attributes);
	return false;
}

bool check_ik_key_size(struct judgement *judgement, struct refusal *refusal)
{
	struct judged_key *ik = &judgement->ik;
	bool is_rsa = ik->area.type == TPM_ALG_RSA;
	struct bytes a = is_rsa ? ik->area.rsa.modulus : ik->area.ecc.x;
	struct bytes b = is_rsa ? bytes_of(NULL, 0) : ik->area.ecc.y;

	ik->row = template_of(&ik->area, false);
	if (ik->row == NULL || !template_numbers_fit(ik->row, a, b)) {
		refusal_set(refusal, CHECK_IK_KEY_SIZE,
			"keyBits or curve %u, numbers of %zu and %zu octets",
			is_rsa ? ik->area.rsa.key_bits : ik->area.ecc.curve_id, a.len, b.len);
		return false;
	}
	ik->key = tpm_key_of(ik->row, &ik->area);
	ik->has_id = key_id(&ik->key, ik->id) == FAULT_NONE;
	return true;
}

bool check_ik_accepted(struct judgement *judgement, struct refusal *refusal)
{
	const struct template_row *row = judgement->ik.row;

	if ((judgement->policy->configuration.identity_key_accept >> row->template & 1) != 0)
		return true;
	refusal_set(refusal, CHECK_IK_ACCEPTED, "template %s, objectAttributes %08x", row->name,
		row->object_attributes);
	return false;
}

static bool is_same_number(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return bytes_equal(bytes_without_leading_zeros(bytes_of(a, a_len)),
		bytes_without_leading_zeros(bytes_of(b, b_len)));
}

/* TPM 2.0 Part 3, 12.5: the two are different objects; as numbers, whatever their attributes. */
bool check_ik_is_not_ek(struct judgement *judgement, struct refusal *refusal)
{
	const struct tpm_key *ik = &judgement->ik.key, *ek = &judgement->ek.key;

	if (!is_same_number(ik->a, ik->a_len, ek->a, ek->a_len) ||
			!is_same_number(ik->b, ik->b_len, ek->b, ek->b_len))
		return true;
	refusal_set(refusal, CHECK_IK_IS_NOT_EK, "ikPublic and ekPublic have one key");
	return false;
}

bool check_ik_is_not_ca(struct judgement *judgement, struct refusal *refusal)
{
	if (judgement->ik.has_id && !policy_has_issuer_key(judgement->policy, judgement->ik.id))
		return true;
	refusal_set(refusal, CHECK_IK_IS_NOT_CA, "ikPublic is a key that issues certificates");
	return false;
}
