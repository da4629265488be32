#ifndef BASE_READER_H
#define BASE_READER_H

#include "bytes.h"
#include "fault.h"

#include <stdint.h>

/*
 * reader: takes big-endian fields off the front of untrusted bytes.
 *
 * The first failure sticks: from then on each take returns zero or an empty view and moves
 * nothing. So a parser names its fields in the order of the specification's table and asks once,
 * at the end, whether all of it was there. It must not act on a field before it has asked.
 *
 * Takes stand in statements of their own, never two in one initializer: C leaves their order open.
 *
 * A reader owns nothing. Views taken from it live as long as the bytes it was made from.
 */
struct reader {
	struct bytes rest;
	enum fault fault;
};

struct reader reader_of(struct bytes input);

uint8_t reader_u8(struct reader *);
uint16_t reader_u16(struct reader *);
uint32_t reader_u32(struct reader *);
uint64_t reader_u64(struct reader *);

/* Takes a truth: one octet, 0 or 1; FAULT_INVALID for any other. */
bool reader_truth(struct reader *);

/* Takes exactly len octets. */
struct bytes reader_bytes(struct reader *, size_t len);

/* Takes exactly len octets into out, which is left as it was on failure. */
void reader_copy(struct reader *, uint8_t *out, size_t len);

/* Takes a TPM2B: a u16 size, then that many octets. FAULT_TOO_LONG where size > max. */
struct bytes reader_tpm2b(struct reader *, size_t max);

/* Takes a u32 size, then that many octets. FAULT_TOO_LONG where size > max. */
struct bytes reader_sized(struct reader *, size_t max);

/*
 * Takes a short text: a u32 size, then printable ASCII, into out of capacity octets with its NUL.
 * FAULT_TOO_LONG, FAULT_INVALID; out is empty then.
 */
void reader_text(struct reader *, char *out, size_t capacity);

/* Records a fault of the caller's own, unless an earlier one stands. */
void reader_fail(struct reader *, enum fault);

/* The first fault; FAULT_TRAILING where none was met and octets are left. */
enum fault reader_end(const struct reader *);

#endif
