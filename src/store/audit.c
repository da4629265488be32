#include "audit.h"

#include "encoding.h"
#include "owned.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>

OWNED_TYPE(EVP_MD_CTX, EVP_MD_CTX_free)

/* ---- making an entry ---- */

static void put(struct audit_entry *entry, const char *text, size_t len)
{
	if (len > AUDIT_DETAIL_MAX - 1 - entry->len) { /* one octet is kept for the last brace */
		entry->is_cut = true;
		return;
	}
	memcpy(entry->detail + entry->len, text, len);
	entry->len += len;
}

static void put_string(struct audit_entry *entry, const char *text)
{
	put(entry, text, strlen(text));
}

/* A JSON string (RFC 8259, 7). */
static void put_quoted(struct audit_entry *entry, const char *text)
{
	char escaped[8];

	put_string(entry, "\"");
	for (; *text != '\0'; text++) {
		unsigned char octet = (unsigned char)*text;

		if (octet == '"' || octet == '\\')
			(void)snprintf(escaped, sizeof(escaped), "\\%c", octet);
		else if (octet < 0x20 || octet == 0x7f)
			(void)snprintf(escaped, sizeof(escaped), "\\u%04x", octet);
		else
			(void)snprintf(escaped, sizeof(escaped), "%c", octet);
		put_string(entry, escaped);
	}
	put_string(entry, "\"");
}

static void put_name(struct audit_entry *entry, const char *name)
{
	put_string(entry, entry->len == 1 ? "\"" : ",\"");
	put_string(entry, name);
	put_string(entry, "\":");
}

struct audit_entry audit_entry_of(const char *act)
{
	return (struct audit_entry){ .act = act, .len = 1, .detail = "{" };
}

void audit_text(struct audit_entry *entry, const char *name, const char *text)
{
	put_name(entry, name);
	put_quoted(entry, text);
}

void audit_octets(struct audit_entry *entry, const char *name, struct bytes octets)
{
	char hex[HEX_CAPACITY(64)];

	if (octets.len > 64) {
		entry->is_cut = true;
		return;
	}
	hex_encode(octets, hex, sizeof(hex));
	audit_text(entry, name, hex);
}

void audit_number(struct audit_entry *entry, const char *name, uint64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	put_name(entry, name);
	put_string(entry, text);
}

/* ---- the chain ---- */

struct chain_entry {
	uint64_t seq, at_ms;
	struct bytes actor, act, detail;
};

static bool digest_u64(EVP_MD_CTX *context, uint64_t number)
{
	uint8_t octets[8];

	for (int i = 0; i < 8; i++)
		octets[i] = (uint8_t)(number >> (56 - 8 * i));
	return EVP_DigestUpdate(context, octets, sizeof(octets)) == 1;
}

static bool digest_field(EVP_MD_CTX *context, struct bytes field)
{
	const uint8_t len[4] = { (uint8_t)(field.len >> 24), (uint8_t)(field.len >> 16),
		(uint8_t)(field.len >> 8), (uint8_t)field.len };

	return EVP_DigestUpdate(context, len, sizeof(len)) == 1 &&
		EVP_DigestUpdate(context, field.data, field.len) == 1;
}

/* hash becomes that of the entry which follows it. */
static enum fault chain(uint8_t hash[32], const struct chain_entry *entry)
{
	owned(EVP_MD_CTX) *context = EVP_MD_CTX_new();

	if (context == NULL || EVP_DigestInit_ex2(context, EVP_sha256(), NULL) != 1 ||
			EVP_DigestUpdate(context, hash, 32) != 1 ||
			!digest_u64(context, entry->seq) ||
			!digest_u64(context, entry->at_ms) ||
			!digest_field(context, entry->actor) ||
			!digest_field(context, entry->act) ||
			!digest_field(context, entry->detail) ||
			EVP_DigestFinal_ex(context, hash, NULL) != 1)
		return FAULT_CRYPTO;
	return FAULT_NONE;
}

/* The state row's word on the last entry. */
static uint64_t read_head(struct store *store, uint8_t hash[32])
{
	owned_query query = query_of(&store->database, "SELECT audit_count, audit_head FROM state",
		NO_VALUES);

	if (!query_next(&query)) {
		database_fail(&store->database, FAULT_INVALID,
			"the database has lost its state row");
		return 0;
	}
	uint64_t count = query_u64(&query);
	query_copy(&query, hash, 32);
	return count;
}

static void insert(struct store *store, const struct chain_entry *entry, const char *actor,
	const char *act, const uint8_t hash[32])
{
	const struct value detail = { .kind = VALUE_TEXT, .bytes = entry->detail };

	(void)database_run(&store->database,
		"INSERT INTO audit (seq, at_ms, actor, act, detail, hash)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
		VALUES(value_u64(entry->seq), value_u64(entry->at_ms), value_text(actor),
		value_text(act),
			detail, VALUE_ID(hash)));
	(void)database_run(&store->database, "UPDATE state SET audit_count = ?1, audit_head = ?2",
		VALUES(value_u64(entry->seq), VALUE_ID(hash)));
}

void audit_append(struct store *store, const char *actor, const struct audit_entry *made)
{
	char detail[AUDIT_DETAIL_MAX + 2];
	uint8_t hash[32] = { 0 };
	uint64_t count = read_head(store, hash);

	if (made->is_cut)
		database_fail(&store->database, FAULT_TOO_LONG, "an audit entry is too long");
	if (store->database.fault != FAULT_NONE)
		return;
	(void)snprintf(detail, sizeof(detail), "%.*s}", (int)made->len, made->detail);
	const struct chain_entry entry = { .seq = count + 1, .at_ms = store->now_ms,
		.actor = bytes_of_string(actor), .act = bytes_of_string(made->act),
		.detail = bytes_of_string(detail) };
	if (chain(hash, &entry) != FAULT_NONE) {
		database_fail(&store->database, FAULT_CRYPTO,
			"the audit entry could not be hashed");
		return;
	}
	insert(store, &entry, actor, made->act, hash);
}

/* ---- verification ---- */

__attribute__((format(printf, 2, 3)))
static void find_broken(struct audit_verdict *verdict, const char *format, ...)
{
	va_list arguments;

	if (!verdict->is_whole)
		return;
	verdict->is_whole = false;
	va_start(arguments, format);
	(void)vsnprintf(verdict->text, sizeof(verdict->text), format, arguments);
	va_end(arguments);
}

/* One entry against the one before; its hash is recomputed, never believed. */
static void verify_entry(struct query *query, uint64_t *last_ms, struct audit_verdict *verdict)
{
	/* A number below 0 becomes one that no entry has: it is found like any other. */
	unsigned long long seq = (uint64_t)query_number(query);
	struct chain_entry entry = { .seq = seq };
	uint8_t recorded[32] = { 0 };

	entry.at_ms = (uint64_t)query_number(query);
	entry.actor = query_bytes(query);
	entry.act = query_bytes(query);
	entry.detail = query_bytes(query);
	query_copy(query, recorded, sizeof(recorded));
	if (entry.seq != verdict->count + 1)
		find_broken(verdict, "entry %llu is missing: entry %llu follows entry %llu",
			(unsigned long long)verdict->count + 1, seq,
			(unsigned long long)verdict->count);
	if (entry.at_ms < *last_ms)
		find_broken(verdict, "entry %llu is earlier than the one before it", seq);
	if (chain(verdict->head, &entry) != FAULT_NONE)
		find_broken(verdict, "entry %llu could not be hashed", seq);
	if (!bytes_equal(BYTES_OF_ARRAY(verdict->head), BYTES_OF_ARRAY(recorded)))
		find_broken(verdict, "entry %llu was changed, or the ones before it were", seq);
	*last_ms = entry.at_ms;
	verdict->count = entry.seq;
}

static void verify_checkpoint(const struct audit_checkpoint *checkpoint,
	struct audit_verdict *verdict)
{
	if (checkpoint->seq == verdict->count &&
			!bytes_equal(BYTES_OF_ARRAY(checkpoint->hash),
			BYTES_OF_ARRAY(verdict->head)))
		find_broken(verdict, "entry %llu does not have the hash that was kept",
			(unsigned long long)checkpoint->seq);
}

static void verify_end(struct store *store, const struct audit_checkpoint *checkpoint,
	struct audit_verdict *verdict)
{
	uint8_t head[32] = { 0 };
	uint64_t count = read_head(store, head);

	if (count != verdict->count)
		find_broken(verdict, "there are %llu entries, and there were %llu",
			(unsigned long long)verdict->count, (unsigned long long)count);
	if (!bytes_equal(BYTES_OF_ARRAY(head), BYTES_OF_ARRAY(verdict->head)))
		find_broken(verdict, "the last entry is not the one that was written last");
	if (checkpoint->seq > verdict->count)
		find_broken(verdict, "there is no entry %llu, of which a hash was kept",
			(unsigned long long)checkpoint->seq);
}

void audit_verify(struct store *store, const struct audit_checkpoint *checkpoint,
	struct audit_verdict *out)
{
	struct audit_verdict verdict = { .is_whole = true };
	uint64_t last_ms = 0;

	{
		owned_query query = query_of(&store->database,
			"SELECT seq, at_ms, actor, act, detail, hash FROM audit ORDER BY seq",
			NO_VALUES);

		while (verdict.is_whole && query_next(&query)) {
			verify_entry(&query, &last_ms, &verdict);
			verify_checkpoint(checkpoint, &verdict);
		}
	}
	verify_end(store, checkpoint, &verdict);
	*out = verdict;
}
