#ifndef PROCESS_REFUSAL_RING_H
#define PROCESS_REFUSAL_RING_H

#include "check.h"
#include "fault.h"
#include "limits.h"

#include <stdint.h>

/*
 * refusal_ring: a file of REFUSAL_SLOTS slots in which a front keeps its last refusals, so that
 * `genuine-ca explain REFERENCE` can tell what was refused and why. It never grows: a stranger's
 * refusals fill no disk. One front writes it; the operator's command reads it at any time.
 *
 *   slot = version u8 (1) ‖ time_ms u64 ‖ reference 8 ‖ act u8 ‖ source (u32-sized) ‖ refusal
 *          (ipc/message.h) ‖ zeros up to REFUSAL_SLOT_SIZE
 *
 * A front may be taken, so reading believes nothing: a slot that is not exactly of this form, or
 * whose text is not printable ASCII, counts as empty.
 */
enum { REFERENCE_SIZE = 8 };

struct ring_entry {
	uint64_t time_ms; /* since 1970 UTC; the front's clock */
	uint8_t reference[REFERENCE_SIZE];
	uint8_t act;      /* enum act; 0 where the request had come to none */
	char source[SOURCE_TEXT_MAX + 1]; /* address */
	struct refusal refusal;
};

/* Writes the slot index modulo REFUSAL_SLOTS. FAULT_SYSTEM. */
enum fault ring_slot_write(int descriptor, uint64_t index, const struct ring_entry *);

/* Reads the slot. FAULT_NOT_FOUND where it is empty or not well formed, FAULT_SYSTEM. */
enum fault ring_slot_read(int descriptor, uint64_t index, struct ring_entry *out);

/* The index after the youngest entry: where a front that starts goes on. 0 for an empty file. */
uint64_t ring_next(int descriptor);

/* The youngest entry of that reference. FAULT_NOT_FOUND. */
enum fault ring_find(int descriptor, const uint8_t reference[REFERENCE_SIZE],
	struct ring_entry *out);

/* Calls visit for each entry, in the order of the slots. */
void ring_each(int descriptor, void (*visit)(const struct ring_entry *, void *context),
	void *context);

#endif
