#ifndef TESTS_VERIFIER_KIT_H
#define TESTS_VERIFIER_KIT_H

#include "judge.h"
#include "message.h"
#include "policy.h"

#include <openssl/types.h>
#include <stdbool.h>

/*
 * kit: sound evidence made in memory, with a handle on every part of it: keys as a TPM would spell
 * them, a CSR, an EK certificate under a vendor's CA of the test's own, a policy that trusts it.
 *
 *	struct kit kit = kit_of(TEMPLATE_IK_P256, TEMPLATE_EK_L2);
 *	kit.serial = "other";              change what is to be wrong
 *	kit_build(&kit);                   make the octets
 *	kit.csr_octets[40] ^= 1;           or change these
 *	kit_judge(&kit, &verdict);
 *	kit_close(&kit);
 */
enum { KIT_OCTETS_MAX = 8192, KIT_ANCHORS_MAX = 8 };

/* What a certificate of the kit says; a NULL text leaves the extension out. */
struct kit_certificate {
	const char *subject, *issuer; /* CN; NULL: an empty name */
	EVP_PKEY *key, *issuer_key;
	const char *basic_constraints, *key_usage, *extended_key_usage; /* as in openssl.cnf */
	const char *manufacturer;     /* tpmManufacturer in a critical subjectAltName */
	bool has_twice;               /* the extendedKeyUsage stands twice */
	bool has_key_usage_twice, has_basic_constraints_twice;
	bool has_unknown_critical;
	uint8_t key_id, issuer_key_id; /* the identifiers' one octet; 0: without */
	bool is_oaep;                 /* the SubjectPublicKeyInfo says RSAES-OAEP */
	int64_t not_before_s, not_after_s;
	const char *not_after; /* spelt out, instead of not_after_s; NULL: not */
	const char *hash;
	long number;
};

struct kit_buffer {
	uint8_t data[KIT_OCTETS_MAX];
	size_t len;
};

struct kit {
	const char *configuration; /* after [ca] name = Test */
	struct kit_certificate vendor, ek_certificate;
	const char *marks;
	bool is_vendor_unknown;    /* the vendor's CA is not imported */
	bool has_crl;              /* the vendor's list names the EK certificate's number */
	const char *profile;
	uint8_t act;
	int64_t now_s;

	enum tpm_template ik_template, ek_template;
	EVP_PKEY *ik, *ek, *csr_key, *ca_key; /* csr_key signs and is in the CSR */
	const char *serial;
	int serial_type;           /* MBSTRING_ASC: PrintableString; or V_ASN1_… */
	unsigned serial_count;
	bool is_serial_shared;     /* it shares its RDN with a CN */
	const char *csr_hash;
	int pss_salt_len;          /* -2: no PSS */
	int csr_attribute;         /* NID; NID_undef: none */
	long csr_version;

	/* Made by kit_build. */
	struct tpm_key ik_numbers, ek_numbers;
	struct kit_buffer ik_public, ek_public, csr, certificate, header;
	struct kit_buffer hints[EK_CHAIN_COUNT_MAX];
	size_t hint_count;
	bool has_no_certificate;
	struct policy *policy;
};

/* A sound one. Its keys are the test's own, made once per program and shared by all kits. */
struct kit kit_of(enum tpm_template ik, enum tpm_template ek);

/* The octets of all parts and the policy, from what the kit now says. */
void kit_build(struct kit *);
void kit_judge(const struct kit *, struct verdict *out);
void kit_close(struct kit *);

/* A key of that template, the same at each call with the same number. */
EVP_PKEY *kit_key(enum tpm_template, unsigned number);

/* A P-256 key whose x begins with an octet of 0. */
EVP_PKEY *kit_short_key(void);

/* Its numbers as a TPM spells them; is_short: coordinates without leading zeros. */
struct tpm_key kit_numbers(EVP_PKEY *, enum tpm_template, bool is_short);

void kit_certificate_write(const struct kit_certificate *, struct kit_buffer *out);

/* The revocation list of that CA, with one number on it, its nextUpdate long past. */
void kit_crl_write(const struct kit_certificate *issuer, long number, struct kit_buffer *out);

/* The same list with one extension more, by its contents octets. */
void kit_crl_extend(const struct kit_certificate *issuer, int nid, struct bytes value,
	bool is_critical, struct kit_buffer *list);
void kit_area_write(const struct tpm_key *, struct kit_buffer *out);

/* A policy from a configuration's text and anchors, each with its marks. */
struct policy *kit_policy(const char *configuration, const struct kit_buffer *ca,
	const struct kit_buffer *anchors, const char *const *marks, size_t count,
	const struct kit_buffer *crl);

#endif
