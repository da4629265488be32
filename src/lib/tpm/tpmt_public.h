#ifndef TPM_TPMT_PUBLIC_H
#define TPM_TPMT_PUBLIC_H

#include "bytes.h"
#include "fault.h"

#include <stdint.h>

/* TPM_ALG_ID (TPM 2.0 Part 2, 6.3), those that occur in keys that we know. */
enum {
	TPM_ALG_RSA = 0x0001,
	TPM_ALG_SHA1 = 0x0004,
	TPM_ALG_AES = 0x0006,
	TPM_ALG_XOR = 0x000a,
	TPM_ALG_SHA256 = 0x000b,
	TPM_ALG_SHA384 = 0x000c,
	TPM_ALG_SHA512 = 0x000d,
	TPM_ALG_NULL = 0x0010,
	TPM_ALG_RSAES = 0x0015,
	TPM_ALG_ECDAA = 0x001a,
	TPM_ALG_ECC = 0x0023,
	TPM_ALG_CFB = 0x0043,
};

/* TPM_ECC_CURVE (TPM 2.0 Part 2, 6.4). */
enum { TPM_ECC_NIST_P256 = 0x0003, TPM_ECC_NIST_P384 = 0x0004, TPM_ECC_NIST_P521 = 0x0005 };

/* TPMA_OBJECT (TPM 2.0 Part 2, 8.3). */
enum {
	TPMA_OBJECT_FIXEDTPM = 0x00000002,
	TPMA_OBJECT_FIXEDPARENT = 0x00000010,
	TPMA_OBJECT_SENSITIVEDATAORIGIN = 0x00000020,
	TPMA_OBJECT_USERWITHAUTH = 0x00000040,
	TPMA_OBJECT_ADMINWITHPOLICY = 0x00000080,
	TPMA_OBJECT_NODA = 0x00000400,
	TPMA_OBJECT_RESTRICTED = 0x00010000,
	TPMA_OBJECT_DECRYPT = 0x00020000,
	TPMA_OBJECT_SIGN = 0x00040000,
};

/*
 * tpmt_public: the public area of a TPM object (TPM 2.0 Part 2, 12.2.4), read from the network.
 * Field names are the specification's. RSA and ECC keys only; every other type is
 * FAULT_UNSUPPORTED.
 *
 * What is read is well-formed, and no more than that: whether the algorithms, the attributes, the
 * policy and the key's size are acceptable is templates.h's to say.
 */
struct tpmt_public {
	uint16_t type;               /* TPM_ALG_RSA or TPM_ALG_ECC */
	uint16_t name_alg;           /* hash of the Name, unchecked */
	uint32_t object_attributes;  /* TPMA_OBJECT, reserved bits unchecked */
	struct bytes auth_policy;    /* at most 64 octets */
	uint16_t symmetric;          /* TPM_ALG_NULL where open */
	uint16_t symmetric_key_bits; /* 0 where symmetric is TPM_ALG_NULL */
	uint16_t symmetric_mode;     /* 0 where symmetric is TPM_ALG_NULL */
	uint16_t scheme;             /* signing or decryption scheme; TPM_ALG_NULL where open */
	uint16_t scheme_hash;        /* 0 where scheme has none */
	union {
		struct {
			uint16_t key_bits;
			uint32_t exponent;   /* as it stands: the TPM writes 0 for 65537 */
			struct bytes modulus;
		} rsa;
		struct {
			uint16_t curve_id;
			uint16_t kdf;        /* TPM_ALG_NULL where open */
			struct bytes x, y;
		} ecc;
	};
};

/*
 * Reads one TPMT_PUBLIC that fills input exactly. The views in out point into input and live as
 * long as it does. On a fault, out is left as it was.
 */
enum fault tpmt_public_read(struct bytes input, struct tpmt_public *out);

/* The same for a TPM2B_PUBLIC (12.2.5): a u16 size, then exactly one TPMT_PUBLIC. */
enum fault tpm2b_public_read(struct bytes input, struct tpmt_public *out);

#endif
