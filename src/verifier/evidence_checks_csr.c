#include "judgement.h"

#include "der.h"
#include "encoding.h"
#include "memory_watch.h"
#include "owned.h"
#include "public_key.h"

#include <openssl/evp.h>

OWNED_TYPE(EVP_PKEY, EVP_PKEY_free)

enum { SERIAL_OF_EK_ID_LEN = 40 };

/* X.690, 10 and 11: one encoding for one CSR. OpenSSL would take four. */
bool check_csr_der(struct judgement *judgement, struct refusal *refusal)
{
	enum fault fault = der_check_strict(judgement->evidence->csr);

	if (fault == FAULT_NONE)
		return true;
	refusal_set(refusal, CHECK_CSR_DER, "csr: %s", fault_text(fault));
	return false;
}

/* RFC 2986, 4.1 and 4.2. */
bool check_csr_form(struct judgement *judgement, struct refusal *refusal)
{
	enum fault fault = csr_read(judgement->evidence->csr, &judgement->csr);

	if (fault != FAULT_NONE) {
		refusal_set(refusal, CHECK_CSR_FORM, "csr is no CertificationRequest: %s",
			fault_text(fault));
		return false;
	}
	if (csr_is_version_1(&judgement->csr))
		return true;
	refusal_set(refusal, CHECK_CSR_FORM, "csr has a version other than 0");
	return false;
}

/* RFC 2986, 4.1. What an extensionRequest asks for is neither read nor granted. */
bool check_csr_attributes(struct judgement *judgement, struct refusal *refusal)
{
	bool is_empty;

	if (csr_has_only_extension_requests(&judgement->csr, &is_empty)) {
		judgement->has_extension_request = !is_empty;
		return true;
	}
	refusal_set(refusal, CHECK_CSR_ATTRIBUTES,
		"csr has an attribute that is no extensionRequest");
	return false;
}

bool check_csr_algorithm(struct judgement *judgement, struct refusal *refusal)
{
	bool is_rsa_key = judgement->ik.row->type == TPM_ALG_RSA;
	enum fault fault = signature_algorithm_read(judgement->csr.signature_algorithm,
		&judgement->csr_algorithm);

	if (fault != FAULT_NONE) {
		refusal_set(refusal, CHECK_CSR_ALGORITHM,
			"csr: not one of the accepted algorithms");
		return false;
	}
	if (judgement->csr_algorithm.is_rsa == is_rsa_key)
		return true;
	refusal_set(refusal, CHECK_CSR_ALGORITHM, "csr: an algorithm of another type of key");
	return false;
}

/* The same octets, not only the same key: no curve spelt out, no compressed point. */
bool check_csr_key(struct judgement *judgement, struct refusal *refusal)
{
	uint8_t spki[SPKI_MAX];
	struct writer w = WRITER_OF_ARRAY(spki);
	struct bytes written;

	spki_write(&w, &judgement->ik.key);
	if (writer_end(&w, &written) == FAULT_NONE && bytes_equal(written, judgement->csr.spki))
		return true;
	refusal_set(refusal, CHECK_CSR_KEY, "csr and ikPublic have different keys");
	return false;
}

/* X.520, 6.2.9. */
bool check_csr_subject(struct judgement *judgement, struct refusal *refusal)
{
	enum fault fault = csr_serial_number(&judgement->csr, &judgement->serial_octets);

	if (fault == FAULT_NONE)
		return true;
	refusal_set(refusal, CHECK_CSR_SUBJECT, "%s", fault == FAULT_NOT_FOUND ?
		"the subject has no serialNumber" :
		"serialNumber stands twice, shares its RDN, or is of another string type");
	return false;
}

bool check_serial_form(struct judgement *judgement, struct refusal *refusal)
{
	struct bytes serial = judgement->serial_octets;

	if (serial_is_well_formed(serial)) {
		memcpy(judgement->serial, serial.data, serial.len);
		judgement->serial[serial.len] = '\0';
		return true;
	}
	refusal_set(refusal, CHECK_SERIAL_FORM, "serialNumber of %zu octets: %.*s", serial.len,
		(int)serial.len, (const char *)serial.data);
	return false;
}

bool check_serial_pattern(struct judgement *judgement, struct refusal *refusal)
{
	const struct policy *policy = judgement->policy;
	int result = !policy->has_serial_pattern ? 0 :
		regexec(&policy->serial_pattern, judgement->serial, 0, NULL, 0);

	if (result == 0)
		return true;
	if (result == REG_ESPACE)
		memory_watch_note();
	refusal_set(refusal, CHECK_SERIAL_PATTERN, "serial %s", judgement->serial);
	return false;
}

/* With the other bindings it is the store that says whose serial it is. */
bool check_serial_is_ek_id(struct judgement *judgement, struct refusal *refusal)
{
	char expected[HEX_CAPACITY(32)];

	if (judgement->policy->configuration.binding != BINDING_ENDORSEMENT)
		return true;
	hex_encode(BYTES_OF_ARRAY(judgement->ek.id), expected, sizeof(expected));
	for (size_t i = 0; i < SERIAL_OF_EK_ID_LEN; i++) {
		if (expected[i] >= 'a')
			expected[i] = (char)(expected[i] - 'a' + 'A');
	}
	expected[SERIAL_OF_EK_ID_LEN] = '\0';
	if (judgement->ek.has_id && strcmp(judgement->serial, expected) == 0)
		return true;
	refusal_set(refusal, CHECK_SERIAL_IS_EK_ID, "serial %s, the EK's is %s", judgement->serial,
		expected);
	return false;
}

/* RFC 2986, 4.2, step 2: proof that the requester can use the IK. The gates have passed by now. */
bool check_csr_signature(struct judgement *judgement, struct refusal *refusal)
{
	const struct csr *csr = &judgement->csr;
	owned(EVP_PKEY) *key = NULL;

	if (public_key_open(&judgement->ik.key, &key) == FAULT_NONE &&
			signature_is_valid(&judgement->csr_algorithm, key, csr->tbs,
				csr->signature))
		return true;
	refusal_set(refusal, CHECK_CSR_SIGNATURE, "the signature is not the IK's over this csr");
	return false;
}
