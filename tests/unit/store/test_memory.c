#include "failing_memory.h"
#include "kit.h"

/*
 * Each allocation of each act of the store fails once, SQLite's as well: the act is done, or nothing of
 * it is, and then it says so. No row that could not be read is ever taken for one that is not there.
 */

/* An act on a store that has just been opened; what came of it is looked at when memory is back. */
struct trial {
	const char *name;
	void (*prepare)(struct kit *);
	void (*run)(struct kit *);
	void (*look)(struct kit *);
};

static struct intent intent;
static struct intent_answer intent_answer;
static struct record_answer record_answer;
static struct tidy_answer tidy_answer;
static struct revoked_page page;
static enum fault fault, commit;
static uint64_t list_number;
static size_t row_count;

static bool is_unavailable(const struct refusal *refusal)
{
	return check_row(refusal->check)->status == 503;
}

/* ---- the authority's acts ---- */

static void new_ticket(struct kit *kit)
{
	kit_advance(kit, 2 * 60 * 60 * 1000); /* within the quotas */
	intent = kit_intent(kit, "SN-1", 1, 100);
	for (size_t i = 0; i < sizeof(kit->realtime_ms); i++) {
		intent.number[8 + i] = (uint8_t)(kit->realtime_ms >> 8 * i);
		intent.ticket_hash[8 + i] = intent.number[8 + i];
	}
}

static void ask(struct kit *kit)
{
	store_group_begin(kit->store);
	store_intent(kit->store, &intent, &intent_answer);
	commit = store_group_commit(kit->store);
}

static void look_at_intent(struct kit *kit)
{
	if (commit != FAULT_NONE || intent_answer.verdict != INTENT_OPEN) {
		if (commit == FAULT_NONE)
			assert_true(is_unavailable(&intent_answer.refusal));
		assert_int_equal(kit_verdict(kit, &intent), KIT_OPENS);
	}
	assert_true(kit_record(kit, &intent).is_recorded);
}

static void open_intent(struct kit *kit)
{
	new_ticket(kit);
	assert_int_equal(kit_verdict(kit, &intent), KIT_OPENS);
}

static void record(struct kit *kit)
{
	const struct record record = kit_record_of(kit, &intent);

	store_group_begin(kit->store);
	store_record(kit->store, &record, &record_answer);
	commit = store_group_commit(kit->store);
}

static void look_at_record(struct kit *kit)
{
	if (commit != FAULT_NONE || !record_answer.is_recorded) {
		if (commit == FAULT_NONE)
			assert_true(is_unavailable(&record_answer.refusal));
		assert_true(kit_record(kit, &intent).is_recorded);
	}
	assert_int_equal(kit_verdict(kit, &intent), KIT_REPEATS);
}

static void look_at_repeat(struct kit *kit)
{
	(void)kit;
	if (commit == FAULT_NONE && intent_answer.verdict == INTENT_REFUSED)
		assert_true(is_unavailable(&intent_answer.refusal));
	else if (commit == FAULT_NONE)
		assert_int_equal(intent_answer.verdict, INTENT_REPEAT);
}

/* A run-out intent, to be closed and revoked. */
static void let_intent_run_out(struct kit *kit)
{
	open_intent(kit);
	kit_advance(kit, 61000);
}

static void tidy(struct kit *kit)
{
	store_group_begin(kit->store);
	fault = store_tidy(kit->store, &tidy_answer);
	commit = store_group_commit(kit->store);
}

static void look_at_tidy(struct kit *kit)
{
	if (fault == FAULT_NONE && commit == FAULT_NONE)
		assert_true(tidy_answer.state.crl_is_due);
	(void)kit_tidy(kit);
	assert_true(kit_is_revoked(kit, &intent));
}

static void read_list(struct kit *kit)
{
	static const uint8_t beginning[CERTIFICATE_NUMBER_SIZE];

	store_group_begin(kit->store);
	fault = store_revoked(kit->store, beginning, &page);
	commit = store_group_commit(kit->store);
}

static void look_at_list(struct kit *kit)
{
	if (fault == FAULT_NONE && commit == FAULT_NONE)
		assert_int_equal(page.count, REVOKED_PAGE_MAX);
	assert_true(kit_sql_number(kit, "SELECT count(*) FROM revocation") > REVOKED_PAGE_MAX);
}

static void keep_list(struct kit *kit)
{
	const struct crl_notice notice = { .number = list_number,
		.this_update_s = kit->realtime_ms / 1000,
		.next_update_s = kit->realtime_ms / 1000 + 604800, .size = 3 };

	store_group_begin(kit->store);
	fault = store_crl(kit->store, &notice, BYTES_OF_LITERAL("der"), &tidy_answer);
	commit = store_group_commit(kit->store);
}

static void next_list(struct kit *kit)
{
	kit_advance(kit, 1000);
	list_number++;
}

static void look_at_kept_list(struct kit *kit)
{
	bool is_kept = kit_tidy(kit).crl_number == list_number;

	assert_true(is_kept == (fault == FAULT_NONE && commit == FAULT_NONE));
}

/* ---- the operator's ---- */

static const char *verb, *argument[3];
static struct operator_result result;
static uint64_t before;

static void count_row(void *context, const struct operator_row *row)
{
	(void)context;
	(void)row;
	row_count++;
}

static void operate(struct kit *kit)
{
	struct operator_request request = { .verb = bytes_of_string(verb) };
	const struct operator_sink sink = { .row = count_row };

	for (; request.count < 3 && argument[request.count] != NULL; request.count++)
		request.arguments[request.count] = bytes_of_string(argument[request.count]);
	row_count = 0;
	store_operate(kit->store, &request, &sink, &result);
}

static void remember(struct kit *kit)
{
	kit_advance(kit, 1000);
	before = kit_dump(kit);
}

/* What an act that was done in spite of all has changed is taken back. */
static void remember_restored(struct kit *kit)
{
	(void)kit_operate(kit, "device restore", "SN-1", NULL);
	remember(kit);
}

static void remember_suspended(struct kit *kit)
{
	(void)kit_operate(kit, "device suspend", "SN-1", NULL);
	remember(kit);
}

static void remember_free(struct kit *kit)
{
	(void)kit_operate(kit, "ban remove", "serial", "SN-9", NULL);
	remember(kit);
}

static void remember_banned(struct kit *kit)
{
	(void)kit_operate(kit, "ban add", "serial", "SN-9", NULL);
	remember(kit);
}

static void remember_returned(struct kit *kit)
{
	(void)kit_import(kit, "SN-1", 1, "again");
	remember(kit);
}

/* Not done: it says why, and that is not that there is no such thing; nothing is changed. */
static void look_at_result(struct kit *kit)
{
	if (result.is_done)
		return;
	assert_false(result.is_not_found);
	assert_string_not_equal(result.text, "");
	assert_true(before == kit_dump(kit));
}

static void look_at_rows(struct kit *kit)
{
	(void)kit;
	if (result.is_done)
		assert_int_equal(row_count, 2);
}

/* ---- all of them ---- */

/* The number of allocations; each has failed once, in a store that was opened anew. */
static size_t go_through(struct kit *kit, const struct trial *trial)
{
	bool has_failed = true;
	size_t n = 0;

	while (has_failed) {
		n++;
		trial->prepare(kit);
		kit_stop(kit);
		kit_start(kit);
		failing_memory_in(n);
		trial->run(kit);
		has_failed = failing_memory_has_failed();
		trial->look(kit);
	}
	return n - 1;
}

static void nothing(struct kit *kit)
{
	(void)kit;
}

static void the_authoritys_acts_happen_wholly_or_not(void **state)
{
	static const struct trial acts[] = {
		{ "intent", new_ticket, ask, look_at_intent },
		{ "record", open_intent, record, look_at_record },
		{ "repeat", nothing, ask, look_at_repeat },
		{ "tidy", let_intent_run_out, tidy, look_at_tidy },
		{ "list", nothing, read_list, look_at_list },
		{ "kept list", next_list, keep_list, look_at_kept_list },
	};
	struct kit *kit = *state;

	failing_memory_or_skip();
	assert_true(kit_import(kit, "SN-1", 1, ""));
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		print_message("# %s: %zu allocations, each failed once\n", acts[i].name,
			go_through(kit, &acts[i]));
	assert_true(kit_operate(kit, "audit verify", NULL));
	assert_true(kit_has(kit, "whole=1"));
}

static void the_operators_acts_happen_wholly_or_not(void **state)
{
	static const struct {
		const char *words[4];
		void (*prepare)(struct kit *);
	} acts[] = {
		{ { "device list" }, remember },
		{ { "device show", "SN-1" }, remember },
		{ { "certificate list" }, remember },
		{ { "ban list" }, remember },
		{ { "audit list" }, remember },
		{ { "audit verify" }, remember },
		{ { "store status" }, remember },
		{ { "device rekey", "SN-1" }, remember },
		{ { "device suspend", "SN-1" }, remember_restored },
		{ { "device restore", "SN-1" }, remember_suspended },
		{ { "ban add", "serial", "SN-9" }, remember_free },
		{ { "ban remove", "serial", "SN-9" }, remember_banned },
		{ { "certificate revoke", "SN-1", "keyCompromise" }, remember_restored },
		{ { "device release", "SN-1" }, remember_returned },
	};
	struct trial trial = { "", NULL, operate, look_at_result };
	struct kit *kit = *state;

	failing_memory_or_skip();
	assert_true(kit_import(kit, "SN-1", 1, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		verb = acts[i].words[0];
		memcpy(argument, &acts[i].words[1], sizeof(argument));
		trial.prepare = acts[i].prepare;
		size_t count = go_through(kit, &trial);
		assert_true(result.is_done);
		print_message("# %s: %zu allocations, each failed once\n", verb, count);
	}
	assert_true(kit_operate(kit, "audit verify", NULL));
	assert_true(kit_has(kit, "whole=1"));
}

/* A listing that is told as whole has every row. */
static void a_listing_is_whole_or_no_listing(void **state)
{
	const struct trial trial = { "", remember, operate, look_at_rows };
	struct kit *kit = *state;

	failing_memory_or_skip();
	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_true(kit_import(kit, "SN-2", 2, ""));
	verb = "device list";
	memset(argument, 0, sizeof(argument));
	(void)go_through(kit, &trial);
	assert_true(result.is_done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(the_authoritys_acts_happen_wholly_or_not),
		KIT_TEST(the_operators_acts_happen_wholly_or_not),
		KIT_TEST(a_listing_is_whole_or_no_listing),
	};

	return cmocka_run_group_tests_name("store_memory", tests, NULL, NULL);
}
