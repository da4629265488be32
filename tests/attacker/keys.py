"""Keys in software, and signatures that are right or wrong as wanted. Nothing here keeps a secret."""

import hashlib
import math
import secrets
import subprocess
import tempfile
from dataclasses import dataclass

from . import der

RSA_ENCRYPTION, EC_PUBLIC_KEY = "1.2.840.113549.1.1.1", "1.2.840.10045.2.1"
EXPONENT = 65537


def openssl(*command, stdin=b""):
    return subprocess.run(["openssl", *map(str, command)], input=stdin, capture_output=True,
                          check=True).stdout


# ---- elliptic curves ----


@dataclass(frozen=True)
class Curve:
    """A NIST curve, y² = x³ − 3x + b over p (FIPS 186-4, D.1.2)."""

    name: str
    oid: str
    tpm_id: int
    p: int
    b: int
    n: int
    base: tuple

    @property
    def size(self):
        return (self.p.bit_length() + 7) // 8

    def has(self, point):
        x, y = point
        return (y * y - x * x * x + 3 * x - self.b) % self.p == 0

    def double(self, a):
        x, y, z = a
        if not y or not z:
            return 0, 1, 0
        p = self.p
        delta, gamma = z * z % p, y * y % p
        beta = x * gamma % p
        alpha = 3 * (x - delta) * (x + delta) % p
        x3 = (alpha * alpha - 8 * beta) % p
        return (x3, (alpha * (4 * beta - x3) - 8 * gamma * gamma) % p,
                ((y + z) * (y + z) - gamma - delta) % p)

    def add(self, a, b):
        if not a[2]:
            return b
        if not b[2]:
            return a
        p = self.p
        z1, z2 = a[2] * a[2] % p, b[2] * b[2] % p
        u1, u2 = a[0] * z2 % p, b[0] * z1 % p
        s1, s2 = a[1] * b[2] * z2 % p, b[1] * a[2] * z1 % p
        if u1 == u2:
            return self.double(a) if s1 == s2 else (0, 1, 0)
        h, r = u2 - u1, s2 - s1
        hh = h * h % p
        v = u1 * hh % p
        x = (r * r - h * hh - 2 * v) % p
        return x, (r * (v - x) - s1 * h * hh) % p, a[2] * b[2] * h % p

    def times(self, number, point=None):
        """number · point (the base point), affine."""
        result, addend = (0, 1, 0), (*(point or self.base), 1)
        while number:
            if number & 1:
                result = self.add(result, addend)
            addend = self.double(addend)
            number >>= 1
        x, y, z = result
        inverse = pow(z, -1, self.p)
        return x * inverse ** 2 % self.p, y * inverse ** 3 % self.p

    def octets(self, number):
        return number.to_bytes(self.size, "big")


P256 = Curve(
    "p256", "1.2.840.10045.3.1.7", 0x0003,
    2**256 - 2**224 + 2**192 + 2**96 - 1,
    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5))
P384 = Curve(
    "p384", "1.3.132.0.34", 0x0004,
    2**384 - 2**128 - 2**96 + 2**32 - 1,
    0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    (0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
     0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F))
P521 = Curve(
    "p521", "1.3.132.0.35", 0x0005,
    2**521 - 1,
    0x0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00,
    0x01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409,
    (0x00C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBAA14B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66,
     0x011839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C97EE72995EF42640C550B9013FAD0761353C7086A272C24088BE94769FD16650))
CURVES = {curve.name: curve for curve in (P256, P384, P521)}

ECDSA_WITH = {"sha1": "1.2.840.10045.4.1", "sha224": "1.2.840.10045.4.3.1",
              "sha256": "1.2.840.10045.4.3.2", "sha384": "1.2.840.10045.4.3.3",
              "sha512": "1.2.840.10045.4.3.4"}


def ecc_spki(curve, point, parameters=None):
    return der.sequence(der.sequence(der.oid(EC_PUBLIC_KEY), parameters or der.oid(curve.oid)),
                        der.bit_string(point))


class EccKey:
    """d, and d · G."""

    def __init__(self, curve=P256, private=None):
        self.curve = curve
        self.private = private or secrets.randbelow(curve.n - 1) + 1
        self.point = curve.times(self.private)

    def coordinates(self):
        return [self.curve.octets(number) for number in self.point]

    def spki(self):
        return ecc_spki(self.curve, b"\x04" + b"".join(self.coordinates()))

    def numbers(self, message, digest="sha256"):
        """(r, s) of ECDSA (FIPS 186-4, 6)."""
        return self.numbers_of(hashlib.new(digest, message).digest())

    def numbers_of(self, octets):
        """The same of a message that has this digest."""
        n = self.curve.n
        e = int.from_bytes(octets, "big") >> max(0, len(octets) * 8 - n.bit_length())
        k = secrets.randbelow(n - 1) + 1
        r = self.curve.times(k)[0] % n
        return r, pow(k, -1, n) * (e + r * self.private) % n

    def sign(self, message, digest="sha256"):
        return der.sequence(*map(der.integer, self.numbers(message, digest)))

    def algorithm(self, digest="sha256"):
        return der.sequence(der.oid(ECDSA_WITH[digest]))

    def shared(self, point):
        return self.curve.octets(self.curve.times(self.private, point)[0])


class Ed25519Key:
    """RFC 8410, made and used by openssl."""

    def __init__(self):
        self.pem = openssl("genpkey", "-algorithm", "ed25519")

    def spki(self):
        return openssl("pkey", "-pubout", "-outform", "der", stdin=self.pem)

    def sign(self, message, digest=None):
        with tempfile.NamedTemporaryFile() as key, tempfile.NamedTemporaryFile() as text:
            for file, octets in ((key, self.pem), (text, message)):
                file.write(octets)
                file.flush()
            return openssl("pkeyutl", "-sign", "-rawin", "-inkey", key.name, "-in", text.name)

    def algorithm(self, digest=None):
        return der.sequence(der.oid("1.3.101.112"))


class Point:
    """A public key that may lie on no curve, and that nobody has the private one of."""

    def __init__(self, curve, coordinates):
        self.curve, self.octets = curve, coordinates

    def coordinates(self):
        return self.octets

    def spki(self):
        return ecc_spki(self.curve, b"\x04" + b"".join(self.octets))


# ---- RSA ----

RSA_WITH = {"md5": "1.2.840.113549.1.1.4", "sha1": "1.2.840.113549.1.1.5",
            "sha224": "1.2.840.113549.1.1.14", "sha256": "1.2.840.113549.1.1.11",
            "sha384": "1.2.840.113549.1.1.12", "sha512": "1.2.840.113549.1.1.13"}
DIGEST_OIDS = {"md5": "1.2.840.113549.2.5", "sha1": "1.3.14.3.2.26",
               "sha224": "2.16.840.1.101.3.4.2.4", "sha256": "2.16.840.1.101.3.4.2.1",
               "sha384": "2.16.840.1.101.3.4.2.2", "sha512": "2.16.840.1.101.3.4.2.3"}
RSASSA_PSS, MGF1 = "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.8"


def mgf1(seed, count, digest):
    """RFC 8017, B.2.1."""
    mask = b""
    while len(mask) < count:
        block = (len(mask) // hashlib.new(digest).digest_size).to_bytes(4, "big")
        mask += hashlib.new(digest, seed + block).digest()
    return mask[:count]


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def rsa_spki(modulus, exponent=EXPONENT, algorithm=RSA_ENCRYPTION):
    return der.sequence(
        der.sequence(der.oid(algorithm), der.null()),
        der.bit_string(der.sequence(der.integer(modulus), der.integer(exponent))))


SMALL_PRIMES = [number for number in range(3, 1000, 2)
                if all(number % d for d in range(3, int(number ** 0.5) + 1, 2))]


def is_probable_prime(number):
    return all(number % prime for prime in SMALL_PRIMES) and pow(2, number - 1, number) == 1


def next_prime(start, step=2):
    """The first prime of start, start + step, … With it a key can be made, and signs."""
    while not is_probable_prime(start) or start % EXPONENT == 1:
        start += step
    return start


def random_prime(low, high):
    return next_prime(low + secrets.randbelow(high - low) | 1)


class RsaKey:
    """n, e, d: made by openssl, used by hand."""

    def __init__(self, bits=2048, exponent=EXPONENT):
        made = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}",
                       "-pkeyopt", f"rsa_keygen_pubexp:{exponent}", "-outform", "der")
        fields = der.values(der.take(made)[1])
        if len(fields) > 1 and fields[1][0] == der.SEQUENCE:  # PKCS#8 around PKCS#1
            fields = der.values(der.take(fields[2][1])[1])
        numbers = [int.from_bytes(content, "big") for _, content in fields]
        self.modulus, self.exponent, self.private = numbers[1:4]
        self.primes = numbers[4:6]
        self.size = bits // 8

    @classmethod
    def of_primes(cls, *primes):
        """A key of these, such as a generator that repeats itself makes, or one that is weak."""
        key = object.__new__(cls)
        key.modulus, key.exponent, key.primes = math.prod(primes), EXPONENT, list(primes)
        key.private = pow(EXPONENT, -1, math.prod(prime - 1 for prime in primes))
        key.size = (key.modulus.bit_length() + 7) // 8
        return key

    def spki(self):
        return rsa_spki(self.modulus, self.exponent)

    def raw(self, octets):
        return pow(int.from_bytes(octets, "big"), self.private, self.modulus).to_bytes(
            self.size, "big")

    def padded(self, message, digest="sha256", parameters=None):
        """EMSA-PKCS1-v1_5 (RFC 8017, 9.2)."""
        info = der.sequence(
            der.sequence(der.oid(DIGEST_OIDS[digest]),
                         der.null() if parameters is None else parameters),
            der.octet_string(hashlib.new(digest, message).digest()))
        return b"\x00\x01" + b"\xff" * (self.size - len(info) - 3) + b"\x00" + info

    def sign(self, message, digest="sha256"):
        return self.raw(self.padded(message, digest))

    def algorithm(self, digest="sha256"):
        return der.sequence(der.oid(RSA_WITH[digest]), der.null())

    def sign_pss(self, message, digest="sha256", salt_len=32, mask_digest=None):
        """RFC 8017, 9.1.1."""
        salt, count = secrets.token_bytes(salt_len), hashlib.new(digest).digest_size
        hashed = hashlib.new(
            digest, bytes(8) + hashlib.new(digest, message).digest() + salt).digest()
        block = bytes(self.size - salt_len - count - 2) + b"\x01" + salt
        masked = bytearray(xor(block, mgf1(hashed, len(block), mask_digest or digest)))
        masked[0] &= 0x7F
        return self.raw(bytes(masked) + hashed + b"\xbc")

    def decrypt_oaep(self, octets, label, digest="sha256"):
        """RFC 8017, 7.1.2."""
        size = hashlib.new(digest).digest_size
        block = self.raw(octets)
        seed = xor(block[1:1 + size], mgf1(block[1 + size:], size, digest))
        data = xor(block[1 + size:], mgf1(seed, len(block) - 1 - size, digest))
        assert data[:size] == hashlib.new(digest, label).digest(), "OAEP: another label"
        return data[data.index(b"\x01", size) + 1:]


def pss_algorithm(digest="sha256", mask_digest=None, salt_len=32):
    """RFC 4055, 3.1."""
    def hash_of(name):
        return der.sequence(der.oid(DIGEST_OIDS[name]), der.null())

    return der.sequence(der.oid(RSASSA_PSS), der.sequence(
        der.context(0, hash_of(digest)),
        der.context(1, der.sequence(der.oid(MGF1), hash_of(mask_digest or digest))),
        der.context(2, der.integer(salt_len))))
