#ifndef DEVICE_NV_H
#define DEVICE_NV_H

#include "bytes.h"
#include "tpm_session.h"

/* nv: reads an NV index of the TPM, as a device without any password may (Part 3, 31.13). */

/* Larger than any certificate with its padding, and than any piece of a chain. */
enum { NV_INDEX_MAX = 8192 };

/*
 * Reads the whole of index into buffer; out views it. The index authorises itself with an empty
 * password where that cannot count towards the TPM's lockout, else the owner does. FAULT_NOT_FOUND
 * where neither may, or the index has a password or a lock of its own, is not defined, was never
 * written, or is larger than the buffer.
 */
enum fault nv_read(
	struct tpm *, uint32_t index, uint8_t *buffer, size_t capacity, struct bytes *out);

#endif
