#ifndef X509_SPKI_GATE_H
#define X509_SPKI_GATE_H

#include "bytes.h"
#include "fault.h"

/*
 * spki_gate: the form that the key in a certificate has before OpenSSL may look at the certificate,
 * for OpenSSL makes a key of it at once, and a certificate that a device sends is anybody's.
 *
 * A curve that is spelt out instead of named, with a compressed generator and a prime of the
 * attacker's choice, costs it 90 ms for 700 octets (the square root of CVE-2022-0778, now finite);
 * a signature under an RSA key of 16384 bits 2.5 ms. What TPM vendors use has neither.
 */

/*
 * Looks at the SubjectPublicKeyInfo of a certificate that has passed der_check_framing: RSA
 * (rsaEncryption, RSAES-OAEP, RSASSA-PSS) of at most 4096 bits, its exponent of at most 32; or an
 * uncompressed point on P-256, P-384 or P-521, the curve named, as all TPM vendors have them.
 * FAULT_DENIED for every other; FAULT_INVALID where there is none.
 */
enum fault spki_gate(struct bytes certificate);

#endif
