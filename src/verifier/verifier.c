#include "verifier.h"

#include "channel.h"
#include "cpu_limit.h"
#include "judge.h"
#include "log.h"
#include "message.h"
#include "owned.h"
#include "policy.h"
#include "role.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A request takes a millisecond or two; by this time the front has given it up. */
enum { JUDGE_LIMIT_S = ANSWER_TIMEOUT_MS / 1000 };

struct verifier {
	struct verifier_channels channels;
	struct policy *in_force; /* NULL until the first MESSAGE_COMMIT */
	struct policy *loading;  /* being loaded; NULL between loads */
	struct policy *prepared; /* complete, waits for MESSAGE_COMMIT */
	uint64_t outstanding;    /* requests that the authority has not answered */
	bool is_stopping, is_over;
	uint8_t received[FRAME_MAX];
	uint8_t sent[FRAME_MAX];
};

/* Sends what was written; the writer's frame always fits, as every part of it is bounded. */
static enum fault send_frame(int channel, const struct writer *w)
{
	struct bytes frame;
	enum fault fault = writer_end(w, &frame);

	return fault != FAULT_NONE ? fault : channel_send(channel, frame);
}

/* ---- the supervisor ---- */

static void answer_supervisor(struct verifier *verifier, enum message_type type, uint64_t request,
	const char *text)
{
	struct writer w = message_begin(verifier->sent, sizeof(verifier->sent), type, request);

	writer_bytes(&w, bytes_of_string(text));
	if (send_frame(verifier->channels.control, &w) != FAULT_NONE)
		log_error("the supervisor does not take an answer");
}

static void take_load(struct verifier *verifier, struct bytes body, int descriptor)
{
	struct load load;

	if (load_read(body, &load) != FAULT_NONE)
		role_peer_is_taken("the supervisor sent a malformed item");
	if (verifier->loading == NULL && policy_open(&verifier->loading) != FAULT_NONE) {
		log_error("no memory for a policy");
		exit(EXIT_FAILURE);
	}
	if (policy_load(verifier->loading, &load, descriptor) != FAULT_NONE)
		role_peer_is_taken("the supervisor sent an item of kind %u", load.kind);
}

static void end_load(struct verifier *verifier, uint64_t request)
{
	if (verifier->loading == NULL)
		role_peer_is_taken("the supervisor ended a load that it had not begun");
	if (policy_complete(verifier->loading) != FAULT_NONE) {
		answer_supervisor(verifier, MESSAGE_LOAD_REFUSED, request,
			verifier->loading->refused);
		policy_close(owned_take(verifier->loading));
		return;
	}
	policy_close(verifier->prepared);
	verifier->prepared = owned_take(verifier->loading);
	answer_supervisor(verifier, MESSAGE_LOADED, request, "");
}

static void commit(struct verifier *verifier)
{
	if (verifier->prepared == NULL)
		role_peer_is_taken("the supervisor committed what was not prepared");
	policy_close(verifier->in_force);
	verifier->in_force = owned_take(verifier->prepared);
	answer_supervisor(verifier, MESSAGE_COMMITTED, REQUEST_NONE, "");
	log_info("policy in force: %zu anchors", trust_anchor_count(verifier->in_force->trust));
}

static void abandon(struct verifier *verifier)
{
	policy_close(owned_take(verifier->loading));
	policy_close(owned_take(verifier->prepared));
}

static void take_control(struct verifier *verifier, const struct message *message, int descriptor)
{
	switch (message->type) {
	case MESSAGE_LOAD:
		take_load(verifier, message->body, descriptor);
		return;
	case MESSAGE_LOAD_END:
		end_load(verifier, message->request);
		return;
	case MESSAGE_COMMIT:
		commit(verifier);
		return;
	case MESSAGE_ABANDON:
		abandon(verifier);
		return;
	case MESSAGE_STOP:
		verifier->is_stopping = true;
		return;
	default:
		role_peer_is_taken("the supervisor sent a message of type %u", message->type);
	}
}

/* ---- the front ---- */

static void refuse(struct verifier *verifier, uint64_t request, const struct refusal *refusal)
{
	struct answer answer = { .kind = ANSWER_REFUSED, .refusal = *refusal };
	struct writer w =
		message_begin(verifier->sent, sizeof(verifier->sent), MESSAGE_ANSWER, request);

	answer_write(&w, &answer);
	if (send_frame(verifier->channels.front, &w) != FAULT_NONE)
		log_warning("the front does not take an answer");
}

static void refuse_now(struct verifier *verifier, uint64_t request, const char *why)
{
	struct refusal refusal = { .retry_after_s = 1 };

	refusal_set(&refusal, CHECK_BACK_END, "%s", why);
	refuse(verifier, request, &refusal);
}

/* Facts or a refusal, to the authority. */
static void send_to_authority(struct verifier *verifier, uint64_t request, const struct writer *w)
{
	if (send_frame(verifier->channels.authority, w) != FAULT_NONE)
		refuse_now(verifier, request, "the authority does not keep up");
	else
		verifier->outstanding++;
}

static void send_facts(struct verifier *verifier, uint64_t request, const struct verdict *verdict)
{
	struct writer w =
		message_begin(verifier->sent, sizeof(verifier->sent), MESSAGE_FACTS, request);

	facts_write(&w, &verdict->facts);
	send_to_authority(verifier, request, &w);
}

/* At getCertificate the header decides first (409), which only the authority can say. */
static void send_refused(struct verifier *verifier, uint64_t request,
	const struct evidence *evidence, const struct refusal *refusal)
{
	struct refused_evidence refused = { .refusal = *refusal };
	struct writer w =
		message_begin(verifier->sent, sizeof(verifier->sent), MESSAGE_REFUSED, request);

	memcpy(refused.header, evidence->challenge.data, sizeof(refused.header));
	refused_evidence_write(&w, &refused);
	send_to_authority(verifier, request, &w);
}

static void log_notes(const struct verdict *verdict)
{
	if (verdict->has_extension_request)
		log_notice("serial %s: the csr's extensionRequest is ignored",
			verdict->facts.serial);
	if (verdict->is_past_not_after)
		log_warning("serial %s: the EK certificate's path has expired",
			verdict->facts.serial);
}

static void pass_on(struct verifier *verifier, uint64_t request, const struct evidence *evidence,
	const struct verdict *verdict)
{
	if (verdict->is_sound) {
		log_notes(verdict);
		send_facts(verifier, request, verdict);
		return;
	}
	if (verdict->refusal.check == CHECK_BACK_END)
		log_warning("%s; the device will ask again", verdict->refusal.saw);
	if (evidence->act == ACT_CERTIFICATE &&
			verdict->refusal.check != CHECK_HEADER_FORM)
		send_refused(verifier, request, evidence, &verdict->refusal);
	else
		refuse(verifier, request, &verdict->refusal);
}

/* CHECK_CLOCK: by such a clock an EK certificate is not valid yet, and the device would be at fault. */
static bool clock_is_sane(int64_t now_s, struct refusal *out)
{
	if (now_s >= (int64_t)GENUINE_RELEASE_TIME)
		return true;
	refusal_set(out, CHECK_CLOCK, "the clock says %" PRId64 " s since 1970", now_s);
	return false;
}

static void take_evidence(struct verifier *verifier, const struct message *message, int descriptor)
{
	const int64_t now_s = (int64_t)time(NULL);
	struct refusal refusal = { 0 };
	struct evidence evidence;
	struct verdict verdict;

	if (message->type != MESSAGE_EVIDENCE || descriptor >= 0 ||
			evidence_read(message->body, &evidence) != FAULT_NONE)
		role_peer_is_taken("the front sent what is no evidence");
	if (verifier->in_force == NULL) {
		refuse_now(verifier, message->request, "the verifier has no policy yet");
		return;
	}
	if (!clock_is_sane(now_s, &refusal)) {
		refuse(verifier, message->request, &refusal);
		return;
	}
	cpu_limit_begin(JUDGE_LIMIT_S);
	judge(verifier->in_force, &evidence, now_s, &verdict);
	cpu_limit_end();
	pass_on(verifier, message->request, &evidence, &verdict);
}

/* ---- the authority ---- */

static void take_answer(struct verifier *verifier, const struct message *message, int descriptor)
{
	struct answer answer;
	struct writer w = message_begin(verifier->sent, sizeof(verifier->sent), MESSAGE_ANSWER,
		message->request);

	if (message->type != MESSAGE_ANSWER || descriptor >= 0 ||
			answer_read(message->body, &answer) != FAULT_NONE)
		role_peer_is_taken("the authority sent what is no answer");
	/* None of its requests may be ours: it may have been asked by the verifier before us. */
	if (verifier->outstanding > 0)
		verifier->outstanding--;
	writer_bytes(&w, message->body);
	if (send_frame(verifier->channels.front, &w) != FAULT_NONE)
		log_warning("the front does not take an answer");
}

/* ---- the loop ---- */

typedef void take_message(struct verifier *, const struct message *, int descriptor);

static void receive(struct verifier *verifier, int channel, take_message *take)
{
	struct bytes frame;
	struct message message;
	owned_descriptor descriptor = -1;
	enum fault fault = channel_receive(channel, verifier->received, sizeof(verifier->received),
		&frame, &descriptor);

	if (fault == FAULT_BUSY)
		return;
	if (fault == FAULT_CLOSED) {
		verifier->is_over = true;
		return;
	}
	if (fault != FAULT_NONE || message_read(frame, &message) != FAULT_NONE)
		role_peer_is_taken("a frame does not read: %s", fault_text(fault));
	take(verifier, &message, descriptor);
}

/* One turn: waits for a frame on any channel and takes one from each that has one. */
static void turn(struct verifier *verifier)
{
	const struct verifier_channels *channels = &verifier->channels;
	struct pollfd ready[] = {
		{ .fd = channels->control, .events = POLLIN },
		{ .fd = channels->authority, .events = POLLIN },
		/* While stopping nothing new is taken. */
		{ .fd = verifier->is_stopping ? -1 : channels->front, .events = POLLIN },
	};
	int count = poll(ready, sizeof(ready) / sizeof(ready[0]),
		verifier->is_stopping ? ANSWER_TIMEOUT_MS : -1);

	if (count < 0) {
		if (errno == EINTR)
			return;
		log_error("poll: %s", strerror(errno));
		exit(EXIT_FAILURE);
	}
	/* At the end: what is still unanswered was asked of an authority that died, or nobody waits. */
	verifier->is_over = count == 0;
	if (ready[0].revents != 0)
		receive(verifier, channels->control, take_control);
	if (ready[1].revents != 0)
		receive(verifier, channels->authority, take_answer);
	if (ready[2].revents != 0)
		receive(verifier, channels->front, take_evidence);
}

int verifier_run(const struct verifier_channels *channels)
{
	static struct verifier verifier; /* two frames: too much for a stack */

	verifier.channels = *channels;
	while (!verifier.is_over && (!verifier.is_stopping || verifier.outstanding > 0))
		turn(&verifier);
	abandon(&verifier);
	policy_close(owned_take(verifier.in_force));
	return EXIT_SUCCESS;
}
