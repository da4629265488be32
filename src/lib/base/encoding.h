#ifndef BASE_ENCODING_H
#define BASE_ENCODING_H

#include "bytes.h"
#include "fault.h"

/*
 * encoding: standard base64 with padding (RFC 4648, 4) and hexadecimal, both ways.
 *
 * Decoding is canonical: one text for one octet string (RFC 4648, 3.5). White space, the URL
 * alphabet, missing padding and trailing bits that are not zero are FAULT_INVALID.
 */

/* Room for the base64 of len octets, with its NUL. */
#define BASE64_CAPACITY(len) (((len) + 2) / 3 * 4 + 1)

/* Room for the hexadecimal of len octets, with its NUL. */
#define HEX_CAPACITY(len) ((len) * 2 + 1)

/*
 * Decodes text into buffer; out views buffer. FAULT_INVALID where text is not canonical,
 * FAULT_TOO_LONG where it holds more than capacity octets.
 */
enum fault base64_decode(struct bytes text, uint8_t *buffer, size_t capacity, struct bytes *out);

/* Writes a NUL-terminated text; capacity must be at least BASE64_CAPACITY(input.len). */
void base64_encode(struct bytes input, char *text, size_t capacity);

/* Decodes exactly len octets from 2 len digits of either case. FAULT_INVALID for anything else. */
enum fault hex_decode(struct bytes text, uint8_t *out, size_t len);

/* Writes lower-case digits and a NUL; capacity must be at least HEX_CAPACITY(input.len). */
void hex_encode(struct bytes input, char *text, size_t capacity);

#endif
