#include "load_fingerprint.h"

#include "owned.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <unistd.h>

OWNED_TYPE(X509, X509_free)

enum { ENTRIES_MAX = ANCHOR_COUNT_MAX + TRUST_CRL_FILES_MAX + 3 + PROFILE_COUNT_MAX + 2 };

static bool sha256(const void *octets, size_t len, uint8_t out[32])
{
	return EVP_Q_digest(NULL, "SHA256", NULL, octets, len, out, NULL) == 1;
}

static enum fault digest_of_file(int descriptor, uint8_t out[32])
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	uint8_t buffer[16384];
	off_t at = 0;
	ssize_t got = 0;
	bool is_done = hash != NULL && EVP_DigestInit_ex2(hash, EVP_sha256(), NULL) == 1;

	while (is_done && (got = pread(descriptor, buffer, sizeof(buffer), at)) > 0) {
		is_done = EVP_DigestUpdate(hash, buffer, (size_t)got) == 1;
		at += got;
	}
	is_done = is_done && got == 0 && EVP_DigestFinal_ex(hash, out, NULL) == 1;
	EVP_MD_CTX_free(hash);
	return is_done ? FAULT_NONE : FAULT_SYSTEM;
}

/* PROTOCOL, The ticket: kind 1 is SHA-256(DER ‖ its marks as sorted text). */
static bool anchor_digest(const struct anchor *anchor, uint8_t out[32])
{
	uint8_t buffer[ANCHOR_MAX + MARKS_TEXT_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct bytes octets;

	writer_bytes(&w, bytes_of(anchor->der, anchor->len));
	writer_bytes(&w, bytes_of_string(anchor->marks));
	return writer_end(&w, &octets) == FAULT_NONE && sha256(octets.data, octets.len, out);
}

/* Kind 6: SHA-256 of the root's SubjectPublicKeyInfo. */
static bool root_digest(const struct load_set *set, uint8_t out[32])
{
	const struct certificate_der *root = &set->ca[set->ca_count - 1];
	const uint8_t *at = root->octets;
	owned(X509) *certificate = d2i_X509(NULL, &at, (long)root->len);
	uint8_t *spki = NULL;
	int len = certificate == NULL ? -1
				      : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &spki);
	bool is_done = len > 0 && sha256(spki, (size_t)len, out);

	OPENSSL_free(spki);
	return is_done;
}

/* Kind 7: SHA-256 of the rules version, u32. */
static bool rules_digest(uint8_t out[32])
{
	uint8_t buffer[4];
	struct writer w = WRITER_OF_ARRAY(buffer);

	writer_u32(&w, RULES_VERSION);
	return sha256(buffer, sizeof(buffer), out);
}

static enum fault trust_entries(const struct load_set *set, struct fingerprint_entry *entries,
	size_t *count)
{
	for (size_t i = 0; i < set->anchors.count; i++) {
		struct fingerprint_entry *entry = &entries[(*count)++];

		entry->kind = FINGERPRINT_ANCHOR;
		if (!anchor_digest(&set->anchors.list[i], entry->digest))
			return FAULT_CRYPTO;
	}
	for (size_t i = 0; i < set->anchors.crl_count; i++) {
		struct fingerprint_entry *entry = &entries[(*count)++];
		enum fault fault = digest_of_file(set->anchors.crls[i].descriptor, entry->digest);

		entry->kind = FINGERPRINT_CRL;
		if (fault != FAULT_NONE)
			return fault;
	}
	return FAULT_NONE;
}

static enum fault collect_entries(const struct load_set *set, struct fingerprint_entry *entries,
	size_t *count)
{
	uint8_t expected_digest[32] = { 0 };
	enum fault fault =
		set->expected < 0 ? FAULT_NONE : digest_of_file(set->expected, expected_digest);

	if (fault == FAULT_NONE)
		fault = trust_entries(set, entries, count);
	if (fault == FAULT_NONE)
		fault = configuration_fingerprint_entries(
			&set->configuration, expected_digest, entries, ENTRIES_MAX - 2, count);
	if (fault != FAULT_NONE)
		return fault;
	entries[*count].kind = FINGERPRINT_ROOT;
	if (!root_digest(set, entries[(*count)++].digest))
		return FAULT_CRYPTO;
	entries[*count].kind = FINGERPRINT_RULES;
	return rules_digest(entries[(*count)++].digest) ? FAULT_NONE : FAULT_CRYPTO;
}

enum fault load_set_fingerprint(struct load_set *set, struct trouble *trouble)
{
	struct fingerprint_entry *entries = calloc(ENTRIES_MAX, sizeof(*entries));
	size_t count = 0;
	enum fault fault =
		entries == NULL ? FAULT_NO_MEMORY : collect_entries(set, entries, &count);

	if (fault == FAULT_NONE)
		fault = fingerprint_of(entries, count, set->fingerprint);
	free(entries);
	if (fault != FAULT_NONE)
		return trouble_say(trouble, fault,
			"the policy's fingerprint cannot be computed: %s", fault_text(fault));
	return FAULT_NONE;
}
