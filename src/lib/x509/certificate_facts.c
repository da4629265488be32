#include "certificate_facts.h"

#include "der.h"
#include "owned.h"
#include "spki_gate.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

OWNED_TYPE(X509, X509_free)
OWNED_TYPE(BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free)
OWNED_TYPE(ASN1_BIT_STRING, ASN1_BIT_STRING_free)
OWNED_TYPE(EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free)
OWNED_TYPE(ASN1_TIME, ASN1_TIME_free)

/* tcg-kp-EKCertificate, 2.23.133.8.1. */
static const uint8_t tcg_kp_ek_certificate[] = { 0x67, 0x81, 0x05, 0x08, 0x01 };

enum fault certificate_open(struct bytes der, X509 **out)
{
	enum fault fault = der_check_framing(der);
	const uint8_t *end = der.data;

	if (fault != FAULT_NONE)
		return fault;
	owned(X509) *certificate = d2i_X509(NULL, &end, (long)der.len);
	ERR_clear_error();
	if (certificate == NULL || end != der.data + der.len)
		return FAULT_INVALID;
	*out = owned_take(certificate);
	return FAULT_NONE;
}

enum fault certificate_open_sent(struct bytes der, X509 **out)
{
	enum fault fault = der_check_framing(der);

	if (fault == FAULT_NONE)
		fault = spki_gate(der);
	return fault != FAULT_NONE ? fault : certificate_open(der, out);
}

/* X509_get_ext_d2i says -1 where the extension is absent, -2 where it stands twice. */
static enum presence presence_of(const void *extension, int critical)
{
	ERR_clear_error();
	if (extension != NULL)
		return EXTENSION_PRESENT;
	return critical == -1 ? EXTENSION_ABSENT : EXTENSION_INVALID;
}

struct basic_constraints certificate_basic_constraints(const X509 *certificate)
{
	int critical;
	owned(BASIC_CONSTRAINTS) *extension =
		X509_get_ext_d2i(certificate, NID_basic_constraints, &critical, NULL);
	struct basic_constraints out = { .presence = presence_of(extension, critical) };

	if (extension == NULL)
		return out;
	out.is_ca = extension->ca != 0;
	out.has_path_len = extension->pathlen != NULL;
	/* One that no long holds is -1, as a negative one: less than any path needs. */
	if (out.has_path_len)
		out.path_len = ASN1_INTEGER_get(extension->pathlen);
	return out;
}

struct key_usage certificate_key_usage(const X509 *certificate)
{
	int critical;
	owned(ASN1_BIT_STRING) *extension =
		X509_get_ext_d2i(certificate, NID_key_usage, &critical, NULL);
	struct key_usage out = { .presence = presence_of(extension, critical) };

	if (extension == NULL)
		return out;
	const uint8_t *octets = ASN1_STRING_get0_data(extension);
	int len = ASN1_STRING_length(extension);

	if (len > 0)
		out.bits = octets[0];
	if (len > 1)
		out.bits |= (uint32_t)octets[1] << 8;
	return out;
}

struct extended_key_usage certificate_extended_key_usage(const X509 *certificate)
{
	int critical;
	owned(EXTENDED_KEY_USAGE) *extension =
		X509_get_ext_d2i(certificate, NID_ext_key_usage, &critical, NULL);
	struct extended_key_usage out = { .presence = presence_of(extension, critical) };

	for (int i = 0; i < sk_ASN1_OBJECT_num(extension); i++) {
		const ASN1_OBJECT *purpose = sk_ASN1_OBJECT_value(extension, i);
		struct bytes id = bytes_of(OBJ_get0_data(purpose), OBJ_length(purpose));

		out.has_any |= OBJ_obj2nid(purpose) == NID_anyExtendedKeyUsage;
		out.has_ek_certificate |= bytes_equal(id, BYTES_OF_ARRAY(tcg_kp_ek_certificate));
	}
	return out;
}

/* Read here, or about policies and places, which bind nobody who does not ask for them. */
static bool is_known(const X509_EXTENSION *extension)
{
	static const int known[] = {
		NID_basic_constraints, NID_key_usage, NID_ext_key_usage, NID_subject_alt_name,
		NID_certificate_policies, NID_policy_constraints, NID_inhibit_any_policy,
		NID_policy_mappings, NID_crl_distribution_points,
	};
	int nid = OBJ_obj2nid(X509_EXTENSION_get_object((X509_EXTENSION *)(uintptr_t)extension));

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (nid == known[i])
			return true;
	}
	return false;
}

bool certificate_has_unknown_critical(const X509 *certificate)
{
	for (int i = 0; i < X509_get_ext_count(certificate); i++) {
		const X509_EXTENSION *extension = X509_get_ext(certificate, i);

		if (X509_EXTENSION_get_critical(extension) && !is_known(extension))
			return true;
	}
	return false;
}

static enum signature_strength strength_of_hash(int hash)
{
	if (hash == NID_sha256 || hash == NID_sha384 || hash == NID_sha512)
		return SIGNATURE_SHA2;
	return hash == NID_sha1 ? SIGNATURE_SHA1 : SIGNATURE_OTHER;
}

/* RSASSA-PSS names its hash in its parameters; OpenSSL reads them. */
static enum signature_strength strength_of_pss(const X509 *certificate)
{
	int hash = NID_undef;

	if (X509_get_signature_info((X509 *)(uintptr_t)certificate, &hash, NULL, NULL, NULL) != 1) {
		ERR_clear_error();
		return SIGNATURE_OTHER;
	}
	return strength_of_hash(hash);
}

enum signature_strength certificate_signature_strength(const X509 *certificate)
{
	int signature = X509_get_signature_nid(certificate);
	int hash = NID_undef, key = NID_undef;

	if (signature == NID_rsassaPss)
		return strength_of_pss(certificate);
	if (OBJ_find_sigid_algs(signature, &hash, &key) != 1 ||
			(key != NID_rsaEncryption && key != NID_X9_62_id_ecPublicKey))
		return SIGNATURE_OTHER;
	return strength_of_hash(hash);
}

/* RFC 5280, 4.1.2.5.1 and 4.1.2.5.2: whole seconds, in Z. OpenSSL reads fractions as well. */
static bool is_certificate_time(const ASN1_TIME *time)
{
	return ASN1_STRING_length(time) == (ASN1_STRING_type(time) == V_ASN1_UTCTIME ?
		(int)strlen("YYMMDDHHMMSSZ") : (int)strlen("YYYYMMDDHHMMSSZ"));
}

static bool seconds_of(const ASN1_TIME *time, int64_t *out)
{
	owned(ASN1_TIME) *epoch = ASN1_TIME_set(NULL, 0);
	int days, seconds;

	if (epoch == NULL || !is_certificate_time(time) ||
			ASN1_TIME_diff(&days, &seconds, epoch, time) != 1)
		return false;
	*out = (int64_t)days * 86400 + seconds;
	return true;
}

bool certificate_validity(const X509 *certificate, int64_t *not_before_s, int64_t *not_after_s)
{
	return seconds_of(X509_get0_notBefore(certificate), not_before_s) &&
		seconds_of(X509_get0_notAfter(certificate), not_after_s);
}
