/*
 * Takes: facts from the verifiers; leave to sign, and what is revoked, from the store.
 * Gives: challenges and certificates, back to the verifiers; records to the store; revocation
 * lists. Holds: the CA's key and the tickets' master. May not: open files or sockets, read anything
 * that an attacker wrote, sign octets it was handed.
 */
#include "acts.h"
#include "channel.h"
#include "log.h"
#include "owned.h"
#include "revocation_list.h"
#include "role.h"
#include "sandbox.h"
#include "tls_issue.h"

#include <assert.h>
#include <errno.h>
#include <openssl/rand.h>
#include <poll.h>
#include <seccomp.h>
#include <stdlib.h>
#include <time.h>

enum { VERIFIER_COUNT_MAX = 64, FRAMES_PER_TURN = 32, NAMED_PAUSE_MS = 1000 };

/* Beyond what every role needs: the list's memfd, and its seal. */
static const int system_calls[] = { SCMP_SYS(memfd_create), SCMP_SYS(fcntl) };

static struct {
	size_t verifier_count;
	struct materials sets[2]; /* one in force, one being prepared */
	size_t in_force;          /* which */
	bool is_in_force, is_prepared, has_bad_item, is_commit_waiting, is_stopping;
	struct acts acts;
	struct revocation_list list;
} authority;

static struct materials *prepared(void)
{
	return &authority.sets[1 - authority.in_force];
}

static void send_octets(enum message_type type, struct bytes body)
{
	uint8_t buffer[512];
	struct writer w = message_begin(buffer, sizeof(buffer), type, REQUEST_NONE);
	struct bytes frame;

	writer_bytes(&w, body);
	if (writer_end(&w, &frame) != FAULT_NONE || channel_send(ROLE_CONTROL, frame) != FAULT_NONE)
		log_warning("the supervisor does not take messages");
}

static void send_control(enum message_type type, const char *text)
{
	send_octets(type, bytes_of_string(text));
}

/*
 * Not role_peer_is_taken: whoever has one verifier would end the authority with it as often as he
 * likes, and all the others' devices would wait.
 */
static void end_verifier(int channel, enum fault fault)
{
	static uint64_t quiet_until_ms[VERIFIER_COUNT_MAX];
	uint64_t *quiet_until = &quiet_until_ms[channel - ROLE_NEXT];
	uint8_t number[2];
	struct writer w = WRITER_OF_ARRAY(number);

	/* What it has sent besides is still to come, and must not fill the supervisor's channel. */
	if (monotonic_now_ms() < *quiet_until)
		return;
	*quiet_until = monotonic_now_ms() + NAMED_PAUSE_MS;
	writer_u16(&w, (uint16_t)(channel - ROLE_NEXT));
	log_error("verifier %d is taken: its frame: %s", channel - ROLE_NEXT, fault_text(fault));
	send_octets(MESSAGE_TAKEN, writer_written(&w));
}

/* MESSAGE_TIDY: run-out intents closed, the store's clock learned, a list made where one is due. */
static void ask_tidy(void)
{
	uint8_t buffer[32];
	struct writer w =
		message_begin(buffer, sizeof(buffer), MESSAGE_TIDY, authority.acts.next_request++);
	struct bytes frame;

	if (writer_end(&w, &frame) == FAULT_NONE)
		(void)channel_send(ROLE_UPSTREAM, frame); /* the next second asks again */
}

/* What was prepared takes its place; acts in hand were drafted under the former set and
 * end first. */
static void commit(void)
{
	if (authority.acts.in_hand_count > 0)
		return;
	authority.is_commit_waiting = false;
	revocation_list_abandon(&authority.list);
	materials_close(&authority.sets[authority.in_force]);
	authority.in_force = 1 - authority.in_force;
	authority.is_prepared = false;
	authority.acts.materials = &authority.sets[authority.in_force];
	authority.acts.is_paused = false;
	authority.is_in_force = true;
	send_control(MESSAGE_COMMITTED, "");
	ask_tidy();
}

static void finish_loading(void)
{
	const char *why = NULL;

	if (authority.has_bad_item) {
		authority.has_bad_item = false;
		materials_close(prepared());
		send_control(MESSAGE_LOAD_REFUSED,
			"the authority cannot read what it was given; its log says which");
		return;
	}
	/* Only to see that no profile outlives the CA; certificates take the store's clock. */
	if (materials_finish(prepared(), (uint64_t)time(NULL), &why) != FAULT_NONE) {
		materials_close(prepared());
		send_control(MESSAGE_LOAD_REFUSED, why);
		return;
	}
	authority.is_prepared = true;
	send_control(MESSAGE_LOADED, "");
}

static void load_item(struct bytes body, int descriptor)
{
	struct load load;

	if (load_read(body, &load) != FAULT_NONE)
		role_peer_is_taken("an item to load that does not read");
	enum fault fault = materials_load(prepared(), &load, descriptor);
	if (fault == FAULT_NONE)
		return;
	log_error("item %u: %s", load.kind, fault_text(fault));
	authority.has_bad_item = true;
}

/* MESSAGE_TLS: the answer carries the new key and certificate; none where they cannot be made. */
static void send_tls(void)
{
	owned_descriptor file = -1;
	uint8_t buffer[32];
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_TLS, REQUEST_NONE);
	struct bytes frame;

	enum fault fault = !authority.is_in_force || !authority.acts.clock.is_known ? FAULT_BUSY :
		tls_issue(authority.acts.materials,
			store_clock_now_ms(&authority.acts.clock) / 1000, &file);
	if (fault == FAULT_NONE)
		fault = writer_end(&w, &frame);
	if (fault == FAULT_NONE)
		fault = channel_send_descriptor(ROLE_CONTROL, frame, file);
	if (fault != FAULT_NONE)
		log_error("no TLS certificate could be made: %s", fault == FAULT_DENIED ?
			"the CA's own has ended" : fault_text(fault));
}

/* Messages of the supervisor. */
static void take_control(struct bytes frame, int descriptor)
{
	struct message message;

	if (message_read(frame, &message) != FAULT_NONE)
		role_peer_is_taken("a frame of the supervisor that does not read");
	switch (message.type) {
	case MESSAGE_LOAD:
		load_item(message.body, descriptor);
		return;
	case MESSAGE_LOAD_END:
		finish_loading();
		return;
	case MESSAGE_COMMIT:
		if (!authority.is_prepared)
			role_peer_is_taken("a commit of what was not prepared");
		authority.is_commit_waiting = authority.acts.is_paused = true;
		commit();
		return;
	case MESSAGE_ABANDON:
		materials_close(prepared());
		authority.is_prepared = authority.has_bad_item = false;
		return;
	case MESSAGE_TICK:
		ask_tidy();
		return;
	case MESSAGE_TLS:
		send_tls();
		return;
	case MESSAGE_STOP:
		authority.is_stopping = true;
		return;
	default:
		role_peer_is_taken("message %u of the supervisor", message.type);
	}
}

static void take_tidy_answer(struct bytes body)
{
	struct tidy_answer answer;

	if (tidy_answer_read(body, &answer) != FAULT_NONE)
		role_peer_is_taken("a tidy answer that does not read");
	store_clock_learn(&authority.acts.clock, answer.state.now_ms);
	if (authority.is_in_force)
		revocation_list_tidy_answer(&authority.list, authority.acts.materials, &answer,
			authority.acts.next_request++);
}

static void take_store(struct bytes frame)
{
	static struct revoked_page page;
	struct intent_answer intent;
	struct record_answer record;
	struct message message;
	enum fault fault = message_read(frame, &message);

	if (fault != FAULT_NONE)
		role_peer_is_taken("a frame of the store that does not read");
	switch (message.type) {
	case MESSAGE_INTENT_ANSWER:
		fault = intent_answer_read(message.body, &intent);
		if (fault == FAULT_NONE)
			acts_intent_answer(&authority.acts, message.request, &intent);
		break;
	case MESSAGE_RECORD_ANSWER:
		fault = record_answer_read(message.body, &record);
		if (fault == FAULT_NONE)
			acts_record_answer(&authority.acts, message.request, &record);
		break;
	case MESSAGE_TIDY_ANSWER:
		take_tidy_answer(message.body);
		break;
	case MESSAGE_REVOKED_ANSWER:
		fault = revoked_page_read(message.body, &page);
		if (fault == FAULT_NONE)
			revocation_list_page(&authority.list, authority.acts.materials,
				message.request, &page, authority.acts.next_request++);
		break;
	case MESSAGE_CRL_ANSWER:
		revocation_list_kept(&authority.list, message.request);
		break;
	default:
		fault = FAULT_UNSUPPORTED;
	}
	if (fault != FAULT_NONE)
		role_peer_is_taken("message %u of the store: %s", message.type, fault_text(fault));
}

static enum fault take_verifier(int channel, struct bytes frame)
{
	struct message message;
	struct facts facts;
	struct refused_evidence refused;
	enum fault fault = message_read(frame, &message);

	if (fault == FAULT_NONE && message.type == MESSAGE_FACTS) {
		fault = facts_read(message.body, &facts);
		if (fault == FAULT_NONE)
			acts_facts(&authority.acts, channel, message.request, &facts);
	} else if (fault == FAULT_NONE && message.type == MESSAGE_REFUSED) {
		fault = refused_evidence_read(message.body, &refused);
		if (fault == FAULT_NONE)
			acts_refused(&authority.acts, channel, message.request, &refused);
	} else if (fault == FAULT_NONE) {
		fault = FAULT_UNSUPPORTED;
	}
	return fault;
}

static enum fault take(int channel, struct bytes frame, int descriptor)
{
	if (channel == ROLE_CONTROL)
		take_control(frame, descriptor);
	else if (channel == ROLE_UPSTREAM)
		take_store(frame);
	else
		return take_verifier(channel, frame);
	return FAULT_NONE;
}

/* Takes what a channel has, so many frames at most, that no channel starves another. */
static void take_frames(int channel)
{
	static uint8_t buffer[FRAME_MAX];

	for (size_t i = 0; i < FRAMES_PER_TURN; i++) {
		owned_descriptor descriptor = -1;
		struct bytes frame;
		enum fault fault = channel_receive(channel, buffer, sizeof(buffer), &frame,
			channel == ROLE_CONTROL ? &descriptor : NULL);

		if (fault == FAULT_BUSY)
			return;
		/* The supervisor has gone, and with it everything. It holds the ends of all channels:
		 * what looks like an end on a verifier's is an empty frame. */
		if (fault == FAULT_CLOSED && channel < ROLE_NEXT)
			exit(EXIT_SUCCESS);
		if (fault == FAULT_NONE)
			fault = take(channel, frame, descriptor);
		if (fault != FAULT_NONE && fault != FAULT_SYSTEM && channel >= ROLE_NEXT)
			end_verifier(channel, fault);
		else if (fault != FAULT_NONE)
			role_peer_is_taken("channel %d: %s", channel, fault_text(fault));
	}
}

static bool is_done(void)
{
	return authority.is_stopping && authority.acts.in_hand_count == 0;
}

static void loop(void)
{
	struct pollfd channels[2 + VERIFIER_COUNT_MAX];
	nfds_t count = 2 + authority.verifier_count;

	for (nfds_t i = 0; i < count; i++)
		channels[i] = (struct pollfd){ .fd = ROLE_CONTROL + (int)i, .events = POLLIN };
	while (!is_done()) {
		if (poll(channels, count, 1000) < 0 && errno != EINTR)
			role_peer_is_taken("poll: %d", errno);
		for (nfds_t i = 0; i < count; i++) {
			if (channels[i].revents != 0)
				take_frames(channels[i].fd);
		}
		/* Not at a tick: while a commit or the end waits for acts, the supervisor waits for
		 * us. */
		acts_tick(&authority.acts);
		if (authority.is_commit_waiting)
			commit();
	}
}

int main(int argc, char **argv)
{
	/* How many verifiers there are decides which descriptors are ours: read before the rest
	 * close. */
	size_t count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	if (count == 0 || count > VERIFIER_COUNT_MAX)
		return 2;
	const struct role role = role_open(argc, argv, "authority", ROLE_NEXT + (int)count, true);
	const struct sandbox sandbox = { .uid = role.uid, .directory = -1, .file_size_max = CRL_MAX,
		.system_calls = system_calls,
		.system_call_count = sizeof(system_calls) / sizeof(system_calls[0]) };

	authority.verifier_count = count;
	authority.acts.store = ROLE_UPSTREAM;
	revocation_list_open(&authority.list, ROLE_UPSTREAM, ROLE_CONTROL);
	/* Numbers begin anywhere, so that an answer to a former start's question is nobody's. */
	if (RAND_bytes(authority.acts.owner, OWNER_SIZE) != 1 ||
		RAND_bytes((uint8_t *)&authority.acts.next_request,
			sizeof(authority.acts.next_request)) != 1)
		return EXIT_FAILURE;
	sandbox_enter(&sandbox);
	loop();
	return EXIT_SUCCESS;
}
