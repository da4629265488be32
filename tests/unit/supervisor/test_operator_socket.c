#include "fake_server.h"
#include "frame.h"
#include "operator_client.h"
#include "operator_socket.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* The socket of a server with a fake store (fake_role.c); one that is stopped is long at its act. */

enum { ANSWER_WAIT_MS = 10000 };

static struct server server;
static struct folder folder;
static struct operator_socket operators;
static struct operator_client client;

static void connect_client(void)
{
	struct trouble trouble = { "" };
	bool is_running = false;

	assert_int_equal(operator_open_running(folder.path, &client, &is_running, &trouble), FAULT_NONE);
	assert_true(is_running);
	operator_socket_serve(&operators);
	assert_true(operators.client >= 0);
}

static int setup(void **state)
{
	struct trouble trouble = { "" };

	(void)state;
	if (fake_server_open(false, &folder, &server) != 0)
		return -1;
	if (server_start_kind(&server, KIND_STORE, &trouble) != FAULT_NONE ||
			operator_socket_open(&server, &operators, &trouble) != FAULT_NONE)
		fail_msg("%s", trouble.text);
	connect_client();
	return 0;
}

static int teardown(void **state)
{
	struct trouble ignored;

	(void)state;
	(void)operator_close(&client, &ignored);
	operator_socket_close(&operators);
	return fake_server_close(&folder, &server);
}

static void signal_store(int number)
{
	assert_int_equal(kill(server_role(&server, KIND_STORE)->pid, number), 0);
}

static void ask(const char *verb)
{
	const struct order order = { verb, 2, { "serial", "SN-1" } };
	struct trouble trouble = { "" };

	assert_int_equal(operator_send(&client, &order, &trouble), FAULT_NONE);
	operator_socket_serve(&operators);
}

static void take_store_answer(void)
{
	struct role_process *store = server_role(&server, KIND_STORE);

	assert_int_equal(frame_wait(store->control, ANSWER_WAIT_MS), FAULT_NONE);
	server_take(&server, store);
}

/* As if so long had gone by in silence, and then a tick. */
static void be_silent(void)
{
	operators.silent_since_ms = monotonic_ms() - OPERATOR_SILENCE_MS - 1;
	operator_socket_tick(&operators);
}

static enum fault await_answer(struct trouble *trouble)
{
	trouble->text[0] = '\0';
	assert_int_equal(frame_wait(client.channel, ANSWER_WAIT_MS), FAULT_NONE);
	return operator_await(&client, NULL, trouble);
}

static void assert_hung_up(void)
{
	struct trouble trouble;

	assert_int_equal(operators.client, -1);
	assert_int_equal(await_answer(&trouble), FAULT_SYSTEM);
	assert_non_null(strstr(trouble.text, "the server has gone before it answered"));
}

static void test_silent_client_is_hung_up_on(void **state)
{
	(void)state;
	operator_socket_tick(&operators);
	assert_true(operators.client >= 0);
	be_silent();
	assert_hung_up();
}

/* An act may be long; silence begins where its answer ends. */
static void test_client_is_not_silent_while_it_waits(void **state)
{
	struct trouble trouble;

	(void)state;
	signal_store(SIGSTOP);
	ask("ban add");
	ask("ban remove");
	be_silent();
	assert_true(operators.client >= 0);
	signal_store(SIGCONT);
	take_store_answer();
	be_silent();
	assert_true(operators.client >= 0);
	take_store_answer();
	operator_socket_tick(&operators);
	assert_true(operators.client >= 0);
	assert_int_equal(await_answer(&trouble), FAULT_NONE);
	assert_int_equal(await_answer(&trouble), FAULT_NONE);
	be_silent();
	assert_hung_up();
}

static void start_store_again(void)
{
	const struct role_process *store = server_role(&server, KIND_STORE);
	const struct timespec pause = { .tv_nsec = 10000000 };

	while (store->pid != 0) {
		(void)nanosleep(&pause, NULL);
		server_collect(&server);
	}
	while (!store->is_in_force) {
		(void)nanosleep(&pause, NULL);
		server_restart_due(&server);
	}
}

/* Nobody knows what the former store did; the one that is started again answers anew. */
static void test_ended_store_takes_its_answers_along(void **state)
{
	struct trouble trouble;

	(void)state;
	signal_store(SIGSTOP);
	ask("ban add");
	signal_store(SIGKILL);
	start_store_again();
	ask("ban remove");
	operator_socket_tick(&operators);
	assert_hung_up();
	take_store_answer();

	(void)operator_close(&client, &trouble);
	connect_client();
	ask("ban add");
	take_store_answer();
	assert_int_equal(await_answer(&trouble), FAULT_NONE);
	operator_socket_tick(&operators);
	assert_true(operators.client >= 0);
}

static void assert_refused_as_busy(const char *verb)
{
	struct trouble trouble;

	ask(verb);
	assert_int_equal(await_answer(&trouble), FAULT_DENIED);
	assert_string_equal(trouble.text,
		"the store is at work on an operator's command; try again when that has ended");
}

/* It cannot answer meanwhile, whether the client that asked is still there or not. */
static void test_act_is_not_cut_off_by_a_load(void **state)
{
	struct trouble trouble;
	pid_t store = server_role(&server, KIND_STORE)->pid;

	(void)state;
	signal_store(SIGSTOP);
	ask("ban add");
	(void)operator_close(&client, &trouble);
	operator_socket_serve(&operators);
	assert_int_equal(operators.client, -1);
	connect_client();
	assert_refused_as_busy("reload");
	assert_refused_as_busy("rotate");

	signal_store(SIGCONT);
	take_store_answer();
	ask("reload");
	assert_int_equal(await_answer(&trouble), FAULT_NONE);
	ask("rotate");
	assert_int_equal(await_answer(&trouble), FAULT_NONE);
	assert_int_equal(server_role(&server, KIND_STORE)->pid, store);
}

/* One that never ends an act would keep every load away. */
static void test_store_that_ends_no_act_is_ended(void **state)
{
	struct role_process *store = server_role(&server, KIND_STORE);
	struct trouble trouble;

	(void)state;
	signal_store(SIGSTOP);
	ask("ban add");
	server.act_heard_ms -= OPERATOR_ANSWER_WAIT_MS - 1000;
	operator_socket_tick(&operators);
	assert_true(store->control >= 0);
	server.act_heard_ms -= 1001;
	operator_socket_tick(&operators);
	assert_int_equal(store->control, -1);
	start_store_again();
	operator_socket_tick(&operators);
	assert_hung_up();
	(void)operator_close(&client, &trouble);
	connect_client();
	ask("reload");
	assert_int_equal(await_answer(&trouble), FAULT_NONE);
}

/* One that cannot be taken stays there to be read, and is looked for once a tick. */
static void take_no_client(void)
{
	assert_int_equal(operator_socket_awaited(&operators), operators.listening);
	operator_socket_serve(&operators);
	assert_int_equal(operator_socket_awaited(&operators), -1);
	operator_socket_tick(&operators);
	assert_int_equal(operator_socket_awaited(&operators), operators.listening);
}

static void test_no_descriptor_for_a_client(void **state)
{
	struct operator_client next;
	struct trouble trouble;
	bool is_running = false;

	(void)state;
	be_silent();
	assert_int_equal(operator_open_running(folder.path, &next, &is_running, &trouble), FAULT_NONE);
	without_descriptors(take_no_client);
	operator_socket_serve(&operators);
	assert_true(operators.client >= 0);
	assert_int_equal(operator_socket_awaited(&operators), operators.client);
	(void)operator_close(&next, &trouble);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_silent_client_is_hung_up_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_client_is_not_silent_while_it_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ended_store_takes_its_answers_along, setup, teardown),
		cmocka_unit_test_setup_teardown(test_act_is_not_cut_off_by_a_load, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_that_ends_no_act_is_ended, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_descriptor_for_a_client, setup, teardown),
	};

	return cmocka_run_group_tests_name("operator_socket", tests, NULL, NULL);
}
