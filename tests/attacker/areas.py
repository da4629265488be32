"""TPM2B_PUBLIC (TPM 2.0 Part 2, 12.2.5) with any value in any field."""

from dataclasses import dataclass, field, replace

TPM_ALG_RSA, TPM_ALG_SHA1, TPM_ALG_AES, TPM_ALG_KEYEDHASH = 0x0001, 0x0004, 0x0006, 0x0008
TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA512, TPM_ALG_NULL = 0x000B, 0x000C, 0x000D, 0x0010
TPM_ALG_RSASSA, TPM_ALG_RSAES, TPM_ALG_RSAPSS, TPM_ALG_OAEP = 0x0014, 0x0015, 0x0016, 0x0017
TPM_ALG_ECDSA, TPM_ALG_ECDAA, TPM_ALG_SM2, TPM_ALG_ECSCHNORR = 0x0018, 0x001A, 0x001B, 0x001C
TPM_ALG_KDF1_SP800_56A, TPM_ALG_KDF2, TPM_ALG_KDF1_SP800_108 = 0x0020, 0x0021, 0x0022
TPM_ALG_ECC, TPM_ALG_SYMCIPHER, TPM_ALG_XOR = 0x0023, 0x0025, 0x000A
TPM_ALG_CTR, TPM_ALG_OFB, TPM_ALG_CBC, TPM_ALG_CFB, TPM_ALG_ECB = 0x40, 0x41, 0x42, 0x43, 0x44

IK_ATTRIBUTES, IK_ATTRIBUTES_NODA = 0x00040072, 0x00040472

POLICY_A = bytes.fromhex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa")
POLICY_B = {
    TPM_ALG_SHA256: bytes.fromhex(
        "ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0"),
    TPM_ALG_SHA384: bytes.fromhex(
        "b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419ca"
        "cb47ba09699646150f9fc000f3f80e12"),
    TPM_ALG_SHA512: bytes.fromhex(
        "b8221ca69e8550a4914de3faa6a18c072cc01208073a928d5d66d59ef79e49a4"
        "29c41a6b269571d57edb25fbdb1838425608b413cd616a5f6db5b6071af99bea"),
}


def u16(number):
    return number.to_bytes(2, "big")


def u32(number):
    return number.to_bytes(4, "big")


def tpm2b(octets):
    return u16(len(octets)) + octets


@dataclass
class Area:
    """TPMT_PUBLIC, field by field. parameters is what stands between symmetric and unique."""

    type: int
    name_alg: int = TPM_ALG_SHA256
    attributes: int = IK_ATTRIBUTES_NODA
    policy: bytes = b""
    symmetric: tuple = (TPM_ALG_NULL,)
    scheme: tuple = (TPM_ALG_NULL,)
    key_bits: int = 2048  # RSA
    exponent: int = 0
    curve: int = 0x0003  # ECC
    kdf: tuple = (TPM_ALG_NULL,)
    unique: list = field(default_factory=list)  # a modulus, or two coordinates

    def but(self, **changes):
        return replace(self, **changes)

    def parameters(self):
        words = b"".join(u16(word) for word in (*self.symmetric, *self.scheme))
        if self.type == TPM_ALG_RSA:
            return words + u16(self.key_bits) + u32(self.exponent)
        return words + u16(self.curve) + b"".join(u16(word) for word in self.kdf)

    def tpmt(self):
        return (u16(self.type) + u16(self.name_alg) + u32(self.attributes) + tpm2b(self.policy)
                + self.parameters() + b"".join(tpm2b(number) for number in self.unique))

    def tpm2b(self):
        return tpm2b(self.tpmt())


def unique_of(key):
    """TPMU_PUBLIC_ID of a key of keys.py."""
    if hasattr(key, "modulus"):
        return [key.modulus.to_bytes(key.size, "big")]
    return key.coordinates()


def identity_area(key, attributes=IK_ATTRIBUTES_NODA):
    """What an accepted identity key of these numbers says of itself."""
    if hasattr(key, "modulus"):
        return Area(TPM_ALG_RSA, attributes=attributes, key_bits=key.size * 8,
                    unique=unique_of(key))
    return Area(TPM_ALG_ECC, attributes=attributes, curve=key.curve.tpm_id, unique=unique_of(key))


def _aes(bits):
    return (TPM_ALG_AES, bits, TPM_ALG_CFB)


# TCG EK Credential Profile 2.6, B.3 and B.4: all but key_bits, curve and unique.
TEMPLATES = {
    "L-1": Area(TPM_ALG_RSA, TPM_ALG_SHA256, 0x000300B2, POLICY_A, _aes(128)),
    "L-2": Area(TPM_ALG_ECC, TPM_ALG_SHA256, 0x000300B2, POLICY_A, _aes(128)),
    "H-1": Area(TPM_ALG_RSA, TPM_ALG_SHA256, 0x000300F2, POLICY_B[TPM_ALG_SHA256], _aes(128)),
    "H-2": Area(TPM_ALG_ECC, TPM_ALG_SHA256, 0x000300F2, POLICY_B[TPM_ALG_SHA256], _aes(128)),
    "H-3": Area(TPM_ALG_ECC, TPM_ALG_SHA384, 0x000300F2, POLICY_B[TPM_ALG_SHA384], _aes(256),
                curve=0x0004),
    "H-4": Area(TPM_ALG_ECC, TPM_ALG_SHA512, 0x000300F2, POLICY_B[TPM_ALG_SHA512], _aes(256),
                curve=0x0005),
    "H-6": Area(TPM_ALG_RSA, TPM_ALG_SHA384, 0x000300F2, POLICY_B[TPM_ALG_SHA384], _aes(256),
                key_bits=3072),
    "H-7": Area(TPM_ALG_RSA, TPM_ALG_SHA384, 0x000300F2, POLICY_B[TPM_ALG_SHA384], _aes(256),
                key_bits=4096),
}


def endorsement_area(key, template="L-2"):
    return TEMPLATES[template].but(unique=unique_of(key))
