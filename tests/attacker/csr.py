"""Certification requests (RFC 2986) with anything in any field."""

import hashlib

from . import der

SERIAL_NUMBER, COMMON_NAME, ORGANIZATION = "2.5.4.5", "2.5.4.3", "2.5.4.10"
EXTENSION_REQUEST, CHALLENGE_PASSWORD = "1.2.840.113549.1.9.14", "1.2.840.113549.1.9.7"


def printable(text):
    return der.tlv(der.PRINTABLE, text.encode())


def utf8(text):
    return der.tlv(der.UTF8, text if isinstance(text, bytes) else text.encode())


def subject(serial):
    return der.name([(SERIAL_NUMBER, printable(serial))])


def attribute(kind, *values):
    return der.sequence(der.oid(kind), der.set_of(*values))


def body(key, name, *, version=0, spki=None, attributes=()):
    """CertificationRequestInfo."""
    return der.sequence(der.integer(version), name, spki or key.spki(),
                        der.context(0, *attributes))


def signed(info, algorithm, signature, unused=0):
    return der.sequence(info, algorithm, der.bit_string(signature, unused))


def request(key, serial="", *, name=None, digest="sha256", signer=None, **fields):
    """A request for key and serial; what else stands in it is the caller's."""
    info = body(key, name or subject(serial), **fields)
    signer = signer or key
    return signed(info, signer.algorithm(digest), signer.sign(info, digest))


def digest(octets):
    return hashlib.sha256(octets).digest()
