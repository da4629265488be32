#ifndef VERIFIER_JUDGEMENT_H
#define VERIFIER_JUDGEMENT_H

#include "check.h"
#include "csr.h"
#include "ek_certificate.h"
#include "message.h"
#include "policy.h"
#include "templates.h"
#include "tpmt_public.h"
#include "trust.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * judgement: one request's evidence under judgement. Each check reads its part once and leaves
 * here what it found; those after it, and the facts, take it from here and never from the request's
 * octets again. What a field holds is worth nothing before the check that fills it has held.
 */
struct judged_key {
	bool is_supported;              /* IK_, EK_PUBLIC_READ: RSA or ECC, and area is filled */
	struct tpmt_public area;
	const struct template_row *row; /* IK_KEY_SIZE, EK_TEMPLATE */
	struct tpm_key key;             /* IK_KEY_SIZE, EK_KEY_SIZE; and this */
	uint8_t id[32];
	bool has_id;
};

struct judgement {
	const struct policy *policy;
	const struct evidence *evidence;
	int64_t now_s;

	struct judged_key ik, ek;
	struct csr csr;                 /* CSR_FORM */
	bool has_extension_request;     /* CSR_ATTRIBUTES: it is ignored */
	struct signature_algorithm csr_algorithm; /* CSR_ALGORITHM */
	struct bytes serial_octets;     /* CSR_SUBJECT */
	char serial[SERIAL_MAX + 1];    /* SERIAL_FORM */
	X509 *ek_certificate;           /* EK_CERTIFICATE_KEY; owned */
	struct trust_path path;         /* EK_CERTIFICATE_CHAIN */
	bool is_past_not_after;         /* EK_CERTIFICATE_TIME, with expiry = warn */
};

/*
 * One check: true where it holds, or does not apply under the policy (its code says so). Else
 * false, with the refusal set to it.
 */
typedef bool evidence_check(struct judgement *, struct refusal *);

/* evidence_checks_request.c: what frames the evidence. */
evidence_check check_header_form, check_profile_known, check_ek_chain_der;

/* evidence_checks_ik.c */
evidence_check check_ik_public_read, check_ik_algorithms, check_ik_attributes, check_ik_key_size,
	check_ik_accepted, check_ik_is_not_ek, check_ik_is_not_ca;

/* evidence_checks_ek.c */
evidence_check check_ek_public_read, check_ek_template, check_ek_accepted, check_ek_key_size;

/* evidence_checks_number.c: the gates, once for each key. */
evidence_check check_ik_number, check_ik_roca, check_ik_fermat, check_ik_point;
evidence_check check_ek_number, check_ek_roca, check_ek_fermat, check_ek_point;

/* evidence_checks_csr.c */
evidence_check check_csr_der, check_csr_form, check_csr_attributes, check_csr_algorithm,
	check_csr_key, check_csr_subject, check_csr_signature;
evidence_check check_serial_form, check_serial_pattern, check_serial_is_ek_id;

/* evidence_checks_ek_certificate.c */
evidence_check check_ek_certificate_present, check_ek_certificate_der, check_ek_certificate_key,
	check_ek_certificate_not_ca, check_ek_certificate_key_usage, check_ek_certificate_chain,
	check_ek_certificate_algorithm, check_ek_certificate_eku, check_ek_certificate_time,
	check_ek_certificate_manufacturer, check_ek_certificate_revoked;

#endif
