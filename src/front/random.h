#ifndef FRONT_RANDOM_H
#define FRONT_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* random: octets from OpenSSL's generator. Where it fails the process logs and exits: there is no
 * second best. */
void random_octets(uint8_t *out, size_t len);

uint64_t random_u64(void);

/* A number from 0 to limit - 1, even enough for waiting times. limit is not 0. */
uint32_t random_below(uint32_t limit);

#endif
