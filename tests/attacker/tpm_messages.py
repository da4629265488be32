"""Commands and responses of a TPM in their parts (TPM 2.0 Part 1, 18; Part 3): what an interposer
on the bus reads in them, and what he exchanges."""

import hashlib
from dataclasses import dataclass, replace

from .areas import (TPM_ALG_RSA, TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA512, tpm2b, u16, u32,
                    unique_of)
from .lying_tpm import (TPM_CC_ACTIVATE_CREDENTIAL, TPM_CC_CREATE, TPM_CC_CREATE_PRIMARY,
                        TPM_CC_LOAD, TPM_CC_NV_READ, TPM_CC_READ_PUBLIC, TPM_CC_SIGN,
                        TPM_CC_START_AUTH_SESSION)

HEAD, TPM_ST_SESSIONS = 10, 0x8002
HASHES = {TPM_ALG_SHA256: "sha256", TPM_ALG_SHA384: "sha384", TPM_ALG_SHA512: "sha512"}

# Each parameter is a TPM2B; those named here are so many octets instead.
SIZES = {"ticket's head": 6, "algorithms": 4}
CREATED = ("creation data", "creation hash", "ticket's head", "ticket")
# Handles in the command, handles in the response, its parameters.
LAYOUTS = {
    TPM_CC_CREATE_PRIMARY: (1, 1, ("public", *CREATED, "name")),
    TPM_CC_CREATE: (1, 0, ("private", "public", *CREATED)),
    TPM_CC_LOAD: (1, 1, ("name",)),
    TPM_CC_READ_PUBLIC: (1, 0, ("public", "name", "qualified name")),
    TPM_CC_SIGN: (1, 0, ("algorithms", "r", "s")),  # Of ECDSA.
    TPM_CC_START_AUTH_SESSION: (2, 1, ("nonce",)),
    TPM_CC_ACTIVATE_CREDENTIAL: (2, 0, ("information",)),
    TPM_CC_NV_READ: (2, 0, ("data",)),
}


def number(octets):
    return int.from_bytes(octets, "big")


def take(octets):
    """What is in the first TPM2B, and what is behind it."""
    end = 2 + number(octets[:2])
    return octets[2:end], octets[end:]


def code_of(command):
    return number(command[6:HEAD])


def is_done(response):
    return len(response) >= HEAD and response[6:HEAD] == bytes(4)


@dataclass
class Response:
    """One that says success, to a command of LAYOUTS."""

    tag: int
    handles: bytes
    parameters: dict
    sessions: bytes

    @classmethod
    def of(cls, code, octets):
        _, handle_count, names = LAYOUTS[code]
        tag, rest = number(octets[:2]), octets[HEAD:]
        handles, rest = rest[:4 * handle_count], rest[4 * handle_count:]
        sessions = b""
        if tag == TPM_ST_SESSIONS:
            size, rest = number(rest[:4]), rest[4:]
            rest, sessions = rest[:size], rest[size:]
        parameters = {}
        for name in names:
            if name in SIZES:
                parameters[name], rest = rest[:SIZES[name]], rest[SIZES[name]:]
            else:
                parameters[name], rest = take(rest)
        assert rest == b"", f"{code:x}: {rest.hex()} is left over"
        return cls(tag, handles, parameters, sessions)

    def but(self, **changes):
        return replace(self, parameters={**self.parameters, **changes})

    def octets(self):
        told = b"".join(value if name in SIZES else tpm2b(value)
                        for name, value in self.parameters.items())
        size = u32(len(told)) if self.tag == TPM_ST_SESSIONS else b""
        rest = self.handles + size + told + self.sessions
        return u16(self.tag) + u32(HEAD + len(rest)) + bytes(4) + rest


@dataclass
class Authorization:
    handle: bytes
    nonce: bytes
    attributes: bytes
    hmac: bytes


@dataclass
class Command:
    code: int
    handles: list
    authorizations: list
    parameters: bytes

    @classmethod
    def of(cls, octets, handle_count=None):
        code, rest = code_of(octets), octets[HEAD:]
        count = LAYOUTS[code][0] if handle_count is None else handle_count
        handles, rest = [rest[4 * i:4 * i + 4] for i in range(count)], rest[4 * count:]
        authorizations = []
        if number(octets[:2]) == TPM_ST_SESSIONS:
            size, rest = number(rest[:4]), rest[4:]
            area, rest = rest[:size], rest[size:]
            while area:
                handle, (nonce, area) = area[:4], take(area[4:])
                attributes, (hmac, area) = area[:1], take(area[1:])
                authorizations.append(Authorization(handle, nonce, attributes, hmac))
        return cls(code, handles, authorizations, rest)


# ---- public areas ----


def name_of(area):
    """nameAlg ‖ H(TPMT_PUBLIC) (Part 1, 16)."""
    return area[2:4] + hashlib.new(HASHES[number(area[2:4])], area).digest()


def unique_len(area):
    """How much of the area's end is its key. The sizes are those of the kit's keys."""
    if number(area[:2]) == TPM_ALG_RSA:
        return 2 + 256
    return 2 * (2 + ecc_size(area))


def ecc_size(area):
    """The y of a point is the area's end: its size stands before it, and before the x."""
    sizes = [size for size in (32, 48, 66) if area[-size - 2:-size] == u16(size)
             and area[-2 * size - 4:-2 * size - 2] == u16(size)]
    assert len(sizes) == 1, area.hex()
    return sizes[0]


def with_key(area, key):
    """The same area for another key of that size."""
    unique = b"".join(map(tpm2b, unique_of(key)))
    assert len(unique) == unique_len(area)
    return area[:-len(unique)] + unique


def with_attributes(area, attributes):
    return area[:4] + u32(attributes) + area[8:]
