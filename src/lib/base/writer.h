#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include "bytes.h"
#include "fault.h"

#include <stdint.h>

/*
 * writer: puts big-endian fields into a buffer of fixed capacity that the caller owns.
 *
 * The first failure sticks: what does not fit sets FAULT_TOO_LONG, and from then on nothing is
 * written. A caller writes all fields and asks once, through writer_end.
 */
struct writer {
	uint8_t *data;
	size_t capacity;
	size_t len;
	enum fault fault;
};

struct writer writer_of(uint8_t *buffer, size_t capacity);

/* A writer over a whole array. */
#define WRITER_OF_ARRAY(array) writer_of((array), sizeof(array))

void writer_u8(struct writer *, uint8_t);
void writer_u16(struct writer *, uint16_t);
void writer_u32(struct writer *, uint32_t);
void writer_u64(struct writer *, uint64_t);
void writer_bytes(struct writer *, struct bytes);

/* Puts a TPM2B: a u16 size, then the octets. */
void writer_tpm2b(struct writer *, struct bytes);

/* Puts a u32 size, then the octets. */
void writer_sized(struct writer *, struct bytes);

/* Records a fault of the caller's own, unless an earlier one stands. */
void writer_fail(struct writer *, enum fault);

/* What was written so far; lives as long as the buffer. Empty after a fault. */
struct bytes writer_written(const struct writer *);

/* The first fault; on success, out is what was written. */
enum fault writer_end(const struct writer *, struct bytes *out);

#endif
