#include "audit.h"
#include "open_intent.h"
#include "revocation.h"
#include "store_sqlite.h"

#include <openssl/evp.h>

/*
 * The acts around the revocation list: what is to be on it, keeping it, and the tidying that puts
 * numbers of run-out intents there.
 */

static void read_kept_list(struct store *store, struct tidy_answer *answer)
{
	const struct kept_list kept = kept_list_of(store);

	answer->crl_number = kept.number;
	answer->crl_next_update_s = kept.next_update_s;
}

enum fault store_tidy(struct store *store, struct tidy_answer *out)
{
	struct tidy_answer answer = { .crl_number = 0 };

	store_act_begin(store);
	(void)open_intent_close_run_out(store);
	read_kept_list(store, &answer);
	answer.state = store_state(store);
	enum fault fault = store_act_end(store);
	if (fault == FAULT_NONE)
		*out = answer;
	return fault;
}

/* One more than a page is asked for, so that the last page is known as such. */
static void read_page(struct query *query, struct revoked_page *page)
{
	page->is_last = true;
	while (query_next(query)) {
		if (page->count == REVOKED_PAGE_MAX) {
			page->is_last = false;
			return;
		}
		struct revoked *revoked = &page->revoked[page->count++];
		query_copy(query, revoked->number, sizeof(revoked->number));
		revoked->revoked_at_s = query_u64(query) / 1000;
		revoked->reason = (uint8_t)query_number(query);
	}
}

static void read_revoked(struct store *store, const uint8_t after[CERTIFICATE_NUMBER_SIZE],
	struct revoked_page *page)
{
	owned_query query = query_of(&store->database,
		"SELECT number, effective_at_ms, reason FROM revocation" REVOCATION_ON_LIST
		" AND number > ?3 ORDER BY number LIMIT ?4",
		VALUES(value_u64(store->now_ms), value_u64(store->reading_ended_s),
			VALUE_CERTIFICATE_NUMBER(after), value_number(REVOKED_PAGE_MAX + 1)));

	read_page(&query, page);
}

enum fault store_revoked(struct store *store, const uint8_t after[CERTIFICATE_NUMBER_SIZE],
	struct revoked_page *out)
{
	static const uint8_t beginning[CERTIFICATE_NUMBER_SIZE];

	*out = (struct revoked_page){ .count = 0 };
	store_act_begin(store);
	if (memcmp(after, beginning, sizeof(beginning)) == 0) {
		store->list_began_ms = store->now_ms;
		store->reading_ended_s = revocation_ended_s(store);
	}
	read_revoked(store, after, out);
	out->state = store_state(store);
	return store_act_end(store);
}

/* ---- keeping a list ---- */

static void write_list(struct store *store, const struct crl_notice *notice, struct bytes der)
{
	(void)database_run(&store->database, "DELETE FROM crl", NO_VALUES);
	(void)database_run(&store->database,
		"INSERT INTO crl (number, this_update_s, next_update_s, complete_until_ms, der)"
		" VALUES (?1, ?2, ?3, ?4, ?5)",
		VALUES(value_u64(notice->number), value_u64(notice->this_update_s),
			value_u64(notice->next_update_s), value_u64(store->list_began_ms),
			value_octets(der)));
	store->list_number = notice->number;
	store->list_ended_s = store->reading_ended_s;
}

static void write_list_audit(struct store *store, const struct crl_notice *notice, struct bytes der)
{
	struct audit_entry entry = audit_entry_of("crl");
	uint8_t digest[32];

	if (EVP_Digest(der.data, der.len, digest, NULL, EVP_sha256(), NULL) != 1) {
		database_fail(&store->database, FAULT_CRYPTO, "the list could not be hashed");
		return;
	}
	audit_number(&entry, "number", notice->number);
	audit_number(&entry, "next_update", notice->next_update_s);
	audit_octets(&entry, "sha256", BYTES_OF_ARRAY(digest));
	audit_append(store, "authority", &entry);
}

enum fault store_crl(struct store *store, const struct crl_notice *notice, struct bytes der,
	struct tidy_answer *out)
{
	struct tidy_answer answer = { .crl_number = 0 };

	store_act_begin(store);
	read_kept_list(store, &answer);
	if (notice->number <= answer.crl_number || notice->number > INT64_MAX ||
		der.len != notice->size)
		database_fail(&store->database, FAULT_INVALID,
			"the list is not newer than the one that is kept");
	write_list(store, notice, der);
	write_list_audit(store, notice, der);
	read_kept_list(store, &answer);
	answer.state = store_state(store);
	enum fault fault = store_act_end(store);
	if (fault == FAULT_NONE)
		*out = answer;
	return fault;
}
