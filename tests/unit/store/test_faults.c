#include "kit.h"

#include "faulty_disk.h"
#include "outbox.h"

#include <sqlite3.h>
#include <stdio.h>

/*
 * A disk that is full or fails, at every write of an act: the answer is 503, nothing has changed,
 * and the next act works. A sync that fails: no answer at all, ever again.
 */

enum { WRITES_MAX = 200 };

/* One group with one intent; the check that refuses, also where the commit did. */
static int ask(struct kit *kit, const struct intent *intent)
{
	struct intent_answer answer;

	store_group_begin(kit->store);
	store_intent(kit->store, intent, &answer);
	if (store_group_commit(kit->store) != FAULT_NONE)
		return CHECK_STORE_WORKS;
	return answer.verdict == INTENT_OPEN ? KIT_OPENS : answer.refusal.check;
}

static bool record(struct kit *kit, const struct intent *intent)
{
	struct record record = { .not_before_s = 1, .not_after_s = 4000000000,
		.certificate = BYTES_OF_LITERAL("certificate") };
	struct record_answer answer;

	memcpy(record.ticket_hash, intent->ticket_hash, sizeof(record.ticket_hash));
	memcpy(record.number, intent->number, sizeof(record.number));
	memcpy(record.owner, intent->owner, sizeof(record.owner));
	store_group_begin(kit->store);
	store_record(kit->store, &record, &answer);
	return store_group_commit(kit->store) == FAULT_NONE && answer.is_recorded;
}

static void fail_intent_at_each_write(struct kit *kit, enum disk_fault fault, int is_lasting)
{
	int n = 1;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	for (bool has_failed = true; has_failed; n++) {
		const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
		uint64_t before = kit_dump(kit);

		assert_true(n < WRITES_MAX);
		faulty_disk_arm(fault, n, is_lasting);
		int verdict = ask(kit, &intent);
		has_failed = faulty_disk_disarm();
		assert_false(store_is_lost(kit->store));
		if (has_failed) {
			assert_int_equal(verdict, CHECK_STORE_WORKS);
			assert_true(before == kit_dump(kit));
		} else {
			assert_int_equal(verdict, KIT_OPENS);
			assert_true(record(kit, &intent));
		}
	}
	assert_true(n > 3);
	assert_true(kit_operate(kit, "audit verify", NULL));
}

static void a_full_disk_refuses_the_intent(void **state)
{
	fail_intent_at_each_write(*state, DISK_FULL, 1);
}

static void a_failing_write_refuses_the_intent(void **state)
{
	fail_intent_at_each_write(*state, DISK_WRITE_FAILS, 0);
}

/* The intent stands, its certificate was never answered: the lease and the list take care of it. */
static void a_full_disk_refuses_the_record(void **state)
{
	struct kit *kit = *state;
	int n = 1;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &intent), KIT_OPENS);
	for (bool has_failed = true; has_failed; n++) {
		uint64_t before = kit_dump(kit);

		assert_true(n < WRITES_MAX);
		faulty_disk_arm(DISK_FULL, n, 1);
		bool is_recorded = record(kit, &intent);
		has_failed = faulty_disk_disarm();
		assert_int_equal(is_recorded, !has_failed);
		if (has_failed)
			assert_true(before == kit_dump(kit));
	}
	assert_true(n > 3);
	assert_int_equal(kit_verdict(kit, &intent), KIT_REPEATS);
}

static void a_full_disk_refuses_the_operator(void **state)
{
	struct kit *kit = *state;
	int n = 1;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
	for (bool has_failed = true; has_failed; n++) {
		uint64_t before = kit_dump(kit);

		assert_true(n < WRITES_MAX);
		faulty_disk_arm(DISK_FULL, n, 1);
		bool is_done = kit_operate(kit, "device release", "SN-1", NULL);
		has_failed = faulty_disk_disarm();
		assert_int_equal(is_done, !has_failed);
		if (has_failed) {
			assert_int_equal(kit->row_count, 0);
			assert_true(before == kit_dump(kit));
		}
	}
	assert_true(n > 3);
}

/* An import that has lost a row to the disk is not taken over without it. */
static void an_import_that_lost_a_row_is_over(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_operate(kit, "device import begin", NULL));
	assert_true(kit_operate(kit, "device import row", "SN-1", kit_hex(1), "", "", NULL));
	kit_advance(kit, 20000); /* so that the clock's reserve has to be written */
	faulty_disk_arm(DISK_FULL, 1, 1);
	assert_false(kit_operate(kit, "device import row", "SN-2", kit_hex(2), "", "", NULL));
	assert_true(faulty_disk_disarm());
	assert_false(kit_operate(kit, "device import end", NULL));
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM manifest_row"), 0);
}

/* A small disk that fills up: pages, not calls. What is there can still be asked for. */
static void a_small_disk_fills_up(void **state)
{
	struct kit *kit = *state;
	struct intent last = { .serial = "" };
	int issued = 0, verdict = KIT_OPENS;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	kit_stop(kit);
	kit->page_count_max = (uint32_t)kit_sql_number(kit, "PRAGMA page_count") + 3;
	kit_start(kit);
	for (; issued < 1000 && verdict == KIT_OPENS; issued++) {
		const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
		kit_advance(kit, 120000); /* within the quota */
		struct intent later = intent;
		later.issued_at_ms = kit->realtime_ms;
		memcpy(later.number, &issued, sizeof(issued));
		memcpy(later.ticket_hash, &issued, sizeof(issued));
		verdict = ask(kit, &later);
		if (verdict == KIT_OPENS && record(kit, &later))
			last = later;
		else
			break;
	}
	assert_in_range(issued, 1, 999);
	assert_int_equal(ask(kit, &last), 0);
	kit_stop(kit);
	kit->page_count_max = 0;
	kit_start(kit);
	kit_advance(kit, 61000);
	(void)kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "audit verify", NULL));
}

/* Row 126: the first failed sync is the last thing that this process does. */
static void a_failed_sync_is_the_end(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	faulty_disk_arm(DISK_SYNC_FAILS, 1, 0);
	assert_int_equal(ask(kit, &intent), CHECK_STORE_WORKS);
	assert_true(faulty_disk_disarm());
	assert_true(store_is_lost(kit->store));
	/* The disk says that all is well again: it is not believed. */
	const struct intent next = kit_intent(kit, "SN-1", 1, 100);
	(void)ask(kit, &next);
	assert_true(store_is_lost(kit->store));
}

/* Also the sync with which the log is written back, whose result SQLite itself would drop. */
static void a_failed_sync_of_the_file_is_the_end(void **state)
{
	struct kit *kit = *state;
	int rounds = 0;

	assert_true(kit_operate(kit, "device import begin", NULL));
	for (unsigned i = 0; i < 8000; i++) {
		char id[65];

		(void)snprintf(id, sizeof(id), "%064x", i);
		if (!kit_operate(kit, "device import row", "SN-1", id, "", "", NULL))
			fail_msg("%s", kit->result.text);
	}
	/* Sync 1 is the log's, at the commit; sync 2 the log's and 3 the file's, when it is written back. */
	for (int n = 2; n <= 3 && !store_is_lost(kit->store); n++, rounds++) {
		faulty_disk_arm(DISK_SYNC_FAILS, n, 0);
		(void)kit_operate(kit, "device import end", NULL);
		(void)faulty_disk_disarm();
	}
	assert_true(store_is_lost(kit->store));
}

/* ---- the answers of a group whose commit failed ---- */

static void put_answer(struct outbox *outbox, enum message_type type, uint64_t request)
{
	struct writer writer = outbox_begin(outbox, type, request);

	writer_u8(&writer, 0);
	outbox_end(outbox, &writer);
}

static void every_answer_of_a_failed_group_is_a_refusal(void **state)
{
	static struct outbox outbox;
	const struct store_state store_state = { .now_ms = 77 };
	struct intent_answer intent;
	struct record_answer record_answer;
	struct message message;

	(void)state;
	put_answer(&outbox, MESSAGE_INTENT_ANSWER, 1);
	put_answer(&outbox, MESSAGE_TIDY_ANSWER, 2);
	put_answer(&outbox, MESSAGE_RECORD_ANSWER, 3);
	put_answer(&outbox, MESSAGE_REVOKED_ANSWER, 4);
	outbox_refuse_all(&outbox, &store_state, "why");
	assert_int_equal(outbox.count, 2);
	assert_int_equal(message_read(bytes_of(outbox.answers[0].frame, outbox.answers[0].len),
		&message), FAULT_NONE);
	assert_int_equal(message.request, 1);
	assert_int_equal(intent_answer_read(message.body, &intent), FAULT_NONE);
	assert_int_equal(intent.verdict, INTENT_REFUSED);
	assert_int_equal(intent.refusal.check, CHECK_STORE_WORKS);
	assert_int_equal(intent.state.now_ms, 77);
	assert_int_equal(message_read(bytes_of(outbox.answers[1].frame, outbox.answers[1].len),
		&message), FAULT_NONE);
	assert_int_equal(message.request, 3);
	assert_int_equal(record_answer_read(message.body, &record_answer), FAULT_NONE);
	assert_false(record_answer.is_recorded);
	assert_int_equal(record_answer.refusal.check, CHECK_STORE_WORKS);
}

/* One act that fails takes nothing with it from the others of its group. */
static void a_failed_act_leaves_its_group(void **state)
{
	struct kit *kit = *state;
	struct intent_answer first_answer, bad_answer, last_answer;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_true(kit_import(kit, "SN-2", 2, ""));
	assert_true(kit_import(kit, "SN-3", 3, ""));
	const struct intent first = kit_intent(kit, "SN-1", 1, 101);
	struct intent bad = kit_intent(kit, "SN-2", 2, 102);
	const struct intent last = kit_intent(kit, "SN-3", 3, 103);
	memcpy(bad.number, first.number, sizeof(bad.number));
	store_group_begin(kit->store);
	store_intent(kit->store, &first, &first_answer);
	store_intent(kit->store, &bad, &bad_answer);
	store_intent(kit->store, &last, &last_answer);
	assert_int_equal(store_group_commit(kit->store), FAULT_NONE);
	assert_int_equal(first_answer.verdict, INTENT_OPEN);
	assert_int_equal(bad_answer.refusal.check, CHECK_STORE_WORKS);
	assert_int_equal(last_answer.verdict, INTENT_OPEN);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM intent WHERE state = 1"), 2);
	assert_true(kit_operate(kit, "audit verify", NULL));
}

/* Somebody else holds the database for longer than we wait: 503, and then it works again. */
static void a_locked_database_refuses(void **state)
{
	struct kit *kit = *state;
	sqlite3 *other = NULL;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(sqlite3_open(kit->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(ask(kit, &intent), CHECK_STORE_WORKS);
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(other);
	assert_int_equal(ask(kit, &intent), KIT_OPENS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(a_full_disk_refuses_the_intent),
		KIT_TEST(a_failing_write_refuses_the_intent),
		KIT_TEST(a_full_disk_refuses_the_record),
		KIT_TEST(a_full_disk_refuses_the_operator),
		KIT_TEST(an_import_that_lost_a_row_is_over),
		KIT_TEST(a_small_disk_fills_up),
		KIT_TEST(a_failed_sync_is_the_end),
		KIT_TEST(a_failed_sync_of_the_file_is_the_end),
		cmocka_unit_test(every_answer_of_a_failed_group_is_a_refusal),
		KIT_TEST(a_failed_act_leaves_its_group),
		KIT_TEST(a_locked_database_refuses),
	};

	faulty_disk_install();
	return cmocka_run_group_tests_name("store_faults", tests, NULL, NULL);
}
