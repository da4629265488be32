"""Group D: how strong keys are, and that one key is for one device."""

import random

from attacker import der
from attacker.csr import body, signed, subject
from attacker.keys import ecc_spki, rsa_spki
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


def primes_of_roca():
    return (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83,
            89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167)


def roca_modulus(exponent):
    """A number that is 65537^exponent modulo each of the primes, 2048 bits, odd, no small factor."""
    product = 1
    for prime in primes_of_roca():
        product *= prime
    number = (1 << 2047) - (1 << 2047) % product + pow(65537, exponent, product) + product
    while not number & 1 or any(number % p == 0 for p in range(3, 1000, 2) if is_prime(p)):
        number += product
    assert number.bit_length() == 2048
    return number


def is_prime(number):
    return number > 1 and all(number % d for d in range(2, int(number ** 0.5) + 1))


def is_probable_prime(number):
    return all(number % p for p in (3, 5, 7, 11, 13)) and all(
        pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7))


def close_modulus(distance):
    """The product of two primes that lie close to one another."""
    start = (1 << 1023) | (1 << 1022) | random.getrandbits(1020) | 1
    found = []
    while len(found) < 2:
        if is_probable_prime(start):
            found.append(start)
            start += distance
            start |= 1
        start += 2
    return found[0] * found[1]


def with_modulus(device, modulus, as_ik):
    """The device's evidence with this modulus as its IK or EK, all else made for it."""
    unique = [modulus.to_bytes(256, "big")]
    if not as_ik:
        return device.evidence(ek_public=device.ek_area.but(unique=unique).tpm2b())
    info = body(device.ik, subject(device.serial), spki=rsa_spki(modulus))
    return device.evidence(ik_public=device.ik_area.but(unique=unique).tpm2b(),
                           csr=signed(info, device.ik.algorithm(), device.ik.sign(info)))


@row(59, "moduli of the ROCA form")
def roca(stage, verdict):
    device = stage.device(template="L-1", ik=2048)
    verdict.evidence(stage.target(), [
        Try(f"{what} 65537^{exponent}", with_modulus(device, roca_modulus(exponent), what == "IK"),
            f"{what}_ROCA") for what in ("IK", "EK") for exponent in (1, 2, 3, 1000, 123456789)])


@row(60, "products of close primes")
def fermat(stage, verdict):
    device = stage.device(template="L-1", ik=2048)
    verdict.evidence(stage.target(), [
        Try(f"{what} {distance} apart", with_modulus(device, close_modulus(distance), what == "IK"),
            f"{what}_FERMAT") for what in ("IK", "EK") for distance in (2, 1 << 20, 1 << 100)])


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
