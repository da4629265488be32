"""Group A: public areas."""

import functools
import random

import in_process
from attacker import areas
from attacker.areas import (IK_ATTRIBUTES, IK_ATTRIBUTES_NODA, TPM_ALG_AES, TPM_ALG_CFB, TPM_ALG_ECC,
                            TPM_ALG_KEYEDHASH, TPM_ALG_NULL, TPM_ALG_RSA, TPM_ALG_SHA256,
                            TPM_ALG_SYMCIPHER, tpm2b, u16)
from attacker.csr import body, signed, subject
from attacker.evidence import make_key
from attacker.keys import Point, RsaKey, ecc_spki, random_prime
from catalogue import ACCEPTED, Try, row
from key_strength import key_with_factor, weak_keys
from resident import hold_no_growth, resident


IK, EK = "ik_public", "ek_public"
READ = {IK: "IK_PUBLIC_READ", EK: "EK_PUBLIC_READ"}
TEMPLATE = {IK: "IK_ALGORITHMS", EK: "EK_TEMPLATE"}
MEMBER_MAX = 642  # octets of ikPublic and of ekPublic
SOCKET_STEP = 16  # Of an EK's words; one process tries all of them, of every template.


def honest(device):
    """One honest request that is changed over and over: its CSR need be made only once."""
    return device.evidence()


# The EK's template, the IK's key.
P256_AND_RSA2048 = (("L-2", "p256"), ("L-1", 2048))
EVERY_KIND = (*P256_AND_RSA2048, ("H-1", 3072), ("H-2", "p384"), ("H-3", "p521"), ("H-4", "p256"),
              ("H-6", 4096), ("H-7", 2048))


@functools.cache
def areas_of(stage, kinds, words):
    """[(member, area, evidence)] of a device of each kind: its IK with each of these words as its
    attributes, its EK. The same for every row: RSA keys take a while to make."""
    found = []
    for template, ik in kinds:
        device = stage.device(template=template, ik=ik)
        evidence = honest(device)
        found += [(IK, device.ik_area.but(attributes=word), evidence) for word in words]
        found.append((EK, device.ek_area, evidence))
    return found


def both(stage):
    """Of a P-256 and of an RSA-2048 device."""
    return areas_of(stage, P256_AND_RSA2048, (IK_ATTRIBUTES_NODA,))


def every_template(stage):
    """Of each template of EKs, and of IKs; a sample takes those of P-256 and RSA-2048."""
    return areas_of(stage, EVERY_KIND if stage.is_full else P256_AND_RSA2048,
                    (IK_ATTRIBUTES_NODA, IK_ATTRIBUTES))


@row(1, "TPM2B_PUBLIC: size 0, too large, too small; octets behind it")
def sizes(stage, verdict):
    tries = []
    for member, area, evidence in every_template(stage):
        inner = area.tpmt()
        forms = {"size 0": u16(0), "size 0, octets follow": u16(0) + inner,
                 "size too large": u16(len(inner) + 1) + inner,
                 "size 65535": b"\xff\xff" + inner, "size too small": u16(len(inner) - 1) + inner,
                 "an octet behind it": tpm2b(inner) + b"\x00",
                 "twice": tpm2b(inner) * 2, "one octet": b"\x00", "no size": inner}
        tries += [Try(f"{member} {what}", evidence.but(**{member: octets}),
                      READ[member] if len(octets) <= MEMBER_MAX else "MEMBER_SIZE")
                  for what, octets in forms.items()]
    verdict.evidence(stage.target(), tries)


@row(2, "garbage inside the TPM2B, behind the area")
def garbage(stage, verdict):
    verdict.evidence(stage.target(), (
        Try(f"{member} {count} octets more", evidence.but(
            **{member: tpm2b(area.tpmt() + bytes(random.randbytes(count)))}), READ[member])
        for member, area, evidence in every_template(stage)
        for count in stage.some(range(1, 41), 4)))


def of_type(number, area, read):
    """An area of that type. Types that TPMs know get parameters of their own form."""
    if number == TPM_ALG_KEYEDHASH:
        return area.but(type=number).tpmt()[:10] + u16(TPM_ALG_NULL) + tpm2b(bytes(32))
    if number == TPM_ALG_SYMCIPHER:
        return area.but(type=number).tpmt()[:10] + b"".join(
            map(u16, (TPM_ALG_AES, 128, TPM_ALG_CFB))) + tpm2b(bytes(32))
    return u16(number) + area.tpmt()[2:]


@row(3, "every type but RSA and ECC")
def types(stage, verdict):
    device = stage.device()
    evidence = honest(device)
    wrong = [n for n in range(0x10000) if n not in (TPM_ALG_RSA, TPM_ALG_ECC)]
    known = [TPM_ALG_KEYEDHASH, TPM_ALG_SYMCIPHER]
    chosen = stage.some(wrong, 60) + ([] if stage.is_full else known)
    verdict.evidence(stage.target(), (
        Try(f"ik type {n:04x}", evidence.but(ik_public=tpm2b(of_type(n, device.ik_area, IK))),
            TEMPLATE[IK]) for n in chosen))
    verdict.evidence(stage.target(), (
        Try(f"ek type {n:04x}", evidence.but(ek_public=tpm2b(of_type(n, device.ek_area, EK))),
            TEMPLATE[EK]) for n in [*known, *chosen[::SOCKET_STEP]]))
    in_process.further(stage, verdict, 3)


@row(4, "areas cut at every octet")
def cut(stage, verdict):
    verdict.evidence(stage.target(), (
        Try(f"{member} cut at {at}, {how}", evidence.but(**{member: octets}), READ[member])
        for member, area, evidence in every_template(stage)
        for at in stage.some(range(1, len(area.tpmt())), 8)
        for how, octets in (("size as it was", area.tpm2b()[:2 + at]),
                            ("size adjusted", tpm2b(area.tpmt()[:at])))))


def length_fields(area):
    """Offsets of the u16 lengths inside the TPMT_PUBLIC: authPolicy and the parts of unique."""
    at = [8]
    position = len(area.tpmt()) - sum(2 + len(part) for part in area.unique)
    for part in area.unique:
        at.append(position)
        position += 2 + len(part)
    return at


@row(5, "every 16-bit length field: 0, 1, one less, one more, 7fff, 8000, ffff; no role grows by it")
def lengths(stage, verdict):
    target, tries = stage.target(), wrong_lengths(stage)
    verdict.evidence(target, tries)  # Then each process has had its share of everything.
    before = resident(target)
    verdict.evidence(target, tries)
    hold_no_growth(target, verdict, before, "as many again")


def wrong_lengths(stage):
    tries = []
    for member, area, evidence in every_template(stage):
        inner = area.tpmt()
        for at in length_fields(area):
            right = int.from_bytes(inner[at:at + 2], "big")
            for value in {0, 1, right - 1, right + 1, 0x7FFF, 0x8000, 0xFFFF} - {right, -1}:
                octets = inner[:at] + u16(value) + inner[at + 2:]
                tries.append(Try(f"{member} length at {at}: {value:04x}",
                                 evidence.but(**{member: tpm2b(octets)}), READ[member]))
    return tries


@row(6, "every nameAlg but SHA-256 for an IK, but the template's for an EK")
def name_algorithms(stage, verdict):
    device = stage.device()
    evidence = honest(device)
    wrong = [n for n in range(0x10000) if n != TPM_ALG_SHA256]
    known = [0x0004, 0x000C, 0x000D, 0x0010, 0x0012, 0x0027, 0x0028, 0x0029]
    chosen = stage.some(wrong, 60) + ([] if stage.is_full else known)
    for member, area, numbers in ((IK, device.ik_area, chosen),
                                  (EK, device.ek_area, [*known, *chosen[::SOCKET_STEP]])):
        verdict.evidence(stage.target(), (
            Try(f"{member} nameAlg {n:04x}",
                evidence.but(**{member: area.but(name_alg=n).tpm2b()}), TEMPLATE[member])
            for n in numbers))
    verdict.evidence(stage.target(), (
        Try(f"{template} nameAlg {n:04x}", device.evidence(
            ek_public=device.ek_area.but(name_alg=n).tpm2b()), TEMPLATE[EK])
        for template in stage.some([name for name in areas.TEMPLATES if name != "L-2"], 3)
        for device in [stage.device(template=template)]
        for n in (0, *known, TPM_ALG_SHA256, 0xFFFF) if n != device.ek_area.name_alg))
    in_process.further(stage, verdict, 6)


@row(7, "RSA exponents other than the field's 0")
def exponents(stage, verdict):
    device = stage.device(template="L-1", ik=2048)
    evidence = honest(device)
    verdict.evidence(stage.target(), [
        Try(f"{member} exponent {e}", evidence.but(**{member: area.but(exponent=e).tpm2b()}),
            TEMPLATE[member])
        for member, area in ((IK, device.ik_area), (EK, device.ek_area))
        for e in (1, 2, 3, 4, 17, 65536, 65537, 65539, 0x10001 << 8, 0x7FFFFFFF, 0xFFFFFFFF)])


@row(8, "moduli: another size, top bit clear, even, small factors, 0 and 1")
def moduli(stage, verdict):
    device = stage.device(template="L-1", ik=2048)
    evidence = honest(device)
    tries = [Try(f"{prefix} modulus {name}", evidence.but(
        **{prefix: area.but(unique=[octets]).tpm2b()}), f"{what}_KEY_SIZE")
        for prefix, area, key, what in ((IK, device.ik_area, device.ik, "IK"),
                                        (EK, device.ek_area, device.ek, "EK"))
        for name, octets in wrong_moduli(key.modulus).items()]
    short = {f"of {2 * bits} bits": RsaKey.of_primes(*(
        random_prime(3 << bits - 2, 1 << bits) for _ in range(2))) for bits in (512, 1023)}
    factors = {f"multiple of {factor}": key_with_factor(factor)
               for factor in (2, 3, 5, 7, 11, 13, 251, 257, 997)}
    verdict.evidence(stage.target(), [*tries, *weak_keys(stage, short, "KEY_SIZE"),
                                      *weak_keys(stage, factors, "NUMBER")])


def wrong_moduli(n):
    """By what is wrong with them: octets that are no modulus of 2048 bits."""
    right = n.to_bytes(256, "big")
    return {"size of 1024": bytes(128), "a zero in front": b"\x00" + right,
            "one octet less": right[1:],
            "top bit clear": (n & ~(1 << 2047) | 1).to_bytes(256, "big"),
            "leading octet zero": (n >> 8 | 1).to_bytes(256, "big"),
            "0": bytes(256), "1": bytes(255) + b"\x01"}


@row(9, "every curve but P-256, P-384 and P-521")
def curves(stage, verdict):
    device = stage.device()
    evidence = honest(device)
    wrong = [n for n in range(0x10000) if n not in (3, 4, 5)]
    known = [0x0001, 0x0002, 0x0010, 0x0011, 0x0020]
    chosen = stage.some(wrong, 60) + ([] if stage.is_full else known)
    verdict.evidence(stage.target(), (
        Try(f"ik curve {n:04x}", evidence.but(ik_public=device.ik_area.but(curve=n).tpm2b()),
            TEMPLATE[IK]) for n in chosen))
    verdict.evidence(stage.target(), (
        Try(f"ek curve {n:04x}", evidence.but(ek_public=device.ek_area.but(curve=n).tpm2b()),
            TEMPLATE[EK]) for n in [4, 5, *known, *chosen[::SOCKET_STEP]]))
    in_process.further(stage, verdict, 9)


def bad_points(key):
    """Coordinates that are none: what reads, but is no point of the curve."""
    curve, (x, y) = key.curve, key.point
    size, p = curve.size, curve.p
    fixed = {
        "x + p" if x + p < 1 << size * 8 else "x = p": (x + p if x + p < 1 << size * 8 else p, y),
        "x all ones": ((1 << size * 8) - 1, y), "y = p": (x, p), "(0, 0)": (0, 0),
        "y one bit off": (x, y ^ 1), "x one bit off": (x ^ 1, y), "(x, 0)": (x, 0),
        "exchanged": (y, x)}
    return {what: [a.to_bytes(size, "big"), b.to_bytes(size, "big")]
            for what, (a, b) in fixed.items()}


def bad_sizes(key):
    x, y = key.coordinates()
    return {"x empty": [b"", y], "y empty": [x, b""], "both empty": [b"", b""],
            "x longer": [b"\x00" + x, y], "y longer": [x, b"\x00" + y],
            "short with a zero in front": [b"\x00" + x[2:], y]}


def or_read(member, unique, check):
    """No coordinate has more than the 66 octets of P-521: such an area does not even read."""
    return READ[member] if max(map(len, unique)) > 66 else check


@row(10, "coordinates of a wrong size, at or over the prime, off the curve")
def points(stage, verdict):
    tries = []
    for name in ("p256", "p384", "p521"):
        device = stage.device(ik=name)
        evidence = honest(device)
        for what, unique in bad_points(device.ik).items():
            spki = ecc_spki(device.ik.curve, b"\x04" + b"".join(unique))
            info = body(device.ik, subject(device.serial), spki=spki)
            tries.append(Try(f"ik {name} {what}", evidence.but(
                ik_public=device.ik_area.but(unique=unique).tpm2b(),
                csr=signed(info, device.ik.algorithm(), device.ik.sign(info))), "IK_POINT"))
        tries += [Try(f"ik {name} {what}", evidence.but(
            ik_public=device.ik_area.but(unique=unique).tpm2b()), or_read(IK, unique, "IK_KEY_SIZE"))
            for what, unique in bad_sizes(device.ik).items()]
    for template in ("L-2", "H-3", "H-4"):
        device = stage.device(template=template)
        evidence = honest(device)
        tries += [Try(f"ek {template} {what}", evidence.but(
            ek_public=device.ek_area.but(unique=unique).tpm2b()),
            or_read(EK, unique, "EK_KEY_SIZE")) for what, unique in bad_sizes(device.ek).items()]
        tries += bad_endorsement_keys(stage, device)
    verdict.evidence(stage.target(), tries)


def bad_endorsement_keys(stage, device):
    """The vendor certifies each such point, and the operator has listed it."""
    points = {what: device.with_ek(Point(device.ek.curve, unique), device.template)
              for what, unique in bad_points(device.ek).items()}
    for other in points.values():
        other.serial = stage.serial()
    stage.target().lists(*points.values())
    return [Try(f"ek {device.template} {what}", other.evidence(), "EK_POINT")
            for what, other in points.items()]


def key_with_short_coordinate(which):
    while True:
        key = make_key("p256")
        if key.coordinates()[which][0] == 0:
            return key


@row(11, "a coordinate without its leading zero: accepted, the Name over these octets")
def short_coordinates(stage, verdict):
    tries = []
    for which in (0, 1):
        key = key_with_short_coordinate(which)
        device = stage.device().with_ik(key)
        unique = [part.lstrip(b"\x00") for part in key.coordinates()]
        device.ik_area = device.ik_area.but(unique=unique)
        tries.append(Try(f"{'xy'[which]} of {len(unique[which])} octets", device.evidence(),
                         ACCEPTED))
        full = stage.device().with_ik(key_with_short_coordinate(which))
        tries.append(Try(f"{'xy'[which]} with its zero", full.evidence(), ACCEPTED))
    verdict.evidence(stage.target(), tries)


@row(12, "symmetric, scheme or kdf that is not NULL on an IK; other schemes on an EK")
def parameters(stage, verdict):
    tries = []
    schemes = [(number, TPM_ALG_SHA256) for number in (0x14, 0x16, 0x17, 0x18, 0x1B, 0x1C)]
    for member, area, evidence in every_template(stage):
        changes = [{"scheme": scheme} for scheme in schemes]
        changes += [{"scheme": (0x1A, TPM_ALG_SHA256, 1)}, {"scheme": (0x15,)}]
        if member == IK:
            changes += [{"symmetric": (TPM_ALG_AES, bits, mode)}
                        for bits in (128, 256) for mode in (0x40, 0x41, 0x42, 0x43, 0x44)]
        if area.type == TPM_ALG_ECC:
            changes += [{"kdf": (kdf, TPM_ALG_SHA256)} for kdf in (0x07, 0x20, 0x21, 0x22)]
        for change in changes:
            octets = area.but(**change).tpm2b()
            tries.append(Try(f"{member} {area.type} {change}", evidence.but(**{member: octets}),
                             TEMPLATE[member]))
    verdict.evidence(stage.target(), tries)


@row(13, "an authPolicy on an IK; another than the template's on an EK")
def policies(stage, verdict):
    device = stage.device()
    evidence = honest(device)
    wrong = [bytes(32), areas.POLICY_A, b"\x01" * 20, b"\x01" * 48, b"\x01" * 64]
    tries = [Try(f"ik authPolicy of {len(policy)}", evidence.but(
        ik_public=device.ik_area.but(policy=policy).tpm2b()), TEMPLATE[IK]) for policy in wrong]
    wrong = [b"", bytes(32), *areas.POLICY_B.values(), areas.POLICY_A[:-1] + b"\xab"]
    tries += [Try(f"ek authPolicy of {len(policy)}", evidence.but(
        ek_public=device.ek_area.but(policy=policy).tpm2b()), TEMPLATE[EK]) for policy in wrong]
    verdict.evidence(stage.target(), tries)


@row(14, "a request that ends after nameAlg, behind a good one: nothing is left over from it")
def stale(stage, verdict):
    device = stage.device()
    evidence = honest(device)
    short = tpm2b(u16(TPM_ALG_ECC) + u16(TPM_ALG_SHA256))
    tries = []
    for _ in range(stage.is_full and 50 or 5):
        tries.append(Try("a good one", evidence, ACCEPTED, endpoints=("getChallenge",)))
        tries += [Try(f"{member} ends after nameAlg", evidence.but(**{member: short}),
                      READ[member]) for member in (IK, EK)]
    verdict.evidence(stage.target(), tries)  # In this order: none of them is to be recorded.


def other_accepted_area(member, area):
    """noDA is the one bit that leads from an accepted area to another (row 22)."""
    return area.but(attributes=IK_ATTRIBUTES).tpm2b() if member == IK else None


@row(15, "flipped bits: refused, or the same octets")
def flips(stage, verdict):
    """Any octets but the honest ones are refused; by which check depends on the field. A flip in
    unique is another key: its CSR is no longer for it, its certificate no longer for it."""
    generator = random.Random(15)
    target = stage.target()
    for member, area, evidence in both(stage):
        octets = area.tpm2b()
        positions = list(range(len(octets) * 8))
        extra = [tuple(generator.sample(positions, 2)) for _ in range(4000 if stage.is_full else 0)]
        requests = []
        for flipped in [(p,) for p in stage.some(positions, 60)] + extra:
            changed = bytearray(octets)
            for position in flipped:
                changed[position // 8] ^= 0x80 >> position % 8
            if bytes(changed) == other_accepted_area(member, area):
                continue
            requests.append(evidence.but(**{member: bytes(changed)}))
        verdict.unchanged(target, lambda: flips_sent(target, verdict, requests, member))
    in_process.further(stage, verdict, 15)


def flips_sent(target, verdict, requests, member):
    allowed = {IK: ("IK_", "CSR_"), EK: ("EK_", "IK_", "CSR_")}[member]
    for first in range(0, len(requests), 512):
        batch = requests[first:first + 512]
        asked = [("/v1/getChallenge", e.json()) for e in batch]
        asked += [("/v1/getCertificate", e.json(**target.ticket_members(e))) for e in batch]
        answers = target.line.posts(asked)
        reasons = target.reasons(a.reference for a in answers if a.reference)
        for answer in answers:
            saw = ACCEPTED if answer.status == 200 else reasons.get(answer.reference, "no reason")
            verdict.note(f"{member} flipped", saw.startswith(allowed), saw == ACCEPTED, saw)


# ---- B ----
