"""Certificates that the lints must let pass, and what makes failing samples of them.

A sample names the lint that must refuse it. `told` samples err in what is meant: the authority
was told so, and writes it faithfully. `written` ones say something else than what is meant, and
`octets` are no such certificate at all.
"""

from dataclasses import dataclass, replace

from . import der
from .csr import COMMON_NAME, utf8
from .device_certificate import Meant, key_identifier, parts, to_be_signed
from .keys import ECDSA_WITH, P256, P384, P521, RSA_WITH, EccKey, mgf1, rsa_spki

CA_BEGINS, BEGINS, ENDS, CA_ENDS = 1790000000, 1800000000, 1831535999, 2100000000
ARC = "2.25.303619253884221164867571385486340110917"
ECDSA_SHA256 = der.sequence(der.oid(ECDSA_WITH["sha256"]))
ECDSA_SHA384 = der.sequence(der.oid(ECDSA_WITH["sha384"]))
RSA_SHA256 = der.sequence(der.oid(RSA_WITH["sha256"]), der.null())
IK, CA_KEY, EK, OTHER_KEY = (EccKey(P256, private).spki() for private in (11, 12, 13, 14))
NUMBER = bytes.fromhex("40c1d2e3f405162738495a6b7c8d9eaf")
CA_KEY_IDENTIFIER = key_identifier(CA_KEY)


def modulus(bits):
    """An odd number of so many bits: lints compute with no key."""
    return int.from_bytes(mgf1(b"modulus", bits // 8, "sha256"), "big") | 1 << (bits - 1) | 1


def big(key_bits):
    return rsa_spki(modulus(key_bits))


LEAST = Meant(
    number=NUMBER, algorithm=ECDSA_SHA256, issuer=der.name([(COMMON_NAME, utf8("Example CA"))]),
    authority_key=CA_KEY_IDENTIFIER, not_before=BEGINS, not_after=ENDS, organization="Example",
    serial="SN-0001", spki=IK, policies=(f"{ARC}.1.2", f"{ARC}.2.1"), ca_not_before=CA_BEGINS,
    ca_not_after=CA_ENDS, ca_spki=CA_KEY, ek_spki=EK)
FULL = replace(
    LEAST, unit="Line 1", module_type="1.3.6.1.4.1.311", dns="sn-0001.example.com",
    uri="urn:example:SN-0001", crl_url="http://ca.example.com/v1/crl",
    issuer_url="http://ca.example.com/v1/ca",
    policies=(f"{ARC}.1.3", f"{ARC}.2.2", "2.23.133.11.1.1", "2.23.133.11.1.2"))
RSA = replace(FULL, spki=big(2048), algorithm=RSA_SHA256)
SOUND = {
    "everything that can be configured": FULL,
    "the least": LEAST,
    "an RSA key of 2048 bits, signed with RSA": RSA,
    "an RSA key of 3072 bits": replace(FULL, spki=big(3072)),
    "an RSA key of 4096 bits, the least": replace(LEAST, spki=big(4096)),
    "P-384, signed with SHA-384": replace(FULL, spki=EccKey(P384, 11).spki(),
                                          algorithm=ECDSA_SHA384),
    "P-521": replace(FULL, spki=EccKey(P521, 11).spki()),
    "from 2049 into 2050": replace(FULL, not_before=2524607999, not_after=2524608000,
                                   ca_not_after=2524608000),
    "the CA's whole validity": replace(FULL, not_before=CA_BEGINS, not_after=CA_ENDS),
    "of one second": replace(FULL, not_after=BEGINS),
    "the module's name alone": replace(LEAST, module_type="1.3.6.1.4.1.311"),
    "the DNS name alone": replace(LEAST, dns="sn-0001.example.com"),
    "the URI alone": replace(LEAST, uri="urn:example:SN-0001"),
    "the shortest texts": replace(FULL, organization="O", unit="U", serial="1"),
    "the longest texts": replace(FULL, organization="O" * 64, unit="ü" * 32, serial="S" * 63),
}


@dataclass(frozen=True)
class Sample:
    lint: str  # the one that must refuse; empty: none
    what: str
    meant: Meant
    tbs: bytes
    sound: Meant  # what it was before its one change


PARTS = parts(FULL)
SAMPLES = [Sample("", what, meant, to_be_signed(meant), meant) for what, meant in SOUND.items()]


def told(lint, what, sound=FULL, **fields):
    meant = replace(sound, **fields)
    SAMPLES.append(Sample(lint, what, meant, to_be_signed(meant), sound))


def written(lint, what, sound=FULL, **changed):
    SAMPLES.append(Sample(lint, what, sound, to_be_signed(sound, **changed), sound))


def octets(lint, what, tbs, sound=FULL):
    SAMPLES.append(Sample(lint, what, sound, tbs, sound))
