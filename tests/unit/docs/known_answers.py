#!/usr/bin/env python3
"""known-answers: computes the known answers of docs/PROTOCOL.md once more, from its words alone.

Nothing of ours is linked or called: the standard library's hashes, and `openssl enc` for AES. So a
second implementer can trust the page, and the unit tests in C, which have the same answers, are not
the only ones to say so. Each answer must stand in the page's code blocks as it is computed here.
"""

import hashlib
import hmac
import re
import subprocess
import sys
from pathlib import Path

PROTOCOL = Path(__file__).resolve().parents[3] / "docs" / "PROTOCOL.md"


def u8(number):
    return number.to_bytes(1, "big")


def u16(number):
    return number.to_bytes(2, "big")


def u32(number):
    return number.to_bytes(4, "big")


def u64(number):
    return number.to_bytes(8, "big")


def sha256(octets):
    return hashlib.sha256(octets).digest()


def hmac_sha256(key, octets):
    return hmac.new(key, octets, "sha256").digest()


def field(tag, octets):
    return u8(tag) + u32(len(octets)) + octets


# ---- keys: P-256's generator stands for both, an IK with noDA and an EK of template L-2 ----

X = bytes.fromhex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")
Y = bytes.fromhex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
POLICY_A = bytes.fromhex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa")

ECC, AES, CFB, NULL, SHA256, P256 = 0x23, 0x06, 0x43, 0x10, 0x0b, 0x03


def point():
    return u16(len(X)) + X + u16(len(Y)) + Y


def ik_area():
    return (u16(ECC) + u16(SHA256) + u32(0x00040472) + u16(0)
            + u16(NULL) + u16(NULL) + u16(P256) + u16(NULL) + point())


def ek_area():
    return (u16(ECC) + u16(SHA256) + u32(0x000300b2) + u16(len(POLICY_A)) + POLICY_A
            + u16(AES) + u16(128) + u16(CFB) + u16(NULL) + u16(P256) + u16(NULL) + point())


def spki():
    algorithm = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
    bits = b"\x00\x04" + X + Y
    inner = algorithm + b"\x03" + u8(len(bits)) + bits
    return b"\x30" + u8(len(inner)) + inner


def keys():
    ik, ek = ik_area(), ek_area()
    return {"ikPublic": u16(len(ik)) + ik, "Name of the IK": u16(SHA256) + sha256(ik),
            "ekPublic": u16(len(ek)) + ek, "IK id, EK id": sha256(spki())}


# ---- credential ----

def kdfa(key, label, context, bits):
    return hmac_sha256(key, u32(1) + label + b"\0" + context + u32(bits))[:bits // 8]


def kdfe(z, label, party_u, party_v):
    return sha256(u32(1) + z + label + b"\0" + party_u + party_v)


def aes_cfb(key, octets):
    return subprocess.run(["openssl", "enc", "-aes-128-cfb", "-K", key.hex(), "-iv", "0" * 32],
                          input=octets, stdout=subprocess.PIPE, check=True).stdout


def credential():
    name = bytes.fromhex("000be6c9e97fda917ca0f64dbef678b019a82fdafccc94860f88bddc036644c92bdc")
    secret, seed = bytes(range(1, 9)) * 4, bytes(32)
    symmetric = kdfa(seed, b"STORAGE", name, 128)
    integrity = kdfa(seed, b"INTEGRITY", b"", 256)
    identity = aes_cfb(symmetric, u16(len(secret)) + secret)
    outer = hmac_sha256(integrity, identity + name)
    return {"symKey": symmetric, "hmacKey": integrity,
            "ID_OBJECT": u16(len(outer)) + outer + identity,
            "seed by KDFe": kdfe(bytes(range(32)), b"IDENTITY", X, Y)}


# ---- ticket ----

MASTER, CA_ID, NONCE = bytes(range(0x20)), bytes(range(0x20, 0x30)), bytes(range(0x30, 0x40))
ISSUED_AT = 1800000000000
EPOCH = ISSUED_AT // 86400000
FINGERPRINT = sha256(b"fingerprint")


def header():
    return u8(1) + CA_ID + u32(EPOCH) + u64(ISSUED_AT) + NONCE + FINGERPRINT[:8]


def message(certificate_digest, verdict):
    fields = [header(), b"device", FINGERPRINT, b"SN-0001", sha256(b"csr"), b"ikPublic",
              b"ekPublic", certificate_digest, verdict]
    return b"genuine ticket v1\0" + b"".join(field(tag, octets)
                                             for tag, octets in enumerate(fields, 1))


def ticket():
    key = hmac_sha256(hmac_sha256(CA_ID, MASTER), b"genuine ticket key" + u32(EPOCH) + b"\x01")
    with_certificate = message(sha256(b"ekCertificate"), b"\x03\x01")
    without = message(b"", b"\x02\x01")
    return {"epoch": str(EPOCH), "header": header(), "K": key,
            "octets of M": str(len(with_certificate)), "SHA-256(M)": sha256(with_certificate),
            "ticket": hmac_sha256(key, with_certificate),
            "octets of M, no certificate": str(len(without)),
            "ticket, no certificate": hmac_sha256(key, without)}


def fingerprint():
    entries = sorted([field(1, sha256(b"anchor")), field(4, sha256(b"endorsement")),
                      field(7, sha256(u32(1)))])
    return {"fingerprint": sha256(b"genuine policy v1\0" + b"".join(entries))}


def main():
    blocks = "".join(re.findall(r"^```\w*\n(.*?)^```", PROTOCOL.read_text(encoding="utf-8"),
                                re.M | re.S))
    written = dict(re.findall(r"^(\S[^\n=]*?) = ([0-9a-f]+(?:\n [0-9a-f]+)*)$", blocks, re.M))
    written = {name: re.sub(r"\s+", "", value) for name, value in written.items()}
    wrong = 0
    for name, value in {**keys(), **credential(), **ticket(), **fingerprint()}.items():
        answer = value if isinstance(value, str) else value.hex()
        if written.get(name) != answer:
            print(f"{name}: the page has {written.get(name, 'nothing')}, computed {answer}")
            wrong += 1
    print(f"{len(written)} known answers in the page")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
