#include "reader.h"

struct reader reader_of(struct bytes input)
{
	return (struct reader){ .rest = input, .fault = FAULT_NONE };
}

void reader_fail(struct reader *r, enum fault fault)
{
	if (r->fault == FAULT_NONE)
		r->fault = fault;
}

struct bytes reader_bytes(struct reader *r, size_t len)
{
	if (len > r->rest.len)
		reader_fail(r, FAULT_TRUNCATED);
	if (r->fault != FAULT_NONE || len == 0)
		return bytes_of(NULL, 0);

	struct bytes taken = bytes_of(r->rest.data, len);
	r->rest.data += len;
	r->rest.len -= len;
	return taken;
}

/* The next len octets as a big-endian number; 0 on failure. */
static uint64_t take_number(struct reader *r, size_t len)
{
	struct bytes taken = reader_bytes(r, len);
	uint64_t number = 0;

	for (size_t i = 0; i < taken.len; i++)
		number = number << 8 | taken.data[i];
	return number;
}

uint8_t reader_u8(struct reader *r)
{
	return (uint8_t)take_number(r, 1);
}

uint16_t reader_u16(struct reader *r)
{
	return (uint16_t)take_number(r, 2);
}

uint32_t reader_u32(struct reader *r)
{
	return (uint32_t)take_number(r, 4);
}

uint64_t reader_u64(struct reader *r)
{
	return take_number(r, 8);
}

bool reader_truth(struct reader *r)
{
	uint8_t truth = reader_u8(r);

	if (truth > 1)
		reader_fail(r, FAULT_INVALID);
	return truth == 1;
}

void reader_copy(struct reader *r, uint8_t *out, size_t len)
{
	struct bytes taken = reader_bytes(r, len);

	if (taken.len > 0)
		memcpy(out, taken.data, taken.len);
}

static struct bytes take_limited(struct reader *r, size_t size, size_t max)
{
	if (size > max)
		reader_fail(r, FAULT_TOO_LONG);
	return reader_bytes(r, size);
}

struct bytes reader_tpm2b(struct reader *r, size_t max)
{
	return take_limited(r, reader_u16(r), max);
}

struct bytes reader_sized(struct reader *r, size_t max)
{
	return take_limited(r, reader_u32(r), max);
}

void reader_text(struct reader *r, char *out, size_t capacity)
{
	struct bytes text = reader_sized(r, capacity - 1);

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < 0x20 || text.data[i] > 0x7e)
			reader_fail(r, FAULT_INVALID);
	}
	memset(out, 0, capacity);
	if (r->fault == FAULT_NONE && text.len > 0)
		memcpy(out, text.data, text.len);
}

enum fault reader_end(const struct reader *r)
{
	if (r->fault == FAULT_NONE && r->rest.len > 0)
		return FAULT_TRAILING;
	return r->fault;
}
