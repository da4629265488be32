/*
 * Target: ring_slot_read, ring_slot_write, ring_find, ring_next (src/lib/process/refusal_ring.h):
 * a file that a front wrote, which may be taken.
 * Holds: what is read is printable, and written as the octets that came.
 */
#include "fuzz.h"

#include "refusal_ring.h"

#include <sys/mman.h>
#include <unistd.h>

static int ring = -1, again = -1;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	ring = memfd_create("ring", MFD_CLOEXEC);
	again = memfd_create("again", MFD_CLOEXEC);
	must_hold(ring >= 0 && again >= 0);
	return 0;
}

static void demand_printable(const char *text)
{
	for (; *text != '\0'; text++)
		must_hold(*text >= 0x20 && *text <= 0x7e);
}

static void demand_entry(const struct ring_entry *entry, uint64_t index)
{
	uint8_t came[REFUSAL_SLOT_SIZE], written[REFUSAL_SLOT_SIZE];
	off_t at = (off_t)(index * REFUSAL_SLOT_SIZE);

	demand_printable(entry->source);
	demand_printable(entry->refusal.saw);
	demand_printable(entry->refusal.serial);
	must_hold(ring_slot_write(again, index, entry) == FAULT_NONE);
	must_hold(pread(ring, came, sizeof(came), at) == sizeof(came));
	must_hold(pread(again, written, sizeof(written), at) == sizeof(written));
	must_hold(memcmp(came, written, sizeof(came)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t reference[REFERENCE_SIZE] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	size_t slots = len / REFUSAL_SLOT_SIZE + 1;
	struct ring_entry entry;
	bool has_entry = false;

	must_hold(ftruncate(ring, 0) == 0 && pwrite(ring, data, len, 0) == (ssize_t)len);
	/* A front's file has whole slots; the last one here is filled up with zeros. */
	must_hold(ftruncate(ring, (off_t)(slots * REFUSAL_SLOT_SIZE)) == 0);
	for (uint64_t i = 0; i < slots; i++) {
		if (ring_slot_read(ring, i, &entry) != FAULT_NONE)
			continue;
		has_entry = true;
		demand_entry(&entry, i);
	}
	if (!has_entry) /* the search through all slots is dear, and finds nothing then */
		return 0;
	(void)!ring_find(ring, reference, &entry);
	must_hold(ring_next(ring) > 0);
	return 0;
}
