#ifndef X509_EK_CERTIFICATE_H
#define X509_EK_CERTIFICATE_H

#include "bytes.h"
#include "certificate_facts.h"

#include <openssl/types.h>
#include <stdbool.h>

/*
 * ek_certificate: what is peculiar to an EK certificate (TCG EK Credential Profile 2.6, 3.2): its
 * key, compared as numbers, and the manufacturer that it names. The certificate is opened by
 * certificate_open.
 */

/*
 * Whether the certificate's key is RSA with this modulus and exponent 65537. RSAES-OAEP
 * (1.2.840.113549.1.1.7, TPM 1.2 era) is read as an RSA key: its parameters bind no TPM.
 */
bool ek_certificate_has_rsa_key(const X509 *, struct bytes modulus);

/*
 * Whether the certificate's key is the point (x, y), uncompressed, on the named curve of that many
 * bits (256, 384, 521).
 */
bool ek_certificate_has_ecc_key(const X509 *, unsigned field_bits, struct bytes x, struct bytes y);

/*
 * tpmManufacturer (2.23.133.2.1) in the subjectAltName's directoryName (3.2.9). id is the vendor
 * id's four octets (TCG TPM Vendor ID Registry), such as "IFX" and a NUL.
 */
enum manufacturer_form {
	MANUFACTURER_ABSENT,
	MANUFACTURER_PRESENT,
	MANUFACTURER_MALFORMED, /* not "id:" and eight hex digits, or there are several */
};
struct manufacturer {
	enum manufacturer_form form;
	uint8_t id[4];
};
struct manufacturer ek_certificate_manufacturer(const X509 *);

#endif
