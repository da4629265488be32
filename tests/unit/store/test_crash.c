#include "kit.h"

#include "faulty_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * kill -9 at every write and every sync of one provisioning (S1 to S8, row 123): what was answered
 * is there, the chain is whole, the database sound, and the device comes through in the end.
 */

enum { CALLS_MAX = 300 };

/* What the store had answered when it died. */
enum progress { NOTHING_ANSWERED = 'n', INTENT_ANSWERED = 'i', RECORD_ANSWERED = 'r' };

static void tell(int pipe_end, char progress)
{
	if (write(pipe_end, &progress, 1) != 1)
		_exit(EXIT_FAILURE);
}

/* The child: provisions, tells what was answered, and dies at call n. */
static void provision_and_die(struct kit *kit, const struct intent *intent, int n, int pipe_end)
{
	faulty_disk_arm(DISK_KILLS, n, 0);
	kit_start(kit);
	if (kit_verdict(kit, intent) != KIT_OPENS)
		_exit(EXIT_FAILURE);
	tell(pipe_end, INTENT_ANSWERED);
	if (!kit_record(kit, intent).is_recorded)
		_exit(EXIT_FAILURE);
	tell(pipe_end, RECORD_ANSWERED);
	_exit(EXIT_SUCCESS); /* no store_close: the last of the calls is the record's */
}

static enum progress last_told(int pipe_end)
{
	char progress = NOTHING_ANSWERED, next;

	while (read(pipe_end, &next, 1) == 1)
		progress = next;
	return (enum progress)progress;
}

/* Runs the child; false where it came through without reaching call n. */
static bool crash_at(struct kit *kit, const struct intent *intent, int n, enum progress *out)
{
	int ends[2], status;

	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		provision_and_die(kit, intent, n, ends[1]);
	(void)close(ends[1]);
	*out = last_told(ends[0]);
	(void)close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == DISK_KILLED_STATUS || WEXITSTATUS(status) == EXIT_SUCCESS);
	return WEXITSTATUS(status) == DISK_KILLED_STATUS;
}

/* Each statement below is one of docs/ARCHITECTURE.md, "What must always hold". */
static void expect_sound(struct kit *kit, const struct intent *intent, enum progress progress)
{
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM pragma_integrity_check"
		" WHERE integrity_check = 'ok'"), 1);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	assert_true(kit_operate(kit, "audit verify", NULL));
	if (progress == INTENT_ANSWERED) /* S3: it was durable before anything could be signed */
		assert_true(kit_sql_number(kit, "SELECT count(*) FROM intent") == 1);
	if (progress == RECORD_ANSWERED) /* S4 */
		assert_int_equal(kit_verdict(kit, intent), KIT_REPEATS);
	assert_int_equal(kit_sql_number(kit, "SELECT count(*) FROM certificate"),
		kit_sql_number(kit, "SELECT count(*) FROM audit WHERE act = 'bind'"));
}

/* S7: after the lease the number is revoked, or the certificate is there; the device goes on. */
static void expect_nobody_blocked(struct kit *kit, const struct intent *intent)
{
	bool was_intended = kit_sql_number(kit, "SELECT count(*) FROM intent") == 1;
	bool is_recorded = kit_sql_number(kit, "SELECT count(*) FROM certificate") == 1;

	kit_advance(kit, 120000);
	(void)kit_tidy(kit);
	assert_int_equal(kit_is_revoked(kit, intent), was_intended && !is_recorded);
	struct intent again = kit_intent(kit, "SN-1", 1, 100);
	kit_issue(kit, &again);
}

static void a_crash_anywhere_is_survived(void **state)
{
	struct kit *kit = *state;
	char command[300];
	int seen[256] = { 0 }, n = 1;

	assert_true(kit_import(kit, "SN-1", 1, ""));
	const struct intent intent = kit_intent(kit, "SN-1", 1, 100);
	kit_stop(kit);
	(void)snprintf(command, sizeof(command), "cp -r %s %s-before", kit->directory, kit->directory);
	assert_int_equal(system(command), 0);
	for (bool has_crashed = true; has_crashed; n++) {
		enum progress progress;

		assert_true(n < CALLS_MAX);
		has_crashed = crash_at(kit, &intent, n, &progress);
		seen[(unsigned char)progress]++;
		kit_start(kit);
		expect_sound(kit, &intent, progress);
		expect_nobody_blocked(kit, &intent);
		kit_stop(kit);
		(void)snprintf(command, sizeof(command), "rm -rf %s && cp -r %s-before %s",
			kit->directory, kit->directory, kit->directory);
		assert_int_equal(system(command), 0);
	}
	kit_start(kit);
	(void)snprintf(command, sizeof(command), "rm -rf %s-before", kit->directory);
	assert_int_equal(system(command), 0);
	/* It was killed in each of the phases, and came through once. */
	assert_true(seen[NOTHING_ANSWERED] > 2 && seen[INTENT_ANSWERED] > 2);
	assert_int_equal(seen[RECORD_ANSWERED], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(a_crash_anywhere_is_survived),
	};

	faulty_disk_install();
	return cmocka_run_group_tests_name("store_crash", tests, NULL, NULL);
}
