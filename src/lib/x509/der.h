#ifndef X509_DER_H
#define X509_DER_H

#include "bytes.h"
#include "der_tag.h"
#include "fault.h"
#include "reader.h"

#include <stdint.h>

/*
 * der: values of X.690 taken off a reader one after the other, and the two gates that octets from
 * outside pass before anything else looks at them.
 *
 * The walker knows tags and lengths, not meanings. It takes definite lengths in their shortest
 * form (X.690, 10.1) and tags below 31; nothing that we read has others, the vendors' certificates
 * included. As with reader.h the first failure sticks, and is asked for once, at the end.
 */

struct der_value {
	uint8_t tag;          /* 0 where nothing could be taken */
	struct bytes content;
	struct bytes whole;   /* with tag and length */
};

/* Takes one value, whatever it is. FAULT_TRUNCATED, FAULT_INVALID, FAULT_UNSUPPORTED stick. */
struct der_value der_take(struct reader *);

/* Takes one value of that tag and returns its content; FAULT_INVALID sticks for any other tag. */
struct bytes der_content(struct reader *, uint8_t tag);

/* The same for its whole encoding. */
struct bytes der_whole(struct reader *, uint8_t tag);

/* A reader over the content of one value of that tag; it carries a fault of outer's on. */
struct reader der_enter(struct reader *outer, uint8_t tag);

/* Takes a BIT STRING without unused bits and returns its octets. */
struct bytes der_octets_of_bit_string(struct reader *);

/* Takes an INTEGER that is not negative; its octets, leading zeros cut. */
struct bytes der_unsigned(struct reader *);

/* Whether the next value has that tag; false at the end and after a fault. */
bool der_is_next(const struct reader *, uint8_t tag);

/*
 * Strict DER (X.690, 10 and 11), as far as it shows without a schema: exactly one value, each
 * length exact, at most DER_DEPTH_MAX levels, universal types in their form and their one
 * encoding, SETs in order. FAULT_TRUNCATED, FAULT_TRAILING, FAULT_TOO_LONG (depth), FAULT_INVALID,
 * FAULT_UNSUPPORTED.
 */
enum fault der_check_strict(struct bytes);

/*
 * The framing alone: exactly one value, each length definite and exact, at most DER_DEPTH_MAX
 * levels. What TPM vendors do against DER inside that frame (the order of SETs, defaults written
 * out, numbers padded) is let pass: their certificates are read as they were signed.
 */
enum fault der_check_framing(struct bytes);

#endif
