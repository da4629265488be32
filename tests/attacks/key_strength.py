"""Group D: how strong keys are, and that one key is for one device."""

import functools
import math
import random

from attacker import der
from attacker.csr import body, signed, subject
from attacker.evidence import SoftwareDevice
from attacker.keys import SMALL_PRIMES, RsaKey, ecc_spki, next_prime, random_prime
from catalogue import ACCEPTED, Try, row


@row(58, "RSA keys of other sizes, as IK and EK")
def sizes(stage, verdict):
    device = stage.device(template="L-1", ik=2048)
    evidence = device.evidence()
    tries = []
    for bits in (512, 1024, 1536, 2040, 2047, 2049, 2056, 3071):
        octets = (bits + 7) // 8
        unique = [((1 << bits - 1) | 1).to_bytes(octets, "big")]
        for member, area, odd, even in (("ik_public", device.ik_area, "IK_KEY_SIZE", "IK_KEY_SIZE"),
                                        ("ek_public", device.ek_area, "EK_TEMPLATE",
                                         "EK_TEMPLATE")):
            tries.append(Try(f"{member} of {bits} bits", evidence.but(
                **{member: area.but(key_bits=bits, unique=unique).tpm2b()}), even))
    for bits in (8192, 16384):
        unique = [((1 << bits - 1) | 1).to_bytes(bits // 8, "big")]
        tries += [Try(f"{member} of {bits} bits", evidence.but(
            **{member: area.but(key_bits=bits, unique=unique).tpm2b()}), "MEMBER_SIZE" if
            bits // 8 + 60 > 1024 else f"{member[:2].upper()}_PUBLIC_READ")
            for member, area in (("ik_public", device.ik_area), ("ek_public", device.ek_area))]
    verdict.evidence(stage.target(), tries)


def with_key(device, key, as_ik):
    """The device's evidence with this key as its IK or EK: it signs the CSR, or is certified."""
    return (device.with_ik(key) if as_ik else device.with_ek(key, "L-1")).evidence()


def weak_keys(stage, keys, check):
    """Each of these keys, once as IK and once as EK, and all else made for it: it signs its CSR,
    its vendor certifies it, the operator lists it. So nothing but the check of the key stands in
    the way."""
    as_ik = [SoftwareDevice(stage.serial(), stage.vendor).with_ik(key) for key in keys.values()]
    as_ek = [SoftwareDevice(stage.serial(), stage.vendor).with_ek(key, "L-1")
             for key in keys.values()]
    stage.target().lists(*as_ik, *as_ek)
    return [Try(f"{kind} {what}", device.evidence(), f"{kind}_{check}")
            for kind, devices in (("IK", as_ik), ("EK", as_ek))
            for what, device in zip(keys, devices)]


# Two primes of more than half of these 1024 bits have a product of 2048.
UPPER = 3 << 1022


@functools.cache
def large_prime():
    return random_prime(UPPER, 1 << 1024)


def key_with_factor(factor):
    """A key of 2048 bits with this factor, and two large ones."""
    large = large_prime()
    return RsaKey.of_primes(factor, large, random_prime(
        (1 << 2047) // (factor * large) + 1, (1 << 2048) // (factor * large)))


def roca_prime(exponent):
    """A prime of 1024 bits that is 65537^exponent modulo each of the small ones."""
    product = 2 * math.prod(prime for prime in SMALL_PRIMES if prime <= 167)
    start = UPPER + random.getrandbits(1000)
    return next_prime(start - start % product + pow(65537, exponent, product), product)


def roca_key(exponent):
    """A key whose modulus is that."""
    return RsaKey.of_primes(roca_prime(exponent - 1), roca_prime(1))


@row(59, "moduli of the ROCA form")
def roca(stage, verdict):
    keys = {f"65537^{exponent}": roca_key(exponent) for exponent in (1, 2, 3, 1000, 123456789)}
    verdict.evidence(stage.target(), weak_keys(stage, keys, "ROCA"))


def close_key(distance):
    """A key of two primes that lie close to one another."""
    first = next_prime(UPPER | random.getrandbits(1020) | 1)
    return RsaKey.of_primes(first, next_prime(first + distance))


@row(60, "products of close primes")
def fermat(stage, verdict):
    keys = {f"{distance} apart": close_key(distance) for distance in (2, 1 << 20, 1 << 100)}
    verdict.evidence(stage.target(), weak_keys(stage, keys, "FERMAT"))


@row(63, "curves spelt out, compressed and hybrid points, in CSR and EK certificate")
def point_forms(stage, verdict):
    device = stage.device()
    curve = device.ik.curve
    explicit = der.sequence(
        der.integer(1), der.sequence(der.oid("1.2.840.10045.1.1"), der.integer(curve.p)),
        der.sequence(der.octet_string(curve.octets(curve.p - 3)),
                     der.octet_string(curve.octets(curve.b))),
        der.octet_string(b"\x04" + b"".join(map(curve.octets, curve.base))), der.integer(curve.n))
    tries = []

    def forms(key):
        x, y = key.point
        whole = b"".join(map(curve.octets, (x, y)))
        return {"explicit parameters": ecc_spki(curve, b"\x04" + whole, explicit),
                "compressed": ecc_spki(curve, bytes([2 + (y & 1)]) + curve.octets(x)),
                "hybrid": ecc_spki(curve, bytes([6 + (y & 1)]) + whole),
                "another curve's name": der.sequence(der.sequence(
                    der.oid("1.2.840.10045.2.1"), der.oid("1.3.132.0.10")),
                    der.bit_string(b"\x04" + whole))}

    for what, spki in forms(device.ik).items():
        info = body(device.ik, subject(device.serial), spki=spki)
        tries.append(Try(f"csr: {what}", device.evidence(csr=signed(
            info, device.ik.algorithm(), device.ik.sign(info))), "CSR_KEY"))
    for what, spki in forms(device.ek).items():
        tries.append(Try(f"EK certificate: {what}", device.evidence(
            ek_certificate=stage.vendor.certify(spki)), "EK_CERTIFICATE_KEY"))
    verdict.evidence(stage.target(), tries)


@row(64, "an IK that has been another binding's")
def taken_ik(stage, verdict):
    first, second = stage.devices(2)
    target = stage.target()
    verdict.evidence(target, [Try("the first", first.evidence(), ACCEPTED)])
    verdict.evidence(target, [Try("another serial, another EK", second.with_ik(
        first.ik).evidence(), ACCEPTED, "IK_BINDING")])
