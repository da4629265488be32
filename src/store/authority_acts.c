#include "authority_acts.h"

#include "descriptor.h"
#include "log.h"
#include "role.h"

#include <stdlib.h>

/* docs/PROTOCOL.md, "Who may be whom": an alert event is a line of the log at warning level. */
static void log_alert(const struct store *store)
{
	const char *alert = store_alert(store);
	char line[1024];

	if (alert == NULL)
		return;
	log_escape(bytes_of_string(alert), line, sizeof(line));
	log_warning("alert: %s", line);
}

static void answer_intent(struct store *store, struct outbox *outbox, const struct message *message)
{
	struct intent intent;
	struct intent_answer answer;

	if (intent_read(message->body, &intent) != FAULT_NONE)
		role_peer_is_taken("the authority sent an intent that does not read");
	store_intent(store, &intent, &answer);
	if (answer.verdict == INTENT_REFUSED && answer.refusal.check == CHECK_STORE_WORKS)
		log_error("intent for %s: %s", intent.serial, answer.refusal.saw);
	log_alert(store);
	struct writer writer = outbox_begin(outbox, MESSAGE_INTENT_ANSWER, message->request);
	intent_answer_write(&writer, &answer);
	outbox_end(outbox, &writer);
}

static void answer_record(struct store *store, struct outbox *outbox, const struct message *message)
{
	struct record record;
	struct record_answer answer;

	if (record_read(message->body, &record) != FAULT_NONE)
		role_peer_is_taken("the authority sent a record that does not read");
	store_record(store, &record, &answer);
	if (!answer.is_recorded)
		log_error("record: %s", answer.refusal.saw);
	else
		log_alert(store);
	struct writer writer = outbox_begin(outbox, MESSAGE_RECORD_ANSWER, message->request);
	record_answer_write(&writer, &answer);
	outbox_end(outbox, &writer);
}

/* The store is tidied each second: a clock that is wrong is told when it is found, and each hour. */
static void log_clock(const struct store *store)
{
	enum { SECONDS_PER_HOUR = 3600 };
	static unsigned count;
	const char *trouble = store_clock_trouble(store);

	if (trouble != NULL && count % SECONDS_PER_HOUR == 0)
		log_error("%s; see CLOCK in genuine-ca(1)", trouble);
	if (trouble == NULL && count > 0)
		log_notice("the system's clock has caught up with the store's");
	count = trouble == NULL ? 0 : count + 1;
}

static void answer_tidy(struct store *store, struct outbox *outbox, const struct message *message)
{
	struct tidy_answer answer;

	if (message->body.len != 0)
		role_peer_is_taken("the authority sent a tidy with a body");
	if (store_tidy(store, &answer) != FAULT_NONE) {
		log_error("tidying: %s", store_failure(store));
		return;
	}
	log_clock(store);
	struct writer writer = outbox_begin(outbox, MESSAGE_TIDY_ANSWER, message->request);
	tidy_answer_write(&writer, &answer);
	outbox_end(outbox, &writer);
}

static void answer_revoked(struct store *store, struct outbox *outbox,
	const struct message *message)
{
	static struct revoked_page page;

	if (message->body.len != CERTIFICATE_NUMBER_SIZE)
		role_peer_is_taken("the authority asked for revoked numbers in no form of ours");
	if (store_revoked(store, message->body.data, &page) != FAULT_NONE) {
		log_error("reading revoked numbers: %s", store_failure(store));
		return;
	}
	struct writer writer = outbox_begin(outbox, MESSAGE_REVOKED_ANSWER, message->request);
	revoked_page_write(&writer, &page);
	outbox_end(outbox, &writer);
}

/* ---- the revocation list ---- */

static void release(uint8_t **buffer)
{
	free(*buffer);
}

#define owned_buffer __attribute__((cleanup(release))) uint8_t

static void answer_crl(struct store *store, struct outbox *outbox, const struct message *message,
	int descriptor)
{
	struct crl_notice notice;
	struct tidy_answer answer;
	size_t len;

	if (crl_notice_read(message->body, &notice) != FAULT_NONE || descriptor < 0)
		role_peer_is_taken("the authority sent a revocation list that does not read");
	owned_buffer *der = malloc(notice.size);
	if (der == NULL || descriptor_read(descriptor, der, notice.size, &len) != FAULT_NONE ||
		len != notice.size) {
		log_error("the revocation list cannot be read");
		return;
	}
	if (store_crl(store, &notice, bytes_of(der, notice.size), &answer) != FAULT_NONE) {
		log_error("keeping the revocation list: %s", store_failure(store));
		return;
	}
	struct writer writer = outbox_begin(outbox, MESSAGE_CRL_ANSWER, message->request);
	tidy_answer_write(&writer, &answer);
	outbox_end(outbox, &writer);
}

void authority_act(struct store *store, struct outbox *outbox, struct bytes frame, int descriptor)
{
	struct message message;

	if (message_read(frame, &message) != FAULT_NONE)
		role_peer_is_taken("the authority sent a frame that does not read");
	if (descriptor >= 0 && message.type != MESSAGE_CRL)
		role_peer_is_taken("the authority sent a descriptor with message %u", message.type);
	switch (message.type) {
	case MESSAGE_INTENT:
		answer_intent(store, outbox, &message);
		return;
	case MESSAGE_RECORD:
		answer_record(store, outbox, &message);
		return;
	case MESSAGE_TIDY:
		answer_tidy(store, outbox, &message);
		return;
	case MESSAGE_REVOKED:
		answer_revoked(store, outbox, &message);
		return;
	case MESSAGE_CRL:
		answer_crl(store, outbox, &message, descriptor);
		return;
	default:
		role_peer_is_taken("the authority sent a message of type %u", message.type);
	}
}
