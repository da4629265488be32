#include "kit.h"

#include "owned.h"
#include "writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

OWNED_TYPE(X509, X509_free)
OWNED_TYPE(X509_REQ, X509_REQ_free)
OWNED_TYPE(X509_CRL, X509_CRL_free)
OWNED_TYPE(BIGNUM, BN_free)

enum { NUMBER_MAX = 4, DAY_S = 86400 };

static EVP_PKEY *generate(const struct template_row *row)
{
	if (row->type == TPM_ALG_RSA)
		return EVP_RSA_gen(row->key_bits);
	return EVP_EC_gen(row->key_bits == 256 ? "P-256" : row->key_bits == 384 ? "P-384" : "P-521");
}

/* RSA keys take seconds: one for each size, use and number. */
EVP_PKEY *kit_key(enum tpm_template template, unsigned number)
{
	static EVP_PKEY *keys[64][NUMBER_MAX];
	const struct template_row *row = template_row(template);

	assert_non_null(row);
	assert_true(number < NUMBER_MAX);
	if (keys[template][number] == NULL)
		keys[template][number] = generate(row);
	assert_non_null(keys[template][number]);
	return keys[template][number];
}

static struct bytes number_of(EVP_PKEY *key, const char *name, uint8_t *out, size_t len)
{
	owned(BIGNUM) *number = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
	assert_int_equal(BN_bn2binpad(number, out, (int)len), (int)len);
	return bytes_of(out, len);
}

EVP_PKEY *kit_short_key(void)
{
	static EVP_PKEY *key;
	uint8_t x[32];

	while (key == NULL || number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, x, sizeof(x)).data[0] != 0) {
		EVP_PKEY_free(key);
		key = EVP_EC_gen("P-256");
		assert_non_null(key);
	}
	return key;
}

struct tpm_key kit_numbers(EVP_PKEY *key, enum tpm_template template, bool is_short)
{
	const struct template_row *row = template_row(template);
	struct tpm_key out = { .template = (uint8_t)template };
	uint8_t a[RSA_MODULUS_MAX], b[ECC_COORDINATE_MAX];
	struct bytes first, second = { 0 };

	if (row->type == TPM_ALG_RSA) {
		first = number_of(key, OSSL_PKEY_PARAM_RSA_N, a, row->key_bits / 8u);
	} else {
		first = number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, a, (row->key_bits + 7u) / 8);
		second = number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, b, (row->key_bits + 7u) / 8);
	}
	if (is_short)
		first = bytes_without_leading_zeros(first);
	out.a_len = (uint16_t)first.len;
	memcpy(out.a, first.data, first.len);
	out.b_len = (uint16_t)second.len;
	if (second.len > 0)
		memcpy(out.b, second.data, second.len);
	return out;
}

void kit_area_write(const struct tpm_key *key, struct kit_buffer *out)
{
	struct writer w = WRITER_OF_ARRAY(out->data);
	struct bytes written;

	tpm2b_public_write(&w, key);
	assert_int_equal(writer_end(&w, &written), FAULT_NONE);
	out->len = written.len;
}

/* ---- certificates ---- */

static void set_name(X509_NAME *name, const char *common_name)
{
	if (common_name != NULL)
		assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
			(const uint8_t *)common_name, -1, -1, 0), 1);
}

static void add_extension(X509 *certificate, int nid, const char *value)
{
	if (value == NULL)
		return;
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(extension);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

/* TCG EK Credential Profile 2.6, 3.2.9: a critical subjectAltName with a directoryName. */
static void add_manufacturer(X509 *certificate, const char *manufacturer)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *name = GENERAL_NAME_new();
	X509_NAME *directory = X509_NAME_new();

	if (manufacturer != NULL) {
		assert_int_equal(X509_NAME_add_entry_by_txt(directory, "2.23.133.2.1", V_ASN1_UTF8STRING,
			(const uint8_t *)manufacturer, -1, -1, 0), 1);
		GENERAL_NAME_set0_value(name, GEN_DIRNAME, directory);
		sk_GENERAL_NAME_push(names, name);
		assert_int_equal(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 1,
			X509V3_ADD_APPEND), 1);
	} else {
		GENERAL_NAME_free(name);
		X509_NAME_free(directory);
	}
	GENERAL_NAMES_free(names);
}

static void add_unknown_critical(X509 *certificate)
{
	static const uint8_t null[] = { 0x05, 0x00 };
	ASN1_OBJECT *object = OBJ_txt2obj("1.3.6.1.4.1.99999.7", 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();

	ASN1_OCTET_STRING_set(value, null, sizeof(null));
	X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);

	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(object);
}

static void add_key_identifiers(X509 *certificate, uint8_t key_id, uint8_t issuer_key_id)
{
	ASN1_OCTET_STRING *identifier = ASN1_OCTET_STRING_new();
	AUTHORITY_KEYID *issuer = AUTHORITY_KEYID_new();

	ASN1_OCTET_STRING_set(identifier, &key_id, sizeof(key_id));
	if (key_id != 0)
		assert_int_equal(X509_add1_ext_i2d(certificate, NID_subject_key_identifier,
			identifier, 0, X509V3_ADD_APPEND), 1);
	issuer->keyid = identifier;
	ASN1_OCTET_STRING_set(identifier, &issuer_key_id, sizeof(issuer_key_id));
	if (issuer_key_id != 0)
		assert_int_equal(X509_add1_ext_i2d(certificate, NID_authority_key_identifier,
			issuer, 0, X509V3_ADD_APPEND), 1);
	AUTHORITY_KEYID_free(issuer);
}

/* Replaces the key's algorithm by RSAES-OAEP with the parameters that Infineon wrote. */
static void make_oaep(X509 *certificate)
{
	static const uint8_t parameters[] = {
		0x30, 0x15, 0xa2, 0x13, 0x30, 0x11, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
		0x01, 0x01, 0x09, 0x04, 0x04, 'T', 'C', 'P', 'A',
	};
	const uint8_t *key;
	int key_len;
	ASN1_STRING *value = ASN1_STRING_type_new(V_ASN1_SEQUENCE);

	X509_PUBKEY_get0_param(NULL, &key, &key_len, NULL, X509_get_X509_PUBKEY(certificate));
	uint8_t *copy = OPENSSL_memdup(key, (size_t)key_len);

	ASN1_STRING_set(value, parameters, sizeof(parameters));
	assert_int_equal(X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(certificate),
		OBJ_nid2obj(NID_rsaesOaep), V_ASN1_SEQUENCE, value, copy, key_len), 1);
}

void kit_certificate_write(const struct kit_certificate *says, struct kit_buffer *out)
{
	owned(X509) *certificate = X509_new();
	uint8_t *end = out->data;

	assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), says->number);
	set_name(X509_get_subject_name(certificate), says->subject);
	set_name(X509_get_issuer_name(certificate), says->issuer);
	assert_non_null(ASN1_TIME_set(X509_getm_notBefore(certificate), says->not_before_s));
	assert_non_null(ASN1_TIME_set(X509_getm_notAfter(certificate), says->not_after_s));
	if (says->not_after != NULL)
		assert_int_equal(ASN1_TIME_set_string(X509_getm_notAfter(certificate),
			says->not_after), 1);
	assert_int_equal(X509_set_pubkey(certificate, says->key), 1);
	if (says->is_oaep)
		make_oaep(certificate);
	add_extension(certificate, NID_basic_constraints, says->basic_constraints);
	add_extension(certificate, NID_key_usage, says->key_usage);
	if (says->has_basic_constraints_twice)
		add_extension(certificate, NID_basic_constraints, says->basic_constraints);
	if (says->has_key_usage_twice)
		add_extension(certificate, NID_key_usage, says->key_usage);
	add_extension(certificate, NID_ext_key_usage, says->extended_key_usage);
	if (says->has_twice)
		add_extension(certificate, NID_ext_key_usage, says->extended_key_usage);
	add_manufacturer(certificate, says->manufacturer);
	add_key_identifiers(certificate, says->key_id, says->issuer_key_id);
	if (says->has_unknown_critical)
		add_unknown_critical(certificate);
	assert_true(X509_sign(certificate, says->issuer_key, EVP_get_digestbyname(says->hash)) > 0);
	assert_true(i2d_X509(certificate, NULL) <= KIT_OCTETS_MAX);
	out->len = (size_t)i2d_X509(certificate, &end);
}

void kit_crl_write(const struct kit_certificate *issuer, long number, struct kit_buffer *out)
{
	owned(X509_CRL) *crl = X509_CRL_new();
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	ASN1_TIME *time = ASN1_TIME_set(NULL, issuer->not_before_s);
	X509_NAME *name = X509_NAME_new();
	uint8_t *end = out->data;

	ASN1_INTEGER_set(serial, number);
	X509_REVOKED_set_serialNumber(entry, serial);
	X509_REVOKED_set_revocationDate(entry, time);
	set_name(name, issuer->subject);
	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, name);
	X509_CRL_set1_lastUpdate(crl, time);
	X509_CRL_set1_nextUpdate(crl, time);
	X509_CRL_add0_revoked(crl, entry);
	X509_CRL_sort(crl);
	assert_true(X509_CRL_sign(crl, issuer->key, EVP_sha256()) > 0);
	out->len = (size_t)i2d_X509_CRL(crl, &end);
	X509_NAME_free(name);
	ASN1_TIME_free(time);
	ASN1_INTEGER_free(serial);
}

void kit_crl_extend(const struct kit_certificate *issuer, int nid, struct bytes value,
	bool is_critical, struct kit_buffer *list)
{
	const uint8_t *cursor = list->data;
	owned(X509_CRL) *crl = d2i_X509_CRL(NULL, &cursor, (long)list->len);
	ASN1_OCTET_STRING *content = ASN1_OCTET_STRING_new();
	uint8_t *end = list->data;

	assert_int_equal(ASN1_OCTET_STRING_set(content, value.data, (int)value.len), 1);
	X509_EXTENSION *extension = X509_EXTENSION_create_by_NID(NULL, nid, is_critical, content);

	assert_int_equal(X509_CRL_add_ext(crl, extension, -1), 1);
	assert_true(X509_CRL_sign(crl, issuer->key, EVP_sha256()) > 0);
	list->len = (size_t)i2d_X509_CRL(crl, &end);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(content);
}

/* ---- CSR ---- */

static void set_subject(const struct kit *kit, X509_REQ *csr)
{
	X509_NAME *subject = X509_NAME_new();

	set_name(subject, "a name that nobody reads");
	for (unsigned i = 0; i < kit->serial_count; i++)
		assert_int_equal(X509_NAME_add_entry_by_NID(subject, NID_serialNumber, kit->serial_type,
			(const uint8_t *)kit->serial, -1, -1, kit->is_serial_shared ? -1 : 0), 1);
	assert_int_equal(X509_REQ_set_subject_name(csr, subject), 1);
	X509_NAME_free(subject);
}

static void sign_csr(const struct kit *kit, X509_REQ *csr)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_context;

	assert_int_equal(EVP_DigestSignInit(context, &key_context, EVP_get_digestbyname(kit->csr_hash),
		NULL, kit->csr_key), 1);
	if (kit->pss_salt_len != -2) {
		EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, kit->pss_salt_len);
	}
	assert_true(X509_REQ_sign_ctx(csr, context) > 0);
	EVP_MD_CTX_free(context);
}

static void write_csr(const struct kit *kit, struct kit_buffer *out)
{
	owned(X509_REQ) *csr = X509_REQ_new();
	uint8_t *end = out->data;

	assert_int_equal(X509_REQ_set_version(csr, kit->csr_version), 1);
	set_subject(kit, csr);
	assert_int_equal(X509_REQ_set_pubkey(csr, kit->csr_key), 1);
	if (kit->csr_attribute != NID_undef)
		assert_int_equal(X509_REQ_add1_attr_by_NID(csr, kit->csr_attribute, V_ASN1_SEQUENCE,
			(const uint8_t *)"\x30\x00", 2), 1);
	sign_csr(kit, csr);
	out->len = (size_t)i2d_X509_REQ(csr, &end);
}

/* ---- the whole ---- */

struct kit kit_of(enum tpm_template ik, enum tpm_template ek)
{
	const int64_t now_s = 1795392000; /* 2026-11-23 */
	EVP_PKEY *vendor_key = kit_key(TEMPLATE_EK_L2, 3);

	return (struct kit){
		.configuration = "", .marks = "", .profile = "device", .act = ACT_CHALLENGE, .now_s = now_s,
		.ik_template = ik, .ek_template = ek,
		.ik = kit_key(ik, 0), .ek = kit_key(ek, 1), .csr_key = kit_key(ik, 0),
		.ca_key = kit_key(TEMPLATE_IK_P256, 3),
		.serial = "SN-0001", .serial_type = MBSTRING_ASC, .serial_count = 1,
		.csr_hash = "SHA256", .pss_salt_len = -2, .csr_attribute = NID_undef,
		.vendor = { .subject = "Vendor", .issuer = "Vendor", .key = vendor_key,
			.issuer_key = vendor_key, .basic_constraints = "critical,CA:TRUE,pathlen:0",
			.key_usage = "critical,keyCertSign,cRLSign", .not_before_s = now_s - 100 * DAY_S,
			.not_after_s = now_s + 100 * DAY_S, .hash = "SHA256", .number = 1 },
		.ek_certificate = { .issuer = "Vendor", .key = kit_key(ek, 1), .issuer_key = vendor_key,
			.basic_constraints = "critical,CA:FALSE", .key_usage = "critical,keyEncipherment",
			.extended_key_usage = "2.23.133.8.1", .manufacturer = "id:49465800",
			.not_before_s = now_s - 10 * DAY_S, .not_after_s = now_s + 10 * DAY_S,
			.hash = "SHA256", .number = 4711 },
	};
}

static void load(struct policy *policy, enum load_kind kind, struct bytes octets, int descriptor)
{
	struct load item = { .kind = (uint8_t)kind, .octets = octets };

	assert_int_equal(policy_load(policy, &item, descriptor), FAULT_NONE);
}

static void load_anchor(struct policy *policy, const struct kit_buffer *anchor, const char *marks)
{
	uint8_t item[KIT_OCTETS_MAX + 512];
	struct writer w = WRITER_OF_ARRAY(item);

	writer_sized(&w, bytes_of_string(marks));
	writer_bytes(&w, bytes_of(anchor->data, anchor->len));
	load(policy, LOAD_ANCHOR, writer_written(&w), -1);
}

static void load_crl(struct policy *policy, const struct kit_buffer *crl)
{
	owned_descriptor descriptor = memfd_create("crl", MFD_CLOEXEC);

	assert_int_equal(write(descriptor, crl->data, crl->len), (ssize_t)crl->len);
	load(policy, LOAD_CRL, bytes_of(NULL, 0), descriptor);
}

struct policy *kit_policy(const char *configuration, const struct kit_buffer *ca,
	const struct kit_buffer *anchors, const char *const *marks, size_t count,
	const struct kit_buffer *crl)
{
	static const uint8_t fingerprint[32] = { 0xf1, 0xf2 };
	struct policy *policy = NULL;
	char text[1024];

	assert_int_equal(policy_open(&policy), FAULT_NONE);
	(void)snprintf(text, sizeof(text), "[ca]\nname = Test\n%s", configuration);
	load(policy, LOAD_CONFIGURATION, bytes_of_string(text), -1);
	load(policy, LOAD_FINGERPRINT, BYTES_OF_ARRAY(fingerprint), -1);
	load(policy, LOAD_CA_CERTIFICATE, bytes_of(ca->data, ca->len), -1);
	for (size_t i = 0; i < count; i++)
		load_anchor(policy, &anchors[i], marks[i]);
	if (crl != NULL)
		load_crl(policy, crl);
	if (policy_complete(policy) != FAULT_NONE)
		fail_msg("policy: %s", policy->refused);
	return policy;
}

void kit_build(struct kit *kit)
{
	static struct kit_buffer ca, vendor, crl;
	struct kit_certificate ca_says = kit->vendor;

	kit->ik_numbers = kit_numbers(kit->ik, kit->ik_template, false);
	kit->ek_numbers = kit_numbers(kit->ek, kit->ek_template, false);
	kit_area_write(&kit->ik_numbers, &kit->ik_public);
	kit_area_write(&kit->ek_numbers, &kit->ek_public);
	write_csr(kit, &kit->csr);
	kit_certificate_write(&kit->ek_certificate, &kit->certificate);
	kit->header.len = kit->act == ACT_CERTIFICATE ? CHALLENGE_HEADER_SIZE : 0;

	ca_says.subject = ca_says.issuer = "Test";
	ca_says.key = kit->ca_key;
	kit_certificate_write(&ca_says, &ca);
	kit_certificate_write(&kit->vendor, &vendor);
	kit_crl_write(&kit->vendor, kit->ek_certificate.number, &crl);
	policy_close(kit->policy);
	kit->policy = kit_policy(kit->configuration, &ca, &vendor, &kit->marks,
		kit->is_vendor_unknown ? 0 : 1, kit->has_crl ? &crl : NULL);
}

static struct bytes view(const struct kit_buffer *buffer)
{
	return bytes_of(buffer->data, buffer->len);
}

void kit_judge(const struct kit *kit, struct verdict *out)
{
	static const uint8_t ticket[TICKET_SIZE] = { 0x77 };
	struct evidence evidence = { .act = kit->act, .csr = view(&kit->csr),
		.ik_public = view(&kit->ik_public), .ek_public = view(&kit->ek_public),
		.has_ek_certificate = !kit->has_no_certificate, .ek_chain_count = kit->hint_count,
		.profile = bytes_of_string(kit->profile), .challenge = view(&kit->header) };

	if (evidence.has_ek_certificate)
		evidence.ek_certificate = view(&kit->certificate);
	if (kit->act == ACT_CERTIFICATE)
		evidence.ticket = BYTES_OF_ARRAY(ticket);
	for (size_t i = 0; i < kit->hint_count; i++)
		evidence.ek_chain[i] = view(&kit->hints[i]);
	judge(kit->policy, &evidence, kit->now_s, out);
}

void kit_close(struct kit *kit)
{
	policy_close(kit->policy);
	kit->policy = NULL;
}
