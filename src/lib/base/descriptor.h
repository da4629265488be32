#ifndef BASE_DESCRIPTOR_H
#define BASE_DESCRIPTOR_H

#include "fault.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Reads a whole file into out, at most capacity octets, from its beginning wherever its offset is:
 * a descriptor that was handed on shares its offset with everybody who has it. FAULT_TOO_LONG where
 * there is more, FAULT_SYSTEM.
 */
enum fault descriptor_read(int descriptor, uint8_t *out, size_t capacity, size_t *len);

/*
 * Seals a memfd (made with MFD_ALLOW_SEALING): nobody who has it, whoever made it too, changes it any
 * more. FAULT_SYSTEM.
 */
enum fault descriptor_seal(int descriptor);

#endif
