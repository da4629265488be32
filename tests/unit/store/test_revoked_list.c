#include "kit.h"

#include <stdio.h>

/* What is on the revocation list, page by page, and when a new list is due. */

static void begin_list(struct kit *kit)
{
	const struct intent nobody = { .serial = "" };

	(void)kit_is_revoked(kit, &nobody); /* reads all pages */
}

static enum fault keep_of_size(struct kit *kit, uint64_t number, uint32_t size, struct tidy_answer *answer)
{
	/* As the authority does: by the store's clock, a little back. */
	uint64_t now_s = kit_tidy(kit).state.now_ms / 1000;
	const struct crl_notice notice = { .number = number, .this_update_s = now_s - 300,
		.next_update_s = now_s + 604800, .size = size };

	store_group_begin(kit->store);
	enum fault fault = store_crl(kit->store, &notice, BYTES_OF_LITERAL("der"), answer);
	assert_int_equal(store_group_commit(kit->store), FAULT_NONE);
	return fault;
}

static enum fault keep(struct kit *kit, uint64_t number, struct tidy_answer *answer)
{
	return keep_of_size(kit, number, 3, answer);
}

static void make_list(struct kit *kit, uint64_t number)
{
	struct tidy_answer answer;

	kit_advance(kit, 10);
	begin_list(kit);
	assert_int_equal(keep(kit, number, &answer), FAULT_NONE);
	assert_int_equal(answer.crl_number, number);
	kit_advance(kit, 10);
}

static void the_first_list_is_due(void **state)
{
	struct kit *kit = *state;
	const struct tidy_answer before = kit_tidy(kit);

	assert_true(before.state.crl_is_due);
	assert_int_equal(before.crl_number, 0);
	make_list(kit, 1);
	const struct tidy_answer after = kit_tidy(kit);
	assert_false(after.state.crl_is_due);
	assert_int_equal(after.crl_number, 1);
	assert_true(after.crl_next_update_s > kit->realtime_ms / 1000);
	kit_stop(kit);
	kit_start(kit);
	assert_false(kit_tidy(kit).state.crl_is_due);
}

/* SQLite's numbers end there; and a notice that tells of another list is none of this one. */
static void a_list_that_cannot_be_is_not_kept(void **state)
{
	struct kit *kit = *state;
	struct tidy_answer answer;

	begin_list(kit);
	assert_int_equal(keep(kit, (uint64_t)INT64_MAX + 1, &answer), FAULT_INVALID);
	assert_int_equal(keep_of_size(kit, 1, 2, &answer), FAULT_INVALID);
	assert_int_equal(keep_of_size(kit, 1, 4, &answer), FAULT_INVALID);
	assert_int_equal(kit_tidy(kit).crl_number, 0);
}

static void a_revocation_makes_it_due(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
	make_list(kit, 1);
	assert_true(kit_operate(kit, "certificate revoke", "SN-1", NULL));
	assert_true(kit_tidy(kit).state.crl_is_due);
	make_list(kit, 2);
	assert_false(kit_tidy(kit).state.crl_is_due);
}

/* One that is made while the pages are being read is on the next list at the latest. */
static void a_revocation_during_the_reading_makes_it_due(void **state)
{
	struct kit *kit = *state;
	struct tidy_answer answer;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
	begin_list(kit);
	assert_true(kit_operate(kit, "certificate revoke", "SN-1", NULL));
	assert_int_equal(keep(kit, 1, &answer), FAULT_NONE);
	assert_true(answer.state.crl_is_due);
}

/* A revocation with a date: due only then, and then even if nothing else happens. */
static void the_end_of_an_overlap_makes_it_due(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
	make_list(kit, 1);
	(void)kit_provision(kit, "SN-1", 1, 101);
	assert_false(kit_tidy(kit).state.crl_is_due);
	make_list(kit, 2);
	kit_advance(kit, 86400000);
	assert_true(kit_tidy(kit).state.crl_is_due);
	make_list(kit, 3);
	assert_false(kit_tidy(kit).state.crl_is_due);
}

static void a_list_of_a_store_that_forgot_the_reading_is_due_again(void **state)
{
	struct kit *kit = *state;
	struct tidy_answer answer;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "certificate revoke", "SN-1", NULL));
	begin_list(kit);
	kit_stop(kit);
	kit_start(kit);
	assert_int_equal(keep(kit, 1, &answer), FAULT_NONE);
	assert_true(answer.state.crl_is_due);
	make_list(kit, 2);
	assert_false(kit_tidy(kit).state.crl_is_due);
}

static void numbers_only_grow(void **state)
{
	struct kit *kit = *state;
	struct tidy_answer answer;

	make_list(kit, 7);
	assert_int_equal(keep(kit, 7, &answer), FAULT_INVALID);
	assert_int_equal(keep(kit, 6, &answer), FAULT_INVALID);
	assert_int_equal(kit_sql_number(kit, "SELECT max(number) FROM crl"), 7);
	assert_int_equal(keep(kit, 8, &answer), FAULT_NONE);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM audit WHERE act = 'crl'"), 2);
}

/* RFC 5280, 3.3: an entry leaves only after one list that was made after the certificate's end. */
static void an_ended_certificate_leaves_after_one_more_list(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent intent = kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "certificate revoke", "SN-1", NULL));
	make_list(kit, 1);
	kit_advance(kit, UINT64_C(366) * 86400000);
	assert_true(kit_is_revoked(kit, &intent));
	make_list(kit, 2);
	assert_false(kit_is_revoked(kit, &intent));
}

static const uint64_t ahead_ms = UINT64_C(731) * 86400000;

/* One that was revoked in time and one that was not; the clock is far ahead, and two lists are made. */
static void go_ahead(struct kit *kit, struct intent *revoked, struct intent *other)
{
	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_true(kit_import(kit, "SN-2", 2, ""));
	*revoked = kit_provision(kit, "SN-1", 1, 100);
	*other = kit_provision(kit, "SN-2", 2, 101);
	assert_true(kit_operate(kit, "certificate revoke", "SN-1", NULL));
	make_list(kit, 1);
	kit_advance(kit, ahead_ms);
	make_list(kit, 2);
	assert_false(kit_is_revoked(kit, revoked));
	make_list(kit, 3);
}

/* What had left the list while the clock was ahead comes back to it; the list is due at once. */
static void what_only_a_wrong_clock_has_ended_is_still_revoked(void **state)
{
	struct kit *kit = *state;
	struct intent revoked, other;

	go_ahead(kit, &revoked, &other);
	kit->realtime_ms -= ahead_ms;
	assert_true(kit_is_revoked(kit, &revoked));
	assert_true(kit_tidy(kit).state.crl_is_due); /* read, but not kept */
	kit_stop(kit);
	kit_start(kit);
	assert_true(kit_tidy(kit).state.crl_is_due);
	struct tidy_answer answer;
	begin_list(kit);
	assert_int_equal(keep_of_size(kit, 4, 2, &answer), FAULT_INVALID);
	assert_true(kit_tidy(kit).state.crl_is_due); /* sent, but not kept */
	make_list(kit, 4);
	assert_false(kit_tidy(kit).state.crl_is_due);
	kit->realtime_ms -= 200000;
	assert_false(kit_tidy(kit).state.crl_is_due);
	kit->realtime_ms -= 200000;
	assert_true(kit_tidy(kit).state.crl_is_due);
	make_list(kit, 5);
	assert_true(kit_operate(kit, "certificate revoke", "SN-2", NULL));
	assert_true(kit_tidy(kit).state.crl_is_due);
	make_list(kit, 6);
	assert_false(kit_tidy(kit).state.crl_is_due);
	assert_true(kit_is_revoked(kit, &revoked));
	assert_true(kit_is_revoked(kit, &other));
}

/* Whatever is revoked while the clock is ahead is revoked when it is right again. */
static void what_is_revoked_by_a_wrong_clock_stays_revoked(void **state)
{
	struct kit *kit = *state;
	struct intent revoked, other;

	assert_true(kit_import(kit, "SN-3", 3, ""));
	assert_true(kit_import(kit, "SN-4", 4, ""));
	const struct intent released = kit_provision(kit, "SN-3", 3, 102);
	const struct intent superseded = kit_provision(kit, "SN-4", 4, 103);
	go_ahead(kit, &revoked, &other);
	assert_true(kit_operate(kit, "certificate revoke", "SN-2", NULL));
	assert_true(kit_operate(kit, "device release", "SN-3", NULL));
	(void)kit_provision(kit, "SN-4", 4, 104);
	kit_advance(kit, 86400000); /* the overlap */
	(void)kit_tidy(kit);
	kit->realtime_ms -= ahead_ms;
	make_list(kit, 4);
	assert_true(kit_is_revoked(kit, &other));
	assert_true(kit_is_revoked(kit, &released));
	assert_true(kit_is_revoked(kit, &superseded));
}

/* A clock of 1970 brings nothing back that has really ended. */
static void a_clock_from_before_the_build_says_nothing(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent intent = kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "certificate revoke", "SN-1", NULL));
	kit_advance(kit, UINT64_C(366) * 86400000);
	make_list(kit, 1);
	assert_false(kit_is_revoked(kit, &intent));
	kit->realtime_ms = 1000;
	assert_false(kit_is_revoked(kit, &intent));
	assert_false(kit_tidy(kit).state.crl_is_due);
}

/* Its certificate may exist, and nobody knows until when it would be valid. */
static void a_closed_intent_stays_on_the_list(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &intent), KIT_OPENS);
	kit_advance(kit, 60000);
	(void)kit_tidy(kit);
	kit_advance(kit, UINT64_C(3660) * 86400000);
	make_list(kit, 1);
	assert_true(kit_is_revoked(kit, &intent));
}

/* Twice what a page holds, and one more; each certificate ends then, 0: nobody knows when. */
static void revoke_many(struct kit *kit, uint64_t not_after_s)
{
	char sql[160];

	kit_sql(kit, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
		" WHERE i < 1025)"
		" INSERT INTO intent (state, ticket_hash, serial, profile, ek_id, ik_id, number,"
		" tbs_digest, owner,"
		" opened_at_ms, lease_until_ms)"
		" SELECT 3, zeroblob(32), 'X', 'device', zeroblob(32), zeroblob(32),"
		" CAST(printf('%016d', i) AS BLOB), zeroblob(32), zeroblob(16), 0, 0 FROM n");
	(void)snprintf(sql, sizeof(sql), "INSERT INTO revocation SELECT number, 0, 1, 1,"
		" nullif(%llu, 0) FROM intent", (unsigned long long)not_after_s);
	kit_sql(kit, sql);
}

/* In order, none twice, the last page known; between two of them time goes on. */
static void expect_pages(struct kit *kit, uint64_t pause_ms)
{
	static struct revoked_page page;
	uint8_t after[CERTIFICATE_NUMBER_SIZE] = { 0 };
	size_t total = 0, pages = 0;

	store_group_begin(kit->store);
	do {
		assert_int_equal(store_revoked(kit->store, after, &page), FAULT_NONE);
		for (size_t i = 0; i < page.count; i++) {
			assert_true(memcmp(page.revoked[i].number, after, sizeof(after)) > 0);
			memcpy(after, page.revoked[i].number, sizeof(after));
		}
		total += page.count;
		pages++;
		kit_advance(kit, pause_ms);
	} while (!page.is_last);
	assert_int_equal(store_group_commit(kit->store), FAULT_NONE);
	assert_int_equal(total, 1025);
	assert_int_equal(pages, 3);
}

static void pages_hold_all(void **state)
{
	struct kit *kit = *state;

	revoke_many(kit, 0);
	expect_pages(kit, 0);
}

/* What ends while the pages are being read is on all of them, or what a list leaves out is not known. */
static void pages_are_of_one_time(void **state)
{
	struct kit *kit = *state;

	make_list(kit, 1);
	kit_advance(kit, ahead_ms);
	make_list(kit, 2);
	kit->realtime_ms -= ahead_ms;
	revoke_many(kit, kit->realtime_ms / 1000 + 500);
	expect_pages(kit, 1000000);
}

static void the_kept_list_is_shown(void **state)
{
	struct kit *kit = *state;

	assert_false(kit_operate(kit, "crl", NULL));
	assert_true(kit->result.is_not_found);
	make_list(kit, 1);
	assert_true(kit_operate(kit, "crl", NULL));
	assert_true(kit_has(kit, "number=1"));
	assert_true(kit_has(kit, "der=ZGVy"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(a_list_that_cannot_be_is_not_kept),
		KIT_TEST(the_first_list_is_due),
		KIT_TEST(a_revocation_makes_it_due),
		KIT_TEST(a_revocation_during_the_reading_makes_it_due),
		KIT_TEST(the_end_of_an_overlap_makes_it_due),
		KIT_TEST(a_list_of_a_store_that_forgot_the_reading_is_due_again),
		KIT_TEST(numbers_only_grow),
		KIT_TEST(an_ended_certificate_leaves_after_one_more_list),
		KIT_TEST(what_only_a_wrong_clock_has_ended_is_still_revoked),
		KIT_TEST(what_is_revoked_by_a_wrong_clock_stays_revoked),
		KIT_TEST(a_clock_from_before_the_build_says_nothing),
		KIT_TEST(a_closed_intent_stays_on_the_list),
		KIT_TEST(pages_hold_all),
		KIT_TEST(pages_are_of_one_time),
		KIT_TEST(the_kept_list_is_shown),
	};

	return cmocka_run_group_tests_name("store_revoked_list", tests, NULL, NULL);
}
