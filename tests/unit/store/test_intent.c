#include "kit.h"

#include <stdio.h>

/* The order of the intent transaction (docs/PROTOCOL.md, "Who may be whom"). */

static void a_listed_device_opens(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	const struct intent_answer answer = kit_ask(kit, &intent);
	assert_int_equal(answer.verdict, INTENT_OPEN);
	assert_int_equal(answer.state.now_ms, kit->realtime_ms);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM intent WHERE state = 1"
		" AND serial = 'SN-1'"), 1);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM audit WHERE act = 'intent'"), 1);
}

static void a_refusal_names_the_device(void **state)
{
	struct kit *kit = *state;
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	const struct intent_answer answer = kit_ask(kit, &intent);

	assert_int_equal(answer.verdict, INTENT_REFUSED);
	assert_string_equal(answer.refusal.serial, "SN-1");
	assert_true(answer.refusal.has_ek_id);
	assert_memory_equal(answer.refusal.ek_id, intent.ek_id, 32);
}

/* ---- (1) ---- */

static void expect_ban(struct kit *kit, const char *kind, const char *value)
{
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	uint64_t before;

	assert_true(kit_operate(kit, "ban add", kind, value, "stolen", NULL));
	before = kit_dump(kit);
	assert_int_equal(kit_verdict(kit, &intent), CHECK_NOT_BANNED);
	assert_true(before == kit_dump(kit));
	assert_true(kit_operate(kit, "ban remove", kind, value, NULL));
	/* The ticket from before the ban was lifted is too old now (S5). */
	assert_int_equal(kit_verdict(kit, &intent), CHECK_NO_LATER_CHANGE);
	const struct intent later = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &later), KIT_OPENS);
}

static void a_banned_serial_is_refused(void **state)
{
	assert_true(kit_import(*state, "SN-1", 1, ""));
	expect_ban(*state, "serial", "SN-1");
}

static void a_banned_ek_is_refused(void **state)
{
	assert_true(kit_import(*state, "SN-1", 1, ""));
	expect_ban(*state, "ek", kit_hex(1));
}

static void a_banned_ik_is_refused(void **state)
{
	assert_true(kit_import(*state, "SN-1", 1, ""));
	expect_ban(*state, "ik", kit_hex(100));
}

static void a_suspended_device_is_refused(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "device suspend", "SN-1", NULL));
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &intent), CHECK_NOT_SUSPENDED);
}

/* Its EK and its IK under another serial: suspension comes before the manifest in the order. */
static void a_suspended_device_stays_so_under_another_name(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_true(kit_import(kit, "SN-2", 2, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "device suspend", "SN-1", NULL));
	const struct intent its_ek = kit_intent(kit, "SN-2", 1, 101);
	assert_int_equal(kit_verdict(kit, &its_ek), CHECK_NOT_SUSPENDED);
	const struct intent its_ik = kit_intent(kit, "SN-2", 2, 100);
	assert_int_equal(kit_verdict(kit, &its_ik), CHECK_NOT_SUSPENDED);
}

/* A further EK that the manifest lists for the same device is new here, and so is the IK. */
static void a_suspended_device_stays_so_with_a_further_ek(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_true(kit_import(kit, "SN-1", 2, "add"));
	(void)kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "device suspend", "SN-1", NULL));
	const struct intent intent = kit_intent(kit, "SN-1", 2, 101);
	assert_int_equal(kit_verdict(kit, &intent), CHECK_NOT_SUSPENDED);
}

static void a_listed_device_can_be_suspended_before_it_comes(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_true(kit_operate(kit, "device suspend", "SN-1", NULL));
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &intent), CHECK_NOT_SUSPENDED);
	assert_true(kit_operate(kit, "device restore", "SN-1", NULL));
	assert_true(kit_has(kit, "state=listed"));
	(void)kit_provision(kit, "SN-1", 1, 100);
}

/* ---- (2) ---- */

static void an_unlisted_ek_is_refused(void **state)
{
	struct kit *kit = *state;
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	uint64_t before = kit_dump(kit);

	assert_int_equal(kit_verdict(kit, &intent), CHECK_EK_LISTED);
	assert_true(before == kit_dump(kit));
}

static void another_serial_is_refused(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_true(kit_import(kit, "SN-2", 2, ""));
	const struct intent intent = kit_intent(kit, "SN-2", 1, 100);
	assert_int_equal(kit_verdict(kit, &intent), CHECK_SERIAL_BINDING);
}

static void a_profile_that_the_row_does_not_name_is_refused(void **state)
{
	struct kit *kit = *state;
	struct intent intent;

	assert_true(kit_operate(kit, "device import begin", NULL));
	assert_true(kit_operate(kit, "device import row", "SN-1", kit_hex(1), "device;vpn", "",
		NULL));
	assert_true(kit_operate(kit, "device import end", NULL));
	intent = kit_intent(kit, "SN-1", 1, 100);
	(void)snprintf(intent.profile, sizeof(intent.profile), "vp");
	assert_int_equal(kit_verdict(kit, &intent), CHECK_PROFILE_ALLOWED);
	(void)snprintf(intent.profile, sizeof(intent.profile), "vpn");
	assert_int_equal(kit_verdict(kit, &intent), KIT_OPENS);
}

/* Without a row that names it, another profile than device is never allowed. */
static void a_profile_needs_a_row(void **state)
{
	struct kit *kit = *state;

	kit->policy.trust = TRUST_VENDOR;
	kit->policy.binding = BINDING_ENDORSEMENT;
	struct intent intent = kit_intent(kit, "0101010101010101010101010101010101010101", 1, 100);
	(void)snprintf(intent.profile, sizeof(intent.profile), "vpn");
	assert_int_equal(kit_verdict(kit, &intent), CHECK_PROFILE_ALLOWED);
	(void)snprintf(intent.profile, sizeof(intent.profile), "device");
	assert_int_equal(kit_verdict(kit, &intent), KIT_OPENS);
}

static void with_endorsement_the_serial_is_of_the_ek(void **state)
{
	struct kit *kit = *state;

	kit->policy.trust = TRUST_VENDOR;
	kit->policy.binding = BINDING_ENDORSEMENT;
	struct intent intent = kit_intent(kit, "SN-1", 0xab, 100);
	assert_int_equal(kit_verdict(kit, &intent), CHECK_SERIAL_BINDING);
	(void)snprintf(intent.serial, sizeof(intent.serial),
		"ABABABABABABABABABABABABABABABABABABABAB");
	assert_int_equal(kit_verdict(kit, &intent), KIT_OPENS);
}

static struct expected *expect_serials(const char *text)
{
	struct expected *expected = NULL;
	FILE *file = tmpfile();
	size_t line;

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0 && fflush(file) == 0);
	assert_int_equal(expected_read(fileno(file), &expected, &line), FAULT_NONE);
	(void)fclose(file);
	return expected;
}

static void use_first(struct kit *kit)
{
	kit->policy.trust = TRUST_VENDOR;
	kit->policy.binding = BINDING_FIRST;
	kit->policy.expected = expect_serials("SN-1\nSN-2\n");
}

static void with_first_a_serial_is_expected(void **state)
{
	struct kit *kit = *state;

	use_first(kit);
	const struct intent intent = kit_intent(kit, "SN-3", 1, 100);
	assert_int_equal(kit_verdict(kit, &intent), CHECK_SERIAL_EXPECTED);
	(void)kit_provision(kit, "SN-1", 1, 100);
	expected_close(kit->policy.expected);
}

static void with_first_the_first_ek_keeps_the_serial(void **state)
{
	struct kit *kit = *state;

	use_first(kit);
	(void)kit_provision(kit, "SN-1", 1, 100);
	const struct intent other_ek = kit_intent(kit, "SN-1", 2, 101);
	assert_int_equal(kit_verdict(kit, &other_ek), CHECK_SERIAL_FREE);
	const struct intent other_serial = kit_intent(kit, "SN-2", 1, 101);
	assert_int_equal(kit_verdict(kit, &other_serial), CHECK_EK_BINDING);
	expected_close(kit->policy.expected);
}

/* A row's serial binds also where the manifest need not be asked for one. */
static void with_first_a_rows_serial_stands(void **state)
{
	struct kit *kit = *state;

	use_first(kit);
	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent intent = kit_intent(kit, "SN-2", 1, 100);
	assert_int_equal(kit_verdict(kit, &intent), CHECK_SERIAL_BINDING);
	expected_close(kit->policy.expected);
}

static void with_first_and_trust_both_the_ek_is_listed(void **state)
{
	struct kit *kit = *state;

	use_first(kit);
	kit->policy.trust = TRUST_BOTH;
	const struct intent unlisted = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &unlisted), CHECK_EK_LISTED);
	assert_true(kit_import(kit, "", 1, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
	expected_close(kit->policy.expected);
}

static void an_ik_of_another_binding_is_refused(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_true(kit_import(kit, "SN-2", 2, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
	const struct intent bound = kit_intent(kit, "SN-2", 2, 100);
	assert_int_equal(kit_verdict(kit, &bound), CHECK_IK_BINDING);
	/* Also a former one, and also for a serial that has no binding yet. */
	(void)kit_provision(kit, "SN-1", 1, 101);
	const struct intent former = kit_intent(kit, "SN-2", 2, 100);
	assert_int_equal(kit_verdict(kit, &former), CHECK_IK_BINDING);
	/* And one of a binding that was released. */
	assert_true(kit_operate(kit, "device release", "SN-1", NULL));
	const struct intent released = kit_intent(kit, "SN-2", 2, 100);
	assert_int_equal(kit_verdict(kit, &released), CHECK_IK_BINDING);
}

static void a_second_ek_of_the_serial_joins_its_binding(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_true(kit_import(kit, "SN-1", 2, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
	(void)kit_provision(kit, "SN-1", 2, 100);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM binding"), 1);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM binding_ek WHERE binding = 1"),
		2);
}

static void a_released_ek_is_refused(void **state)
{
	struct kit *kit = *state;

	use_first(kit);
	(void)kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "device release", "SN-1", NULL));
	const struct intent same = kit_intent(kit, "SN-1", 1, 101);
	assert_int_equal(kit_verdict(kit, &same), CHECK_NOT_RELEASED);
	const struct intent other = kit_intent(kit, "SN-2", 1, 101);
	assert_int_equal(kit_verdict(kit, &other), CHECK_NOT_RELEASED);
	expected_close(kit->policy.expected);
}

/* ---- (3) ---- */

static void a_recorded_ticket_gives_the_same_octets(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent intent = kit_provision(kit, "SN-1", 1, 100);
	uint64_t before = kit_dump(kit);
	for (int i = 0; i < 20; i++) {
		const struct intent_answer answer = kit_ask(kit, &intent);
		assert_int_equal(answer.verdict, INTENT_REPEAT);
		assert_true(bytes_equal(answer.certificate, BYTES_OF_LITERAL("certificate")));
		assert_true(bytes_equal(answer.chain_pem, BYTES_OF_LITERAL("chain")));
	}
	assert_true(before == kit_dump(kit));
}

static int verdict_of_recorded(struct kit *kit, const struct intent *intent, int certificate_len,
	int chain_len)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql), "UPDATE certificate SET certificate = zeroblob(%d),"
		" chain_pem = zeroblob(%d)", certificate_len, chain_len);
	kit_sql(kit, sql);
	return kit_verdict(kit, intent);
}

/* Nobody records so much; a database that is damaged, or was changed, may have it. */
static void a_recorded_certificate_that_is_too_long_is_not_taken(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent intent = kit_provision(kit, "SN-1", 1, 100);
	assert_int_equal(verdict_of_recorded(kit, &intent, CERTIFICATE_MAX, CHAIN_MAX), KIT_REPEATS);
	assert_int_equal(verdict_of_recorded(kit, &intent, CERTIFICATE_MAX + 1, CHAIN_MAX),
		CHECK_STORE_WORKS);
	assert_int_equal(verdict_of_recorded(kit, &intent, CERTIFICATE_MAX, CHAIN_MAX + 1),
		CHECK_STORE_WORKS);
}

static void a_recorded_ticket_of_a_revoked_certificate_starts_again(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent intent = kit_provision(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "certificate revoke", "SN-1", NULL));
	assert_true(kit_operate(kit, "device restore", "SN-1", NULL));
	assert_int_equal(kit_verdict(kit, &intent), CHECK_TICKET_REVOKED);
}

/* Until its date a superseded certificate is valid, and its ticket still gives it. */
static void a_recorded_ticket_repeats_until_the_overlap_ends(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent former = kit_provision(kit, "SN-1", 1, 100);
	(void)kit_provision(kit, "SN-1", 1, 101);
	kit_advance(kit, 86400000 - 2000);
	assert_int_equal(kit_verdict(kit, &former), KIT_REPEATS);
	kit_advance(kit, 3000);
	assert_int_equal(kit_verdict(kit, &former), CHECK_TICKET_REVOKED);
}

/* ---- (4) ---- */

static void an_older_ticket_never_overtakes_a_record(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	struct intent older = kit_intent(kit, "SN-1", 1, 100);
	(void)kit_provision(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &older), CHECK_NO_LATER_CHANGE);
	older.issued_at_ms = kit->realtime_ms; /* at the same moment is not later */
	assert_int_equal(kit_verdict(kit, &older), CHECK_NO_LATER_CHANGE);
	older.issued_at_ms = kit->realtime_ms + 1;
	assert_int_equal(kit_verdict(kit, &older), KIT_OPENS);
}

static void an_older_ticket_never_overtakes_an_import(void **state)
{
	struct kit *kit = *state;
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);

	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_int_equal(kit_verdict(kit, &intent), CHECK_NO_LATER_CHANGE);
}

/* A row without a serial is a change of its EK. */
static void an_older_ticket_never_overtakes_a_nameless_row(void **state)
{
	struct kit *kit = *state;

	use_first(kit);
	kit->policy.trust = TRUST_MANIFEST;
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	assert_true(kit_import(kit, "", 1, ""));
	assert_int_equal(kit_verdict(kit, &intent), CHECK_NO_LATER_CHANGE);
	expected_close(kit->policy.expected);
}

/* A ticket that was issued while the ban stood is too old once it was lifted. */
static void an_older_ticket_never_overtakes_the_lifting_of_a_ban(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_true(kit_operate(kit, "ban add", "ik", kit_hex(100), NULL));
	assert_int_equal(kit_sql_number(kit, "SELECT changed_at_ms FROM change WHERE kind = 3"),
		kit->realtime_ms);
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "ban remove", "ik", kit_hex(100), NULL));
	assert_int_equal(kit_verdict(kit, &intent), CHECK_NO_LATER_CHANGE);
}

static void an_older_ticket_never_overtakes_a_restoration(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	assert_true(kit_operate(kit, "device suspend", "SN-1", NULL));
	assert_true(kit_operate(kit, "device restore", "SN-1", NULL));
	assert_int_equal(kit_verdict(kit, &intent), CHECK_NO_LATER_CHANGE);
}

/* The stamp outlives the binding: release, import again, and an old ticket is still old. */
static void an_older_ticket_never_overtakes_a_release(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	(void)kit_provision(kit, "SN-1", 1, 100);
	const struct intent intent = kit_intent(kit, "SN-1", 1, 101);
	assert_true(kit_operate(kit, "device release", "SN-1", NULL));
	assert_int_equal(kit_verdict(kit, &intent), CHECK_NOT_RELEASED);
	assert_true(kit_import(kit, "SN-1", 1, "again"));
	assert_int_equal(kit_verdict(kit, &intent), CHECK_NO_LATER_CHANGE);
	(void)kit_provision(kit, "SN-1", 1, 101);
}

/* ---- (5) ---- */

static void an_open_intent_of_the_same_serial_waits(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_true(kit_import(kit, "SN-1", 2, ""));
	const struct intent first = kit_intent(kit, "SN-1", 1, 100);
	const struct intent second = kit_intent(kit, "SN-1", 2, 101);
	assert_int_equal(kit_verdict(kit, &first), KIT_OPENS);
	const struct intent_answer answer = kit_ask(kit, &second);
	assert_int_equal(answer.refusal.check, CHECK_NO_OPEN_INTENT);
	assert_true(answer.refusal.retry_after_s >= 1 && answer.refusal.retry_after_s <= 60);
	/* The same ticket as well: it may be being signed for right now. */
	assert_int_equal(kit_verdict(kit, &first), CHECK_NO_OPEN_INTENT);
	assert_false(kit_is_revoked(kit, &first));
}

static void an_open_intent_of_the_same_ek_waits(void **state)
{
	struct kit *kit = *state;

	use_first(kit);
	const struct intent first = kit_intent(kit, "SN-1", 1, 100);
	const struct intent second = kit_intent(kit, "SN-2", 1, 101);
	assert_int_equal(kit_verdict(kit, &first), KIT_OPENS);
	assert_int_equal(kit_verdict(kit, &second), CHECK_NO_OPEN_INTENT);
	expected_close(kit->policy.expected);
}

static void an_open_intent_of_the_same_ik_waits(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	assert_true(kit_import(kit, "SN-2", 2, ""));
	const struct intent first = kit_intent(kit, "SN-1", 1, 100);
	const struct intent second = kit_intent(kit, "SN-2", 2, 100);
	assert_int_equal(kit_verdict(kit, &first), KIT_OPENS);
	assert_int_equal(kit_verdict(kit, &second), CHECK_NO_OPEN_INTENT);
}

static void a_run_out_intent_gives_way_and_is_revoked(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent first = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &first), KIT_OPENS);
	kit_advance(kit, 58000);
	const struct intent early = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &early), CHECK_NO_OPEN_INTENT);
	const struct intent late = kit_intent(kit, "SN-1", 1, 100);
	assert_int_equal(kit_verdict(kit, &late), KIT_OPENS);
	assert_true(kit_is_revoked(kit, &first));
	/* What comes after the lease has come too late. */
	const struct record_answer answer = kit_record(kit, &first);
	assert_false(answer.is_recorded);
	assert_int_equal(answer.refusal.check, CHECK_INTENT_OURS);
}

/* ---- a reload that the authority has not taken part in yet ---- */

static void a_draft_of_another_policy_is_not_signed(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	intent.ek_trust = TRUST_MANIFEST;
	assert_int_equal(kit_verdict(kit, &intent), CHECK_EVIDENCE_MASK);
	intent.ek_trust = TRUST_BOTH;
	intent.binding = BINDING_FIRST;
	assert_int_equal(kit_verdict(kit, &intent), CHECK_EVIDENCE_MASK);
	intent.binding = BINDING_MANIFEST;
	assert_int_equal(kit_verdict(kit, &intent), KIT_OPENS);
}

/* ---- (7) ---- */

/* A number that was used before (a broken random number generator) is never used again. */
static void a_number_is_used_once(void **state)
{
	struct kit *kit = *state;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent first = kit_provision(kit, "SN-1", 1, 100);
	struct intent second = kit_intent(kit, "SN-1", 1, 100);
	memcpy(second.number, first.number, sizeof(second.number));
	uint64_t before = kit_dump(kit);
	assert_int_equal(kit_verdict(kit, &second), CHECK_STORE_WORKS);
	assert_true(before == kit_dump(kit));
}

/* SQL in every text field is text. */
static void sql_is_text(void **state)
{
	struct kit *kit = *state;
	struct intent intent;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	intent = kit_intent(kit, "SN-1", 1, 100);
	(void)snprintf(intent.profile, sizeof(intent.profile), "'; DROP TABLE intent; --");
	assert_int_equal(kit_verdict(kit, &intent), CHECK_PROFILE_ALLOWED);
	(void)snprintf(intent.serial, sizeof(intent.serial), "' OR 1=1 --");
	assert_int_equal(kit_verdict(kit, &intent), CHECK_SERIAL_BINDING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(a_listed_device_opens),
		KIT_TEST(a_refusal_names_the_device),
		KIT_TEST(a_banned_serial_is_refused),
		KIT_TEST(a_banned_ek_is_refused),
		KIT_TEST(a_banned_ik_is_refused),
		KIT_TEST(a_suspended_device_is_refused),
		KIT_TEST(a_suspended_device_stays_so_under_another_name),
		KIT_TEST(a_suspended_device_stays_so_with_a_further_ek),
		KIT_TEST(a_listed_device_can_be_suspended_before_it_comes),
		KIT_TEST(an_unlisted_ek_is_refused),
		KIT_TEST(another_serial_is_refused),
		KIT_TEST(a_profile_that_the_row_does_not_name_is_refused),
		KIT_TEST(a_profile_needs_a_row),
		KIT_TEST(with_endorsement_the_serial_is_of_the_ek),
		KIT_TEST(with_first_a_serial_is_expected),
		KIT_TEST(with_first_the_first_ek_keeps_the_serial),
		KIT_TEST(with_first_a_rows_serial_stands),
		KIT_TEST(with_first_and_trust_both_the_ek_is_listed),
		KIT_TEST(an_ik_of_another_binding_is_refused),
		KIT_TEST(a_second_ek_of_the_serial_joins_its_binding),
		KIT_TEST(a_released_ek_is_refused),
		KIT_TEST(a_recorded_ticket_gives_the_same_octets),
		KIT_TEST(a_recorded_ticket_of_a_revoked_certificate_starts_again),
		KIT_TEST(a_recorded_ticket_repeats_until_the_overlap_ends),
		KIT_TEST(a_recorded_certificate_that_is_too_long_is_not_taken),
		KIT_TEST(an_older_ticket_never_overtakes_a_record),
		KIT_TEST(an_older_ticket_never_overtakes_an_import),
		KIT_TEST(an_older_ticket_never_overtakes_a_nameless_row),
		KIT_TEST(an_older_ticket_never_overtakes_the_lifting_of_a_ban),
		KIT_TEST(an_older_ticket_never_overtakes_a_restoration),
		KIT_TEST(an_older_ticket_never_overtakes_a_release),
		KIT_TEST(an_open_intent_of_the_same_serial_waits),
		KIT_TEST(an_open_intent_of_the_same_ek_waits),
		KIT_TEST(an_open_intent_of_the_same_ik_waits),
		KIT_TEST(a_run_out_intent_gives_way_and_is_revoked),
		KIT_TEST(a_draft_of_another_policy_is_not_signed),
		KIT_TEST(a_number_is_used_once),
		KIT_TEST(sql_is_text),
	};

	return cmocka_run_group_tests_name("store_intent", tests, NULL, NULL);
}
