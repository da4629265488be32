#include "judgement.h"

#include "der.h"

/* The header is the authority's to read; here it only must have the size that facts have for it. */
bool check_header_form(struct judgement *judgement, struct refusal *refusal)
{
	size_t len = judgement->evidence->challenge.len;

	if (judgement->evidence->act != ACT_CERTIFICATE || len == CHALLENGE_HEADER_SIZE)
		return true;
	refusal_set(refusal, CHECK_HEADER_FORM, "challenge has %zu octets, not %d", len,
		CHALLENGE_HEADER_SIZE);
	return false;
}

/* Protocol, HTTP: profile. */
bool check_profile_known(struct judgement *judgement, struct refusal *refusal)
{
	struct bytes name = judgement->evidence->profile;
	const struct configuration *configuration = &judgement->policy->configuration;

	for (size_t i = 0; i < configuration->profile_count; i++) {
		if (bytes_equal(name, bytes_of_string(configuration->profiles[i].name)))
			return true;
	}
	refusal_set(refusal, CHECK_PROFILE_KNOWN, "profile %.*s", (int)name.len,
		(const char *)name.data);
	return false;
}

/*
 * X.690, 8.1.3: the frame alone, for a hint is read only when a path needs it. With trust =
 * manifest the certificate is never a reason to refuse, and neither is its chain.
 */
bool check_ek_chain_der(struct judgement *judgement, struct refusal *refusal)
{
	const struct evidence *evidence = judgement->evidence;

	if (judgement->policy->configuration.trust == TRUST_MANIFEST)
		return true;
	for (size_t i = 0; i < evidence->ek_chain_count; i++) {
		enum fault fault = der_check_framing(evidence->ek_chain[i]);

		if (fault == FAULT_NONE)
			continue;
		refusal_set(refusal, CHECK_EK_CHAIN_DER, "ekChain[%zu]: %s", i, fault_text(fault));
		return false;
	}
	return true;
}
