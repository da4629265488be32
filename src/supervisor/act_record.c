#include "act_record.h"

#include "encoding.h"
#include "frame.h"
#include "message.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- making one ---- */

struct act_record act_record_of(const char *act, const char *actor)
{
	return (struct act_record){ .act = act, .actor = actor };
}

void act_record_text(struct act_record *record, const char *name, const char *text)
{
	assert(record->count < RECORD_FACTS_MAX);
	int len = snprintf(record->facts[record->count], RECORD_FACT_MAX + 1, "%s=%s", name, text);
	assert(len > 0 && len <= RECORD_FACT_MAX);
	record->count++;
}

void act_record_octets(struct act_record *record, const char *name, struct bytes octets)
{
	char hex[HEX_CAPACITY(32)];

	assert(octets.len <= 32);
	hex_encode(octets, hex, sizeof(hex));
	act_record_text(record, name, hex);
}

/* ---- to the store ---- */

/* Under a number of its own: one that was given up may be answered while the next one waits. */
static uint64_t next_request(struct server *server)
{
	server->record_request += REQUEST_OF_SUPERVISOR + 1;
	server->record_request |= REQUEST_OF_SUPERVISOR;
	return server->record_request;
}

static enum fault send_record(const struct role_process *store, uint64_t number,
	const struct act_record *record)
{
	uint8_t buffer[OPERATOR_ARGUMENTS_MAX * (RECORD_FACT_MAX + 16)];
	struct operator_request request = { .verb = BYTES_OF_LITERAL("audit add") };
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_OPERATOR, number);
	struct bytes frame;

	_Static_assert(RECORD_FACTS_MAX + 2 <= OPERATOR_ARGUMENTS_MAX, "act, facts, actor");
	request.arguments[request.count++] = bytes_of_string(record->act);
	for (size_t i = 0; i < record->count; i++)
		request.arguments[request.count++] = bytes_of_string(record->facts[i]);
	request.arguments[request.count++] = bytes_of_string(record->actor);
	operator_request_write(&w, &request);
	enum fault fault = writer_end(&w, &frame);
	return fault != FAULT_NONE ? fault : frame_send(store->control, frame, -1);
}

enum fault act_record_send(struct server *server, const struct act_record *record,
	struct trouble *trouble)
{
	struct role_process *store = server_role(server, KIND_STORE);
	uint64_t end_ms = monotonic_ms() + FRAME_WAIT_MS;

	server->record_reply = REPLY_NONE;
	if (!store->is_in_force || send_record(store, next_request(server), record) != FAULT_NONE)
		return trouble_say(trouble, FAULT_BUSY, "%s cannot be recorded: the store does not"
			" answer just now", record->act);
	while (server->record_reply == REPLY_NONE && store->control >= 0 &&
			frame_wait_until(store->control, end_ms) == FAULT_NONE)
		server_take(server, store);
	if (server->record_reply == REPLY_COMMITTED)
		return FAULT_NONE;
	return trouble_say(trouble, FAULT_BUSY, "%s was not recorded: %.300s", record->act,
		server->record_reply == REPLY_REFUSED ? server->record_why :
		"the store does not answer; its log says why");
}

/* ---- the acts ---- */

enum fault act_record_server(struct server *server, const char *act, struct trouble *trouble)
{
	struct act_record record = act_record_of(act, ACTOR_SUPERVISOR);

	act_record_text(&record, "version", GENUINE_VERSION);
	act_record_octets(&record, "fingerprint", BYTES_OF_ARRAY(server->set->fingerprint));
	return act_record_send(server, &record, trouble);
}

static enum fault record_trust(struct server *server, const char *act, const char *actor,
	const struct anchor *anchor, struct trouble *trouble)
{
	struct act_record record = act_record_of(act, actor);

	act_record_text(&record, "kind", "certificate");
	act_record_text(&record, "sha256", anchor->name);
	act_record_text(&record, "marks", anchor->marks);
	return act_record_send(server, &record, trouble);
}

static enum fault record_trust_crl(struct server *server, const char *act, const char *actor,
	const struct trust_crl_file *crl, struct trouble *trouble)
{
	struct act_record record = act_record_of(act, actor);

	act_record_text(&record, "kind", "crl");
	act_record_text(&record, "sha256", crl->name);
	return act_record_send(server, &record, trouble);
}

/* The same certificate with other marks is another anchor. */
static bool has_anchor(const struct anchors *anchors, const struct anchor *anchor)
{
	for (size_t i = 0; i < anchors->count; i++) {
		if (strcmp(anchors->list[i].name, anchor->name) == 0)
			return strcmp(anchors->list[i].marks, anchor->marks) == 0;
	}
	return false;
}

static bool has_crl(const struct anchors *anchors, const struct trust_crl_file *crl)
{
	for (size_t i = 0; i < anchors->crl_count; i++) {
		if (strcmp(anchors->crls[i].name, crl->name) == 0)
			return true;
	}
	return false;
}

/* Those of `of` that `other` does not have. */
static enum fault record_missing(struct server *server, const char *act, const char *actor,
	const struct anchors *of, const struct anchors *other, struct trouble *trouble)
{
	enum fault fault = FAULT_NONE;

	for (size_t i = 0; i < of->count && fault == FAULT_NONE; i++) {
		if (!has_anchor(other, &of->list[i]))
			fault = record_trust(server, act, actor, &of->list[i], trouble);
	}
	for (size_t i = 0; i < of->crl_count && fault == FAULT_NONE; i++) {
		if (!has_crl(other, &of->crls[i]))
			fault = record_trust_crl(server, act, actor, &of->crls[i], trouble);
	}
	return fault;
}

enum fault act_record_reload(struct server *server, const struct load_set *next, const char *actor,
	struct trouble *trouble)
{
	const struct load_set *former = server->set;
	struct act_record record = act_record_of("reload", actor);
	enum fault fault = record_missing(server, "trust remove", actor, &former->anchors,
		&next->anchors, trouble);

	if (fault == FAULT_NONE)
		fault = record_missing(
			server, "trust import", actor, &next->anchors, &former->anchors, trouble);
	if (fault != FAULT_NONE)
		return fault;
	act_record_octets(&record, "fingerprint", BYTES_OF_ARRAY(next->fingerprint));
	act_record_octets(&record, "former", BYTES_OF_ARRAY(former->fingerprint));
	act_record_text(&record, "excused", next->has_former ? "yes" : "no");
	return act_record_send(server, &record, trouble);
}
