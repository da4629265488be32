#include "certificate_check.h"

#include "certificate_file.h"
#include "owned.h"
#include "public_key.h"

#include <openssl/evp.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { DAY_S = 86400 };

OWNED_TYPE(EVP_PKEY, EVP_PKEY_free)
OWNED_TYPE(X509_STORE_CTX, X509_STORE_CTX_free)

static bool has_key(const X509 *certificate, const struct tpm_key *ik)
{
	owned(EVP_PKEY) *public = NULL;
	EVP_PKEY *certified = X509_get0_pubkey(certificate);

	return certified != NULL && public_key_open(ik, &public) == FAULT_NONE &&
		EVP_PKEY_eq(certified, public) == 1;
}

static bool check_key(X509 *certificate, const struct certificate_expectation *expected)
{
	return has_key(certificate, expected->ik);
}

/* A proof of possession in the world's own terms: whoever shows this certificate can sign. */
static bool check_possession(X509 *certificate, const struct certificate_expectation *expected)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);

	return key != NULL && signature_is_valid(key, expected->proof_hash, expected->proof,
				      expected->proof_signature);
}

/* X.520, 6.2.9: exactly one serialNumber, and it is ours. */
static bool check_serial(X509 *certificate, const struct certificate_expectation *expected)
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	int i = X509_NAME_get_index_by_NID(subject, NID_serialNumber, -1);

	if (i < 0 || X509_NAME_get_index_by_NID(subject, NID_serialNumber, i) >= 0)
		return false;
	const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i));
	return bytes_equal(
		bytes_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)),
		bytes_of_string(expected->serial));
}

/* RFC 5280, 4.2.1.9: whatever keyUsage says, which X509_check_ca would let decide. */
static bool check_not_ca(X509 *certificate, const struct certificate_expectation *expected)
{
	(void)expected;
	return (X509_get_extension_flags(certificate) & EXFLAG_CA) == 0 &&
		X509_check_ca(certificate) == 0;
}

/* RFC 5280, 4.2.1.3: present, with digitalSignature, without keyCertSign. */
static bool check_key_usage(X509 *certificate, const struct certificate_expectation *expected)
{
	uint32_t usage = X509_get_key_usage(certificate);

	(void)expected;
	return usage != UINT32_MAX && (usage & KU_DIGITAL_SIGNATURE) != 0 &&
		(usage & KU_KEY_CERT_SIGN) == 0;
}

/* RFC 5280, 4.2.1.12: present, with clientAuth. */
static bool check_extended_key_usage(
	X509 *certificate, const struct certificate_expectation *expected)
{
	uint32_t usage = X509_get_extended_key_usage(certificate);

	(void)expected;
	return usage != UINT32_MAX && (usage & XKU_SSL_CLIENT) != 0;
}

static bool check_begin(X509 *certificate, const struct certificate_expectation *expected)
{
	time_t not_before = certificate_time(X509_get0_notBefore(certificate));

	return not_before >= 0 && not_before <= expected->now + DAY_S;
}

static bool check_end(X509 *certificate, const struct certificate_expectation *expected)
{
	return certificate_time(X509_get0_notAfter(certificate)) > expected->now;
}

/* A CA that was set back, or somebody in its place, does not take a newer certificate away. */
static bool check_not_older(X509 *certificate, const struct certificate_expectation *expected)
{
	return expected->installed == NULL ||
		certificate_time(X509_get0_notBefore(certificate)) >=
		certificate_time(X509_get0_notBefore(expected->installed));
}

/* RFC 8446, 4.4.2: what a peer is shown, each certifying the one before; nothing else among it. */
static bool check_chain(X509 *certificate, const struct certificate_expectation *expected)
{
	X509 *subject = certificate;

	for (int i = 0; i < sk_X509_num(expected->chain); i++) {
		X509 *issuer = sk_X509_value(expected->chain, i);
		if (X509_check_issued(issuer, subject) != X509_V_OK ||
			X509_verify(subject, X509_get0_pubkey(issuer)) != 1)
			return false;
		subject = issuer;
	}
	return true;
}

/*
 * RFC 5280, 6.1, to the anchors that were given at the device's installation. At the certificate's
 * own beginning where our clock is a little behind the CA's: check_begin bounds by how much.
 */
static bool check_path(X509 *certificate, const struct certificate_expectation *expected)
{
	owned(X509_STORE_CTX) *context = X509_STORE_CTX_new();
	time_t not_before = certificate_time(X509_get0_notBefore(certificate));

	if (context == NULL ||
		X509_STORE_CTX_init(context, expected->anchors, certificate, expected->chain) != 1)
		return false;
	/* Clause 6.1.1 (d): an anchor is one because it was given, not because it signed itself. */
	X509_STORE_CTX_set_flags(context, X509_V_FLAG_PARTIAL_CHAIN);
	X509_STORE_CTX_set_time(
		context, 0, not_before > expected->now ? not_before : expected->now);
	return X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT) == 1 &&
		X509_verify_cert(context) == 1;
}

static const struct {
	bool (*holds)(X509 *, const struct certificate_expectation *);
	const char *rule;
} rules[] = {
	{ check_key, "its key is this device's identity key" },
	{ check_possession, "a signature of this TPM verifies with it" },
	{ check_serial, "its serialNumber is this device's" },
	{ check_not_ca, "it is not a CA's" },
	{ check_key_usage, "its keyUsage is digitalSignature" },
	{ check_extended_key_usage, "its extendedKeyUsage has clientAuth" },
	{ check_begin, "its validity has begun" },
	{ check_end, "its validity has not ended" },
	{ check_not_older, "it is not older than the one that is installed" },
	{ check_chain, "each certificate of its chain has issued the one before" },
	{ check_path, "it leads to the CA's certificate that was given by --ca-cert" },
};

const char *certificate_check(X509 *certificate, const struct certificate_expectation *expected)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (!rules[i].holds(certificate, expected))
			return rules[i].rule;
	return NULL;
}

bool certificate_is_usable(const X509 *certificate, const struct tpm_key *ik, time_t now)
{
	return has_key(certificate, ik) && certificate_time(X509_get0_notAfter(certificate)) > now;
}
