#include "act_record.h"
#include "encoding.h"
#include "fake_server.h"
#include "frame.h"
#include "message.h"
#include "rotate.h"
#include "scratch.h"
#include "ticket_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* The server with fake roles (fake_role.c), which write what happens to them into "events". */

static struct server server;
static struct folder folder;

static void wait_a_little(void)
{
	const struct timespec pause = { .tv_nsec = 50000000 };

	(void)nanosleep(&pause, NULL);
}

static void replace(const char *name, const char *text)
{
	struct trouble trouble = { "" };

	assert_int_equal(folder_replace(&folder, name, 0644, bytes_of_string(text), &trouble),
		FAULT_NONE);
}

static void start_kind(enum role_kind kind)
{
	struct trouble trouble = { "" };

	if (server_start_kind(&server, kind, &trouble) != FAULT_NONE)
		fail_msg("%s", trouble.text);
}

static void start_behind_fronts(void)
{
	start_kind(KIND_STORE);
	start_kind(KIND_AUTHORITY);
	start_kind(KIND_VERIFIER);
}

static void start_all(void)
{
	start_behind_fronts();
	start_kind(KIND_FRONT);
}

/* As root the roles would be other users, who may not write events. They do not change here. */
static int setup(void **state)
{
	(void)state;
	if (fake_server_open(true, &folder, &server) != 0)
		return -1;
	server.listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return fake_server_close(&folder, &server);
}

static size_t count_of(const char *needle)
{
	size_t count = 0;

	for (const char *at = scratch_read("events"); (at = strstr(at, needle)) != NULL; at++)
		count++;
	return count;
}

static void test_start(void **state)
{
	(void)state;
	assert_int_equal(server.role_count, 6);
	start_all();
	wait_a_little();
	assert_int_equal(count_of(" commit One"), 6);
	for (size_t i = 0; i < server.role_count; i++)
		assert_true(server.roles[i].is_in_force);
}

static void test_stop_from_the_front_inwards(void **state)
{
	const char *events, *last_front, *last_verifier, *authority, *store;

	(void)state;
	start_all();
	server_stop(&server);
	events = scratch_read("events");
	last_front = strstr(strstr(events, "front stop") + 1, "front stop");
	last_verifier = strstr(strstr(events, "verifier stop") + 1, "verifier stop");
	authority = strstr(events, "authority stop");
	store = strstr(events, "store stop");
	assert_non_null(last_front);
	assert_true(last_front < strstr(events, "verifier stop"));
	assert_true(last_verifier < authority);
	assert_true(authority < store);
	for (size_t i = 0; i < server.role_count; i++)
		assert_int_equal(server.roles[i].pid, 0);
}

static void test_reload(void **state)
{
	struct trouble trouble = { "" };

	(void)state;
	start_all();
	fake_server_name(&folder, "Two");
	assert_int_equal(server_reload(&server, false, "by=tester", &trouble), FAULT_NONE);
	wait_a_little();
	assert_int_equal(count_of(" commit Two"), 6);
	assert_string_equal(server.set->configuration.name, "Two");
}

/* Nobody asked for a reload: what is being edited stays out. */
static void test_tls_alone_is_renewed(void **state)
{
	struct trouble trouble = { "" };

	(void)state;
	start_all();
	int former = server.set->tls_certificate;
	fake_server_name(&folder, "Two");
	assert_int_equal(server_renew_tls(&server, "by=tester", &trouble), FAULT_NONE);
	wait_a_little();
	assert_int_equal(count_of(" commit One"), 12);
	assert_int_equal(count_of(" commit Two"), 0);
	assert_string_equal(server.set->configuration.name, "One");
	assert_int_not_equal(server.set->tls_certificate, former);
	assert_int_equal(fcntl(former, F_GETFD), -1);
}

/* Whoever renewed it must know that it is still to be given to the roles. */
static void test_new_tls_waits_until_it_is_taken(void **state)
{
	struct trouble trouble = { "" };

	(void)state;
	start_all();
	server.has_new_tls = true;
	assert_int_equal(renameat(folder.descriptor, "tls.pem", folder.descriptor, "aside"), 0);
	assert_int_not_equal(server_renew_tls(&server, "by=tester", &trouble), FAULT_NONE);
	assert_true(server.has_new_tls);
	assert_int_equal(renameat(folder.descriptor, "aside", folder.descriptor, "tls.pem"), 0);
	assert_int_equal(server_renew_tls(&server, "by=tester", &trouble), FAULT_NONE);
	assert_false(server.has_new_tls);
	server.has_new_tls = true;
	assert_int_equal(server_reload(&server, false, "by=tester", &trouble), FAULT_NONE);
	assert_false(server.has_new_tls);
}

static void test_tls_stays_where_there_is_no_other(void **state)
{
	struct trouble trouble = { "" };

	(void)state;
	start_all();
	int key = server.set->tls_key, certificate = server.set->tls_certificate;
	assert_int_equal(unlinkat(folder.descriptor, "tls.pem", 0), 0);
	assert_int_equal(server_renew_tls(&server, "by=tester", &trouble), FAULT_NOT_FOUND);
	assert_int_equal(server.set->tls_key, key);
	assert_int_equal(server.set->tls_certificate, certificate);
	assert_int_not_equal(fcntl(certificate, F_GETFD), -1);
}

/* The server with that configuration in force before anything runs. */
static void begin_with(const char *name)
{
	struct trouble trouble = { "" };

	fake_server_name(&folder, name);
	load_set_close(server.set);
	server.set = NULL;
	assert_int_equal(load_set_read(&folder, &server.set, &trouble), FAULT_NONE);
}

static void assert_certificate_in_force(const char *text)
{
	char found[32] = "";

	assert_true(pread(server.set->tls_certificate, found, sizeof(found) - 1, 0) > 0);
	assert_string_equal(found, text);
}

/* At a start the former one may have ended: fronts with it would refuse every device. */
static void test_fronts_begin_with_new_tls(void **state)
{
	struct trouble trouble = { "" };

	(void)state;
	begin_with("Deaf store"); /* it does not record that they take it */
	start_behind_fronts();
	int certificate = server.set->tls_certificate;
	assert_int_equal(renameat(folder.descriptor, "tls.pem", folder.descriptor, "aside"), 0);
	assert_int_equal(server_renew_tls(&server, "by=tester", &trouble), FAULT_NOT_FOUND);
	assert_int_equal(server.set->tls_certificate, certificate);

	server.has_new_tls = true;
	replace("tls.pem", "made at the start");
	assert_int_equal(server_renew_tls(&server, "by=tester", &trouble), FAULT_BUSY);
	assert_certificate_in_force("made at the start");
	assert_true(server.has_new_tls); /* to be tried again */
	start_kind(KIND_FRONT);

	replace("tls.pem", "made later");
	assert_int_equal(server_renew_tls(&server, "by=tester", &trouble), FAULT_BUSY);
	assert_certificate_in_force("made at the start");
}

/* Threat row 132: one that refuses, whichever it is, and nobody changes. */
static void test_reload_is_all_or_nothing(void **state)
{
	static const char *const kinds[] = { "store", "authority", "verifier", "front" };

	(void)state;
	start_all();
	for (size_t i = 0; i < 4; i++) {
		char name[32];
		struct trouble trouble = { "" };

		(void)snprintf(name, sizeof(name), "Refuse %s", kinds[i]);
		fake_server_name(&folder, name);
		assert_int_equal(server_reload(&server, false, "by=tester", &trouble), FAULT_INVALID);
		assert_string_equal(trouble.text, "it was told to");
		wait_a_little();
		(void)snprintf(name, sizeof(name), " abandon Refuse %s", kinds[i]);
		assert_true(count_of(name) > 0);
		assert_string_equal(server.set->configuration.name, "One");
	}
	assert_int_equal(count_of("commit Refuse"), 0);
	assert_int_equal(count_of(" commit One"), 6);
}

static void test_reload_of_broken_file(void **state)
{
	struct trouble trouble = { "" };

	(void)state;
	start_all();
	fake_server_name(&folder, "A\nB");
	assert_int_equal(server_reload(&server, false, "by=tester", &trouble), FAULT_INVALID);
	assert_non_null(strstr(trouble.text, "line 3"));
	wait_a_little();
	assert_int_equal(count_of("abandon"), 0);
	assert_string_equal(server.set->configuration.name, "One");
}

static struct load_set *read_set(void)
{
	struct load_set *set = NULL;
	struct trouble trouble = { "" };

	if (load_set_read(&folder, &set, &trouble) != FAULT_NONE)
		fail_msg("%s", trouble.text);
	return set;
}

/* A store that is started again finds what the fingerprint stands for, whatever was added since. */
static void test_expected_is_what_was_read(void **state)
{
	char text[32] = "";

	(void)state;
	replace("expected", "SN-1\n");
	replace("genuine.conf", "[ca]\nname = One\n[identity]\nbinding = first\nexpected = expected\n");
	struct load_set *set = read_set();
	int file = openat(folder.descriptor, "expected", O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(file, "SN-2\n", 5), 5);
	(void)close(file);
	assert_int_equal(pread(set->expected, text, sizeof(text), 0), 5);
	assert_string_equal(text, "SN-1\n");
	struct load_set *next = read_set();
	assert_int_equal(pread(next->expected, text, sizeof(text), 0), 10);
	assert_memory_not_equal(set->fingerprint, next->fingerprint, sizeof(set->fingerprint));
	load_set_close(set);
	load_set_close(next);
}

static void test_former_fingerprint(void **state)
{
	struct trouble trouble = { "" };
	uint8_t first[32];

	(void)state;
	start_all();
	memcpy(first, server.set->fingerprint, 32);
	fake_server_name(&folder, "One");
	assert_int_equal(server_reload(&server, false, "by=tester", &trouble), FAULT_NONE);
	assert_false(server.set->has_former);

	fake_server_name(&folder, "Two"); /* the profile's organization changes with it */
	assert_int_equal(server_reload(&server, false, "by=tester", &trouble), FAULT_NONE);
	assert_memory_not_equal(server.set->fingerprint, first, 32);
	assert_true(server.set->has_former);
	assert_memory_equal(server.set->former_fingerprint, first, 32);
	/* time() may lag behind the finer clock across a second. */
	uint64_t left_ms = server.set->former_until_ms - (uint64_t)time(NULL) * 1000;
	assert_true(left_ms > 10 * 60 * 1000 && left_ms <= 11 * 60 * 1000 + 2000);

	/* A reload that changes nothing keeps what excuses. */
	assert_int_equal(server_reload(&server, false, "by=tester", &trouble), FAULT_NONE);
	assert_true(server.set->has_former);
	assert_memory_equal(server.set->former_fingerprint, first, 32);

	fake_server_name(&folder, "Three");
	assert_int_equal(server_reload(&server, true, "by=tester", &trouble), FAULT_NONE);
	assert_false(server.set->has_former);
}

static void wait_for_restart(void)
{
	while (server_restart_wait_ms(&server) > 0)
		wait_a_little();
}

static void test_dead_role_starts_again(void **state)
{
	(void)state;
	start_all();
	/* What the files say by then is not yet in force, for the new one neither. */
	fake_server_name(&folder, "Two");
	struct role_process *verifier = server_role(&server, KIND_VERIFIER);
	pid_t before = verifier->pid;
	assert_int_equal(kill(before, SIGKILL), 0);
	wait_a_little();
	server_collect(&server);
	assert_int_equal(verifier->pid, 0);
	assert_false(verifier->is_in_force);
	server_restart_due(&server);
	assert_int_equal(verifier->pid, 0); /* not before its time */
	assert_true(server_restart_wait_ms(&server) > 0);
	wait_for_restart();
	server_restart_due(&server);
	assert_true(verifier->pid != 0 && verifier->pid != before);
	assert_true(verifier->is_in_force);
	assert_int_equal(server_restart_wait_ms(&server), -1);
	wait_a_little();
	assert_int_equal(count_of("verifier commit One"), 3);
	assert_int_equal(count_of("commit Two"), 0);
}

static void test_back_off_grows(void **state)
{
	struct role_process role = { .kind = KIND_FRONT, .control = -1 };

	(void)state;
	role.started_ms = monotonic_ms();
	role_ended(&role, 0x0100);
	assert_int_equal(role.back_off_ms, 100);
	role_ended(&role, 0x0100);
	assert_int_equal(role.back_off_ms, 200);
	for (int i = 0; i < 20; i++)
		role_ended(&role, 0x0100);
	assert_in_range(role.back_off_ms, 10000, 20000);
	role.started_ms = monotonic_ms() - 61000;
	role_ended(&role, 0x0100);
	assert_int_equal(role.back_off_ms, 100);
}

static void restart_due(void)
{
	server_restart_due(&server);
}

/* One that cannot be forked has no end to be collected, and waits longer each time all the same. */
static void test_start_that_fails_backs_off(void **state)
{
	(void)state;
	start_all();
	struct role_process *verifier = server_role(&server, KIND_VERIFIER);
	assert_int_equal(kill(verifier->pid, SIGKILL), 0);
	wait_a_little();
	server_collect(&server);
	verifier->started_ms = monotonic_ms() - 61000; /* the shortage lasts */
	for (uint32_t back_off_ms = 100; back_off_ms <= 400; back_off_ms *= 2) {
		assert_int_equal(verifier->back_off_ms, back_off_ms);
		assert_true(server_restart_wait_ms(&server) > 0);
		wait_for_restart();
		without_descriptors(restart_due);
		assert_int_equal(verifier->pid, 0);
	}
	wait_for_restart();
	server_restart_due(&server);
	assert_true(verifier->is_in_force);
}

static void test_role_that_dies_at_load(void **state)
{
	struct trouble trouble = { "" };

	(void)state;
	start_all();
	fake_server_name(&folder, "Die authority");
	assert_int_equal(server_reload(&server, false, "by=tester", &trouble), FAULT_CLOSED);
	assert_non_null(strstr(trouble.text, "the authority ended"));
	assert_string_equal(server.set->configuration.name, "One");
}

/* What it says when it goes on would be taken for what it says of the next load. */
static void test_role_that_does_not_answer(void **state)
{
	struct trouble trouble = { "" };

	(void)state;
	start_all();
	struct role_process *store = server_role(&server, KIND_STORE);
	pid_t pid = store->pid;
	assert_int_equal(kill(pid, SIGSTOP), 0);
	fake_server_name(&folder, "Two");
	assert_int_equal(server_reload(&server, false, "by=tester", &trouble), FAULT_CLOSED);
	assert_string_equal(trouble.text, "the store does not answer; its log says why");
	wait_a_little();
	server_collect(&server);
	assert_int_equal(store->pid, 0);
	assert_string_equal(server.set->configuration.name, "One");
}

/* It would be passed over by the next reload, which would be said to have happened everywhere. */
static void test_role_that_stays_without_its_channel(void **state)
{
	struct trouble trouble = { "" };

	(void)state;
	start_all();
	fake_server_name(&folder, "Leave front");
	assert_int_equal(server_reload(&server, false, "by=tester", &trouble), FAULT_NONE);
	struct role_process *front = server_role(&server, KIND_FRONT);
	pid_t pid = front->pid;
	wait_a_little();
	server_take(&server, front);
	assert_int_equal(front->control, -1);
	wait_a_little();
	server_collect(&server);
	assert_int_equal(front->pid, 0);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	assert_true(server_restart_wait_ms(&server) >= 0);
}

static struct role_process *verifier(unsigned number)
{
	for (size_t i = 0; i < server.role_count; i++) {
		if (server.roles[i].kind == KIND_VERIFIER && server.roles[i].number == number)
			return &server.roles[i];
	}
	return NULL;
}

static void reload_and_listen(const char *name, enum role_kind kind)
{
	struct trouble trouble = { "" };

	fake_server_name(&folder, name);
	assert_int_equal(server_reload(&server, false, "by=tester", &trouble), FAULT_NONE);
	wait_a_little();
	server_take(&server, server_role(&server, kind));
	wait_a_little();
	server_collect(&server);
}

/* The authority says which verifier is taken; that one ends, and nobody else. */
static void test_taken_verifier_ends(void **state)
{
	(void)state;
	start_all();
	reload_and_listen("Accuse authority", KIND_AUTHORITY);
	assert_int_equal(verifier(1)->pid, 0);
	assert_int_not_equal(verifier(0)->pid, 0);
	assert_int_not_equal(server_role(&server, KIND_AUTHORITY)->pid, 0);
	assert_true(server_restart_wait_ms(&server) >= 0);
}

/* Nobody but the authority may say it … */
static void test_front_accuses_nobody(void **state)
{
	(void)state;
	start_all();
	reload_and_listen("Accuse front", KIND_FRONT);
	assert_int_equal(server_role(&server, KIND_FRONT)->pid, 0);
	assert_int_not_equal(verifier(1)->pid, 0);
}

/* … and it of nobody that there is not. */
static void test_accused_must_be_there(void **state)
{
	(void)state;
	start_all();
	reload_and_listen("Slander authority", KIND_AUTHORITY);
	assert_int_equal(server_role(&server, KIND_AUTHORITY)->pid, 0);
}

static void test_missing_program(void **state)
{
	struct trouble trouble = { "" };
	struct role_process role = { .kind = KIND_COUNT, .control = -1 };

	(void)state;
	/* genuine-ca-? does not exist: the child ends, and its channel with it. */
	assert_int_equal(role_start(&role, &server.wiring, 0, -1, &trouble), FAULT_NONE);
	wait_a_little();
	uint8_t octet;
	assert_int_equal(recv(role.control, &octet, 1, 0), 0);
	role_kill(&role);
	assert_int_equal(role.pid, 0);
}

/* ---- ticket keys ---- */

static struct ticket_keys read_keys(void)
{
	uint8_t buffer[TICKET_KEYS_FILE_MAX];
	struct bytes text;
	struct trouble trouble = { "" };
	struct ticket_keys keys;

	assert_int_equal(folder_read(&folder, "secret/ticket.keys", FOLDER_SECRET, buffer, sizeof(buffer),
		&text, &trouble), FAULT_NONE);
	assert_int_equal(ticket_keys_read(text, &keys), FAULT_NONE);
	return keys;
}

static void test_rotate(void **state)
{
	struct trouble trouble = { "" };
	struct ticket_keys first = read_keys(), second, third;
	struct stat status;

	(void)state;
	assert_false(first.has_former);
	start_all();
	assert_int_equal(rotate_ticket_keys(&server, false, "by=tester", &trouble), FAULT_NONE);
	second = read_keys();
	assert_memory_not_equal(second.current.ca_id, first.current.ca_id, CA_ID_SIZE);
	assert_memory_not_equal(second.current.master.data, first.current.master.data, MASTER_SIZE);
	assert_true(second.has_former);
	assert_memory_equal(second.former.ca_id, first.current.ca_id, CA_ID_SIZE);
	assert_memory_equal(second.former.master.data, first.current.master.data, MASTER_SIZE);
	uint64_t left_ms = second.former_until_ms - (uint64_t)time(NULL) * 1000;
	assert_true(left_ms > 10 * 60 * 1000 && left_ms <= 11 * 60 * 1000 + 2000);

	int former = server.set->ticket_keys;
	fake_server_name(&folder, "Two");
	assert_int_equal(server_renew_ticket_keys(&server, "by=tester", &trouble), FAULT_NONE);
	wait_a_little();
	assert_int_equal(count_of(" commit One"), 12);
	assert_int_equal(count_of(" commit Two"), 0); /* nobody asked for a reload */
	assert_int_not_equal(server.set->ticket_keys, former);

	assert_int_equal(rotate_ticket_keys(&server, true, "by=tester", &trouble), FAULT_NONE);
	third = read_keys();
	assert_false(third.has_former);
	assert_memory_not_equal(third.current.ca_id, second.current.ca_id, CA_ID_SIZE);
	assert_int_equal(fstatat(folder.descriptor, "secret/ticket.keys", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
}

/* ---- records ---- */

static void test_reload_is_recorded(void **state)
{
	char fingerprint[HEX_CAPACITY(32)], line[256];
	struct trouble trouble = { "" };

	(void)state;
	start_all();
	fake_server_name(&folder, "Two");
	assert_int_equal(server_reload(&server, false, "by=tester", &trouble), FAULT_NONE);
	wait_a_little();
	hex_encode(BYTES_OF_ARRAY(server.set->fingerprint), fingerprint, sizeof(fingerprint));
	(void)snprintf(line, sizeof(line), "store audit add|reload|fingerprint=%s|former=", fingerprint);
	assert_int_equal(count_of(line), 1);
	assert_int_equal(count_of("|excused=yes|by=tester"), 1);
}

/* What cannot be recorded is not done: neither the reload nor the rotation. */
static void test_nothing_without_record(void **state)
{
	struct trouble trouble = { "" };

	(void)state;
	begin_with("Deaf store");
	start_all();
	struct ticket_keys before = read_keys();
	assert_int_equal(rotate_ticket_keys(&server, false, "by=tester", &trouble), FAULT_BUSY);
	assert_non_null(strstr(trouble.text, "it was told to"));
	struct ticket_keys after = read_keys();
	assert_memory_equal(after.current.ca_id, before.current.ca_id, CA_ID_SIZE);
	assert_int_equal(server_reload(&server, false, "by=tester", &trouble), FAULT_BUSY);
	wait_a_little();
	assert_int_equal(count_of(" abandon Deaf store"), 6);
	assert_int_equal(count_of(" commit Deaf store"), 6); /* those of the start */
}

/* What the store was asked for and given up as too slow; here nobody waits for it at all. */
static void ask_and_give_up(void)
{
	uint8_t buffer[256];
	const struct operator_request request = { .verb = BYTES_OF_LITERAL("audit add"), .count = 1,
		.arguments = { BYTES_OF_LITERAL("slow") } };
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_OPERATOR,
		server.record_request | REQUEST_OF_SUPERVISOR);

	operator_request_write(&w, &request);
	assert_int_equal(frame_send(server_role(&server, KIND_STORE)->control, writer_written(&w), -1),
		FAULT_NONE);
	wait_a_little();
}

/* Else a reload that the store refused to record would be done: its answer is the one after. */
static void test_late_answer_is_not_the_next_ones(void **state)
{
	struct trouble trouble = { "" };
	const struct act_record record = act_record_of("Deaf", "by=tester");

	(void)state;
	start_all();
	ask_and_give_up();
	assert_int_equal(act_record_send(&server, &record, &trouble), FAULT_BUSY);
	assert_non_null(strstr(trouble.text, "it was told to"));
	assert_int_equal(act_record_server(&server, "server start", &trouble), FAULT_NONE);
}

static void test_record_without_store(void **state)
{
	struct trouble trouble = { "" };

	(void)state;
	assert_int_equal(act_record_server(&server, "server start", &trouble), FAULT_BUSY);
	start_all();
	assert_int_equal(act_record_server(&server, "server start", &trouble), FAULT_NONE);
	wait_a_little();
	assert_int_equal(count_of("store audit add|server start|version=" GENUINE_VERSION "|"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_start, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stop_from_the_front_inwards, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reload, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tls_alone_is_renewed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_new_tls_waits_until_it_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tls_stays_where_there_is_no_other, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fronts_begin_with_new_tls, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reload_is_all_or_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reload_of_broken_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_expected_is_what_was_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_former_fingerprint, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dead_role_starts_again, setup, teardown),
		cmocka_unit_test(test_back_off_grows),
		cmocka_unit_test_setup_teardown(test_start_that_fails_backs_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_role_that_dies_at_load, setup, teardown),
		cmocka_unit_test_setup_teardown(test_role_that_does_not_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_role_that_stays_without_its_channel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_taken_verifier_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_front_accuses_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(test_accused_must_be_there, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing_program, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rotate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reload_is_recorded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_without_record, setup, teardown),
		cmocka_unit_test_setup_teardown(test_late_answer_is_not_the_next_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(test_record_without_store, setup, teardown),
	};

	return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
