#include "lint_sample.h"
#include "must_hold.h"
#include "refusal_ring.h"
#include "seeds.h"
#include "ticket.h"
#include "ticket_keys.h"

#include <sys/mman.h>
#include <unistd.h>

static void lint_seed(bool has_everything, const char *name)
{
	uint8_t buffer[TBS_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct bytes tbs;

	device_certificate_write(&w, lint_sample(has_everything)->certificate);
	enum fault fault = writer_end(&w, &tbs);
	must_hold(fault == FAULT_NONE);
	seed_write_chosen("lint", has_everything, tbs, name);
}

/* What the target's materials and its clock let pass (challenge_header.c). */
static void header_seeds(void)
{
	static const struct ticket_header headers[] = {
		{ .version = 1, .ca_id = "0123456789abcde", .issued_at_ms = UINT64_C(1800000000000),
			.fingerprint_prefix = "current" },
		{ .version = 1, .ca_id = "fedcba987654321", .issued_at_ms = UINT64_C(1799999900000),
			.fingerprint_prefix = "former" },
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		uint8_t buffer[CHALLENGE_HEADER_SIZE];
		struct writer w = WRITER_OF_ARRAY(buffer);
		struct ticket_header header = headers[i];

		header.epoch = ticket_epoch(header.issued_at_ms);
		ticket_header_write(&w, &header);
		seed_write_chosen("challenge_header", 0, writer_written(&w), i == 0 ? "current" : "former");
	}
}

static void ticket_key_seeds(void)
{
	owned_ticket_keys keys = { 0 };
	uint8_t buffer[TICKET_KEYS_FILE_MAX];
	struct bytes text;

	for (int has_former = 0; has_former < 2; has_former++) {
		enum fault fault = ticket_key_generate(&keys.current);

		if (fault == FAULT_NONE)
			fault = ticket_key_generate(&keys.former);
		keys.has_former = has_former;
		keys.former_until_ms = UINT64_C(1795392000000);
		if (fault == FAULT_NONE)
			fault = ticket_keys_write(&keys, buffer, sizeof(buffer), &text);
		must_hold(fault == FAULT_NONE);
		seed_write("ticket_keys", text, has_former ? "two" : "one");
	}
}

static void ring_seed(void)
{
	static const struct ring_entry entry = { .time_ms = UINT64_C(1795392000000),
		.reference = { 1, 2, 3, 4, 5, 6, 7, 8 }, .act = 1, .source = "192.0.2.1",
		.refusal = { .check = CHECK_EK_LISTED, .saw = "what it saw", .serial = "SN-0001",
			.has_ek_id = true, .ek_id = { 1 } } };
	uint8_t slots[2 * REFUSAL_SLOT_SIZE];
	int ring = memfd_create("ring", MFD_CLOEXEC);
	enum fault fault = ring_slot_write(ring, 0, &entry);

	if (fault == FAULT_NONE)
		fault = ring_slot_write(ring, 1, &entry);
	ssize_t len = pread(ring, slots, sizeof(slots), 0);
	must_hold(fault == FAULT_NONE && len == sizeof(slots));
	seed_write("refusal_ring", BYTES_OF_ARRAY(slots), "two");
	(void)close(ring);
}

void seeds_of_authority(void)
{
	lint_seed(true, "everything");
	lint_seed(false, "least");
	header_seeds();
	ticket_key_seeds();
	ring_seed();
}
