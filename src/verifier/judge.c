#include "judge.h"

#include "judgement.h"
#include "memory_watch.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

struct check_entry {
	enum check check;
	evidence_check *holds;
};

/*
 * In the order in which they are asked: first what costs a comparison, then arithmetic on the two
 * keys, then the CSR's signature, and only after this proof the EK certificate and its path.
 * A later check may rely on every earlier one.
 */
static const struct check_entry table[] = {
	{ CHECK_HEADER_FORM, check_header_form },
	{ CHECK_PROFILE_KNOWN, check_profile_known },
	{ CHECK_CSR_DER, check_csr_der },
	{ CHECK_EK_CHAIN_DER, check_ek_chain_der },
	{ CHECK_IK_PUBLIC_READ, check_ik_public_read },
	{ CHECK_EK_PUBLIC_READ, check_ek_public_read },

	{ CHECK_IK_ALGORITHMS, check_ik_algorithms },
	{ CHECK_IK_ATTRIBUTES, check_ik_attributes },
	{ CHECK_IK_KEY_SIZE, check_ik_key_size },
	{ CHECK_IK_ACCEPTED, check_ik_accepted },
	{ CHECK_EK_TEMPLATE, check_ek_template },
	{ CHECK_EK_ACCEPTED, check_ek_accepted },
	{ CHECK_EK_KEY_SIZE, check_ek_key_size },
	{ CHECK_EK_CERTIFICATE_PRESENT, check_ek_certificate_present },

	{ CHECK_CSR_FORM, check_csr_form },
	{ CHECK_CSR_ATTRIBUTES, check_csr_attributes },
	{ CHECK_CSR_ALGORITHM, check_csr_algorithm },
	{ CHECK_CSR_KEY, check_csr_key },
	{ CHECK_CSR_SUBJECT, check_csr_subject },
	{ CHECK_SERIAL_FORM, check_serial_form },
	{ CHECK_SERIAL_PATTERN, check_serial_pattern },
	{ CHECK_SERIAL_IS_EK_ID, check_serial_is_ek_id },

	{ CHECK_IK_IS_NOT_EK, check_ik_is_not_ek },
	{ CHECK_IK_IS_NOT_CA, check_ik_is_not_ca },
	{ CHECK_IK_NUMBER, check_ik_number },
	{ CHECK_EK_NUMBER, check_ek_number },
	{ CHECK_IK_ROCA, check_ik_roca },
	{ CHECK_EK_ROCA, check_ek_roca },
	{ CHECK_IK_POINT, check_ik_point },
	{ CHECK_EK_POINT, check_ek_point },
	{ CHECK_IK_FERMAT, check_ik_fermat },
	{ CHECK_EK_FERMAT, check_ek_fermat },

	{ CHECK_CSR_SIGNATURE, check_csr_signature },

	{ CHECK_EK_CERTIFICATE_DER, check_ek_certificate_der },
	{ CHECK_EK_CERTIFICATE_KEY, check_ek_certificate_key },
	{ CHECK_EK_CERTIFICATE_NOT_CA, check_ek_certificate_not_ca },
	{ CHECK_EK_CERTIFICATE_KEY_USAGE, check_ek_certificate_key_usage },
	{ CHECK_EK_CERTIFICATE_CHAIN, check_ek_certificate_chain },
	{ CHECK_EK_CERTIFICATE_ALGORITHM, check_ek_certificate_algorithm },
	{ CHECK_EK_CERTIFICATE_EKU, check_ek_certificate_eku },
	{ CHECK_EK_CERTIFICATE_TIME, check_ek_certificate_time },
	{ CHECK_EK_CERTIFICATE_MANUFACTURER, check_ek_certificate_manufacturer },
	{ CHECK_EK_CERTIFICATE_REVOKED, check_ek_certificate_revoked },
};

/* The header's form has no bit: the authority looks at the header anyway. */
static uint64_t bit_of(enum check check)
{
	return check < 64 ? UINT64_C(1) << check : 0;
}

/* Asks every check in turn; false at the first that does not hold. */
static bool ask_all(struct judgement *judgement, uint64_t *mask, struct refusal *refusal)
{
	*mask = 0;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!table[i].holds(judgement, refusal))
			return false;
		*mask |= bit_of(table[i].check);
	}
	return true;
}

static bool digest(struct bytes octets, uint8_t out[32])
{
	return EVP_Digest(octets.data, octets.len, out, NULL, EVP_sha256(), NULL) == 1;
}

/* What the authority acts on: numbers and names that the checks left behind, and digests. */
static bool write_facts(const struct judgement *judgement, uint64_t mask, struct facts *facts)
{
	const struct evidence *evidence = judgement->evidence;

	*facts = (struct facts){ .act = evidence->act, .evidence_mask = mask,
		.ik = judgement->ik.key, .ek = judgement->ek.key,
		.has_ek_certificate = evidence->has_ek_certificate };
	memcpy(facts->fingerprint, judgement->policy->fingerprint, sizeof(facts->fingerprint));
	memcpy(facts->serial, judgement->serial, sizeof(facts->serial));
	memcpy(facts->profile, evidence->profile.data, evidence->profile.len);
	if (evidence->act == ACT_CERTIFICATE) {
		memcpy(facts->header, evidence->challenge.data, sizeof(facts->header));
		memcpy(facts->ticket, evidence->ticket.data, sizeof(facts->ticket));
	}
	return digest(evidence->csr, facts->csr_digest) && (!evidence->has_ek_certificate ||
		digest(evidence->ek_certificate, facts->ek_certificate_digest));
}

/* So that the operator can be told whose request it was. */
static void name_device(const struct judgement *judgement, struct refusal *refusal)
{
	memcpy(refusal->serial, judgement->serial, sizeof(refusal->serial));
	refusal->has_ek_id = judgement->ek.has_id;
	memcpy(refusal->ek_id, judgement->ek.id, sizeof(refusal->ek_id));
}

void judge(const struct policy *policy, const struct evidence *evidence, int64_t now_s,
	struct verdict *out)
{
	struct judgement judgement = { .policy = policy, .evidence = evidence, .now_s = now_s };
	struct verdict verdict = { 0 };
	uint64_t mask;

	memory_watch_begin();
	verdict.is_sound = ask_all(&judgement, &mask, &verdict.refusal);
	if (verdict.is_sound && !write_facts(&judgement, mask, &verdict.facts)) {
		verdict.is_sound = false;
		refusal_set(&verdict.refusal, CHECK_BACK_END, "the verifier made no digest");
	}
	if (memory_watch_has_failed()) {
		verdict.is_sound = false;
		refusal_set(&verdict.refusal, CHECK_BACK_END, "the verifier had no memory");
	}
	if (!verdict.is_sound)
		name_device(&judgement, &verdict.refusal);
	verdict.has_extension_request = judgement.has_extension_request;
	verdict.is_past_not_after = judgement.is_past_not_after;
	X509_free(judgement.ek_certificate);
	*out = verdict;
}
