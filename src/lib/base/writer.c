#include "writer.h"

struct writer writer_of(uint8_t *buffer, size_t capacity)
{
	return (struct writer){ .data = buffer, .capacity = capacity, .fault = FAULT_NONE };
}

void writer_fail(struct writer *w, enum fault fault)
{
	if (w->fault == FAULT_NONE)
		w->fault = fault;
}

void writer_bytes(struct writer *w, struct bytes octets)
{
	if (octets.len > w->capacity - w->len)
		writer_fail(w, FAULT_TOO_LONG);
	if (w->fault != FAULT_NONE || octets.len == 0)
		return;
	memcpy(w->data + w->len, octets.data, octets.len);
	w->len += octets.len;
}

static void put_number(struct writer *w, uint64_t number, size_t len)
{
	uint8_t octets[8];

	for (size_t i = len; i > 0; i--) {
		octets[i - 1] = (uint8_t)number;
		number >>= 8;
	}
	writer_bytes(w, bytes_of(octets, len));
}

void writer_u8(struct writer *w, uint8_t number)
{
	put_number(w, number, 1);
}

void writer_u16(struct writer *w, uint16_t number)
{
	put_number(w, number, 2);
}

void writer_u32(struct writer *w, uint32_t number)
{
	put_number(w, number, 4);
}

void writer_u64(struct writer *w, uint64_t number)
{
	put_number(w, number, 8);
}

void writer_tpm2b(struct writer *w, struct bytes octets)
{
	if (octets.len > UINT16_MAX)
		writer_fail(w, FAULT_TOO_LONG);
	writer_u16(w, (uint16_t)octets.len);
	writer_bytes(w, octets);
}

void writer_sized(struct writer *w, struct bytes octets)
{
	if (octets.len > UINT32_MAX)
		writer_fail(w, FAULT_TOO_LONG);
	writer_u32(w, (uint32_t)octets.len);
	writer_bytes(w, octets);
}

struct bytes writer_written(const struct writer *w)
{
	return w->fault == FAULT_NONE ? bytes_of(w->data, w->len) : bytes_of(NULL, 0);
}

enum fault writer_end(const struct writer *w, struct bytes *out)
{
	if (w->fault == FAULT_NONE)
		*out = writer_written(w);
	return w->fault;
}
