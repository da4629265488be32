#ifndef BASE_FAULT_H
#define BASE_FAULT_H

/*
 * fault: why a function could not do what it was asked. Every function that can fail returns one,
 * and a result that is dropped does not compile. A header names the two or three faults that its
 * function's callers are to expect; anything else is passed up.
 *
 * A refusal of a device on substance is not a fault but a result: check.h.
 */
#if defined(__FRAMAC__)
#define MUST_USE
#else
#define MUST_USE [[nodiscard]]
#endif

enum MUST_USE fault {
	FAULT_NONE = 0,
	FAULT_TRUNCATED,   /* input ended inside a field */
	FAULT_TRAILING,    /* octets are left over after the last field */
	FAULT_TOO_LONG,    /* a field or a result is over its limit */
	FAULT_INVALID,     /* well framed, but not what the format allows */
	FAULT_UNSUPPORTED, /* a type or an algorithm that is not ours to handle */
	FAULT_NOT_FOUND,
	FAULT_EXISTS,
	FAULT_DENIED,      /* the peer, the TPM or the system said no */
	FAULT_BUSY,        /* not now: a queue or a socket is full */
	FAULT_CLOSED,      /* the other side of a channel has gone */
	FAULT_TIMEOUT,
	FAULT_SYSTEM,      /* a system call failed; errno says which way */
	FAULT_NO_MEMORY,
	FAULT_CRYPTO,      /* the cryptographic library failed where it may not */
	FAULT_COUNT
};

/* One lower-case phrase, such as "input ended inside a field"; never NULL. */
const char *fault_text(enum fault fault);

#endif
