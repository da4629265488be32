#include "judgement.h"

#include "key_gates.h"

static bool is_rsa(const struct judged_key *key)
{
	return key->row->type == TPM_ALG_RSA;
}

static struct bytes modulus_of(const struct judged_key *key)
{
	return bytes_of(key->key.a, key->key.a_len);
}

static bool has_no_small_factor(const struct judged_key *key)
{
	return !is_rsa(key) || key_gate_has_no_small_factor(modulus_of(key));
}

static bool is_not_roca(const struct judged_key *key)
{
	return !is_rsa(key) || key_gate_is_not_roca(modulus_of(key));
}

static bool is_not_close_primes(const struct judged_key *key)
{
	return !is_rsa(key) || key_gate_is_not_close_primes(modulus_of(key));
}

static bool is_on_curve(const struct judged_key *key)
{
	return is_rsa(key) || key_gate_is_on_curve(key->row->key_bits,
		bytes_of(key->key.a, key->key.a_len), bytes_of(key->key.b, key->key.b_len));
}

bool check_ik_number(struct judgement *judgement, struct refusal *refusal)
{
	if (has_no_small_factor(&judgement->ik))
		return true;
	refusal_set(refusal, CHECK_IK_NUMBER,
		"ikPublic: the modulus is even or has a factor below 1000");
	return false;
}

bool check_ek_number(struct judgement *judgement, struct refusal *refusal)
{
	if (has_no_small_factor(&judgement->ek))
		return true;
	refusal_set(refusal, CHECK_EK_NUMBER,
		"ekPublic: the modulus is even or has a factor below 1000");
	return false;
}

bool check_ik_roca(struct judgement *judgement, struct refusal *refusal)
{
	if (is_not_roca(&judgement->ik))
		return true;
	refusal_set(refusal, CHECK_IK_ROCA, "ikPublic: the modulus is of the ROCA form");
	return false;
}

bool check_ek_roca(struct judgement *judgement, struct refusal *refusal)
{
	if (is_not_roca(&judgement->ek))
		return true;
	refusal_set(refusal, CHECK_EK_ROCA, "ekPublic: the modulus is of the ROCA form");
	return false;
}

bool check_ik_fermat(struct judgement *judgement, struct refusal *refusal)
{
	if (is_not_close_primes(&judgement->ik))
		return true;
	refusal_set(refusal, CHECK_IK_FERMAT, "ikPublic: the modulus falls to Fermat's method");
	return false;
}

bool check_ek_fermat(struct judgement *judgement, struct refusal *refusal)
{
	if (is_not_close_primes(&judgement->ek))
		return true;
	refusal_set(refusal, CHECK_EK_FERMAT, "ekPublic: the modulus falls to Fermat's method");
	return false;
}

bool check_ik_point(struct judgement *judgement, struct refusal *refusal)
{
	if (is_on_curve(&judgement->ik))
		return true;
	refusal_set(refusal, CHECK_IK_POINT, "ikPublic: the point is not on %s",
		judgement->ik.row->name);
	return false;
}

bool check_ek_point(struct judgement *judgement, struct refusal *refusal)
{
	if (is_on_curve(&judgement->ek))
		return true;
	refusal_set(refusal, CHECK_EK_POINT,
		"ekPublic: the point is not on its curve (template %s)", judgement->ek.row->name);
	return false;
}
