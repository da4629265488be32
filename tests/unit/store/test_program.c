#include "kit.h"

#include "channel.h"
#include "role.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * The real genuine-ca-store, in its sandbox, over the channels that the supervisor would give it.
 * GENUINE_STORE_PROGRAM is its path.
 */

enum { STORE_UID = 61153 };

struct program {
	char directory[64];
	int control, upstream; /* our ends */
	int directory_descriptor;
	int log; /* its standard error */
	pid_t pid;
	uint64_t request;
	uint8_t buffer[FRAME_MAX];
};

static const char configuration_text[] =
	"[ca]\nname = Test\n[profile device]\norganization = Test\n";

/* Puts a descriptor where the role expects it. */
static void place(int from, int to)
{
	assert_int_equal(dup2(from, to), to);
}

static void become_program(int control, int upstream, int directory, int log)
{
	const char *uid = getuid() == 0 ? "61153" : "0";
	const char *path = getenv("GENUINE_STORE_PROGRAM");
	int spare[3] = { fcntl(control, F_DUPFD, 20), fcntl(upstream, F_DUPFD, 20),
		fcntl(directory, F_DUPFD, 20) };

	/* First of all: the log may sit where a channel belongs. */
	place(log, STDERR_FILENO);
	for (int i = 0; i < 3; i++)
		place(spare[i], ROLE_CONTROL + i);
	(void)setenv("JOURNAL_STREAM", "0:0", 1); /* lines with their priority */
	(void)execl(path, "genuine-ca-store", uid, "0", (char *)NULL);
	_exit(127);
}

static void start(struct program *program)
{
	int control[2], upstream[2];

	assert_int_equal(channel_pair(control), FAULT_NONE);
	assert_int_equal(channel_pair(upstream), FAULT_NONE);
	program->pid = fork();
	assert_true(program->pid >= 0);
	if (program->pid == 0)
		become_program(control[1], upstream[1], program->directory_descriptor,
			program->log);
	(void)close(control[1]);
	(void)close(upstream[1]);
	program->control = control[0];
	program->upstream = upstream[0];
}

/* Its exit status; -1 where a signal ended it. */
static int end(struct program *program)
{
	int status = 0;

	(void)close(program->control);
	(void)close(program->upstream);
	assert_int_equal(waitpid(program->pid, &status, 0), program->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int setup(void **state)
{
	struct program *program = calloc(1, sizeof(*program));

	assert_non_null(program);
	(void)snprintf(program->directory, sizeof(program->directory), "/tmp/genuine-store-XXXXXX");
	assert_non_null(mkdtemp(program->directory));
	if (getuid() == 0)
		assert_int_equal(chown(program->directory, STORE_UID, STORE_UID), 0);
	program->directory_descriptor = open(program->directory,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	program->log = memfd_create("log", MFD_CLOEXEC);
	assert_true(program->log >= 0);
	start(program);
	*state = program;
	return 0;
}

static int teardown(void **state)
{
	struct program *program = *state;
	char command[128];

	(void)close(program->directory_descriptor);
	(void)close(program->log);
	(void)snprintf(command, sizeof(command), "rm -rf %s", program->directory);
	int status = system(command);
	free(program);
	return status;
}

static void send_frame(int channel, const struct writer *writer, int descriptor)
{
	struct bytes frame;

	assert_int_equal(writer_end(writer, &frame), FAULT_NONE);
	if (descriptor >= 0)
		assert_int_equal(channel_send_descriptor(channel, frame, descriptor), FAULT_NONE);
	else
		assert_int_equal(channel_send(channel, frame), FAULT_NONE);
}

/* The next message; the test fails where none comes within ten seconds. */
static struct message receive(struct program *program, int channel)
{
	struct pollfd entry = { .fd = channel, .events = POLLIN };
	struct message message = { 0 };
	struct bytes frame;

	assert_int_equal(poll(&entry, 1, 10000), 1);
	assert_int_equal(channel_receive(channel, program->buffer, sizeof(program->buffer), &frame,
		NULL),
		FAULT_NONE);
	assert_int_equal(message_read(frame, &message), FAULT_NONE);
	return message;
}

static struct writer begin(struct program *program, enum message_type type)
{
	static uint8_t buffer[FRAME_MAX];

	return message_begin(buffer, sizeof(buffer), type, ++program->request);
}

static void send_load(struct program *program, const char *text)
{
	const struct load item = { .kind = LOAD_CONFIGURATION, .octets = bytes_of_string(text) };
	struct writer writer = begin(program, MESSAGE_LOAD);

	load_write(&writer, &item);
	send_frame(program->control, &writer, -1);
	writer = begin(program, MESSAGE_LOAD_END);
	send_frame(program->control, &writer, -1);
}

static void load(struct program *program)
{
	send_load(program, configuration_text);
	const struct message loaded = receive(program, program->control);
	assert_int_equal(loaded.type, MESSAGE_LOADED);
	assert_int_equal(loaded.request, program->request);
	struct writer writer = begin(program, MESSAGE_COMMIT);
	send_frame(program->control, &writer, -1);
	assert_int_equal(receive(program, program->control).type, MESSAGE_COMMITTED);
}

/* Does an act; how many rows it gave. */
static size_t operate(struct program *program, const char *verb, size_t count,
	const char *const *arguments)
{
	struct operator_request request = { .verb = bytes_of_string(verb), .count = count };
	struct writer writer = begin(program, MESSAGE_OPERATOR);
	struct operator_end ended;
	size_t rows = 0;

	for (size_t i = 0; i < count; i++)
		request.arguments[i] = bytes_of_string(arguments[i]);
	operator_request_write(&writer, &request);
	send_frame(program->control, &writer, -1);
	for (;; rows++) {
		struct operator_row row;
		const struct message message = receive(program, program->control);

		assert_int_equal(message.request, program->request);
		if (message.type == MESSAGE_OPERATOR_END) {
			assert_int_equal(operator_end_read(message.body, &ended), FAULT_NONE);
			break;
		}
		assert_int_equal(message.type, MESSAGE_OPERATOR_ROW);
		assert_int_equal(operator_row_read(message.body, &row), FAULT_NONE);
	}
	if (!ended.is_done)
		fail_msg("%s: %.*s", verb, (int)ended.text.len, (const char *)ended.text.data);
	return rows;
}

static void import(struct program *program, const char *serial, uint8_t ek)
{
	const char *const row[] = { serial, kit_hex(ek), "", "line-1" };

	(void)operate(program, "device import begin", 0, NULL);
	(void)operate(program, "device import row", 4, row);
	assert_int_equal(operate(program, "device import end", 0, NULL), 1);
}

static struct intent intent_now(const char *serial, uint8_t id)
{
	struct intent intent = { .profile = "device", .ek_trust = TRUST_BOTH,
		.binding = BINDING_MANIFEST };
	struct timespec now;

	(void)usleep(2000); /* later than the last change */
	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)snprintf(intent.serial, sizeof(intent.serial), "%s", serial);
	memset(intent.ek_id, id, sizeof(intent.ek_id));
	memset(intent.ik_id, id + 100, sizeof(intent.ik_id));
	memset(intent.ticket_hash, id, sizeof(intent.ticket_hash));
	memset(intent.number, id, sizeof(intent.number));
	intent.issued_at_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	return intent;
}

static void send_intent(struct program *program, const struct intent *intent)
{
	struct writer writer = begin(program, MESSAGE_INTENT);

	intent_write(&writer, intent);
	send_frame(program->upstream, &writer, -1);
}

static void send_record(struct program *program, const struct intent *intent)
{
	struct record record = { .not_before_s = 1, .not_after_s = 4000000000,
		.certificate = BYTES_OF_LITERAL("certificate") };
	struct writer writer = begin(program, MESSAGE_RECORD);

	memcpy(record.ticket_hash, intent->ticket_hash, sizeof(record.ticket_hash));
	memcpy(record.number, intent->number, sizeof(record.number));
	memcpy(record.owner, intent->owner, sizeof(record.owner));
	record_write(&writer, &record);
	send_frame(program->upstream, &writer, -1);
}

static struct intent_answer receive_intent_answer(struct program *program)
{
	struct intent_answer answer;
	const struct message message = receive(program, program->upstream);

	assert_int_equal(message.type, MESSAGE_INTENT_ANSWER);
	assert_int_equal(intent_answer_read(message.body, &answer), FAULT_NONE);
	return answer;
}

static void provision(struct program *program, const struct intent *intent)
{
	struct record_answer recorded;

	send_intent(program, intent);
	assert_int_equal(receive_intent_answer(program).verdict, INTENT_OPEN);
	send_record(program, intent);
	const struct message message = receive(program, program->upstream);
	assert_int_equal(message.type, MESSAGE_RECORD_ANSWER);
	assert_int_equal(record_answer_read(message.body, &recorded), FAULT_NONE);
	assert_true(recorded.is_recorded);
}

static void a_device_is_provisioned(void **state)
{
	struct program *program = *state;

	load(program);
	import(program, "SN-1", 1);
	const struct intent intent = intent_now("SN-1", 1);
	provision(program, &intent);
	send_intent(program, &intent);
	const struct intent_answer again = receive_intent_answer(program);
	assert_int_equal(again.verdict, INTENT_REPEAT);
	assert_true(bytes_equal(again.certificate, BYTES_OF_LITERAL("certificate")));
	assert_int_equal(operate(program, "device list", 0, NULL), 1);
	assert_int_equal(operate(program, "audit verify", 0, NULL), 1);
	struct writer stop = begin(program, MESSAGE_STOP);
	send_frame(program->control, &stop, -1);
	assert_int_equal(end(program), 0);
}

/* kill -9, and what was answered is there; the database is the store's user's and nobody else's. */
static void a_killed_store_loses_nothing(void **state)
{
	struct program *program = *state;
	struct stat status;
	char path[128];

	load(program);
	import(program, "SN-1", 1);
	const struct intent intent = intent_now("SN-1", 1);
	provision(program, &intent);
	assert_int_equal(kill(program->pid, SIGKILL), 0);
	assert_int_equal(end(program), -1);
	(void)snprintf(path, sizeof(path), "%s/genuine.db", program->directory);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(status.st_uid, getuid() == 0 ? STORE_UID : getuid());
	start(program);
	load(program);
	send_intent(program, &intent);
	assert_int_equal(receive_intent_answer(program).verdict, INTENT_REPEAT);
	assert_int_equal(end(program), 0);
}

/* Many devices at one time: one group, and each has its own answer. */
static void a_group_answers_each(void **state)
{
	struct program *program = *state;
	char serial[16];

	load(program);
	for (uint8_t i = 1; i <= 40; i++) {
		(void)snprintf(serial, sizeof(serial), "SN-%u", i);
		import(program, serial, i);
	}
	for (uint8_t i = 1; i <= 40; i++) {
		(void)snprintf(serial, sizeof(serial), "SN-%u", i);
		const struct intent intent = intent_now(serial, i);
		send_intent(program, &intent);
	}
	uint64_t first = program->request - 39;
	for (uint64_t i = 0; i < 40; i++) {
		struct intent_answer answer;
		const struct message message = receive(program, program->upstream);
		assert_int_equal(message.request, first + i);
		assert_int_equal(intent_answer_read(message.body, &answer), FAULT_NONE);
		assert_int_equal(answer.verdict, INTENT_OPEN);
	}
	assert_int_equal(end(program), 0);
}

static void a_list_is_kept(void **state)
{
	struct program *program = *state;
	const struct crl_notice notice = { .number = 1, .this_update_s = 1, .next_update_s = 2,
		.size = 70000 };
	static uint8_t der[70000];
	struct tidy_answer answer;
	int file = memfd_create("crl", MFD_CLOEXEC);

	load(program);
	struct writer writer = begin(program, MESSAGE_TIDY);
	send_frame(program->upstream, &writer, -1);
	struct message message = receive(program, program->upstream);
	assert_int_equal(message.type, MESSAGE_TIDY_ANSWER);
	assert_int_equal(tidy_answer_read(message.body, &answer), FAULT_NONE);
	assert_true(answer.state.crl_is_due);
	writer = begin(program, MESSAGE_REVOKED);
	writer_bytes(&writer, bytes_of("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16));
	send_frame(program->upstream, &writer, -1);
	assert_int_equal(receive(program, program->upstream).type, MESSAGE_REVOKED_ANSWER);
	memset(der, 0x30, sizeof(der));
	assert_int_equal(write(file, der, sizeof(der)), sizeof(der));
	writer = begin(program, MESSAGE_CRL);
	crl_notice_write(&writer, &notice);
	send_frame(program->upstream, &writer, file);
	message = receive(program, program->upstream);
	assert_int_equal(message.type, MESSAGE_CRL_ANSWER);
	assert_int_equal(tidy_answer_read(message.body, &answer), FAULT_NONE);
	assert_false(answer.state.crl_is_due);
	assert_int_equal(answer.crl_number, 1);
	assert_int_equal(operate(program, "crl", 0, NULL), 3);
	(void)close(file);
	assert_int_equal(end(program), 0);
}

static void a_bad_configuration_is_told(void **state)
{
	struct program *program = *state;

	send_load(program, "[identity]\nbinding = maybe\n");
	const struct message message = receive(program, program->control);
	assert_int_equal(message.type, MESSAGE_LOAD_REFUSED);
	assert_true(message.body.len > 0);
	load(program);
	assert_int_equal(end(program), 0);
}

static void a_taken_peer_ends_the_store(void **state)
{
	struct program *program = *state;
	struct writer writer;

	load(program);
	writer = begin(program, MESSAGE_INTENT);
	writer_bytes(&writer, BYTES_OF_LITERAL("not an intent"));
	send_frame(program->upstream, &writer, -1);
	(void)usleep(200000);
	assert_int_equal(end(program), 1);
}

/* A revocation list's notice, of which only the size is of interest. */
static struct writer begin_list_of(struct program *program, uint32_t size)
{
	const struct crl_notice notice = { .number = 1, .next_update_s = 2, .size = size };
	struct writer writer = begin(program, MESSAGE_CRL);

	crl_notice_write(&writer, &notice);
	return writer;
}

static void send_wrong(struct program *program, int which)
{
	struct writer writer;

	if (which < 2) {
		writer = begin(program, which == 0 ? MESSAGE_TIDY : MESSAGE_REVOKED);
		writer_bytes(&writer, BYTES_OF_LITERAL("x"));
		send_frame(program->upstream, &writer, -1);
		return;
	}
	writer = which == 2 ? begin(program, MESSAGE_TIDY) :
		begin_list_of(program, which == 3 ? 0 : which == 4 ? (uint32_t)CRL_MAX + 1 : 100);
	send_frame(program->upstream, &writer, which == 5 ? -1 : STDERR_FILENO);
}

/* A body too many or of another length; a descriptor with none of its messages; lists of no size. */
static void each_form_is_looked_at(void **state)
{
	struct program *program = *state;

	for (int which = 0; which < 6; which++) {
		if (which > 0)
			start(program);
		load(program);
		send_wrong(program, which);
		(void)usleep(200000);
		assert_int_equal(end(program), 1);
	}
}

/* What the program has logged is read back from the file that is its standard error. */
static void read_log(const struct program *program, char *out, size_t capacity)
{
	ssize_t len = pread(program->log, out, capacity - 1, 0);

	assert_true(len >= 0);
	out[len] = '\0';
}

static size_t count_of(const char *text, const char *needle)
{
	size_t count = 0;

	for (; (text = strstr(text, needle)) != NULL; text++)
		count++;
	return count;
}

/* A rekey, and whoever would be another device, is a line that an operator can be woken by. */
static void alerts_are_logged(void **state)
{
	struct program *program = *state;
	char log[4096];

	load(program);
	import(program, "SN-1", 1);
	import(program, "SN-2", 2);
	struct intent intent = intent_now("SN-1", 1);
	provision(program, &intent);
	read_log(program, log, sizeof(log));
	assert_int_equal(count_of(log, "alert: "), 0);

	intent = intent_now("SN-1", 1);
	memset(intent.ik_id, 0xbb, sizeof(intent.ik_id));
	memset(intent.ticket_hash, 0xbb, sizeof(intent.ticket_hash));
	memset(intent.number, 0xbb, sizeof(intent.number));
	provision(program, &intent);
	read_log(program, log, sizeof(log));
	assert_int_equal(count_of(log, "alert: "), 1);
	assert_int_equal(count_of(log, "<4>store: alert: rekey of SN-1: IK bbbb"), 1);
	assert_int_equal(count_of(log, " in place of IK 6565"), 1);

	intent = intent_now("SN-1", 2);
	send_intent(program, &intent);
	assert_int_equal(receive_intent_answer(program).refusal.check, CHECK_SERIAL_BINDING);
	read_log(program, log, sizeof(log));
	assert_int_equal(count_of(log, "alert: "), 2);
	assert_int_equal(count_of(log, "<4>store: alert: refused by SERIAL_BINDING: 0202"), 1);
	assert_int_equal(count_of(log, "which claims SN-1: claimed SN-1, the EK has SN-2"), 1);

	intent = intent_now("SN-3", 3); /* in no manifest: nobody's place is taken */
	send_intent(program, &intent);
	assert_int_equal(receive_intent_answer(program).refusal.check, CHECK_EK_LISTED);
	read_log(program, log, sizeof(log));
	assert_int_equal(count_of(log, "alert: "), 2);
	assert_int_equal(end(program), 0);
}

/* The authority may not send what is the operator's, though the frame reads. */
static void the_authority_is_no_operator(void **state)
{
	const struct operator_request request = { .verb = BYTES_OF_LITERAL("device list") };
	struct program *program = *state;
	struct writer writer;

	load(program);
	writer = begin(program, MESSAGE_OPERATOR);
	operator_request_write(&writer, &request);
	send_frame(program->upstream, &writer, -1);
	(void)usleep(200000);
	assert_int_equal(end(program), 1);
}

static void nothing_is_committed_unprepared(void **state)
{
	struct program *program = *state;
	struct writer writer = begin(program, MESSAGE_COMMIT);

	send_frame(program->control, &writer, -1);
	(void)usleep(200000);
	assert_int_equal(end(program), 1);
}

#define PROGRAM_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROGRAM_TEST(a_device_is_provisioned),
		PROGRAM_TEST(a_killed_store_loses_nothing),
		PROGRAM_TEST(a_group_answers_each),
		PROGRAM_TEST(a_list_is_kept),
		PROGRAM_TEST(alerts_are_logged),
		PROGRAM_TEST(a_bad_configuration_is_told),
		PROGRAM_TEST(a_taken_peer_ends_the_store),
		PROGRAM_TEST(each_form_is_looked_at),
		PROGRAM_TEST(the_authority_is_no_operator),
		PROGRAM_TEST(nothing_is_committed_unprepared),
	};

	return cmocka_run_group_tests_name("store_program", tests, NULL, NULL);
}
