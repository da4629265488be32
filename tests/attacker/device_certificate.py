"""The to-be-signed octets of a device's certificate, from docs/PROTOCOL.md ("The certificate") and
RFC 5280, in parts of which each can be exchanged."""

import hashlib
import time
from dataclasses import dataclass

from . import der
from .certificates import (AUTHORITY_ACCESS, AUTHORITY_KEY, CRL_POINTS, SUBJECT_ALTERNATIVE_NAME,
                           SUBJECT_KEY, DIGITAL_SIGNATURE, basic_constraints, extended_key_usage,
                           extension, key_usage)
from .csr import COMMON_NAME, ORGANIZATION, SERIAL_NUMBER, printable, utf8

UNIT = "2.5.4.11"
POLICIES, CLIENT_AUTH, CA_ISSUERS = "2.5.29.32", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.48.2"
HARDWARE_MODULE_NAME = "1.3.6.1.5.5.7.8.4"
RFC822_NAME, DNS_NAME, URI = 1, 2, 6  # choices of GeneralName (RFC 5280, 4.2.1.6)

HEAD = ("version", "number", "signature", "issuer", "validity", "subject", "spki", "unique_ids")
EXTENSIONS = ("constraints", "usage", "purpose", "subject_key", "authority_key", "names",
              "policies", "crl", "access", "more")


@dataclass(frozen=True)
class Meant:
    """What a certificate is meant to say, and what the authority knows beside it: the CA's
    validity, its key and the device's EK. Texts may be octets where they are to be no UTF-8, and
    policies the contents of an identifier where they are to be no DER."""

    number: bytes
    algorithm: bytes
    issuer: bytes
    authority_key: bytes
    not_before: int
    not_after: int
    organization: str
    serial: str
    spki: bytes
    policies: tuple
    ca_not_before: int
    ca_not_after: int
    ca_spki: bytes
    ek_spki: bytes
    unit: str = ""
    module_type: str = ""
    dns: str = ""
    uri: str = ""
    crl_url: str = ""
    issuer_url: str = ""


def octets(text):
    return text if isinstance(text, bytes) else text.encode()


def moment(seconds):
    """A Time (RFC 5280, 4.1.2.5): UTCTime before 2050, then GeneralizedTime."""
    at = time.gmtime(seconds)
    return der.time(time.strftime("%y%m%d%H%M%SZ" if at.tm_year < 2050 else "%Y%m%d%H%M%SZ", at))


def subject(meant):
    return der.name([(ORGANIZATION, utf8(meant.organization))],
                    *([[(UNIT, utf8(meant.unit))]] if meant.unit else []),
                    [(SERIAL_NUMBER, printable(meant.serial))], [(COMMON_NAME, utf8(meant.serial))])


def key_identifier(spki):
    """RFC 7093, 2, method 1, of the octets of the BIT STRING."""
    bits = der.values(der.take(spki)[1])[1][1][1:]
    return hashlib.sha256(bits).digest()[:20]


def module_name(module_type, serial, *, kind=HARDWARE_MODULE_NAME, more=b""):
    """otherName with HardwareModuleName (RFC 4108, 5)."""
    value = der.sequence(der.oid(module_type), der.octet_string(octets(serial)), more)
    return der.context(0, der.oid(kind), der.context(0, value))


def general(number, text):
    return der.context(number, octets(text), constructed=False)


def names(*general_names):
    return extension(SUBJECT_ALTERNATIVE_NAME, der.sequence(*general_names))


def meant_names(meant):
    """Those that are meant, in the order of RFC 5280's choices, for PROTOCOL gives none."""
    return [*([module_name(meant.module_type, meant.serial)] if meant.module_type else []),
            *([general(DNS_NAME, meant.dns)] if meant.dns else []),
            *([general(URI, meant.uri)] if meant.uri else [])]


def identifier(kind):
    return der.tlv(der.OID, kind) if isinstance(kind, bytes) else der.oid(kind)


def policies(*identifiers):
    return extension(POLICIES, der.sequence(*(der.sequence(identifier(policy))
                                              for policy in identifiers)))


def point(url, *more):
    """DistributionPoint (RFC 5280, 4.2.1.13) with a fullName of one URI."""
    return der.sequence(der.context(0, der.context(0, general(URI, url))), *more)


def points(*content):
    return extension(CRL_POINTS, der.sequence(*content))


def description(url, *more, method=CA_ISSUERS):
    """AccessDescription (RFC 5280, 4.2.2.1)."""
    return der.sequence(der.oid(method), general(URI, url), *more)


def access(*content):
    return extension(AUTHORITY_ACCESS, der.sequence(*content))


def parts(meant):
    """{name: octets} of all that HEAD and EXTENSIONS name; what is not meant is empty."""
    found = meant_names(meant)
    return {
        "version": der.context(0, der.integer(2)),
        "number": der.tlv(der.INTEGER, meant.number),
        "signature": meant.algorithm,
        "issuer": meant.issuer,
        "validity": der.sequence(moment(meant.not_before), moment(meant.not_after)),
        "subject": subject(meant),
        "spki": meant.spki,
        "unique_ids": b"",
        "constraints": basic_constraints(),
        "usage": key_usage(DIGITAL_SIGNATURE),
        "purpose": extended_key_usage(CLIENT_AUTH),
        "subject_key": extension(SUBJECT_KEY, der.octet_string(key_identifier(meant.spki))),
        "authority_key": extension(AUTHORITY_KEY, der.sequence(
            der.context(0, meant.authority_key, constructed=False))),
        "names": names(*found) if found else b"",
        "policies": policies(*meant.policies) if meant.policies else b"",
        "crl": points(point(meant.crl_url)) if meant.crl_url else b"",
        "access": access(description(meant.issuer_url)) if meant.issuer_url else b"",
        "more": b"",
    }


def to_be_signed(meant, **changed):
    """TBSCertificate; changed are octets in the place of parts, `tail` what stands in [3]."""
    told = {**parts(meant), **changed}
    tail = told.get("tail", der.sequence(*(told[name] for name in EXTENSIONS)))
    return der.sequence(*(told[name] for name in HEAD), der.context(3, tail) if tail else b"",
                        told.get("after", b""))
