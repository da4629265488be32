#include "configuration.h"

#include "configuration_key.h"
#include "encoding.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* A section's lines: at most six of a key, " = " and a text. */
enum { SECTION_TEXT_MAX = 2048 };

static enum fault digest(struct bytes input, uint8_t out[32])
{
	return EVP_Q_digest(NULL, "SHA256", NULL, input.data, input.len, out, NULL) == 1
		       ? FAULT_NONE
		       : FAULT_CRYPTO;
}

/* ---- the fingerprint of all entries ---- */

static int compare_entries(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct fingerprint_entry));
}

/* PROTOCOL, The ticket: field(kind, digest) = u8 kind ‖ u32 length ‖ octets. */
static bool hash_entry(EVP_MD_CTX *hash, const struct fingerprint_entry *entry)
{
	uint8_t field[1 + 4 + sizeof(entry->digest)];
	struct writer w = WRITER_OF_ARRAY(field);
	struct bytes octets;

	writer_u8(&w, entry->kind);
	writer_sized(&w, BYTES_OF_ARRAY(entry->digest));
	return writer_end(&w, &octets) == FAULT_NONE &&
		EVP_DigestUpdate(hash, octets.data, octets.len) == 1;
}

static bool hash_entries(EVP_MD_CTX *hash, const struct fingerprint_entry *entries, size_t count)
{
	static const char label[] = "genuine policy v1"; /* with its NUL: the protocol's 00 */

	if (EVP_DigestUpdate(hash, label, sizeof(label)) != 1)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && compare_entries(&entries[i - 1], &entries[i]) == 0)
			continue;
		if (!hash_entry(hash, &entries[i]))
			return false;
	}
	return true;
}

enum fault fingerprint_of(struct fingerprint_entry *entries, size_t count, uint8_t out[32])
{
	static_assert(sizeof(struct fingerprint_entry) == 33, "entries are compared as they lie");
	EVP_MD_CTX *hash = EVP_MD_CTX_new();

	if (count > 0)
		qsort(entries, count, sizeof(entries[0]), compare_entries);
	bool is_done = hash != NULL && EVP_DigestInit_ex2(hash, EVP_sha256(), NULL) == 1 &&
		hash_entries(hash, entries, count) && EVP_DigestFinal_ex(hash, out, NULL) == 1;
	EVP_MD_CTX_free(hash);
	return is_done ? FAULT_NONE : FAULT_CRYPTO;
}

/* ---- the entries of the configuration ---- */

static void write_text(struct writer *w, const char *text)
{
	writer_bytes(w, bytes_of_string(text));
}

/* PROTOCOL, The ticket: a file's path is replaced by its digest. */
static void write_value(struct writer *w, const struct configuration_key *key, const void *base,
	const uint8_t expected_digest[32])
{
	char hex[HEX_CAPACITY(32)];

	if (strcmp(key->name, "expected") != 0) {
		key->form->write(key, (const char *)base + key->offset, w);
		return;
	}
	hex_encode(bytes_of(expected_digest, 32), hex, sizeof(hex));
	write_text(w, hex);
}

/* The name and the effective lines; the table has them in ascending order already. */
static enum fault section_digest(const char *section, const char *name, const void *base,
	const uint8_t expected_digest[32], uint8_t out[32])
{
	uint8_t buffer[SECTION_TEXT_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct bytes text;
	size_t count;
	const struct configuration_key *keys = configuration_keys(&count);

	write_text(&w, name);
	write_text(&w, "\n");
	for (size_t i = 0; i < count; i++) {
		if (strcmp(keys[i].section, section) != 0)
			continue;
		write_text(&w, keys[i].name);
		write_text(&w, " = ");
		write_value(&w, &keys[i], base, expected_digest);
		write_text(&w, "\n");
	}
	enum fault fault = writer_end(&w, &text);
	return fault != FAULT_NONE ? fault : digest(text, out);
}

enum fault configuration_fingerprint_entries(const struct configuration *configuration,
	const uint8_t expected_digest[32], struct fingerprint_entry *entries, size_t capacity,
	size_t *count)
{
	static const char *const sections[] = { "endorsement", "identity", "identity-key" };
	const size_t section_count = sizeof(sections) / sizeof(sections[0]);

	if (capacity < *count || capacity - *count < section_count + configuration->profile_count)
		return FAULT_TOO_LONG;
	for (size_t i = 0; i < section_count; i++) {
		struct fingerprint_entry entry = { .kind = FINGERPRINT_SECTION };
		enum fault fault = section_digest(sections[i], sections[i], configuration,
			expected_digest, entry.digest);

		if (fault != FAULT_NONE)
			return fault;
		entries[(*count)++] = entry;
	}
	for (size_t i = 0; i < configuration->profile_count; i++) {
		const struct profile *profile = &configuration->profiles[i];
		struct fingerprint_entry entry = { .kind = FINGERPRINT_PROFILE };
		enum fault fault = section_digest(configuration_profile_section, profile->name,
			profile, expected_digest, entry.digest);

		if (fault != FAULT_NONE)
			return fault;
		entries[(*count)++] = entry;
	}
	return FAULT_NONE;
}
