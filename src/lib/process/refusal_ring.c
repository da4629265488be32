#include "refusal_ring.h"

#include "message.h"
#include "reader.h"
#include "writer.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

enum { RING_VERSION = 1 };

static off_t slot_offset(uint64_t index)
{
	return (off_t)(index % REFUSAL_SLOTS) * REFUSAL_SLOT_SIZE;
}

enum fault ring_slot_write(int descriptor, uint64_t index, const struct ring_entry *entry)
{
	uint8_t slot[REFUSAL_SLOT_SIZE] = { 0 };
	struct writer w = WRITER_OF_ARRAY(slot);

	writer_u8(&w, RING_VERSION);
	writer_u64(&w, entry->time_ms);
	writer_bytes(&w, BYTES_OF_ARRAY(entry->reference));
	writer_u8(&w, entry->act);
	writer_sized(&w, bytes_of_string(entry->source));
	refusal_write(&w, &entry->refusal);
	/* The fields' own limits keep every entry well below a slot. */
	assert(w.fault == FAULT_NONE);

	if (pwrite(descriptor, slot, sizeof(slot), slot_offset(index)) != (ssize_t)sizeof(slot))
		return FAULT_SYSTEM;
	return FAULT_NONE;
}

/* An address: hexadecimal digits, dots and colons. */
static void read_source(struct reader *r, char out[SOURCE_TEXT_MAX + 1])
{
	struct bytes text = reader_sized(r, SOURCE_TEXT_MAX);

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\0' || strchr("0123456789abcdef.:", text.data[i]) == NULL)
			reader_fail(r, FAULT_INVALID);
	}
	if (r->fault == FAULT_NONE && text.len > 0)
		memcpy(out, text.data, text.len);
}

static void read_padding(struct reader *r)
{
	struct bytes padding = reader_bytes(r, r->rest.len);

	if (bytes_without_leading_zeros(padding).len != 0)
		reader_fail(r, FAULT_TRAILING);
}

static enum fault slot_parse(struct bytes slot, struct ring_entry *out)
{
	struct reader r = reader_of(slot);
	struct ring_entry entry = { 0 };

	if (reader_u8(&r) != RING_VERSION)
		reader_fail(&r, FAULT_UNSUPPORTED);
	entry.time_ms = reader_u64(&r);
	reader_copy(&r, entry.reference, sizeof(entry.reference));
	entry.act = reader_u8(&r);
	if (entry.act > ACT_CERTIFICATE)
		reader_fail(&r, FAULT_INVALID);
	read_source(&r, entry.source);
	refusal_read(&r, &entry.refusal);
	read_padding(&r);

	enum fault fault = reader_end(&r);
	if (fault == FAULT_NONE)
		*out = entry;
	return fault;
}

enum fault ring_slot_read(int descriptor, uint64_t index, struct ring_entry *out)
{
	uint8_t slot[REFUSAL_SLOT_SIZE];
	ssize_t len = pread(descriptor, slot, sizeof(slot), slot_offset(index));

	if (len < 0)
		return FAULT_SYSTEM;
	if (len != (ssize_t)sizeof(slot) || slot_parse(BYTES_OF_ARRAY(slot), out) != FAULT_NONE)
		return FAULT_NOT_FOUND;
	return FAULT_NONE;
}

uint64_t ring_next(int descriptor)
{
	struct ring_entry entry;
	uint64_t next = 0, time_ms = 0;

	for (uint64_t i = 0; i < REFUSAL_SLOTS; i++) {
		if (ring_slot_read(descriptor, i, &entry) != FAULT_NONE || entry.time_ms < time_ms)
			continue;
		time_ms = entry.time_ms;
		next = i + 1;
	}
	return next;
}

enum fault ring_find(int descriptor, const uint8_t reference[REFERENCE_SIZE],
	struct ring_entry *out)
{
	struct ring_entry entry, found = { 0 };
	bool is_found = false;

	for (uint64_t i = 0; i < REFUSAL_SLOTS; i++) {
		if (ring_slot_read(descriptor, i, &entry) != FAULT_NONE)
			continue;
		if (memcmp(entry.reference, reference, REFERENCE_SIZE) != 0)
			continue;
		if (is_found && entry.time_ms < found.time_ms)
			continue;
		found = entry;
		is_found = true;
	}
	if (!is_found)
		return FAULT_NOT_FOUND;
	*out = found;
	return FAULT_NONE;
}

void ring_each(int descriptor, void (*visit)(const struct ring_entry *, void *context),
	void *context)
{
	struct ring_entry entry;

	for (uint64_t i = 0; i < REFUSAL_SLOTS; i++) {
		if (ring_slot_read(descriptor, i, &entry) == FAULT_NONE)
			visit(&entry, context);
	}
}
