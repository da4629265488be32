"""Secrets that a test knows, in every form in which they could leak; and the search for them."""

import base64
import hashlib
import hmac
import struct

WINDOW = 16  # octets: so much of a secret, in a row, is a leak


def _base64(octets, offset):
    """The characters that stand for octets wherever they begin within base64's groups of three."""
    text = base64.b64encode(bytes(offset) + octets).decode().rstrip("=")
    return text[(offset * 8 + 5) // 6:len(text) - 1]


def forms(secret):
    """{form: octets to look for}: the first and the last WINDOW octets, raw and encoded."""
    found = {}
    for end, octets in (("first", secret[:WINDOW]), ("last", secret[-WINDOW:])):
        found[f"{end} raw"] = octets
        found[f"{end} raw, reversed"] = octets[::-1]
        found[f"{end} hex"] = octets.hex().encode()
        found[f"{end} HEX"] = octets.hex().upper().encode()
        found[f"{end} hex with colons"] = octets.hex(":").encode()
        for offset in range(3):
            plain = _base64(octets, offset)
            found[f"{end} base64 at {offset}"] = plain.encode()
            found[f"{end} base64url at {offset}"] = (
                plain.replace("+", "-").replace("/", "_").encode())
    return found


def leaks(secrets, octets):
    """The secrets (a dict by name) that stand in octets, each with its form."""
    unfolded = octets.replace(b"\n", b"")  # PEM's lines
    return [f"{name}: {form}" for name, secret in secrets.items()
            for form, needle in forms(secret).items() if needle in octets or needle in unfolded]


def ticket_key(master, ca_id, epoch):
    """K of PROTOCOL, The ticket: what the master is never used without."""
    info = b"genuine ticket key" + struct.pack(">I", epoch)
    pseudo_random = hmac.digest(ca_id, master, hashlib.sha256)
    return hmac.digest(pseudo_random, info + b"\x01", hashlib.sha256)
