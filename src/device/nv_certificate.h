#ifndef DEVICE_NV_CERTIFICATE_H
#define DEVICE_NV_CERTIFICATE_H

#include "bytes.h"
#include "fault.h"

/*
 * nv_certificate: cuts a certificate out of what a chip's NV index holds: perhaps after the header
 * that TPM 1.2 had (10 01 00 LL LL, then 10 02), perhaps within an OCTET STRING, perhaps before
 * padding with FF, 00 or whatever the factory had at hand. Nothing is judged but the outermost
 * frame: a definite length that fits.
 */

/* out views content. FAULT_INVALID, FAULT_TRUNCATED or FAULT_TOO_LONG where there is none. */
enum fault nv_certificate_unwrap(struct bytes content, struct bytes *out);

/*
 * Takes the next certificate off a chain (certificates one after another, then padding): out views
 * it, and chain is moved behind it. FAULT_NOT_FOUND at the end of the chain.
 */
enum fault nv_certificate_next(struct bytes *chain, struct bytes *out);

#endif
