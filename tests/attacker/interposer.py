"""Who sits on a TPM's bus, gives out a key of his own for one of the TPM's, and can read what is
encrypted to it then."""

import hashlib
import hmac
import itertools

from .areas import u32, unique_of
from .lying_tpm import TPM_CC_ACTIVATE_CREDENTIAL, TPM_CC_GET_RANDOM, TPM_CC_START_AUTH_SESSION
from .ticket import kdfa, kdfe
from .tpm_messages import (HASHES, LAYOUTS, Command, Response, code_of, is_done,
                           name_of, number, take, with_key)

TPM_RH_NULL = b"\x40\x00\x00\x07"
# Commands that a salted session authorises or encrypts, and how many handles each has.
IN_SESSION = {TPM_CC_ACTIVATE_CREDENTIAL: 2, TPM_CC_GET_RANDOM: 0}


class Interposer:
    """key is of the size of those that it is to stand for, digest their nameAlg."""

    def __init__(self, key, digest):
        self.key, self.digest = key, digest

    def exchanged(self, code, response, has_name=True):
        """The response with his key in its public area, and with the Name that this makes."""
        told = Response.of(code, response)
        area = with_key(told.parameters["public"], self.key)
        changes = {"public": area}
        if has_name and "name" in told.parameters:
            changes["name"] = name_of(area)
        return told.but(**changes).octets()

    def salt(self, encrypted):
        """What is in it if it was encrypted to his key; else something else (Part 1, B.10, C.6)."""
        if hasattr(self.key, "modulus"):
            return self.key.decrypt_oaep(encrypted, b"SECRET\x00", self.digest)
        x, rest = take(encrypted)
        y, _ = take(rest)
        return kdfe(self.digest, self.key.shared((number(x), number(y))), b"SECRET", x,
                    unique_of(self.key)[0])

    def session_key(self, command, response):
        """(its hash, the key) of a salted session (Part 1, 19.6.8); None where he finds none."""
        parameters = Command.of(command).parameters
        nonce, rest = take(parameters)
        encrypted, rest = take(rest)
        digest = HASHES[number(rest[-2:])]
        try:
            salt = self.salt(encrypted)
        except (AssertionError, ValueError):
            return digest, None
        told = Response.of(TPM_CC_START_AUTH_SESSION, response)
        bits = hashlib.new(digest).digest_size * 8
        return digest, kdfa(digest, salt, b"ATH", told.parameters["nonce"], nonce, bits)

    def salted_sessions(self, exchanges):
        """Of each salted session that a command was authorised by: whether he knows its key. Its
        HMAC shows that (Part 1, 19.6.5), and needs no true Names: those that were told do."""
        names = {told.parameters["name"] for told in successes(exchanges)
                 if "name" in told.parameters}
        found = []
        for at, (command, response) in enumerate(exchanges):
            if not is_salted(command) or not is_done(response):
                continue
            handle = Response.of(TPM_CC_START_AUTH_SESSION, response).handles
            nonce = Response.of(TPM_CC_START_AUTH_SESSION, response).parameters["nonce"]
            used = first_use(exchanges[at + 1:], handle)
            if used:
                digest, key = self.session_key(command, response)
                found.append(key is not None
                             and is_made_with(key, digest, used, handle, nonce, names))
        return found


def flipped(parameter):
    """The last bit of it is another one."""
    def change(code, response):
        told = Response.of(code, response)
        octets = told.parameters[parameter]
        return told.but(**{parameter: octets[:-1] + bytes([octets[-1] ^ 1])}).octets()
    return change


def successes(exchanges):
    return [Response.of(code_of(command), response) for command, response in exchanges
            if code_of(command) in LAYOUTS and is_done(response)
            and number(response[2:6]) == len(response)]


def is_salted(command):
    return code_of(command) == TPM_CC_START_AUTH_SESSION and (
        Command.of(command).handles[0] != TPM_RH_NULL)


def first_use(exchanges, handle):
    """The first command with an HMAC of the session."""
    for command, _ in exchanges:
        if code_of(command) not in IN_SESSION:
            continue
        read = Command.of(command, IN_SESSION[code_of(command)])
        if any(each.handle == handle and each.hmac for each in read.authorizations):
            return read
    return None


def is_made_with(key, digest, command, handle, nonce, names):
    (used,) = (each for each in command.authorizations if each.handle == handle)
    for each in itertools.product(names, repeat=len(command.handles)):
        octets = u32(command.code) + b"".join(each) + command.parameters
        hashed = hashlib.new(digest, octets).digest()
        if hmac.digest(key, hashed + used.nonce + nonce + used.attributes, digest) == used.hmac:
            return True
    return False
