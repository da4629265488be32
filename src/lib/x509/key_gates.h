#ifndef X509_KEY_GATES_H
#define X509_KEY_GATES_H

#include "bytes.h"

#include <stdbool.h>

/*
 * key_gates: what a public key's bare numbers must pass before they become a key of any library:
 * the forms in which broken generators are known to fail. Numbers are big-endian octets of the
 * size that a template demands (tpm/templates.h); the size itself is not judged here.
 *
 * All four do a bounded amount of work: about 60 µs for RSA 4096. They find no weakness but the
 * ones that they name.
 */

/* A product of two large primes is odd and has no factor below 1,000. */
bool key_gate_has_no_small_factor(struct bytes modulus);

/*
 * ROCA (CVE-2017-15361): the RSA keys of Infineon's library are, modulo each small prime, a power
 * of 65537. A sound modulus is taken for one with probability 2^-27.
 */
bool key_gate_is_not_roca(struct bytes modulus);

/*
 * Fermat: the primes are not so close together that a hundred steps from the square root of the
 * modulus find them. False also where memory runs out.
 */
bool key_gate_is_not_close_primes(struct bytes modulus);

/*
 * SEC 1, 3.2.2.1: the coordinates are below the field's prime and lie on the NIST curve of that
 * many bits (256, 384, 521). False also for another number of bits and where memory runs out.
 */
bool key_gate_is_on_curve(unsigned field_bits, struct bytes x, struct bytes y);

#endif
