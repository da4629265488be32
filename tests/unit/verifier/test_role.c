#include "kit.h"

#include "channel.h"
#include "role.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The role itself: the binary as the supervisor starts it, in its sandbox, with this test at the
 * other ends of its three channels.
 */
enum { WAIT_MS = 20000 };

struct stage {
	pid_t process;
	int control, front, authority; /* our ends */
	struct kit kit;
	struct kit_buffer ca, vendor;
	uint8_t received[FRAME_MAX];
};

static uint8_t frame_buffer[FRAME_MAX];

static void become_verifier(const int theirs[3])
{
	char *const arguments[] = { (char[]){ "genuine-ca-verifier" }, (char[]){ "0" }, (char[]){ "0" },
		NULL };
	char *const nothing[] = { NULL };

	/* Out of the way first, so that no target is another's source. */
	for (int i = 0; i < 3; i++) {
		int high = fcntl(theirs[i], F_DUPFD, 100);

		if (dup2(high, 200 + i) < 0)
			_exit(98);
	}
	for (int i = 0; i < 3; i++) {
		if (dup2(200 + i, ROLE_CONTROL + i) < 0)
			_exit(98);
	}
	execve(VERIFIER, arguments, nothing);
	_exit(99);
}

static void stage_open(struct stage *stage)
{
	int control[2], front[2], authority[2];

	assert_int_equal(channel_pair(control), FAULT_NONE);
	assert_int_equal(channel_pair(front), FAULT_NONE);
	assert_int_equal(channel_pair(authority), FAULT_NONE);
	stage->process = fork();
	assert_true(stage->process >= 0);
	if (stage->process == 0)
		become_verifier((int[]){ control[1], front[1], authority[1] });
	(void)close(control[1]);
	(void)close(front[1]);
	(void)close(authority[1]);
	stage->control = control[0];
	stage->front = front[0];
	stage->authority = authority[0];
	stage->kit = kit_of(TEMPLATE_IK_P256, TEMPLATE_EK_L2);
}

static int stage_close(struct stage *stage)
{
	int status = 0;

	assert_int_equal(waitpid(stage->process, &status, 0), stage->process);
	(void)close(stage->control);
	(void)close(stage->front);
	(void)close(stage->authority);
	kit_close(&stage->kit);
	return status;
}

static void send_message(int channel, const struct writer *w)
{
	struct bytes frame;

	assert_int_equal(writer_end(w, &frame), FAULT_NONE);
	assert_int_equal(channel_send(channel, frame), FAULT_NONE);
}

static void send_empty(int channel, enum message_type type, uint64_t request)
{
	struct writer w = message_begin(frame_buffer, sizeof(frame_buffer), type, request);

	send_message(channel, &w);
}

static struct message receive(struct stage *stage, int channel)
{
	struct pollfd ready = { .fd = channel, .events = POLLIN };
	struct bytes frame;
	struct message message;

	assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
	assert_int_equal(channel_receive(channel, stage->received, sizeof(stage->received), &frame, NULL),
		FAULT_NONE);
	assert_int_equal(message_read(frame, &message), FAULT_NONE);
	return message;
}

static void load(struct stage *stage, enum load_kind kind, struct bytes octets)
{
	struct load item = { .kind = (uint8_t)kind, .octets = octets };
	struct writer w = message_begin(frame_buffer, sizeof(frame_buffer), MESSAGE_LOAD, 0);

	load_write(&w, &item);
	send_message(stage->control, &w);
}

/* Everything that the verifier is loaded with, but LOAD_END. */
static void load_all(struct stage *stage, const char *configuration)
{
	static const uint8_t fingerprint[32] = { 0xab };
	static uint8_t anchor[KIT_OCTETS_MAX + 64];
	struct writer w = WRITER_OF_ARRAY(anchor);
	struct kit_certificate ca = stage->kit.vendor;

	ca.subject = ca.issuer = "Test";
	ca.key = ca.issuer_key = stage->kit.ca_key;
	kit_certificate_write(&ca, &stage->ca);
	kit_certificate_write(&stage->kit.vendor, &stage->vendor);
	writer_sized(&w, BYTES_OF_LITERAL("sha1"));
	writer_bytes(&w, bytes_of(stage->vendor.data, stage->vendor.len));
	load(stage, LOAD_CONFIGURATION, bytes_of_string(configuration));
	load(stage, LOAD_FINGERPRINT, BYTES_OF_ARRAY(fingerprint));
	load(stage, LOAD_CA_CERTIFICATE, bytes_of(stage->ca.data, stage->ca.len));
	load(stage, LOAD_ANCHOR, writer_written(&w));
}

static void bring_into_force(struct stage *stage)
{
	load_all(stage, "[ca]\nname = Test\n");
	send_empty(stage->control, MESSAGE_LOAD_END, 7);
	struct message message = receive(stage, stage->control);

	assert_int_equal(message.type, MESSAGE_LOADED);
	assert_int_equal(message.request, 7);
	send_empty(stage->control, MESSAGE_COMMIT, 0);
	assert_int_equal(receive(stage, stage->control).type, MESSAGE_COMMITTED);
}

static struct writer write_evidence(struct stage *stage, enum message_type type, uint64_t request)
{
	static const uint8_t ticket[TICKET_SIZE] = { 0x77 };
	const struct kit *kit = &stage->kit;
	struct evidence evidence = { .act = kit->act, .csr = bytes_of(kit->csr.data, kit->csr.len),
		.ik_public = bytes_of(kit->ik_public.data, kit->ik_public.len),
		.ek_public = bytes_of(kit->ek_public.data, kit->ek_public.len), .has_ek_certificate = true,
		.ek_certificate = bytes_of(kit->certificate.data, kit->certificate.len),
		.profile = bytes_of_string(kit->profile),
		.challenge = bytes_of(kit->header.data, kit->header.len) };
	struct writer w = message_begin(frame_buffer, sizeof(frame_buffer), type, request);

	if (kit->act == ACT_CERTIFICATE)
		evidence.ticket = BYTES_OF_ARRAY(ticket);
	evidence_write(&w, &evidence);
	return w;
}

static void send_evidence(struct stage *stage, uint64_t request)
{
	struct writer w = write_evidence(stage, MESSAGE_EVIDENCE, request);

	send_message(stage->front, &w);
}

static void assert_refused(struct stage *stage, uint64_t request, enum check check)
{
	struct message message = receive(stage, stage->front);
	struct answer answer;

	assert_int_equal(message.type, MESSAGE_ANSWER);
	assert_int_equal(message.request, request);
	assert_int_equal(answer_read(message.body, &answer), FAULT_NONE);
	assert_int_equal(answer.kind, ANSWER_REFUSED);
	assert_int_equal(answer.refusal.check, check);
}

static void assert_facts(struct stage *stage, uint64_t request)
{
	struct message message = receive(stage, stage->authority);
	struct facts facts;

	assert_int_equal(message.type, MESSAGE_FACTS);
	assert_int_equal(message.request, request);
	assert_int_equal(facts_read(message.body, &facts), FAULT_NONE);
	assert_int_equal(facts.evidence_mask, EVIDENCE_MASK_FULL);
	assert_int_equal(facts.fingerprint[0], 0xab);
	assert_memory_equal(&facts.ik, &stage->kit.ik_numbers, sizeof(facts.ik));
}

static struct writer write_challenge(enum message_type type, uint64_t request)
{
	static const uint8_t header[CHALLENGE_HEADER_SIZE] = { 1 };
	const struct answer answer = { .kind = ANSWER_CHALLENGE,
		.credential = BYTES_OF_LITERAL("credential"), .challenge = BYTES_OF_ARRAY(header) };
	struct writer w = message_begin(frame_buffer, sizeof(frame_buffer), type, request);

	answer_write(&w, &answer);
	return w;
}

/* The authority's side: a challenge, which the front must get as it is. */
static void answer_challenge(struct stage *stage, uint64_t request)
{
	struct writer w = write_challenge(MESSAGE_ANSWER, request);
	struct answer answer;

	send_message(stage->authority, &w);
	struct message message = receive(stage, stage->front);

	assert_int_equal(message.request, request);
	assert_int_equal(answer_read(message.body, &answer), FAULT_NONE);
	assert_int_equal(answer.kind, ANSWER_CHALLENGE);
	assert_memory_equal(answer.credential.data, "credential", 10);
}

static void assert_stops(struct stage *stage)
{
	send_empty(stage->control, MESSAGE_STOP, 0);
	assert_int_equal(stage_close(stage), 0);
}

static void test_flow(void **state)
{
	static struct stage stage;

	(void)state;
	stage_open(&stage);
	kit_build(&stage.kit);
	send_evidence(&stage, 1);
	assert_refused(&stage, 1, CHECK_BACK_END); /* no policy yet */
	bring_into_force(&stage);
	send_evidence(&stage, 2);
	assert_facts(&stage, 2);
	answer_challenge(&stage, 2);
	stage.kit.csr.data[stage.kit.csr.len - 1] ^= 1;
	send_evidence(&stage, 3);
	assert_refused(&stage, 3, CHECK_CSR_SIGNATURE);
	assert_stops(&stage);
}

/* At getCertificate the authority hears of the refusal and decides by the header first. */
static void test_refused_at_get_certificate(void **state)
{
	static struct stage stage;
	struct refused_evidence refused;

	(void)state;
	stage_open(&stage);
	stage.kit.act = ACT_CERTIFICATE;
	kit_build(&stage.kit);
	bring_into_force(&stage);
	stage.kit.header.data[9] = 0x99;
	stage.kit.csr.data[stage.kit.csr.len - 1] ^= 1;
	send_evidence(&stage, 4);
	struct message message = receive(&stage, stage.authority);

	assert_int_equal(message.type, MESSAGE_REFUSED);
	assert_int_equal(message.request, 4);
	assert_int_equal(refused_evidence_read(message.body, &refused), FAULT_NONE);
	assert_int_equal(refused.header[9], 0x99);
	assert_int_equal(refused.refusal.check, CHECK_CSR_SIGNATURE);
	answer_challenge(&stage, 4);

	stage.kit.header.len--;
	send_evidence(&stage, 5);
	assert_refused(&stage, 5, CHECK_HEADER_FORM);
	assert_stops(&stage);
}

/* Every kind of key and signature inside the sandbox: what it may not do would kill it. */
static void test_all_keys_in_the_sandbox(void **state)
{
	static struct stage stage;
	size_t count;
	const struct template_row *rows = template_rows(&count);

	(void)state;
	stage_open(&stage);
	bring_into_force(&stage);
	for (size_t i = 0; i < count; i++) {
		kit_close(&stage.kit);
		stage.kit = rows[i].is_ek ? kit_of(TEMPLATE_IK_P256, rows[i].template) :
			kit_of(rows[i].template, TEMPLATE_EK_L2);
		if (rows[i].template == TEMPLATE_IK_RSA2048)
			stage.kit.pss_salt_len = 32;
		if (rows[i].template == TEMPLATE_EK_L2)
			stage.kit.ek_certificate.hash = "SHA1";
		kit_build(&stage.kit);
		send_evidence(&stage, i);
		assert_facts(&stage, i);
		answer_challenge(&stage, i);
	}
	assert_stops(&stage);
}

/* A load that cannot be leaves what is in force as it is. */
static void test_refused_load(void **state)
{
	static struct stage stage;

	(void)state;
	stage_open(&stage);
	kit_build(&stage.kit);
	bring_into_force(&stage);
	load_all(&stage, "[ca]\nname = Test\nnick = Test\n");
	send_empty(stage.control, MESSAGE_LOAD_END, 8);
	struct message message = receive(&stage, stage.control);

	assert_int_equal(message.type, MESSAGE_LOAD_REFUSED);
	assert_non_null(memmem(message.body.data, message.body.len, "line 3", 6));
	send_evidence(&stage, 1);
	assert_facts(&stage, 1);
	answer_challenge(&stage, 1);

	/* Prepared, then abandoned: the policy in force stays the first. */
	load_all(&stage, "[ca]\nname = Test\n[endorsement]\naccept = L-1\n");
	send_empty(stage.control, MESSAGE_LOAD_END, 9);
	assert_int_equal(receive(&stage, stage.control).type, MESSAGE_LOADED);
	send_empty(stage.control, MESSAGE_ABANDON, 0);
	send_evidence(&stage, 2);
	assert_facts(&stage, 2);
	answer_challenge(&stage, 2);

	/* Prepared and committed: from now on L-2 is refused. */
	load_all(&stage, "[ca]\nname = Test\n[endorsement]\naccept = L-1\n");
	send_empty(stage.control, MESSAGE_LOAD_END, 10);
	assert_int_equal(receive(&stage, stage.control).type, MESSAGE_LOADED);
	send_empty(stage.control, MESSAGE_COMMIT, 0);
	assert_int_equal(receive(&stage, stage.control).type, MESSAGE_COMMITTED);
	send_evidence(&stage, 3);
	assert_refused(&stage, 3, CHECK_EK_ACCEPTED);
	assert_stops(&stage);
}

/* A revocation list comes in a descriptor. */
static void test_crl_in_descriptor(void **state)
{
	static struct stage stage;
	struct load item = { .kind = LOAD_CRL };
	struct writer w = message_begin(frame_buffer, sizeof(frame_buffer), MESSAGE_LOAD, 0);
	struct bytes frame;
	int descriptor = memfd_create("crl", MFD_CLOEXEC);

	(void)state;
	stage_open(&stage);
	load_all(&stage, "[ca]\nname = Test\n");
	assert_int_equal(write(descriptor, "no list", 7), 7);
	load_write(&w, &item);
	assert_int_equal(writer_end(&w, &frame), FAULT_NONE);
	assert_int_equal(channel_send_descriptor(stage.control, frame, descriptor), FAULT_NONE);
	(void)close(descriptor);
	send_empty(stage.control, MESSAGE_LOAD_END, 8);
	assert_int_equal(receive(&stage, stage.control).type, MESSAGE_LOAD_REFUSED);
	assert_stops(&stage);
}

/* Stopping: what is in hand is finished. */
static void test_stop_finishes(void **state)
{
	static struct stage stage;

	(void)state;
	stage_open(&stage);
	kit_build(&stage.kit);
	bring_into_force(&stage);
	send_evidence(&stage, 1);
	assert_facts(&stage, 1);
	send_empty(stage.control, MESSAGE_STOP, 0);
	answer_challenge(&stage, 1);
	assert_int_equal(stage_close(&stage), 0);
}

/* An authority that died owes an answer for ever; the end does not wait for it. */
static void test_stop_without_answer(void **state)
{
	static struct stage stage;

	(void)state;
	stage_open(&stage);
	kit_build(&stage.kit);
	bring_into_force(&stage);
	send_evidence(&stage, 1);
	assert_facts(&stage, 1);
	assert_stops(&stage);
}

static void assert_has_ended(struct stage *stage)
{
	int status = stage_close(stage);

	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
}

/* A front or an authority that sends what no honest one sends is taken: the verifier ends. */
static void test_peer_is_taken(void **state)
{
	static struct stage stage;

	(void)state;
	for (int i = 0; i < 3; i++) {
		stage_open(&stage);
		int channel = i == 0 ? stage.front : i == 1 ? stage.authority : stage.control;

		send_empty(channel, MESSAGE_FACTS, 1);
		assert_has_ended(&stage);
	}
}

/* Right in type and nothing in it; or before what must come before. */
static void test_message_at_the_wrong_time(void **state)
{
	static struct stage stage;

	(void)state;
	for (int i = 0; i < 4; i++) {
		stage_open(&stage);
		if (i == 0)
			send_empty(stage.control, MESSAGE_LOAD_END, 1);
		else if (i == 1)
			send_empty(stage.control, MESSAGE_COMMIT, 1);
		else if (i == 2)
			send_empty(stage.authority, MESSAGE_ANSWER, 1);
		else
			send_empty(stage.front, MESSAGE_EVIDENCE, 1);
		assert_has_ended(&stage);
	}
}

/* A message is what its type says, even where the body would do for another. */
static void test_message_of_another_type(void **state)
{
	static struct stage stage;

	(void)state;
	stage_open(&stage);
	kit_build(&stage.kit);
	bring_into_force(&stage);
	struct writer w = write_evidence(&stage, MESSAGE_FACTS, 1);

	send_message(stage.front, &w);
	assert_has_ended(&stage);
	stage_open(&stage);
	w = write_challenge(MESSAGE_EVIDENCE, 1);
	send_message(stage.authority, &w);
	assert_has_ended(&stage);
}

static void send_with_descriptor(int channel, const struct writer *w)
{
	struct bytes frame;

	assert_int_equal(writer_end(w, &frame), FAULT_NONE);
	assert_int_equal(channel_send_descriptor(channel, frame, STDERR_FILENO), FAULT_NONE);
}

static void test_descriptor_from_a_peer(void **state)
{
	static struct stage stage;

	(void)state;
	stage_open(&stage);
	kit_build(&stage.kit);
	struct writer w = write_evidence(&stage, MESSAGE_EVIDENCE, 1);

	send_with_descriptor(stage.front, &w);
	assert_has_ended(&stage);
	stage_open(&stage);
	w = write_challenge(MESSAGE_ANSWER, 1);
	send_with_descriptor(stage.authority, &w);
	assert_has_ended(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flow),
		cmocka_unit_test(test_refused_at_get_certificate),
		cmocka_unit_test(test_all_keys_in_the_sandbox),
		cmocka_unit_test(test_refused_load),
		cmocka_unit_test(test_crl_in_descriptor),
		cmocka_unit_test(test_stop_finishes),
		cmocka_unit_test(test_stop_without_answer),
		cmocka_unit_test(test_peer_is_taken),
		cmocka_unit_test(test_message_at_the_wrong_time),
		cmocka_unit_test(test_message_of_another_type),
		cmocka_unit_test(test_descriptor_from_a_peer),
	};

	return cmocka_run_group_tests_name("verifier role", tests, NULL, NULL);
}
