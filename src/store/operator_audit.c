#include "operator_verbs.h"

#include "encoding.h"

#include <string.h>

/* A piece of the list for one row: a multiple of three, so that the base64 texts join. */
enum { LIST_PIECE = 30000 };

enum { FACT_MAX = 400 };

void audit_list(struct operation *operation)
{
	const struct bytes *arguments = operation->request->arguments;
	uint64_t from = 0, after, last = 0;

	if (!operation_after(operation, &after) || (operation->count == 1 &&
			!operation_number(operation, arguments[0], &from)))
		return;
	owned_query query = query_of(&operation->store->database,
		"SELECT seq, seq, at_ms, actor, act, detail, hash FROM audit"
		" WHERE seq >= ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
		VALUES(value_u64(from), value_u64(after), value_number(PAGE_ROWS)));

	while (query_next(&query)) {
		last = query_u64(&query);
		row_take_number(operation, "seq", &query);
		row_take_time_ms(operation, "at", &query);
		row_take_text(operation, "actor", &query);
		row_take_text(operation, "act", &query);
		row_take_text(operation, "detail", &query);
		row_take_octets(operation, "hash", &query);
		row_send(operation);
	}
	operation_done_page(operation, "%llu", (unsigned long long)last);
}

/* "NAME=VALUE", the name of a-z 0-9 _: one member of the entry's detail. */
static bool take_fact(struct operation *operation, size_t position, struct audit_entry *entry)
{
	char fact[FACT_MAX + 1];

	if (!operation_text(operation, position, "fact", fact, sizeof(fact)))
		return false;
	size_t len = strspn(fact, "abcdefghijklmnopqrstuvwxyz0123456789_");
	if (len == 0 || fact[len] != '=') {
		operation_refuse(operation, "a fact is NAME=VALUE");
		return false;
	}
	fact[len] = '\0';
	audit_text(entry, fact, fact + len + 1);
	return true;
}

void audit_add(struct operation *operation)
{
	char act[AUDIT_NAME_MAX + 1];

	if (!operation_text(operation, 0, "act", act, sizeof(act)))
		return;
	struct audit_entry entry = audit_entry_of(act);
	for (size_t i = 1; i < operation->count; i++) {
		if (!take_fact(operation, i, &entry))
			return;
	}
	audit_append(operation->store, operation->actor, &entry);
	operation_done(operation);
}

static bool take_checkpoint(struct operation *operation, struct audit_checkpoint *out)
{
	if (operation->count == 0)
		return true;
	if (operation->count != 2) {
		operation_refuse(operation, "a checkpoint is an entry's number and its hash");
		return false;
	}
	return operation_number(operation, operation->request->arguments[0], &out->seq) &&
		operation_id(operation, 1, "hash", out->hash);
}

void audit_verify_verb(struct operation *operation)
{
	struct audit_checkpoint checkpoint = { .seq = 0 };
	struct audit_verdict verdict;

	if (!take_checkpoint(operation, &checkpoint))
		return;
	audit_verify(operation->store, &checkpoint, &verdict);
	row_truth(operation, "whole", verdict.is_whole);
	row_number(operation, "entries", (int64_t)verdict.count);
	row_octets(operation, "head", BYTES_OF_ARRAY(verdict.head));
	row_send(operation);
	if (verdict.is_whole)
		operation_done(operation);
	else
		operation_refuse(operation, "the audit chain is broken: %s", verdict.text);
}

void crl_show(struct operation *operation)
{
	char base64[BASE64_CAPACITY(LIST_PIECE)];
	owned_query query = query_of(&operation->store->database,
		"SELECT der, number, this_update_s, next_update_s FROM crl ORDER BY number DESC"
		" LIMIT 1",
		NO_VALUES);

	if (!query_next(&query)) {
		operation_not_found(operation, "there is no revocation list yet");
		return;
	}
	struct bytes der = query_bytes(&query);
	int64_t number = query_number(&query);
	uint64_t this_update_s = query_u64(&query), next_update_s = query_u64(&query);
	for (size_t begin = 0; begin < der.len; begin += LIST_PIECE) {
		size_t len = der.len - begin < LIST_PIECE ? der.len - begin : LIST_PIECE;

		row_number(operation, "number", number);
		row_time_s(operation, "this_update", this_update_s);
		row_time_s(operation, "next_update", next_update_s);
		base64_encode(bytes_of(der.data + begin, len), base64, sizeof(base64));
		row_string(operation, "der", base64);
		row_send(operation);
	}
	operation_done(operation);
}
