"""Group B: what an identity key says of itself."""

import itertools
import random

import in_process
from attacker.areas import (IK_ATTRIBUTES, IK_ATTRIBUTES_NODA, TPM_ALG_AES, TPM_ALG_CFB,
                            TPM_ALG_KEYEDHASH, TPM_ALG_NULL, TPM_ALG_SHA256, TPM_ALG_SYMCIPHER,
                            identity_area, tpm2b, u16, u32)
from attacker.keys import P256, EccKey, openssl
from catalogue import ACCEPTED, Try, row
from public_areas import IK, TEMPLATE, honest, key_with_short_coordinate
from shown import shown_by


@row(16, "each attribute of an IK flipped alone (rows 16 to 29); noDA alone is accepted")
def attribute_bits(stage, verdict):
    tries = []
    for kind in ("p256", 2048):
        device = stage.device(ik=kind)
        evidence = honest(device)
        for start, bit in itertools.product((IK_ATTRIBUTES, IK_ATTRIBUTES_NODA), range(32)):
            word = start ^ 1 << bit
            if word in (IK_ATTRIBUTES, IK_ATTRIBUTES_NODA):
                continue
            octets = device.ik_area.but(attributes=word).tpm2b()
            tries.append(Try(f"{kind} attributes {word:08x}", evidence.but(ik_public=octets),
                             "IK_ATTRIBUTES"))
    verdict.evidence(stage.target(), tries)


@row(22, "00040072 and 00040472, with every kind of key: accepted")
def accepted_attributes(stage, verdict):
    tries = []
    for kind in stage.some(("p256", 2048, "p384", "p521", 3072, 4096), 2):
        for word in (IK_ATTRIBUTES, IK_ATTRIBUTES_NODA):
            device = stage.device(ik=kind)
            device.ik_area = device.ik_area.but(attributes=word)
            tries.append(Try(f"{kind} {word:08x}", device.evidence(), ACCEPTED))
    verdict.evidence(stage.target(), tries)


@row(30, "attributes within three flipped bits, and at random")
def attribute_words(stage, verdict):
    words = {IK_ATTRIBUTES ^ sum(1 << bit for bit in bits)
             for count in (1, 2, 3) for bits in itertools.combinations(range(32), count)}
    generator = random.Random(30)
    words |= {generator.getrandbits(32) for _ in range(20000 if stage.is_full else 20)}
    words -= {IK_ATTRIBUTES, IK_ATTRIBUTES_NODA}
    device = stage.device()
    evidence = honest(device)
    verdict.evidence(stage.target(), (
        Try(f"attributes {word:08x}",
            evidence.but(ik_public=device.ik_area.but(attributes=word).tpm2b()), "IK_ATTRIBUTES")
        for word in stage.some(sorted(words), 60)))
    in_process.further(stage, verdict, 30)


@row(31, "the IK is an SRK, sealed data, a cipher, the EK itself, another TPM's IK")
def no_identity_keys(stage, verdict):
    device = stage.device()
    evidence = honest(device)
    srk = identity_area(device.ik, 0x00030472).but(symmetric=(TPM_ALG_AES, 128, TPM_ALG_CFB))
    sealed = tpm2b(u16(TPM_ALG_KEYEDHASH) + u16(TPM_ALG_SHA256) + u32(0x00000012) + tpm2b(b"")
                   + u16(TPM_ALG_NULL) + tpm2b(bytes(32)))
    cipher = tpm2b(u16(TPM_ALG_SYMCIPHER) + u16(TPM_ALG_SHA256) + u32(0x00060072) + tpm2b(b"")
                   + b"".join(map(u16, (TPM_ALG_AES, 128, TPM_ALG_CFB))) + tpm2b(bytes(32)))
    same = device.with_ik(device.ek)
    tries = [Try("an SRK", evidence.but(ik_public=srk.tpm2b()), TEMPLATE[IK]),
             Try("sealed data", evidence.but(ik_public=sealed), TEMPLATE[IK]),
             Try("a cipher", evidence.but(ik_public=cipher), TEMPLATE[IK]),
             Try("the EK's area", evidence.but(ik_public=device.ek_area.tpm2b()), TEMPLATE[IK]),
             Try("the EK's numbers", same.evidence(), "IK_IS_NOT_EK")]
    short = device.with_ik(key_with_short_coordinate(0))
    short.ek, short.ek_area = short.ik, device.ek_area.but(unique=short.ik.coordinates())
    short.ek_certificate = short.certify()
    short.ik_area = short.ik_area.but(
        unique=[part.lstrip(b"\x00") for part in short.ik.coordinates()])
    tries.append(Try("the EK's numbers, spelt shorter", short.evidence(), "IK_IS_NOT_EK"))
    rsa = stage.device(template="L-1")
    tries.append(Try("the EK's modulus", rsa.with_ik(rsa.ek).evidence(), "IK_IS_NOT_EK"))
    verdict.evidence(stage.target(), tries)
    if stage.is_full:
        shown_by(verdict, "test_refusals.py", "identity_key_of_another")


@row(32, "the IK is a key of an anchor, of an intermediate, of this CA")
def issuers_keys(stage, verdict):
    target, device = stage.target(), stage.device()
    text = openssl("pkey", "-in", target.folder / "secret" / "ca.key", "-noout", "-text").decode()
    private = int("".join(text.partition("priv:")[2].partition("pub:")[0].split())
                  .replace(":", ""), 16)
    keys = {"a root": stage.root.key, "an intermediate": stage.vendor.key,
            "this CA": EccKey(P256, private)}
    verdict.evidence(target, [Try(what, device.with_ik(key).evidence(),
                                  "IK_IS_NOT_CA") for what, key in keys.items()])
