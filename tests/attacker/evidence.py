"""What a device sends, and devices that exist in software alone: their TPM vendor is the attacker's,
but the operator trusts it and has listed them, so that nothing but the check in question refuses."""

import base64
import hashlib
import json
from dataclasses import dataclass, replace

from .areas import endorsement_area, identity_area
from .certificates import KEY_ENCIPHERMENT, KEY_AGREEMENT
from .csr import request
from .keys import CURVES, EccKey, RsaKey

TEMPLATE_KEYS = {"L-1": 2048, "L-2": "p256", "H-1": 2048, "H-2": "p256", "H-3": "p384",
                 "H-4": "p521", "H-6": 3072, "H-7": 4096}


def b64(octets):
    return base64.b64encode(octets).decode()


def make_key(kind):
    """A key by its size in bits or its curve's name."""
    return RsaKey(kind) if isinstance(kind, int) else EccKey(CURVES[kind])


@dataclass
class Evidence:
    """The members of a request, decoded. serial and verdict are what the ticket is made for."""

    csr: bytes
    ik_public: bytes
    ek_public: bytes
    ek_certificate: bytes | None
    serial: str
    chain: tuple = ()
    profile: str | None = None
    verdict: tuple = (3, 1)

    def but(self, **changes):
        return replace(self, **changes)

    def members(self):
        found = {"csr": b64(self.csr), "ikPublic": b64(self.ik_public),
                 "ekPublic": b64(self.ek_public)}
        if self.ek_certificate is not None:
            found["ekCertificate"] = b64(self.ek_certificate)
        if self.chain:
            found["ekChain"] = [b64(entry) for entry in self.chain]
        if self.profile is not None:
            found["profile"] = self.profile
        return found

    def json(self, **more):
        return json.dumps({**self.members(), **more}).encode()


class SoftwareDevice:
    """An endorsement key, an identity key and a serial, without a TPM."""

    def __init__(self, serial, vendor, template="L-2", ik="p256"):
        self.serial = serial
        self.vendor = vendor
        self.template = template
        self.ek = make_key(TEMPLATE_KEYS[template])
        self.ik = ik if not isinstance(ik, (int, str)) else make_key(ik)
        self.ek_area = endorsement_area(self.ek, template)
        self.ik_area = identity_area(self.ik)
        self.ek_certificate = self.certify()

    def certify(self, **how):
        usage = KEY_ENCIPHERMENT if hasattr(self.ek, "modulus") else KEY_AGREEMENT
        return self.vendor.certify(self.ek, **{"usage": usage, **how})

    @property
    def ek_id(self):
        """docs/PROTOCOL.md: SHA-256 of the SubjectPublicKeyInfo."""
        return hashlib.sha256(self.ek.spki()).hexdigest()

    @property
    def ik_id(self):
        return hashlib.sha256(self.ik.spki()).hexdigest()

    @property
    def row(self):
        return f"{self.serial},{self.ek_id},,\n"

    def csr(self, serial=None, **how):
        return request(self.ik, serial or self.serial, **how)

    def evidence(self, **changes):
        """Honest in every member but those that are changed."""
        honest = {"csr": None, "ik_public": self.ik_area.tpm2b(),
                  "ek_public": self.ek_area.tpm2b(), "ek_certificate": self.ek_certificate,
                  "serial": self.serial}
        merged = {**honest, **changes}
        if merged["csr"] is None:
            merged["csr"] = self.csr(merged["serial"])
        return Evidence(**merged)

    def with_ek(self, key, template):
        """The same device with another endorsement key, and its vendor's certificate for it."""
        other = object.__new__(SoftwareDevice)
        other.__dict__.update(self.__dict__)
        other.ek, other.template, other.ek_area = key, template, endorsement_area(key, template)
        other.ek_certificate = other.certify()
        return other

    def with_ik(self, key, area=None):
        """The same device with another identity key."""
        other = object.__new__(SoftwareDevice)
        other.__dict__.update(self.__dict__)
        other.ik, other.ik_area = key, area or identity_area(key)
        return other
