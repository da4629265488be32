#include "challenge.h"

#include "credential.h"
#include "header_check.h"

#include <openssl/rand.h>

enum fault challenge_ticket(const struct materials *m, const struct facts *facts,
	const struct areas *areas, const struct ticket_header *header, struct secret *out)
{
	const struct ticket_key *key = header_ca_id_is_current(m, header) ? &m->ticket_keys.current
									  : &m->ticket_keys.former;
	const uint8_t *fingerprint =
		header_fingerprint_is_current(m, header) ? m->fingerprint : m->former_fingerprint;
	struct ticket_fields fields = {
		.header = *header,
		.profile = bytes_of_string(facts->profile),
		.serial = bytes_of_string(facts->serial),
		.ik_public = areas->ik_public,
		.ek_public = areas->ek_public,
		.ek_certificate_digest =
			bytes_of(facts->ek_certificate_digest, facts->has_ek_certificate ? 32 : 0),
		.ek_trust = (uint8_t)m->configuration.trust,
		.binding = (uint8_t)m->configuration.binding,
	};

	memcpy(fields.fingerprint, fingerprint, sizeof(fields.fingerprint));
	memcpy(fields.csr_digest, facts->csr_digest, sizeof(fields.csr_digest));
	return ticket_make(&key->master, &fields, out);
}

static enum fault make_header(const struct materials *m, uint64_t now_ms, struct ticket_header *out)
{
	struct ticket_header header = { .version = TICKET_VERSION, .issued_at_ms = now_ms,
		.epoch = ticket_epoch(now_ms) };

	memcpy(header.ca_id, m->ticket_keys.current.ca_id, sizeof(header.ca_id));
	memcpy(header.fingerprint_prefix, m->fingerprint, sizeof(header.fingerprint_prefix));
	if (RAND_bytes(header.nonce, sizeof(header.nonce)) != 1)
		return FAULT_CRYPTO;
	*out = header;
	return FAULT_NONE;
}

enum fault challenge_make(const struct materials *m, const struct facts *facts, uint64_t now_ms,
	struct challenge *out)
{
	struct areas areas;
	struct ticket_header header;
	struct writer w = WRITER_OF_ARRAY(out->header_buffer);
	owned_secret ticket = { 0 };

	enum fault fault = areas_write(facts, &areas);
	if (fault == FAULT_NONE)
		fault = make_header(m, now_ms, &header);
	if (fault == FAULT_NONE)
		fault = challenge_ticket(m, facts, &areas, &header, &ticket);
	if (fault != FAULT_NONE)
		return fault;
	ticket_header_write(&w, &header);
	fault = writer_end(&w, &out->header);
	if (fault != FAULT_NONE)
		return fault;
	return credential_make(&facts->ek, &areas.ik_name, secret_bytes(&ticket),
		out->credential_buffer, sizeof(out->credential_buffer), &out->credential);
}
