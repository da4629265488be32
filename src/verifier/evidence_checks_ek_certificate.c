#include "judgement.h"

#include "certificate_facts.h"

#include <inttypes.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/*
 * With trust = manifest the manifest alone vouches for the EK: a certificate, if sent, is held to
 * its size by the front and for the rest not read, never a reason to refuse.
 */
static bool is_judged(const struct judgement *judgement)
{
	return judgement->policy->configuration.trust != TRUST_MANIFEST;
}

bool check_ek_certificate_present(struct judgement *judgement, struct refusal *refusal)
{
	if (!is_judged(judgement) || judgement->evidence->has_ek_certificate)
		return true;
	refusal_set(refusal, CHECK_EK_CERTIFICATE_PRESENT, "ekCertificate is left out");
	return false;
}

/*
 * RFC 5280, 4.1. Here OpenSSL reads attackers' octets for the first time: after the CSR's proof. A
 * certificate whose key it had better not read stays unopened; the next check says that the key is
 * not the EK's.
 */
bool check_ek_certificate_der(struct judgement *judgement, struct refusal *refusal)
{
	if (!is_judged(judgement))
		return true;
	enum fault fault =
		certificate_open_sent(judgement->evidence->ek_certificate, &judgement->ek_certificate);

	if (fault == FAULT_NONE || fault == FAULT_DENIED)
		return true;
	refusal_set(refusal, CHECK_EK_CERTIFICATE_DER, "ekCertificate: %s", fault_text(fault));
	return false;
}

/* TCG EK Credential Profile 2.6, 3.2: without this, any chip's certificate vouches for any key. */
bool check_ek_certificate_key(struct judgement *judgement, struct refusal *refusal)
{
	const struct judged_key *ek = &judgement->ek;
	const X509 *certificate = judgement->ek_certificate;
	struct bytes a = bytes_of(ek->key.a, ek->key.a_len), b = bytes_of(ek->key.b, ek->key.b_len);

	if (!is_judged(judgement))
		return true;
	if (certificate != NULL && (ek->row->type == TPM_ALG_RSA ?
			ek_certificate_has_rsa_key(certificate, a) :
			ek_certificate_has_ecc_key(certificate, ek->row->key_bits, a, b)))
		return true;
	refusal_set(refusal, CHECK_EK_CERTIFICATE_KEY, "ekCertificate is another key's");
	return false;
}

/* TCG EK Credential Profile 2.6, 3.2.15. */
bool check_ek_certificate_not_ca(struct judgement *judgement, struct refusal *refusal)
{
	if (!is_judged(judgement))
		return true;
	struct basic_constraints constraints =
		certificate_basic_constraints(judgement->ek_certificate);

	if (constraints.presence != EXTENSION_INVALID && !constraints.is_ca &&
			!constraints.has_path_len)
		return true;
	refusal_set(refusal, CHECK_EK_CERTIFICATE_NOT_CA, "basicConstraints: %s",
		constraints.is_ca ? "cA TRUE" : "malformed, or with a pathLenConstraint");
	return false;
}

/* 3.2.14. Vendors mix the two bits up, so that either does for either type of key. */
bool check_ek_certificate_key_usage(struct judgement *judgement, struct refusal *refusal)
{
	if (!is_judged(judgement))
		return true;
	struct key_usage usage = certificate_key_usage(judgement->ek_certificate);

	if (usage.presence == EXTENSION_ABSENT)
		return true;
	if (usage.presence == EXTENSION_PRESENT && (usage.bits & KU_KEY_CERT_SIGN) == 0 &&
			(usage.bits & (KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT)) != 0)
		return true;
	refusal_set(refusal, CHECK_EK_CERTIFICATE_KEY_USAGE, "keyUsage %s%04x",
		usage.presence == EXTENSION_INVALID ? "malformed " : "", (unsigned)usage.bits);
	return false;
}

/* RFC 5280, 6.1; how the path is found: trust.h. */
bool check_ek_certificate_chain(struct judgement *judgement, struct refusal *refusal)
{
	const struct evidence *evidence = judgement->evidence;
	char issuer[SAW_MAX - 48];

	if (!is_judged(judgement))
		return true;
	enum trust_verdict verdict = trust_find_path(judgement->policy->trust,
		judgement->ek_certificate, evidence->ek_chain, evidence->ek_chain_count,
		&judgement->path);

	if (verdict == TRUST_PATH_FOUND)
		return true;
	X509_NAME_oneline(X509_get_issuer_name(judgement->ek_certificate), issuer, sizeof(issuer));
	refusal_set(refusal, CHECK_EK_CERTIFICATE_CHAIN, "%s: %s", trust_verdict_text(verdict),
		issuer);
	return false;
}

bool check_ek_certificate_algorithm(struct judgement *judgement, struct refusal *refusal)
{
	const struct trust_path *path = &judgement->path;

	if (!is_judged(judgement) || path->weakest == SIGNATURE_SHA2 ||
			(path->weakest == SIGNATURE_SHA1 && path->marks->allows_sha1))
		return true;
	refusal_set(refusal, CHECK_EK_CERTIFICATE_ALGORITHM, "a signature %s below the anchor",
		path->weakest == SIGNATURE_SHA1 ? "with SHA-1" : "of no accepted algorithm");
	return false;
}

/* 3.2.16. Google's "EK/AK CA" leaves the extension out; only the anchor's mark can stand for it. */
bool check_ek_certificate_eku(struct judgement *judgement, struct refusal *refusal)
{
	if (!is_judged(judgement))
		return true;
	struct extended_key_usage purpose =
		certificate_extended_key_usage(judgement->ek_certificate);

	if (purpose.presence == EXTENSION_PRESENT && purpose.has_ek_certificate)
		return true;
	if (purpose.presence == EXTENSION_ABSENT && judgement->path.marks->is_ek_only)
		return true;
	refusal_set(refusal, CHECK_EK_CERTIFICATE_EKU, "extendedKeyUsage %s",
		purpose.presence == EXTENSION_ABSENT ? "absent, the anchor not marked ek-only" :
		"without tcg-kp-EKCertificate, or malformed");
	return false;
}

/*
 * RFC 5280, 4.1.2.5, for the certificates below the anchor. An EK does not leave the chip when its
 * certificate ends: what notAfter means is the operator's to say.
 */
bool check_ek_certificate_time(struct judgement *judgement, struct refusal *refusal)
{
	const struct trust_path *path = &judgement->path;
	enum expiry expiry = judgement->policy->configuration.expiry;

	if (!is_judged(judgement))
		return true;
	bool is_past = judgement->now_s > path->not_after_s;

	if (path->not_before_s <= judgement->now_s && path->not_before_s <= path->not_after_s &&
			(!is_past || expiry != EXPIRY_ENFORCE)) {
		judgement->is_past_not_after = is_past && expiry == EXPIRY_WARN;
		return true;
	}
	refusal_set(refusal, CHECK_EK_CERTIFICATE_TIME,
		"valid from %" PRId64 " to %" PRId64 " (seconds since 1970)", path->not_before_s,
		path->not_after_s);
	return false;
}

/* 3.2.9. Where the anchor is marked ek-only the name may be left out, as the other extensions. */
bool check_ek_certificate_manufacturer(struct judgement *judgement, struct refusal *refusal)
{
	if (!is_judged(judgement))
		return true;
	const struct trust_marks *marks = judgement->path.marks;
	struct manufacturer manufacturer = ek_certificate_manufacturer(judgement->ek_certificate);

	if (manufacturer.form == MANUFACTURER_PRESENT && trust_marks_allow(marks, manufacturer.id))
		return true;
	if (manufacturer.form == MANUFACTURER_ABSENT && marks->is_ek_only)
		return true;
	if (manufacturer.form == MANUFACTURER_PRESENT)
		refusal_set(refusal, CHECK_EK_CERTIFICATE_MANUFACTURER, "tpmManufacturer %.4s",
			(const char *)manufacturer.id);
	else
		refusal_set(refusal, CHECK_EK_CERTIFICATE_MANUFACTURER, "tpmManufacturer %s",
			manufacturer.form == MANUFACTURER_ABSENT ? "absent" : "malformed");
	return false;
}

/* RFC 5280, 6.3, over the lists that the operator imported; none is ever fetched. */
bool check_ek_certificate_revoked(struct judgement *judgement, struct refusal *refusal)
{
	if (!is_judged(judgement) || !judgement->path.is_revoked)
		return true;
	refusal_set(refusal, CHECK_EK_CERTIFICATE_REVOKED,
		"a certificate of the path is on an imported revocation list");
	return false;
}
