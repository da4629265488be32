#include "outbox.h"
#include "channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* What waits for the commit, and then for the authority to take it. */

static struct outbox outbox;
static int channel[2];

static int setup(void **state)
{
	const int size = 1; /* The least that the kernel gives: a few frames. */

	(void)state;
	outbox = (struct outbox){ .count = 0 };
	if (channel_pair(channel) != FAULT_NONE)
		return -1;
	return setsockopt(channel[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static int teardown(void **state)
{
	(void)state;
	close(channel[0]);
	close(channel[1]);
	return 0;
}

static void put(enum message_type type, uint64_t request)
{
	struct writer writer = outbox_begin(&outbox, type, request);

	outbox_end(&outbox, &writer);
}

static bool take(struct message *out)
{
	static uint8_t buffer[FRAME_MAX];
	struct bytes frame;
	enum fault fault =
		channel_receive(channel[1], buffer, sizeof(buffer), &frame, NULL);

	if (fault == FAULT_BUSY)
		return false;
	assert_int_equal(fault, FAULT_NONE);
	assert_int_equal(message_read(frame, out), FAULT_NONE);
	return true;
}

static void what_the_channel_does_not_take_now_waits_in_its_order(void **state)
{
	uint64_t taken = 0;
	size_t waits = 0;
	struct message message;

	(void)state;
	assert_true(outbox_is_empty(&outbox));
	for (uint64_t request = 1; request <= OUTBOX_MAX; request++)
		put(MESSAGE_TIDY_ANSWER, request);
	while (outbox_send(&outbox, channel[0]) == FAULT_BUSY) {
		waits++;
		assert_false(outbox_is_empty(&outbox));
		while (take(&message))
			assert_int_equal(message.request, ++taken);
	}
	while (take(&message))
		assert_int_equal(message.request, ++taken);
	assert_true(waits > 0);
	assert_int_equal(taken, OUTBOX_MAX);
	assert_true(outbox_is_empty(&outbox));
}

static void an_authority_that_has_ended_is_told(void **state)
{
	(void)state;
	put(MESSAGE_TIDY_ANSWER, 1);
	close(channel[1]);
	assert_int_equal(outbox_send(&outbox, channel[0]), FAULT_CLOSED);
}

static void a_commit_that_failed_refuses_what_would_have_been_answered(void **state)
{
	const struct store_state now = { .now_ms = 17 };
	struct intent_answer intent;
	struct record_answer record;
	struct message message;

	(void)state;
	put(MESSAGE_TIDY_ANSWER, 1);
	put(MESSAGE_INTENT_ANSWER, 2);
	put(MESSAGE_CRL_ANSWER, 3);
	put(MESSAGE_RECORD_ANSWER, 4);
	outbox_refuse_all(&outbox, &now, "the disk is full");
	assert_int_equal(outbox_send(&outbox, channel[0]), FAULT_NONE);

	assert_true(take(&message));
	assert_int_equal(message.type, MESSAGE_INTENT_ANSWER);
	assert_int_equal(message.request, 2);
	assert_int_equal(intent_answer_read(message.body, &intent), FAULT_NONE);
	assert_int_equal(intent.verdict, INTENT_REFUSED);
	assert_int_equal(intent.refusal.check, CHECK_STORE_WORKS);
	assert_string_equal(intent.refusal.saw, "the disk is full");
	assert_int_equal(intent.state.now_ms, 17);

	assert_true(take(&message));
	assert_int_equal(message.type, MESSAGE_RECORD_ANSWER);
	assert_int_equal(message.request, 4);
	assert_int_equal(record_answer_read(message.body, &record), FAULT_NONE);
	assert_false(record.is_recorded);
	assert_int_equal(record.refusal.check, CHECK_STORE_WORKS);
	assert_string_equal(record.refusal.saw, "the disk is full");

	assert_false(take(&message));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_the_channel_does_not_take_now_waits_in_its_order, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_authority_that_has_ended_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_commit_that_failed_refuses_what_would_have_been_answered, setup, teardown),
	};

	return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
