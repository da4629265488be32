"""The CA's tickets, computed from a stolen copy of secret/ticket.keys (docs/PROTOCOL.md, "The
ticket"): whoever has the master need not ask a TPM. And credentials, opened and made without one."""

import hashlib
import hmac
import secrets
import subprocess
import time
from dataclasses import dataclass, replace

from .areas import TPM_ALG_SHA384, TPM_ALG_SHA512, tpm2b, u32
from .keys import P384, EccKey

DAY_MS = 86_400_000
MAGIC_AND_VERSION = bytes.fromhex("badcc0de00000001")
TRUST = {"vendor": 1, "manifest": 2, "both": 3}
BINDING = {"manifest": 1, "endorsement": 2, "first": 3}


def u64(number):
    return number.to_bytes(8, "big")


def field(tag, octets):
    return bytes([tag]) + u32(len(octets)) + octets


def hkdf(master, salt, info):
    """RFC 5869, one block of 32 octets."""
    extracted = hmac.digest(salt, master, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


@dataclass
class Header:
    ca_id: bytes
    fingerprint: bytes
    issued_at: int = 0
    nonce: bytes = b""
    version: int = 1
    epoch: int = -1

    def __post_init__(self):
        self.issued_at = self.issued_at or int(time.time() * 1000)
        self.nonce = self.nonce or secrets.token_bytes(16)
        if self.epoch < 0:
            self.epoch = self.issued_at // DAY_MS

    def but(self, **changes):
        return replace(self, **changes)

    def octets(self):
        return (bytes([self.version]) + self.ca_id + u32(self.epoch) + u64(self.issued_at)
                + self.nonce + self.fingerprint[:8])


def ticket(master, header, facts):
    """HMAC over header and facts; facts are members of evidence.Evidence and a verdict."""
    certificate = facts.ek_certificate
    message = b"genuine ticket v1\x00" + b"".join(
        field(tag, octets) for tag, octets in enumerate((
            header.octets(), (facts.profile or "device").encode(), header.fingerprint,
            facts.serial.encode(), hashlib.sha256(facts.csr).digest(), facts.ik_public,
            facts.ek_public, b"" if certificate is None else hashlib.sha256(certificate).digest(),
            bytes(facts.verdict)), 1))
    key = hkdf(master, header.ca_id, b"genuine ticket key" + u32(header.epoch))
    return hmac.digest(key, message, "sha256")


# ---- what a TPM does in TPM2_ActivateCredential (Part 1, 24; annexes B.10.4 and C.6.4) ----


def kdfa(digest, key, label, context_u, context_v, bits):
    octets = b""
    for counter in range(1, (bits + 8 * hashlib.new(digest).digest_size - 1)
                         // (8 * hashlib.new(digest).digest_size) + 1):
        octets += hmac.digest(key, u32(counter) + label + b"\x00" + context_u + context_v
                              + u32(bits), digest)
    return octets[:bits // 8]


def kdfe(digest, z, label, party_u, party_v):
    return hashlib.new(digest, u32(1) + z + label + b"\x00" + party_u + party_v).digest()


def take(octets):
    count = int.from_bytes(octets[:2], "big")
    return octets[2:2 + count], octets[2 + count:]


def activate(credential, ek, ek_area, ik_name):
    """The secret in a credential file, by an endorsement key in software; None where its HMAC is
    for another Name."""
    digest = {TPM_ALG_SHA384: "sha384", TPM_ALG_SHA512: "sha512"}.get(ek_area.name_alg, "sha256")
    size = hashlib.new(digest).digest_size
    assert credential[:8] == MAGIC_AND_VERSION
    blob, rest = take(credential[8:])
    encrypted, rest = take(rest)
    assert rest == b""
    if hasattr(ek, "modulus"):
        seed = ek.decrypt_oaep(encrypted, b"IDENTITY\x00", digest)
    else:
        x, rest = take(encrypted)
        y, _ = take(rest)
        point = int.from_bytes(x, "big"), int.from_bytes(y, "big")
        seed = kdfe(digest, ek.shared(point), b"IDENTITY", x, ek_area.unique[0])
    integrity, identity = take(blob)
    protect = kdfa(digest, seed, b"INTEGRITY", b"", b"", size * 8)
    if hmac.digest(protect, identity + ik_name, digest) != integrity:
        return None
    key = kdfa(digest, seed, b"STORAGE", ik_name, b"", ek_area.symmetric[1])
    return take(aes_cfb("-d", key, identity))[0]


def aes_cfb(direction, key, octets):
    return subprocess.run(
        ["openssl", "enc", direction, f"-aes-{len(key) * 8}-cfb", "-K", key.hex(), "-iv", "00" * 16],
        input=octets, capture_output=True, check=True).stdout


def seal(point, ik_name, secret):
    """TPM2_MakeCredential to the P-384 EK of template H-3 with that point, for any Name: a
    credential file."""
    own = EccKey(P384)
    x, y = own.coordinates()
    seed = kdfe("sha384", P384.octets(P384.times(own.private, point)[0]), b"IDENTITY", x,
                P384.octets(point[0]))
    key = kdfa("sha384", seed, b"STORAGE", ik_name, b"", 256)
    identity = aes_cfb("-e", key, tpm2b(secret))
    protect = kdfa("sha384", seed, b"INTEGRITY", b"", b"", 384)
    integrity = hmac.digest(protect, identity + ik_name, "sha384")
    return (MAGIC_AND_VERSION + tpm2b(tpm2b(integrity) + identity)
            + tpm2b(tpm2b(x) + tpm2b(y)))


def name_of(area):
    """nameAlg ‖ H(TPMT_PUBLIC); identity keys have SHA-256."""
    return name(area.tpm2b())


def name(tpm2b_public):
    return tpm2b_public[4:6] + hashlib.sha256(tpm2b_public[2:]).digest()
