#include "kit.h"
#include "trust.h"

#include "limits.h"
#include "owned.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>

/*
 * A vendor's hierarchy of the test's own: CA 0 is its root, CA n is issued by CA n - 1, the EK
 * certificate by the last. Each CA has one of three keys in turn, so that neighbours differ.
 */
enum { CA_COUNT = 9, KEY_COUNT = 3 };

struct hierarchy {
	struct kit kit; /* says what an EK certificate says */
	struct kit_certificate says[CA_COUNT];
	struct kit_buffer octets[CA_COUNT];
	struct kit_buffer ek;
	struct trust_set *trust;
	struct bytes hints[EK_CHAIN_COUNT_MAX];
	size_t hint_count;
};

static const char *const names[CA_COUNT] = {
	"Root", "CA 1", "CA 2", "CA 3", "CA 4", "CA 5", "CA 6", "CA 7", "CA 8",
};

static EVP_PKEY *ca_key(size_t i)
{
	return kit_key(TEMPLATE_IK_P256, (unsigned)(i % KEY_COUNT));
}

static void hierarchy_open(struct hierarchy *h)
{
	*h = (struct hierarchy){ .kit = kit_of(TEMPLATE_IK_P256, TEMPLATE_EK_L2) };
	for (size_t i = 0; i < CA_COUNT; i++) {
		size_t issuer = i == 0 ? 0 : i - 1;

		h->says[i] = h->kit.vendor;
		h->says[i].subject = names[i];
		h->says[i].issuer = names[issuer];
		h->says[i].key = ca_key(i);
		h->says[i].issuer_key = ca_key(issuer);
		h->says[i].basic_constraints = "critical,CA:TRUE";
		h->says[i].number = (long)i + 100;
	}
	assert_int_equal(trust_open(&h->trust), FAULT_NONE);
}

static void hierarchy_close(struct hierarchy *h)
{
	trust_close(h->trust);
	kit_close(&h->kit);
}

static struct bytes write_ca(struct hierarchy *h, size_t i)
{
	kit_certificate_write(&h->says[i], &h->octets[i]);
	return bytes_of(h->octets[i].data, h->octets[i].len);
}

static void import(struct hierarchy *h, size_t i, const char *marks)
{
	assert_int_equal(trust_add_anchor(h->trust, bytes_of_string(marks), write_ca(h, i)), FAULT_NONE);
}

static void hint(struct hierarchy *h, size_t i)
{
	h->hints[h->hint_count++] = write_ca(h, i);
}

static void issue_ek(struct hierarchy *h, size_t issuer)
{
	h->kit.ek_certificate.issuer = names[issuer];
	h->kit.ek_certificate.issuer_key = ca_key(issuer);
	kit_certificate_write(&h->kit.ek_certificate, &h->ek);
}

/* The hint that issues, then those above it, up to CA `top`. */
static void hint_from_to(struct hierarchy *h, size_t issuer, size_t top)
{
	for (size_t i = issuer + 1; i-- > top;)
		hint(h, i);
}

static enum trust_verdict find(struct hierarchy *h, struct trust_path *path)
{
	X509 *certificate = NULL;

	assert_int_equal(certificate_open(bytes_of(h->ek.data, h->ek.len), &certificate), FAULT_NONE);
	enum trust_verdict verdict =
		trust_find_path(h->trust, certificate, h->hints, h->hint_count, path);

	X509_free(certificate);
	return verdict;
}

static void assert_verdict(struct hierarchy *h, enum trust_verdict expected)
{
	struct trust_path path;
	enum trust_verdict verdict = find(h, &path);

	if (verdict != expected)
		fail_msg("%s, not: %s", trust_verdict_text(verdict), trust_verdict_text(expected));
}

static void seal(struct hierarchy *h)
{
	assert_int_equal(trust_seal(h->trust), FAULT_NONE);
}

static void test_direct(void **state)
{
	struct hierarchy h;
	struct trust_path path;

	(void)state;
	hierarchy_open(&h);
	import(&h, 0, "");
	seal(&h);
	issue_ek(&h, 0);
	assert_int_equal(find(&h, &path), TRUST_PATH_FOUND);
	assert_int_equal(path.len, 2);
	assert_int_equal(path.weakest, SIGNATURE_SHA2);
	assert_int_equal(path.not_before_s, h.kit.ek_certificate.not_before_s);
	assert_int_equal(path.not_after_s, h.kit.ek_certificate.not_after_s);
	assert_false(path.is_revoked);
	hierarchy_close(&h);
}

/* An imported intermediate ends the path; its root need not be there. */
static void test_intermediate_is_anchor(void **state)
{
	struct hierarchy h;

	(void)state;
	hierarchy_open(&h);
	import(&h, 2, "");
	seal(&h);
	issue_ek(&h, 2);
	assert_verdict(&h, TRUST_PATH_FOUND);
	issue_ek(&h, 1);
	assert_verdict(&h, TRUST_ISSUER_UNKNOWN);
	hierarchy_close(&h);
}

/* The root's permissions hold below it, and its manufacturers where the lower names none. */
static void test_marks_go_down(void **state)
{
	static const uint8_t ifx[] = { 'I', 'F', 'X', 0 }, stm[] = { 'S', 'T', 'M', ' ' };
	struct hierarchy h;
	struct trust_path path;

	(void)state;
	hierarchy_open(&h);
	import(&h, 0, "ek-only,manufacturer=IFX");
	import(&h, 1, "sha1");
	import(&h, 2, "manufacturer=53544D20");
	seal(&h);
	issue_ek(&h, 1);
	assert_int_equal(find(&h, &path), TRUST_PATH_FOUND);
	assert_true(path.marks->is_ek_only && path.marks->allows_sha1 && !path.marks->has_hints);
	assert_true(trust_marks_allow(path.marks, ifx));
	assert_false(trust_marks_allow(path.marks, stm));
	issue_ek(&h, 2);
	assert_int_equal(find(&h, &path), TRUST_PATH_FOUND);
	assert_true(path.marks->is_ek_only && path.marks->allows_sha1);
	assert_true(trust_marks_allow(path.marks, stm));
	assert_false(trust_marks_allow(path.marks, ifx));
	issue_ek(&h, 0);
	assert_int_equal(find(&h, &path), TRUST_PATH_FOUND);
	assert_false(path.marks->allows_sha1);
	hierarchy_close(&h);
}

/* They come from who signed, not from who has the issuer's name. */
static void test_marks_of_a_namesake(void **state)
{
	struct hierarchy h;
	struct trust_path path;

	(void)state;
	hierarchy_open(&h);
	h.says[1].issuer_key = ca_key(2);
	import(&h, 0, "ek-only,sha1,manufacturer=IFX");
	import(&h, 1, "");
	seal(&h);
	issue_ek(&h, 1);
	assert_int_equal(find(&h, &path), TRUST_PATH_FOUND);
	assert_true(!path.marks->is_ek_only && !path.marks->allows_sha1);
	assert_int_equal(path.marks->manufacturer_count, 0);
	hierarchy_close(&h);
}

static void test_hints(void **state)
{
	struct hierarchy h;
	struct trust_path path;

	(void)state;
	hierarchy_open(&h);
	import(&h, 0, "hints");
	seal(&h);
	issue_ek(&h, 3);
	hint(&h, 1);
	hint(&h, 3);
	hint(&h, 2);
	h.hints[h.hint_count++] = BYTES_OF_LITERAL("\x30\x00"); /* does not read: passed over */
	assert_int_equal(find(&h, &path), TRUST_PATH_FOUND);
	assert_int_equal(path.len, 5);
	h.hint_count = 2; /* CA 2 is missing */
	assert_verdict(&h, TRUST_ISSUER_UNKNOWN);
	hierarchy_close(&h);
}

static void test_hints_not_allowed(void **state)
{
	struct hierarchy h;

	(void)state;
	hierarchy_open(&h);
	import(&h, 0, "");
	seal(&h);
	issue_ek(&h, 1);
	hint(&h, 1);
	/* No anchor is marked hints: they are not even read. */
	assert_verdict(&h, TRUST_ISSUER_UNKNOWN);
	hierarchy_close(&h);

	hierarchy_open(&h);
	import(&h, 0, "");
	import(&h, 8, "hints"); /* another vendor's */
	seal(&h);
	issue_ek(&h, 1);
	hint(&h, 1);
	assert_verdict(&h, TRUST_HINTS_NOT_ALLOWED);
	hierarchy_close(&h);
}

/* Hints are links: a root that comes along is no anchor. */
static void test_hint_is_no_anchor(void **state)
{
	struct hierarchy h;

	(void)state;
	hierarchy_open(&h);
	import(&h, 8, "hints");
	seal(&h);
	issue_ek(&h, 1);
	hint_from_to(&h, 1, 0);
	assert_verdict(&h, TRUST_PATH_TOO_LONG); /* the root issues itself, again and again */
	hierarchy_close(&h);
}

/* One and the same key; spelt out, its curve could be one that takes OpenSSL a tenth of a second. */
static void test_hint_with_curve_spelt_out(void **state)
{
	static const char *const spellings[] = { "named_curve", "explicit" };
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	struct trust_path path;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct hierarchy h;

		assert_int_equal(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING,
			spellings[i]), 1);
		hierarchy_open(&h);
		import(&h, 0, "hints");
		seal(&h);
		h.says[1].key = key;
		hint(&h, 1);
		issue_ek(&h, 1);
		h.kit.ek_certificate.issuer_key = key;
		kit_certificate_write(&h.kit.ek_certificate, &h.ek);
		assert_int_equal(find(&h, &path), i == 0 ? TRUST_PATH_FOUND : TRUST_ISSUER_UNKNOWN);
		hierarchy_close(&h);
	}
	EVP_PKEY_free(key);
}

/* PATH_LEN_MAX is 7: the EK's, five hints, the anchor. */
static void test_path_length(void **state)
{
	struct hierarchy h;
	struct trust_path path;

	(void)state;
	hierarchy_open(&h);
	import(&h, 0, "hints");
	seal(&h);
	issue_ek(&h, 5);
	hint_from_to(&h, 5, 1);
	assert_int_equal(find(&h, &path), TRUST_PATH_FOUND);
	assert_int_equal(path.len, PATH_LEN_MAX);
	hierarchy_close(&h);

	hierarchy_open(&h);
	import(&h, 0, "hints");
	seal(&h);
	issue_ek(&h, 6);
	hint_from_to(&h, 6, 1);
	assert_verdict(&h, TRUST_PATH_TOO_LONG);
	hierarchy_close(&h);
}

/* RFC 5280, 4.2.1.9: a hint below a CA with pathLenConstraint 0. */
static void test_path_len_constraint(void **state)
{
	struct hierarchy h;

	(void)state;
	hierarchy_open(&h);
	h.says[0].basic_constraints = "critical,CA:TRUE,pathlen:0";
	import(&h, 0, "hints");
	seal(&h);
	issue_ek(&h, 0);
	assert_verdict(&h, TRUST_PATH_FOUND);
	issue_ek(&h, 1);
	hint(&h, 1);
	assert_verdict(&h, TRUST_ISSUER_UNFIT);
	hierarchy_close(&h);
}

static void assert_unfit_hint(void (*spoil)(struct kit_certificate *))
{
	struct hierarchy h;

	hierarchy_open(&h);
	import(&h, 0, "hints");
	seal(&h);
	spoil(&h.says[1]);
	issue_ek(&h, 1);
	hint(&h, 1);
	assert_verdict(&h, TRUST_ISSUER_UNFIT);
	/* And what may not be a link may not be an anchor. */
	hierarchy_close(&h);
	hierarchy_open(&h);
	spoil(&h.says[1]);
	assert_int_equal(trust_add_anchor(h.trust, bytes_of(NULL, 0), write_ca(&h, 1)), FAULT_DENIED);
	hierarchy_close(&h);
}

static void no_ca(struct kit_certificate *says)
{
	says->basic_constraints = "critical,CA:FALSE";
}

static void no_basic_constraints(struct kit_certificate *says)
{
	says->basic_constraints = NULL;
}

static void no_cert_sign(struct kit_certificate *says)
{
	says->key_usage = "critical,cRLSign,digitalSignature";
}

/* An extension that stands twice is none that can be believed (RFC 5280, 4.2). */
static void key_usage_twice(struct kit_certificate *says)
{
	says->has_key_usage_twice = true;
}

static void purpose_twice(struct kit_certificate *says)
{
	says->extended_key_usage = "2.23.133.8.1";
	says->has_twice = true;
}

/* RFC 5280, 4.2.1.9: pathLenConstraint INTEGER (0..MAX). No path is as short as these two say. */
static void path_len_negative(struct kit_certificate *says)
{
	says->basic_constraints = "critical,CA:TRUE,pathlen:-1";
}

static void path_len_in_no_long(struct kit_certificate *says)
{
	says->basic_constraints = "critical,CA:TRUE,pathlen:0x10000000000000000";
}

static void for_aik(struct kit_certificate *says)
{
	says->extended_key_usage = "2.23.133.8.3";
}

static void critical_unknown(struct kit_certificate *says)
{
	says->has_unknown_critical = true;
}

static void test_unfit_issuers(void **state)
{
	(void)state;
	assert_unfit_hint(no_ca);
	assert_unfit_hint(no_basic_constraints);
	assert_unfit_hint(no_cert_sign);
	assert_unfit_hint(key_usage_twice);
	assert_unfit_hint(purpose_twice);
	assert_unfit_hint(path_len_negative);
	assert_unfit_hint(path_len_in_no_long);
	assert_unfit_hint(for_aik);
	assert_unfit_hint(critical_unknown);
}

/* A CA with the EK purpose, or with any, may issue. */
static void test_purposes_that_fit(void **state)
{
	static const char *const purposes[] = { "2.23.133.8.1", "anyExtendedKeyUsage" };
	struct hierarchy h;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		hierarchy_open(&h);
		h.says[0].extended_key_usage = purposes[i];
		h.says[0].key_usage = NULL;
		import(&h, 0, "");
		seal(&h);
		issue_ek(&h, 0);
		assert_verdict(&h, TRUST_PATH_FOUND);
		hierarchy_close(&h);
	}
}

/* Of two CAs with one name, the one that signed is found. */
static void test_namesakes(void **state)
{
	struct hierarchy h;

	(void)state;
	hierarchy_open(&h);
	h.says[1] = h.says[0];
	h.says[1].key = h.says[1].issuer_key = ca_key(1);
	import(&h, 0, "");
	import(&h, 1, "");
	seal(&h);
	issue_ek(&h, 0);
	assert_verdict(&h, TRUST_PATH_FOUND);
	h.kit.ek_certificate.issuer_key = ca_key(1);
	kit_certificate_write(&h.kit.ek_certificate, &h.ek);
	assert_verdict(&h, TRUST_PATH_FOUND);
	h.kit.ek_certificate.issuer_key = ca_key(2);
	kit_certificate_write(&h.kit.ek_certificate, &h.ek);
	assert_verdict(&h, TRUST_SIGNATURE_INVALID);
	hierarchy_close(&h);
}

/* However many namesakes there are, the work ends. */
static void test_work_is_bounded(void **state)
{
	struct hierarchy h;

	(void)state;
	hierarchy_open(&h);
	h.says[0].key = h.says[0].issuer_key = ca_key(1);
	for (long i = 0; i < TRUST_VERIFICATIONS_MAX + 1; i++) {
		h.says[0].number = i + 1;
		import(&h, 0, "");
	}
	seal(&h);
	assert_int_equal(trust_anchor_count(h.trust), TRUST_VERIFICATIONS_MAX + 1);
	issue_ek(&h, 0);
	assert_verdict(&h, TRUST_TOO_MUCH_WORK);
	hierarchy_close(&h);
}

/*
 * As many namesakes as there may be, each with the key identifier of its own key: whichever made the
 * certificate is found, where the certificate says by which key (RFC 5280, 4.2.1.1). An identifier that
 * is wrong costs nothing but the order.
 */
static void test_namesakes_are_tried_by_their_key(void **state)
{
	for (long right = 0; right < TRUST_VERIFICATIONS_MAX + 1; right++) {
		struct hierarchy h;

		(void)state;
		hierarchy_open(&h);
		for (long i = 0; i < TRUST_VERIFICATIONS_MAX + 1; i++) {
			h.says[0].number = i + 1;
			h.says[0].key_id = (uint8_t)(i + 1);
			h.says[0].key = h.says[0].issuer_key = ca_key(i == right ? 0 : 1);
			import(&h, 0, "");
		}
		seal(&h);
		h.kit.ek_certificate.issuer_key_id = (uint8_t)(right + 1);
		issue_ek(&h, 0);
		assert_verdict(&h, TRUST_PATH_FOUND);
		hierarchy_close(&h);
	}
}

static void test_a_wrong_key_identifier_is_no_reason(void **state)
{
	struct hierarchy h;

	(void)state;
	hierarchy_open(&h);
	h.says[0].key_id = 1;
	import(&h, 0, "");
	seal(&h);
	h.kit.ek_certificate.issuer_key_id = 2;
	issue_ek(&h, 0);
	assert_verdict(&h, TRUST_PATH_FOUND);
	hierarchy_close(&h);
}

/* Two CAs that certified each other, both imported: a circle of marks, not of work. */
static void test_cross_certified(void **state)
{
	struct hierarchy h;
	struct trust_path path;

	(void)state;
	hierarchy_open(&h);
	h.says[0].issuer = names[1];
	h.says[0].issuer_key = ca_key(1);
	import(&h, 0, "hints");
	import(&h, 1, "ek-only");
	seal(&h);
	issue_ek(&h, 1);
	assert_int_equal(find(&h, &path), TRUST_PATH_FOUND);
	assert_true(path.marks->has_hints && path.marks->is_ek_only);
	hierarchy_close(&h);
}

/* Signature and times of a hint count as those of the EK certificate do; the anchor's do not. */
static void test_below_the_anchor(void **state)
{
	struct hierarchy h;
	struct trust_path path;

	(void)state;
	hierarchy_open(&h);
	h.says[0].hash = "SHA1";
	h.says[0].not_after_s = h.kit.now_s - 1000;
	import(&h, 0, "hints");
	seal(&h);
	h.says[1].not_after_s = h.kit.now_s - 10;
	h.says[1].not_before_s = h.kit.now_s - 20;
	issue_ek(&h, 1);
	hint(&h, 1);
	assert_int_equal(find(&h, &path), TRUST_PATH_FOUND);
	assert_int_equal(path.weakest, SIGNATURE_SHA2);
	assert_int_equal(path.not_after_s, h.kit.now_s - 10);
	assert_int_equal(path.not_before_s, h.kit.now_s - 20);

	h.says[1].hash = "SHA1";
	(void)write_ca(&h, 1);
	h.hints[0].len = h.octets[1].len;
	assert_int_equal(find(&h, &path), TRUST_PATH_FOUND);
	assert_int_equal(path.weakest, SIGNATURE_SHA1);
	hierarchy_close(&h);
}

static enum signature_strength strength_of(struct hierarchy *h, int algorithm)
{
	struct bytes der = write_ca(h, 0);
	X509 *certificate = NULL;

	assert_int_equal(certificate_open(der, &certificate), FAULT_NONE);
	/* OpenSSL lets nobody change it; the signature need not verify here. */
	X509_ALGOR *signed_by = (X509_ALGOR *)(uintptr_t)X509_get0_tbs_sigalg(certificate);
	const X509_ALGOR *outer;

	X509_get0_signature(NULL, &outer, certificate);
	assert_int_equal(X509_ALGOR_set0(signed_by, OBJ_nid2obj(algorithm), V_ASN1_UNDEF, NULL), 1);
	signed_by = (X509_ALGOR *)(uintptr_t)outer;
	assert_int_equal(X509_ALGOR_set0(signed_by, OBJ_nid2obj(algorithm), V_ASN1_UNDEF, NULL), 1);
	enum signature_strength strength = certificate_signature_strength(certificate);

	X509_free(certificate);
	return strength;
}

/* A good hash is not enough: the keys are those that are accepted elsewhere. */
static void test_signature_strength(void **state)
{
	static const struct {
		int algorithm;
		enum signature_strength strength;
	} rows[] = {
		{ NID_sha256WithRSAEncryption, SIGNATURE_SHA2 },
		{ NID_sha384WithRSAEncryption, SIGNATURE_SHA2 },
		{ NID_sha512WithRSAEncryption, SIGNATURE_SHA2 },
		{ NID_ecdsa_with_SHA256, SIGNATURE_SHA2 },
		{ NID_ecdsa_with_SHA384, SIGNATURE_SHA2 },
		{ NID_ecdsa_with_SHA512, SIGNATURE_SHA2 },
		{ NID_sha1WithRSAEncryption, SIGNATURE_SHA1 },
		{ NID_ecdsa_with_SHA1, SIGNATURE_SHA1 },
		{ NID_md5WithRSAEncryption, SIGNATURE_OTHER },
		{ NID_sha224WithRSAEncryption, SIGNATURE_OTHER },
		{ NID_dsa_with_SHA256, SIGNATURE_OTHER },
		{ NID_dsaWithSHA1, SIGNATURE_OTHER },
		{ NID_ED25519, SIGNATURE_OTHER },
		{ NID_rsassaPss, SIGNATURE_OTHER }, /* without its parameters */
		{ NID_commonName, SIGNATURE_OTHER },
	};
	struct hierarchy h;

	(void)state;
	hierarchy_open(&h);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(strength_of(&h, rows[i].algorithm), rows[i].strength);
	hierarchy_close(&h);
}

static enum fault add_list(struct hierarchy *h, size_t issuer, long number)
{
	struct kit_buffer list;

	kit_crl_write(&h->says[issuer], number, &list);
	return trust_add_crl(h->trust, bytes_of(list.data, list.len));
}

static bool is_revoked(struct hierarchy *h)
{
	struct trust_path path;

	assert_int_equal(find(h, &path), TRUST_PATH_FOUND);
	return path.is_revoked;
}

/* A CA that the root revoked is no good, nor what is imported below it. */
static void test_revoked_anchor(void **state)
{
	struct hierarchy h;

	(void)state;
	hierarchy_open(&h);
	import(&h, 0, "");
	import(&h, 1, "");
	import(&h, 2, "");
	assert_int_equal(add_list(&h, 0, h.says[1].number), FAULT_NONE);
	seal(&h);
	issue_ek(&h, 0);
	assert_false(is_revoked(&h));
	issue_ek(&h, 1);
	assert_true(is_revoked(&h));
	issue_ek(&h, 2);
	assert_true(is_revoked(&h));
	hierarchy_close(&h);
}

static void test_revoked_hint(void **state)
{
	struct hierarchy h;

	(void)state;
	hierarchy_open(&h);
	import(&h, 0, "hints");
	assert_int_equal(add_list(&h, 0, h.says[1].number), FAULT_NONE);
	seal(&h);
	issue_ek(&h, 2);
	hint_from_to(&h, 2, 1);
	assert_true(is_revoked(&h));
	hierarchy_close(&h);
}

/* Serial numbers are an issuer's, and that is a name: two CAs may share a key (RFC 5280, 5.3). */
static void test_list_of_a_ca_with_the_same_key(void **state)
{
	struct hierarchy h;

	(void)state;
	hierarchy_open(&h);
	h.says[1].issuer = names[1];
	h.says[1].key = ca_key(0);
	import(&h, 0, "");
	import(&h, 1, "");
	assert_int_equal(add_list(&h, 0, h.kit.ek_certificate.number), FAULT_NONE);
	seal(&h);
	issue_ek(&h, 1);
	h.kit.ek_certificate.issuer_key = ca_key(0);
	kit_certificate_write(&h.kit.ek_certificate, &h.ek);
	assert_false(is_revoked(&h));
	issue_ek(&h, 0);
	assert_true(is_revoked(&h));
	hierarchy_close(&h);
}

/* An anchor is one because it was given; its own list takes nothing from it. */
static void test_list_with_its_own_root(void **state)
{
	struct hierarchy h;

	(void)state;
	hierarchy_open(&h);
	import(&h, 0, "");
	assert_int_equal(add_list(&h, 0, h.says[0].number), FAULT_NONE);
	seal(&h);
	issue_ek(&h, 0);
	assert_false(is_revoked(&h));
	hierarchy_close(&h);
}

/* The list of another CA with the issuer's name says nothing about the issuer's certificates. */
static void test_list_of_a_namesake(void **state)
{
	struct hierarchy h;

	(void)state;
	hierarchy_open(&h);
	h.says[1] = h.says[0];
	h.says[1].key = h.says[1].issuer_key = ca_key(1);
	import(&h, 0, "");
	import(&h, 1, "");
	assert_int_equal(add_list(&h, 1, h.kit.ek_certificate.number), FAULT_NONE);
	seal(&h);
	issue_ek(&h, 0);
	assert_false(is_revoked(&h));
	h.kit.ek_certificate.issuer_key = ca_key(1);
	kit_certificate_write(&h.kit.ek_certificate, &h.ek);
	assert_true(is_revoked(&h));
	hierarchy_close(&h);
}

static void test_list_of_nobody(void **state)
{
	struct hierarchy h;

	(void)state;
	hierarchy_open(&h);
	import(&h, 0, "");
	assert_int_equal(trust_add_crl(h.trust, BYTES_OF_LITERAL("\x30\x00")), FAULT_INVALID);
	h.says[0].key = ca_key(1);
	assert_int_equal(add_list(&h, 0, 1), FAULT_NONE);
	assert_int_equal(trust_seal(h.trust), FAULT_NOT_FOUND);
	hierarchy_close(&h);
}

static enum fault add_extended_list(struct hierarchy *h, int nid, struct bytes value, bool is_critical)
{
	struct kit_buffer list;

	kit_crl_write(&h->says[0], 1, &list);
	kit_crl_extend(&h->says[0], nid, value, is_critical, &list);
	return trust_add_crl(h->trust, bytes_of(list.data, list.len));
}

/* RFC 5280, 5.2.5: an indirect list has other CAs' certificates on it as well. */
static void test_indirect_list(void **state)
{
	const struct bytes indirect = BYTES_OF_LITERAL("\x30\x03\x84\x01\xff");
	const struct bytes of_cas_only = BYTES_OF_LITERAL("\x30\x03\x82\x01\xff");
	const struct bytes unreadable = BYTES_OF_LITERAL("\x05\x00");
	const int nid = NID_issuing_distribution_point;
	struct hierarchy h;

	(void)state;
	hierarchy_open(&h);
	assert_int_equal(add_extended_list(&h, nid, indirect, true), FAULT_UNSUPPORTED);
	assert_int_equal(add_extended_list(&h, nid, indirect, false), FAULT_UNSUPPORTED);
	assert_int_equal(add_extended_list(&h, nid, unreadable, true), FAULT_UNSUPPORTED);
	assert_int_equal(add_extended_list(&h, nid, of_cas_only, true), FAULT_NONE);
	hierarchy_close(&h);
}

/* RFC 5280, 5.2.4: a delta list leaves out what its base has. 5.2: what is critical must be known. */
static void test_list_with_critical_extensions(void **state)
{
	const struct bytes seven = BYTES_OF_LITERAL("\x02\x01\x07");
	struct hierarchy h;

	(void)state;
	hierarchy_open(&h);
	assert_int_equal(add_extended_list(&h, NID_delta_crl, seven, true), FAULT_UNSUPPORTED);
	assert_int_equal(add_extended_list(&h, NID_netscape_comment, seven, true), FAULT_UNSUPPORTED);
	assert_int_equal(add_extended_list(&h, NID_crl_number, seven, false), FAULT_NONE);
	hierarchy_close(&h);
}

/* What is unknown is unknown beside a distribution point as well. */
static void test_list_with_two_extensions(void **state)
{
	struct hierarchy h;
	struct kit_buffer list;

	(void)state;
	hierarchy_open(&h);
	kit_crl_write(&h.says[0], 1, &list);
	kit_crl_extend(&h.says[0], NID_issuing_distribution_point,
		BYTES_OF_LITERAL("\x30\x03\x82\x01\xff"), true, &list);
	kit_crl_extend(&h.says[0], NID_delta_crl, BYTES_OF_LITERAL("\x02\x01\x07"), true, &list);
	assert_int_equal(trust_add_crl(h.trust, bytes_of(list.data, list.len)), FAULT_UNSUPPORTED);
	hierarchy_close(&h);
}

static void test_octets_behind_a_list(void **state)
{
	struct hierarchy h;
	struct kit_buffer list;

	(void)state;
	hierarchy_open(&h);
	kit_crl_write(&h.says[0], 1, &list);
	list.data[list.len] = 0;
	assert_int_equal(trust_add_crl(h.trust, bytes_of(list.data, 0)), FAULT_INVALID);
	assert_int_equal(trust_add_crl(h.trust, bytes_of(list.data, list.len + 1)), FAULT_INVALID);
	assert_int_equal(trust_add_crl(h.trust, bytes_of(list.data, list.len)), FAULT_NONE);
	hierarchy_close(&h);
}

static enum fault read_manufacturers(size_t count)
{
	char text[256] = "";
	struct trust_marks marks;

	for (size_t i = 0; i < count; i++)
		(void)strcat(text, i == 0 ? "manufacturer=IFX" : ",manufacturer=IFX");
	return trust_marks_read(bytes_of_string(text), &marks);
}

static void test_marks_read(void **state)
{
	static const char *const wrong[] = {
		"manufacturer=ABCDE", "manufacturer=1FX", "manufacturer=IF[", "manufacturer=IFx",
		"manufacturer=494658", "manufacturer=", "manufacture=IFX", ",", "hints,,sha1", "hint",
	};
	struct trust_marks marks;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(trust_marks_read(bytes_of_string(wrong[i]), &marks), FAULT_INVALID);
	assert_int_equal(read_manufacturers(MANUFACTURER_COUNT_MAX), FAULT_NONE);
	assert_int_equal(read_manufacturers(MANUFACTURER_COUNT_MAX + 1), FAULT_TOO_LONG);
}

/* A set has room for so many of each. */
static void test_full_set(void **state)
{
	struct hierarchy h;

	(void)state;
	hierarchy_open(&h);
	struct bytes der = write_ca(&h, 0);

	for (size_t i = 0; i < ANCHOR_COUNT_MAX; i++)
		assert_int_equal(trust_add_anchor(h.trust, bytes_of(NULL, 0), der), FAULT_NONE);
	assert_int_equal(trust_add_anchor(h.trust, bytes_of(NULL, 0), der), FAULT_TOO_LONG);
	for (size_t i = 0; i < TRUST_CRL_COUNT_MAX; i++)
		assert_int_equal(add_list(&h, 0, 1), FAULT_NONE);
	assert_int_equal(add_list(&h, 0, 1), FAULT_TOO_LONG);
	hierarchy_close(&h);
}

/* RSAES-OAEP: OpenSSL makes no key of it, and so nothing that it signed can be verified. */
static void test_anchor_with_a_key_of_no_use(void **state)
{
	struct hierarchy h;

	(void)state;
	hierarchy_open(&h);
	h.says[0].is_oaep = true;
	assert_int_equal(trust_add_anchor(h.trust, bytes_of(NULL, 0), write_ca(&h, 0)),
		FAULT_UNSUPPORTED);
	hierarchy_close(&h);
}

static void test_what_is_no_anchor(void **state)
{
	struct hierarchy h;
	struct bytes der;

	(void)state;
	hierarchy_open(&h);
	der = write_ca(&h, 0);
	assert_int_equal(trust_add_anchor(h.trust, BYTES_OF_LITERAL("sha-1"), der), FAULT_INVALID);
	assert_int_equal(trust_add_anchor(h.trust, BYTES_OF_LITERAL("hints,"), der), FAULT_INVALID);
	assert_int_equal(trust_add_anchor(h.trust, BYTES_OF_LITERAL("manufacturer="), der), FAULT_INVALID);
	assert_int_equal(trust_add_anchor(h.trust, BYTES_OF_LITERAL("manufacturer=ifx"), der),
		FAULT_INVALID);
	der.len--;
	assert_int_equal(trust_add_anchor(h.trust, bytes_of(NULL, 0), der), FAULT_INVALID);
	/* Whole, and no certificate. */
	assert_int_equal(trust_add_anchor(h.trust, bytes_of(NULL, 0), BYTES_OF_LITERAL("\x30\x00")),
		FAULT_INVALID);
	assert_int_equal(trust_anchor_count(h.trust), 0);
	hierarchy_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_direct),
		cmocka_unit_test(test_intermediate_is_anchor),
		cmocka_unit_test(test_marks_go_down),
		cmocka_unit_test(test_marks_of_a_namesake),
		cmocka_unit_test(test_hints),
		cmocka_unit_test(test_hints_not_allowed),
		cmocka_unit_test(test_hint_is_no_anchor),
		cmocka_unit_test(test_hint_with_curve_spelt_out),
		cmocka_unit_test(test_path_length),
		cmocka_unit_test(test_path_len_constraint),
		cmocka_unit_test(test_unfit_issuers),
		cmocka_unit_test(test_purposes_that_fit),
		cmocka_unit_test(test_namesakes),
		cmocka_unit_test(test_work_is_bounded),
		cmocka_unit_test(test_namesakes_are_tried_by_their_key),
		cmocka_unit_test(test_a_wrong_key_identifier_is_no_reason),
		cmocka_unit_test(test_cross_certified),
		cmocka_unit_test(test_below_the_anchor),
		cmocka_unit_test(test_signature_strength),
		cmocka_unit_test(test_revoked_anchor),
		cmocka_unit_test(test_revoked_hint),
		cmocka_unit_test(test_list_of_a_ca_with_the_same_key),
		cmocka_unit_test(test_list_with_its_own_root),
		cmocka_unit_test(test_list_of_a_namesake),
		cmocka_unit_test(test_list_of_nobody),
		cmocka_unit_test(test_indirect_list),
		cmocka_unit_test(test_list_with_critical_extensions),
		cmocka_unit_test(test_list_with_two_extensions),
		cmocka_unit_test(test_octets_behind_a_list),
		cmocka_unit_test(test_marks_read),
		cmocka_unit_test(test_full_set),
		cmocka_unit_test(test_anchor_with_a_key_of_no_use),
		cmocka_unit_test(test_what_is_no_anchor),
	};

	return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
