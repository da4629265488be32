#include "acts.h"
#include "areas.h"
#include "challenge.h"
#include "channel.h"
#include "role.h"
#include "sample_ca.h"
#include "sample_materials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The role itself: the binary as the supervisor starts it, in its sandbox, with this test at the
 * other ends of its channels: supervisor, store and one verifier.
 */
enum { WAIT_MS = 20000, CHANNEL_COUNT = 3 };

struct stage {
	pid_t process;
	int control, store, verifier; /* our ends */
	EVP_PKEY *ca_key;
	X509 *ca;
	struct materials materials;   /* the same that the role is given */
	uint8_t received[FRAME_MAX];
};

static struct stage stage; /* large */
static const uint64_t now_ms = UINT64_C(1000) * SAMPLE_NOW;
static const char configuration[] = "[ca]\nname = Example\n";

static void become_authority(const int theirs[CHANNEL_COUNT])
{
	char *const arguments[] = { (char[]){ "genuine-ca-authority" }, (char[]){ "0" }, (char[]){ "1" },
		NULL };
	char *const nothing[] = { NULL };

	/* Out of the way first, so that no target is another's source. */
	for (int i = 0; i < CHANNEL_COUNT; i++) {
		if (dup2(theirs[i], 200 + i) < 0)
			_exit(98);
	}
	for (int i = 0; i < CHANNEL_COUNT; i++) {
		if (dup2(200 + i, ROLE_CONTROL + i) < 0)
			_exit(98);
	}
	execve(AUTHORITY, arguments, nothing);
	_exit(99);
}

static void send_writer(int channel, const struct writer *w, int descriptor)
{
	struct bytes frame;

	assert_int_equal(writer_end(w, &frame), FAULT_NONE);
	assert_int_equal(descriptor < 0 ? channel_send(channel, frame) :
		channel_send_descriptor(channel, frame, descriptor), FAULT_NONE);
}

static void send_empty(int channel, enum message_type type)
{
	uint8_t buffer[16];
	struct writer w = message_begin(buffer, sizeof(buffer), type, REQUEST_NONE);

	send_writer(channel, &w, -1);
}

static struct message receive(int channel)
{
	struct pollfd ready = { .fd = channel, .events = POLLIN };
	struct bytes frame;
	struct message message;

	assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
	assert_int_equal(channel_receive(channel, stage.received, sizeof(stage.received), &frame, NULL),
		FAULT_NONE);
	assert_int_equal(message_read(frame, &message), FAULT_NONE);
	return message;
}

static void assert_silent(int channel)
{
	struct pollfd ready = { .fd = channel, .events = POLLIN };

	assert_int_equal(poll(&ready, 1, 200), 0);
}

static void load(enum load_kind kind, struct bytes octets, int descriptor)
{
	uint8_t buffer[FRAME_MAX];
	const struct load item = { .kind = (uint8_t)kind, .octets = octets };
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_LOAD, REQUEST_NONE);

	load_write(&w, &item);
	send_writer(stage.control, &w, descriptor);
	if (descriptor >= 0)
		(void)close(descriptor);
}

/* The items of sample_materials, the way the supervisor sends them. */
static void load_all(void)
{
	static const char ticket_keys[] = "current 202122232425262728292a2b2c2d2e2f "
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
	unsigned char *der = NULL;
	int len = i2d_X509(stage.ca, &der);

	load(LOAD_CONFIGURATION, bytes_of_string(configuration), -1);
	load(LOAD_FINGERPRINT, BYTES_OF_ARRAY(stage.materials.fingerprint), -1);
	load(LOAD_CA_CERTIFICATE, bytes_of(der, (size_t)len), -1);
	load(LOAD_CA_KEY, bytes_of(NULL, 0), sample_key_file(stage.ca_key));
	load(LOAD_TICKET_KEYS, bytes_of(NULL, 0), sample_file(BYTES_OF_LITERAL(ticket_keys)));
	OPENSSL_free(der);
}

static void prepare(void)
{
	load_all();
	send_empty(stage.control, MESSAGE_LOAD_END);
	assert_int_equal(receive(stage.control).type, MESSAGE_LOADED);
}

/* Answers the question after the time, and leaves the list that is begun then unanswered. */
static void answer_tidy(void)
{
	struct message message = receive(stage.store);
	const struct tidy_answer answer = { .state = { .now_ms = now_ms },
		.crl_next_update_s = SAMPLE_NOW + 7 * 86400 };
	uint8_t buffer[64];
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_TIDY_ANSWER, message.request);

	assert_int_equal(message.type, MESSAGE_TIDY);
	tidy_answer_write(&w, &answer);
	send_writer(stage.store, &w, -1);
	assert_int_equal(receive(stage.store).type, MESSAGE_REVOKED);
}

static int open_stage(void **state)
{
	int control[2], store[2], verifier[2];

	(void)state;
	stage.ca_key = sample_key_make("P-256", 0);
	stage.ca = sample_ca_make(stage.ca_key);
	sample_materials_open(&stage.materials, configuration, stage.ca_key);
	assert_int_equal(channel_pair(control), FAULT_NONE);
	assert_int_equal(channel_pair(store), FAULT_NONE);
	assert_int_equal(channel_pair(verifier), FAULT_NONE);
	stage.process = fork();
	assert_true(stage.process >= 0);
	if (stage.process == 0)
		become_authority((int[]){ control[1], store[1], verifier[1] });
	(void)close(control[1]);
	(void)close(store[1]);
	(void)close(verifier[1]);
	stage.control = control[0];
	stage.store = store[0];
	stage.verifier = verifier[0];
	prepare();
	send_empty(stage.control, MESSAGE_COMMIT);
	assert_int_equal(receive(stage.control).type, MESSAGE_COMMITTED);
	answer_tidy();
	return 0;
}

static int close_stage(void **state)
{
	(void)state;
	(void)kill(stage.process, SIGKILL);
	(void)waitpid(stage.process, NULL, 0);
	(void)close(stage.control);
	(void)close(stage.store);
	(void)close(stage.verifier);
	materials_close(&stage.materials);
	X509_free(stage.ca);
	EVP_PKEY_free(stage.ca_key);
	return 0;
}

/* Facts of a getCertificate with the ticket that belongs to them. */
static struct facts good_facts(void)
{
	struct facts facts = sample_facts();
	struct ticket_header header = { .version = TICKET_VERSION, .issued_at_ms = now_ms,
		.epoch = ticket_epoch(now_ms) };
	struct writer w = WRITER_OF_ARRAY(facts.header);
	struct areas areas;
	owned_secret ticket = { 0 };

	memcpy(header.ca_id, stage.materials.ticket_keys.current.ca_id, sizeof(header.ca_id));
	memcpy(header.fingerprint_prefix, stage.materials.fingerprint, sizeof(header.fingerprint_prefix));
	assert_int_equal(areas_write(&facts, &areas), FAULT_NONE);
	assert_int_equal(challenge_ticket(&stage.materials, &facts, &areas, &header, &ticket), FAULT_NONE);
	memcpy(facts.ticket, ticket.data, sizeof(facts.ticket));
	ticket_header_write(&w, &header);
	assert_int_equal(w.fault, FAULT_NONE);
	return facts;
}

static void send_facts(uint64_t request)
{
	const struct facts facts = good_facts();
	uint8_t buffer[FRAME_MAX];
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_FACTS, request);

	facts_write(&w, &facts);
	send_writer(stage.verifier, &w, -1);
}

static struct answer receive_answer(uint64_t request)
{
	struct message message = receive(stage.verifier);
	struct answer answer;

	assert_int_equal(message.type, MESSAGE_ANSWER);
	assert_int_equal(message.request, request);
	assert_int_equal(answer_read(message.body, &answer), FAULT_NONE);
	return answer;
}

static void assert_refused(uint64_t request, enum check check)
{
	struct answer answer = receive_answer(request);

	assert_int_equal(answer.kind, ANSWER_REFUSED);
	assert_int_equal(answer.refusal.check, check);
}

/* The number of the question; intent is what it asks. */
static uint64_t receive_intent(struct intent *intent)
{
	struct message message = receive(stage.store);

	assert_int_equal(message.type, MESSAGE_INTENT);
	assert_int_equal(intent_read(message.body, intent), FAULT_NONE);
	return message.request;
}

static void give_leave(uint64_t request)
{
	const struct intent_answer answer = { .state = { .now_ms = now_ms }, .verdict = INTENT_OPEN };
	uint8_t buffer[256];
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_INTENT_ANSWER, request);

	intent_answer_write(&w, &answer);
	send_writer(stage.store, &w, -1);
}

static void say_recorded(uint64_t request)
{
	const struct record_answer answer = { .state = { .now_ms = now_ms }, .is_recorded = true };
	uint8_t buffer[256];
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_RECORD_ANSWER, request);

	record_answer_write(&w, &answer);
	send_writer(stage.store, &w, -1);
}

static uint64_t receive_record(const struct intent *intent)
{
	struct message message = receive(stage.store);
	struct record record;

	assert_int_equal(message.type, MESSAGE_RECORD);
	assert_int_equal(record_read(message.body, &record), FAULT_NONE);
	assert_memory_equal(record.number, intent->number, sizeof(record.number));
	assert_memory_equal(record.ticket_hash, intent->ticket_hash, sizeof(record.ticket_hash));
	return message.request;
}

static void assert_stops(void)
{
	int status;

	send_empty(stage.control, MESSAGE_STOP);
	assert_int_equal(waitpid(stage.process, &status, 0), stage.process);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
}

/* Leave, record, answer: each only after the one before, and an answer out of place is nobody's. */
static void test_issue(void **state)
{
	struct intent intent;

	(void)state;
	send_facts(7);
	uint64_t asked = receive_intent(&intent);

	give_leave(asked + 1);
	say_recorded(asked);
	assert_silent(stage.verifier);
	give_leave(asked);
	uint64_t recorded = receive_record(&intent);

	give_leave(asked);
	say_recorded(asked);
	assert_silent(stage.verifier);
	say_recorded(recorded);
	assert_int_equal(receive_answer(7).kind, ANSWER_CERTIFICATE);
	say_recorded(recorded);
	assert_silent(stage.verifier);
	assert_stops();
}

/* A commit waits for the acts in hand, which end under what they were drafted with. */
static void test_commit_waits(void **state)
{
	struct intent intent;

	(void)state;
	send_facts(1);
	uint64_t asked = receive_intent(&intent);

	prepare();
	send_empty(stage.control, MESSAGE_COMMIT);
	assert_silent(stage.control);
	send_facts(2);
	assert_refused(2, CHECK_EVIDENCE_MASK);
	give_leave(asked);
	uint64_t recorded = receive_record(&intent);

	say_recorded(recorded);
	assert_int_equal(receive_answer(1).kind, ANSWER_CERTIFICATE);
	assert_int_equal(receive(stage.control).type, MESSAGE_COMMITTED);
	answer_tidy();
	send_facts(3);
	(void)receive_intent(&intent);
}

/*
 * The store has died with an act in hand. Supervisor and authority wait for one another: no tick
 * comes while a commit is not confirmed. The act is given up all the same, and nothing is signed
 * when the store's answer comes at last.
 */
static void test_commit_does_not_wait_for_ever(void **state)
{
	struct intent intent;

	(void)state;
	send_facts(1);
	uint64_t asked = receive_intent(&intent);

	prepare();
	send_empty(stage.control, MESSAGE_COMMIT);
	assert_refused(1, CHECK_STORE_ANSWER);
	assert_int_equal(receive(stage.control).type, MESSAGE_COMMITTED);
	answer_tidy();
	give_leave(asked);
	assert_silent(stage.store);
	assert_silent(stage.verifier);
	assert_stops();
}

/* The same at the end. */
static void test_stop_does_not_wait_for_ever(void **state)
{
	struct intent intent;

	(void)state;
	send_facts(1);
	(void)receive_intent(&intent);
	assert_stops();
	assert_refused(1, CHECK_STORE_ANSWER);
}

/* What was refused or abandoned leaves no trace in the next load. */
static void test_load_after_refusal(void **state)
{
	(void)state;
	load_all();
	load(LOAD_CONFIGURATION, BYTES_OF_LITERAL("[nonsense]\n"), -1);
	send_empty(stage.control, MESSAGE_LOAD_END);
	assert_int_equal(receive(stage.control).type, MESSAGE_LOAD_REFUSED);
	load(LOAD_CONFIGURATION, BYTES_OF_LITERAL("[nonsense]\n"), -1);
	send_empty(stage.control, MESSAGE_ABANDON);
	prepare();
	send_empty(stage.control, MESSAGE_ABANDON);
	prepare();
	send_empty(stage.control, MESSAGE_COMMIT);
	assert_int_equal(receive(stage.control).type, MESSAGE_COMMITTED);
	answer_tidy();
	assert_stops();
}

/* Nothing was prepared, or it was refused or abandoned: an empty set never comes into force. */
static void test_commit_of_nothing(void **state)
{
	int status;

	(void)state;
	prepare();
	send_empty(stage.control, MESSAGE_ABANDON);
	send_empty(stage.control, MESSAGE_COMMIT);
	assert_int_equal(waitpid(stage.process, &status, 0), stage.process);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
}

/* An encrypted key is refused; nobody is asked for its password, which the sandbox would punish. */
static void test_encrypted_key(void **state)
{
	BIO *memory = BIO_new(BIO_s_mem());
	unsigned char *der = NULL;
	char *text = NULL;
	int der_len = i2d_X509(stage.ca, &der);

	(void)state;
	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(memory, stage.ca_key, EVP_aes_256_cbc(), "secret", 6, NULL,
		NULL), 1);
	long len = BIO_get_mem_data(memory, &text);
	load(LOAD_CA_CERTIFICATE, bytes_of(der, (size_t)der_len), -1);
	load(LOAD_CA_KEY, bytes_of(NULL, 0), sample_file(bytes_of(text, (size_t)len)));
	send_empty(stage.control, MESSAGE_LOAD_END);
	assert_int_equal(receive(stage.control).type, MESSAGE_LOAD_REFUSED);
	OPENSSL_free(der);
	BIO_free(memory);
	assert_stops();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_issue), TEST(test_commit_waits),
		TEST(test_commit_does_not_wait_for_ever), TEST(test_stop_does_not_wait_for_ever),
		TEST(test_load_after_refusal),
		TEST(test_commit_of_nothing), TEST(test_encrypted_key) };

	return cmocka_run_group_tests_name("authority role", tests, NULL, NULL);
}
