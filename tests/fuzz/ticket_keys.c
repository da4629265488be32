/*
 * Target: ticket_keys_read, ticket_keys_write (src/lib/process/ticket_keys.h).
 * Holds: what is read is written in one form, and read again as the same.
 */
#include "fuzz.h"

#include "ticket_keys.h"

static struct bytes write(const struct ticket_keys *keys, uint8_t *buffer)
{
	struct bytes text;

	must_hold(ticket_keys_write(keys, buffer, TICKET_KEYS_FILE_MAX, &text) == FAULT_NONE);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t buffer[TICKET_KEYS_FILE_MAX], again_buffer[TICKET_KEYS_FILE_MAX];
	owned_ticket_keys keys = { 0 }, again = { 0 };

	if (ticket_keys_read(bytes_of(data, len), &keys) != FAULT_NONE)
		return 0;
	struct bytes text = write(&keys, buffer);
	must_hold(ticket_keys_read(text, &again) == FAULT_NONE);
	must_hold(bytes_equal(write(&again, again_buffer), text));
	return 0;
}
