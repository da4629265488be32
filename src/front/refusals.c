#include "refusals.h"

#include "log.h"
#include "message.h"
#include "random.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LOG_BURST = 100, LOG_RATE = 10, LINE = 1000 };

void refusals_open(struct refusals *refusals, int ring)
{
	*refusals = (struct refusals){ .ring = ring, .log_level = LOG_BURST * LINE };
	if (ring >= 0)
		refusals->next = ring_next(ring);
}

/* Whether the log takes one line more; counts it. */
static bool log_takes(struct refusals *refusals, uint64_t now_ms)
{
	/* The wall clock may go back: then nothing is gained until it has caught up. */
	uint64_t elapsed_ms = now_ms > refusals->log_at_ms ? now_ms - refusals->log_at_ms : 0;
	uint64_t gained = elapsed_ms > LOG_BURST * LINE ? LOG_BURST * LINE : elapsed_ms * LOG_RATE;

	refusals->log_level += gained;
	if (refusals->log_level > LOG_BURST * LINE)
		refusals->log_level = LOG_BURST * LINE;
	refusals->log_at_ms = now_ms;
	if (refusals->log_level < LINE) {
		refusals->log_left_out++;
		return false;
	}
	refusals->log_level -= LINE;
	return true;
}

static const char *act_text(uint8_t act)
{
	if (act == ACT_CHALLENGE)
		return "getChallenge";
	return act == ACT_CERTIFICATE ? "getCertificate" : "-";
}

static void write_log(struct refusals *refusals, const struct refused *refused,
	const struct refusal *refusal, const char *reference)
{
	const struct check_row *row = check_row(refusal->check);

	if (refusals->log_left_out > 0)
		log_warning("%llu refusals were not logged: too many at once",
			(unsigned long long)refusals->log_left_out);
	refusals->log_left_out = 0;
	log_notice("refused %u %s %s reference=%s source=%s act=%s serial=%s: %s [%s: %s]",
		row->status, row->reason, row->name, reference[0] == '\0' ? "-" : reference,
		refused->source,
		act_text(refused->act), refusal->serial[0] == '\0' ? "-" : refusal->serial,
		refusal->saw, row->clause, row->rule);
}

static void write_ring(struct refusals *refusals, const struct refused *refused,
	const struct refusal *refusal, const uint8_t reference[REFERENCE_SIZE])
{
	struct ring_entry entry = { .time_ms = refused->now_ms, .act = refused->act,
		.refusal = *refusal };

	if (refusals->ring < 0)
		return;
	memcpy(entry.reference, reference, REFERENCE_SIZE);
	(void)snprintf(entry.source, sizeof(entry.source), "%s", refused->source);
	if (ring_slot_write(refusals->ring, refusals->next++, &entry) != FAULT_NONE)
		log_error("the ring of refusals cannot be written: %s", strerror(errno));
}

static bool has_reference(uint16_t status)
{
	return status == 400 || status == 403 || status == 409 || status == 429 || status == 503;
}

void refusals_note(struct refusals *refusals, const struct refused *refused,
	const struct refusal *refusal, char reference[REFERENCE_TEXT])
{
	const struct check_row *row = check_row(refusal->check);
	uint8_t octets[REFERENCE_SIZE];
	bool is_logged = log_takes(refusals, refused->now_ms);

	assert(row != NULL);
	reference[0] = '\0';
	if (has_reference(row->status)) {
		random_octets(octets, sizeof(octets));
		hex_encode(BYTES_OF_ARRAY(octets), reference, REFERENCE_TEXT);
		/* A flood of 429 would push out of the ring what an operator asks for. */
		if (row->status != 429 || is_logged)
			write_ring(refusals, refused, refusal, octets);
	}
	if (is_logged)
		write_log(refusals, refused, refusal, reference);
}
