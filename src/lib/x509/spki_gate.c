#include "spki_gate.h"

#include "der.h"
#include "limits.h"

enum { EXPONENT_OCTETS_MAX = 4, UNCOMPRESSED = 0x04 };

/* rsaEncryption, id-RSAES-OAEP, id-RSASSA-PSS: 1.2.840.113549.1.1.1, .7, .10 (RFC 8017, A). */
static const uint8_t rsa_encryption[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1 };
static const uint8_t rsaes_oaep[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 7 };
static const uint8_t rsassa_pss[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10 };

/* id-ecPublicKey with its namedCurve (RFC 5480, 2.1.1): contents of the AlgorithmIdentifier. */
static const uint8_t p256[] = { 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48,
	0xce, 0x3d, 3, 1, 7 };
static const uint8_t p384[] = { 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0,
	0x22 };
static const uint8_t p521[] = { 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0,
	0x23 };

/* TBSCertificate (RFC 5280, 4.1): where the key stands is fixed. */
static struct reader enter_spki(struct bytes certificate)
{
	struct reader outer = reader_of(certificate);
	struct reader whole = der_enter(&outer, DER_SEQUENCE);
	struct reader tbs = der_enter(&whole, DER_SEQUENCE);

	if (der_is_next(&tbs, DER_CONTEXT_0))
		(void)der_take(&tbs); /* version */
	(void)der_whole(&tbs, DER_INTEGER); /* serialNumber */
	for (int i = 0; i < 4; i++)
		(void)der_whole(&tbs, DER_SEQUENCE); /* signature, issuer, validity, subject */
	return der_enter(&tbs, DER_SEQUENCE);
}

static bool is_rsa(struct bytes algorithm)
{
	struct reader r = reader_of(algorithm);
	struct bytes id = der_content(&r, DER_OBJECT_IDENTIFIER);

	return bytes_equal(id, BYTES_OF_ARRAY(rsa_encryption)) ||
		bytes_equal(id, BYTES_OF_ARRAY(rsaes_oaep)) || bytes_equal(id, BYTES_OF_ARRAY(rsassa_pss));
}

/* RSAPublicKey (RFC 8017, A.1.1). */
static bool is_rsa_key(struct bytes key)
{
	struct reader outer = reader_of(key);
	struct reader r = der_enter(&outer, DER_SEQUENCE);
	struct bytes modulus = der_unsigned(&r);
	struct bytes exponent = der_unsigned(&r);

	return reader_end(&r) == FAULT_NONE && reader_end(&outer) == FAULT_NONE &&
		modulus.len <= RSA_MODULUS_MAX && exponent.len <= EXPONENT_OCTETS_MAX;
}

/* The length of a coordinate; 0 where the curve is none of ours, or is spelt out. */
static size_t field_len(struct bytes algorithm)
{
	if (bytes_equal(algorithm, BYTES_OF_ARRAY(p256)))
		return 32;
	if (bytes_equal(algorithm, BYTES_OF_ARRAY(p384)))
		return 48;
	return bytes_equal(algorithm, BYTES_OF_ARRAY(p521)) ? ECC_COORDINATE_MAX : 0;
}

/* ECPoint (SEC 1, 2.3.3). */
static bool is_point(struct bytes algorithm, struct bytes key)
{
	size_t len = field_len(algorithm);

	return len > 0 && key.len == 1 + 2 * len && key.data[0] == UNCOMPRESSED;
}

enum fault spki_gate(struct bytes certificate)
{
	struct reader spki = enter_spki(certificate);
	struct bytes algorithm = der_content(&spki, DER_SEQUENCE);
	struct bytes key = der_octets_of_bit_string(&spki);

	if (reader_end(&spki) != FAULT_NONE)
		return FAULT_INVALID;
	if (is_rsa(algorithm) ? is_rsa_key(key) : is_point(algorithm, key))
		return FAULT_NONE;
	return FAULT_DENIED;
}
