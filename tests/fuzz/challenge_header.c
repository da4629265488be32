/*
 * Target: ticket_header_read, ticket_header_write (src/authority/ticket.h), header_check
 * (header_check.h). The first octet says which times it is judged at.
 * Holds: what is read is written as it came; a header is acceptable only in its ten minutes and of
 * our ca_id and fingerprint; a refusal has a check.
 */
#include "fuzz.h"

#include "header_check.h"

enum { CLOCK_MS = 1800000000 };

static const struct materials materials = {
	.has_configuration = true, .has_ticket_keys = true, .has_fingerprint = true,
	.ticket_keys = { .current.ca_id = "0123456789abcde", .former.ca_id = "fedcba987654321",
		.has_former = true, .former_until_ms = UINT64_C(1800000300000) },
	.fingerprint = "current", .former_fingerprint = "former", .has_former_fingerprint = true,
	.former_fingerprint_until_ms = UINT64_C(1800000300000),
};

static bool is_of(const uint8_t *octets, const uint8_t *current, const uint8_t *former, size_t len)
{
	return memcmp(octets, current, len) == 0 || memcmp(octets, former, len) == 0;
}

static void judge(const struct ticket_header *header, uint64_t now_ms)
{
	struct refusal refusal = { 0 };

	if (!header_check(&materials, header, now_ms, &refusal)) {
		must_hold(check_row(refusal.check) != NULL);
		return;
	}
	must_hold(header->version == TICKET_VERSION);
	must_hold(header->issued_at_ms <= now_ms + TICKET_AHEAD_MS);
	must_hold(now_ms < header->issued_at_ms + TICKET_LIFE_MS);
	must_hold(header->epoch == ticket_epoch(header->issued_at_ms));
	must_hold(is_of(header->ca_id, materials.ticket_keys.current.ca_id,
		materials.ticket_keys.former.ca_id, CA_ID_SIZE));
	must_hold(is_of(header->fingerprint_prefix, materials.fingerprint, materials.former_fingerprint,
		FINGERPRINT_PREFIX_SIZE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t again[CHALLENGE_HEADER_SIZE];
	struct writer w = WRITER_OF_ARRAY(again);
	struct ticket_header header;

	if (len == 0 || ticket_header_read(bytes_of(data + 1, len - 1), &header) != FAULT_NONE)
		return 0;
	ticket_header_write(&w, &header);
	must_hold(bytes_equal(writer_written(&w), bytes_of(data + 1, len - 1)));
	judge(&header, (uint64_t)CLOCK_MS * 1000 + (uint64_t)data[0] * 4000);
	judge(&header, (uint64_t)data[0] << 56); /* the ends of the clock */
	return 0;
}
