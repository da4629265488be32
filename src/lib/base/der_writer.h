#ifndef BASE_DER_WRITER_H
#define BASE_DER_WRITER_H

#include "der_tag.h"
#include "writer.h"

/*
 * der_writer: DER (X.690, 10) into a writer, front to back, so that the code reads like the ASN.1:
 *
 *	size_t mark = der_begin(w, DER_SEQUENCE);
 *	der_integer(w, number);
 *	der_end(w, mark);
 *
 * Lengths take the shortest form. Contents up to 16 MiB.
 */
/* Opens an element; what is written until der_end with its result is the contents. */
size_t der_begin(struct writer *, uint8_t tag);
void der_end(struct writer *, size_t mark);

/* One whole element with the given contents. */
void der_element(struct writer *, uint8_t tag, struct bytes contents);

/* INTEGER of a number that is not negative, most significant octet first; leading zeros are cut. */
void der_integer(struct writer *, struct bytes number);

/* BIT STRING without unused bits. */
void der_bit_string(struct writer *, struct bytes octets);

/* Time (RFC 5280, 4.1.2.5): UTCTime through 2049, GeneralizedTime from 2050 on. Seconds
 * since 1970. */
void der_time(struct writer *, uint64_t seconds);

#endif
