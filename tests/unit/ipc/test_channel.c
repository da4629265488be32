#include "channel.h"

#include "limits.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static uint8_t sent[FRAME_MAX], received[FRAME_MAX + 1];

static int make_pair(void **state)
{
	static int ends[2];

	*state = ends;
	return channel_pair(ends) == FAULT_NONE ? 0 : -1;
}

static int close_pair(void **state)
{
	int *ends = *state;

	(void)close(ends[0]);
	(void)close(ends[1]);
	return 0;
}

/* How many descriptors this process has: a leak shows. */
static size_t open_descriptors(void)
{
	size_t count = 0;

	for (int descriptor = 0; descriptor < 256; descriptor++)
		count += fcntl(descriptor, F_GETFD) >= 0;
	return count;
}

static void test_frames(void **state)
{
	const int *ends = *state;
	struct bytes out = { NULL, 0 };

	memset(sent, 0xa5, sizeof(sent));
	assert_int_equal(channel_receive(ends[1], received, FRAME_MAX, &out, NULL), FAULT_BUSY);
	assert_int_equal(channel_send(ends[0], bytes_of(sent, 1)), FAULT_NONE);
	assert_int_equal(channel_send(ends[0], bytes_of(sent, FRAME_MAX)), FAULT_NONE);
	assert_int_equal(channel_send(ends[1], bytes_of(sent, 7)), FAULT_NONE);
	/* Each comes as it was sent: not glued to the next, not in parts, and both ways. */
	assert_int_equal(channel_receive(ends[1], received, FRAME_MAX, &out, NULL), FAULT_NONE);
	assert_int_equal(out.len, 1);
	assert_int_equal(channel_receive(ends[1], received, FRAME_MAX, &out, NULL), FAULT_NONE);
	assert_true(bytes_equal(out, BYTES_OF_ARRAY(sent)));
	assert_int_equal(channel_receive(ends[0], received, FRAME_MAX, &out, NULL), FAULT_NONE);
	assert_int_equal(out.len, 7);
	assert_int_equal(channel_receive(ends[1], received, FRAME_MAX, &out, NULL), FAULT_BUSY);
}

static void test_flags(void **state)
{
	const int *ends = *state;

	for (size_t i = 0; i < 2; i++) {
		assert_true((fcntl(ends[i], F_GETFD) & FD_CLOEXEC) != 0);
		assert_true((fcntl(ends[i], F_GETFL) & O_NONBLOCK) != 0);
	}
}

/* A frame over the capacity is refused whole, and the next one is not its rest. */
static void test_too_long(void **state)
{
	const int *ends = *state;
	struct bytes out = { NULL, 99 };

	memset(sent, 1, sizeof(sent));
	memset(received, 0x5a, sizeof(received));
	assert_int_equal(channel_send(ends[0], bytes_of(sent, 65)), FAULT_NONE);
	assert_int_equal(channel_send(ends[0], bytes_of(sent, 64)), FAULT_NONE);
	assert_int_equal(channel_receive(ends[1], received, 64, &out, NULL), FAULT_TOO_LONG);
	assert_int_equal(out.len, 99);
	assert_int_equal(received[64], 0x5a);
	assert_int_equal(channel_receive(ends[1], received, 64, &out, NULL), FAULT_NONE);
	assert_int_equal(out.len, 64);
}

/* What a taken peer sends past the limit of channel_send. */
static void test_over_frame_max(void **state)
{
	static const uint8_t large[FRAME_MAX + 1] = { 0 };
	const int *ends = *state;
	struct bytes out;

	assert_int_equal(send(ends[0], large, sizeof(large), 0), sizeof(large));
	assert_int_equal(channel_receive(ends[1], received, FRAME_MAX, &out, NULL), FAULT_TOO_LONG);
}

static void test_closed(void **state)
{
	int ends[2];
	struct bytes out;

	(void)state;
	assert_int_equal(channel_pair(ends), FAULT_NONE);
	assert_int_equal(channel_send(ends[0], bytes_of(sent, 3)), FAULT_NONE);
	(void)close(ends[0]);
	/* What was sent before is still there; then the end, again and again. */
	assert_int_equal(channel_receive(ends[1], received, FRAME_MAX, &out, NULL), FAULT_NONE);
	assert_int_equal(out.len, 3);
	assert_int_equal(channel_receive(ends[1], received, FRAME_MAX, &out, NULL), FAULT_CLOSED);
	assert_int_equal(channel_receive(ends[1], received, FRAME_MAX, &out, NULL), FAULT_CLOSED);
	assert_int_equal(channel_send(ends[1], bytes_of(sent, 3)), FAULT_CLOSED); /* and no SIGPIPE */
	(void)close(ends[1]);
	assert_int_equal(channel_receive(ends[1], received, FRAME_MAX, &out, NULL), FAULT_SYSTEM);
}

/* A peer that does not read: the sender is told, it does not wait. */
static void test_full(void **state)
{
	const int *ends = *state;
	enum fault fault = FAULT_NONE;
	size_t count = 0;
	struct bytes out;

	while (fault == FAULT_NONE && count < 10000) {
		fault = channel_send(ends[0], BYTES_OF_ARRAY(sent));
		count++;
	}
	assert_int_equal(fault, FAULT_BUSY);
	assert_int_equal(channel_receive(ends[1], received, FRAME_MAX, &out, NULL), FAULT_NONE);
	assert_int_equal(channel_send(ends[0], BYTES_OF_ARRAY(sent)), FAULT_NONE);
}

static void test_descriptor(void **state)
{
	const int *ends = *state;
	int pipe_ends[2], descriptor = -7;
	struct bytes out;
	char octet = 0;

	assert_int_equal(pipe(pipe_ends), 0);
	assert_int_equal(channel_send_descriptor(ends[0], bytes_of(sent, 5), pipe_ends[0]), FAULT_NONE);
	assert_true(fcntl(pipe_ends[0], F_GETFD) >= 0); /* stays the caller's */
	assert_int_equal(channel_receive(ends[1], received, FRAME_MAX, &out, &descriptor), FAULT_NONE);
	assert_int_equal(out.len, 5);
	assert_true(descriptor >= 0 && descriptor != pipe_ends[0]);
	assert_true((fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0);
	assert_int_equal(write(pipe_ends[1], "x", 1), 1);
	assert_int_equal(read(descriptor, &octet, 1), 1);
	assert_int_equal(octet, 'x');

	assert_int_equal(channel_send(ends[0], bytes_of(sent, 5)), FAULT_NONE);
	int none = 7;
	assert_int_equal(channel_receive(ends[1], received, FRAME_MAX, &out, &none), FAULT_NONE);
	assert_int_equal(none, -1);
	(void)close(descriptor);
	(void)close(pipe_ends[0]);
	(void)close(pipe_ends[1]);
}

/* One that is not wanted is refused and closed; so is one beside a frame that is too long. */
static void test_descriptor_not_wanted(void **state)
{
	const int *ends = *state;
	size_t before = open_descriptors();
	int descriptor = -7;
	struct bytes out = { NULL, 99 };

	assert_int_equal(channel_send_descriptor(ends[0], bytes_of(sent, 5), STDERR_FILENO), FAULT_NONE);
	assert_int_equal(channel_receive(ends[1], received, FRAME_MAX, &out, NULL), FAULT_INVALID);
	assert_int_equal(open_descriptors(), before);
	assert_int_equal(channel_send_descriptor(ends[0], bytes_of(sent, 65), STDERR_FILENO), FAULT_NONE);
	assert_int_equal(channel_receive(ends[1], received, 64, &out, &descriptor), FAULT_TOO_LONG);
	assert_int_equal(descriptor, -7);
	assert_int_equal(out.len, 99);
	assert_int_equal(open_descriptors(), before);
}

/* A descriptor may be number 0, where nobody holds it: it is one like any other. */
static void test_descriptor_zero(void **state)
{
	const int *ends = *state;
	int kept = dup(STDIN_FILENO), descriptor = -7;
	struct bytes out;

	(void)close(STDIN_FILENO);
	assert_int_equal(channel_send_descriptor(ends[0], bytes_of(sent, 5), STDERR_FILENO), FAULT_NONE);
	assert_int_equal(channel_send_descriptor(ends[0], bytes_of(sent, 5), STDERR_FILENO), FAULT_NONE);
	enum fault not_wanted = channel_receive(ends[1], received, FRAME_MAX, &out, NULL);
	bool is_closed = fcntl(STDIN_FILENO, F_GETFD) < 0;
	enum fault wanted = channel_receive(ends[1], received, FRAME_MAX, &out, &descriptor);
	(void)dup2(kept, STDIN_FILENO);
	(void)close(kept);
	assert_int_equal(not_wanted, FAULT_INVALID);
	assert_true(is_closed);
	assert_int_equal(wanted, FAULT_NONE);
	assert_int_equal(descriptor, STDIN_FILENO);
}

/* A taken peer sends two: refused, and none of them stays open here. */
static void test_two_descriptors(void **state)
{
	const int *ends = *state;
	const int two[2] = { STDIN_FILENO, STDERR_FILENO };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(two))];
	} control = { .space = { 0 } };
	struct iovec vector = { .iov_base = sent, .iov_len = 5 };
	const struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	size_t before = open_descriptors();
	int descriptor = -7;
	struct bytes out;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(two));
	memcpy(CMSG_DATA(header), two, sizeof(two));
	assert_int_equal(sendmsg(ends[0], &message, 0), 5);
	assert_int_not_equal(channel_receive(ends[1], received, FRAME_MAX, &out, &descriptor), FAULT_NONE);
	assert_int_equal(descriptor, -7);
	assert_int_equal(open_descriptors(), before);
}

int main(void)
{
#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, make_pair, close_pair)
	const struct CMUnitTest tests[] = { WITH_PAIR(test_frames), WITH_PAIR(test_flags), WITH_PAIR(test_too_long),
		WITH_PAIR(test_over_frame_max), cmocka_unit_test(test_closed), WITH_PAIR(test_full),
		WITH_PAIR(test_descriptor), WITH_PAIR(test_descriptor_not_wanted), WITH_PAIR(test_descriptor_zero),
		WITH_PAIR(test_two_descriptors) };

	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
