#ifndef SUPERVISOR_SHARED_FACTORS_H
#define SUPERVISOR_SHARED_FACTORS_H

#include "fault.h"

#include <openssl/bn.h>
#include <stddef.h>

/*
 * shared_factors: which of many RSA moduli have a prime in common, because a generator without
 * enough entropy made it twice. Whoever has both moduli can compute both private keys. By a product
 * tree and a remainder tree (Bernstein, How to find smooth parts of integers), so that no pair is
 * looked at by itself: ten thousand keys take ten minutes and not half a day.
 */

/*
 * Moduli are different from each other, and more than one. out[i], which the caller frees, becomes
 * what moduli[i] has in common with the others; 1 where that is nothing. FAULT_NO_MEMORY.
 */
enum fault shared_factors_find(BIGNUM *const *moduli, size_t count, BIGNUM **out);

#endif
