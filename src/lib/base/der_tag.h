#ifndef BASE_DER_TAG_H
#define BASE_DER_TAG_H

/* Identifier octets (X.690, 8.1.2) of tags below 31: class and form included. */
enum {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OBJECT_IDENTIFIER = 0x06,
	DER_ENUMERATED = 0x0a,
	DER_UTF8_STRING = 0x0c,
	DER_PRINTABLE_STRING = 0x13,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_PRIMITIVE_0 = 0x80, /* [0] of a primitive type, IMPLICIT; [1] is the next, … */
	DER_CONTEXT_0 = 0xa0,   /* [0], constructed; [1] is the next, … */
};

#endif
