#include "header_check.h"

#include <inttypes.h>

bool header_ca_id_is_current(const struct materials *m, const struct ticket_header *header)
{
	return memcmp(header->ca_id, m->ticket_keys.current.ca_id, sizeof(header->ca_id)) == 0;
}

bool header_fingerprint_is_current(const struct materials *m, const struct ticket_header *header)
{
	return memcmp(header->fingerprint_prefix, m->fingerprint,
		       sizeof(header->fingerprint_prefix)) == 0;
}

/* CHECK_HEADER_FORM. PROTOCOL, The ticket: version 1 is the only one. */
static bool version_holds(const struct ticket_header *header, struct refusal *out)
{
	if (header->version == TICKET_VERSION)
		return true;
	refusal_set(out, CHECK_HEADER_FORM, "version %u", header->version);
	return false;
}

/* CHECK_HEADER_CA_ID. The pair before a rotation excuses for 11 minutes, or not at all. */
static bool ca_id_holds(const struct materials *m, const struct ticket_header *header,
	uint64_t now_ms, struct refusal *out)
{
	const struct ticket_keys *keys = &m->ticket_keys;

	if (header_ca_id_is_current(m, header))
		return true;
	if (keys->has_former && now_ms < keys->former_until_ms &&
		memcmp(header->ca_id, keys->former.ca_id, sizeof(header->ca_id)) == 0)
		return true;
	refusal_set(out, CHECK_HEADER_CA_ID, "another ca_id");
	return false;
}

/* CHECK_HEADER_LIFE. PROTOCOL, The ticket: now - 600 s < issued_at <= now + 60 s. */
static bool life_holds(const struct ticket_header *header, uint64_t now_ms, struct refusal *out)
{
	if (header->issued_at_ms <= now_ms + TICKET_AHEAD_MS &&
		(header->issued_at_ms > now_ms || now_ms - header->issued_at_ms < TICKET_LIFE_MS))
		return true;
	refusal_set(out, CHECK_HEADER_LIFE, "issued_at %" PRIu64 ", now %" PRIu64,
		header->issued_at_ms, now_ms);
	return false;
}

/* CHECK_HEADER_EPOCH. The epoch is the day of issued_at; no other test is made on it. */
static bool epoch_holds(const struct ticket_header *header, struct refusal *out)
{
	if (header->epoch == ticket_epoch(header->issued_at_ms))
		return true;
	refusal_set(out, CHECK_HEADER_EPOCH, "epoch %u for issued_at %" PRIu64, header->epoch,
		header->issued_at_ms);
	return false;
}

/* CHECK_HEADER_FINGERPRINT. The former policy's excuses the header for 11 minutes after a
 * reload. */
static bool fingerprint_holds(const struct materials *m, const struct ticket_header *header,
	uint64_t now_ms, struct refusal *out)
{
	if (header_fingerprint_is_current(m, header))
		return true;
	if (m->has_former_fingerprint && now_ms < m->former_fingerprint_until_ms &&
		memcmp(header->fingerprint_prefix, m->former_fingerprint,
			sizeof(header->fingerprint_prefix)) == 0)
		return true;
	refusal_set(out, CHECK_HEADER_FINGERPRINT, "another policy");
	return false;
}

bool header_check(const struct materials *m, const struct ticket_header *header, uint64_t now_ms,
	struct refusal *out)
{
	return version_holds(header, out) && ca_id_holds(m, header, now_ms, out) &&
		life_holds(header, now_ms, out) && epoch_holds(header, out) &&
		fingerprint_holds(m, header, now_ms, out);
}
