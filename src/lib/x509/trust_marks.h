#ifndef X509_TRUST_MARKS_H
#define X509_TRUST_MARKS_H

#include "bytes.h"
#include "fault.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * trust_marks: what the operator said about an imported CA certificate: `trust import --mark`.
 *
 *	ek-only          its hierarchy issues to endorsement keys alone: their certificates need
 *	                 neither extendedKeyUsage nor tpmManufacturer
 *	hints            paths may run through certificates that the device sent (ekChain)
 *	sha1             signatures with SHA-1 below it are accepted
 *	manufacturer=ID  the tpmManufacturer of its TPMs: eight hex digits, or the letters that
 *	                 they spell (IFX, STM, NTC, INTC, …); may be given several times
 */
enum { MANUFACTURER_COUNT_MAX = 8, MANUFACTURER_ID_SIZE = 4 };

struct trust_marks {
	bool is_ek_only;
	bool has_hints;
	bool allows_sha1;
	size_t manufacturer_count; /* 0: any */
	uint8_t manufacturers[MANUFACTURER_COUNT_MAX][MANUFACTURER_ID_SIZE];
};

/*
 * Reads marks with commas between them; empty text: none. FAULT_INVALID for an unknown mark or a
 * manufacturer's id that is not of its form, FAULT_TOO_LONG for too many.
 */
enum fault trust_marks_read(struct bytes text, struct trust_marks *out);

/*
 * Whether the marks allow that manufacturer. Padding of an id, NUL or space, makes no difference:
 * the registry has both ("IFX" and a NUL, "STM" and a space).
 */
bool trust_marks_allow(const struct trust_marks *, const uint8_t id[MANUFACTURER_ID_SIZE]);

#endif
