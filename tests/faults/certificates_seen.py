"""What certificates say that a device or a store holds, by OpenSSL's word."""

import base64
import functools
import hashlib
import re
import subprocess

CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.S)
PUBLIC_KEY = re.compile(rb"-----BEGIN PUBLIC KEY-----(.*?)-----END PUBLIC KEY-----", re.S)


def run(*command, stdin=None):
    done = subprocess.run([str(word) for word in command], input=stdin, capture_output=True,
                          check=False)
    return done.returncode, done.stdout, done.stderr.decode(errors="replace").strip()


def element(der, at=0):
    """(tag, start of the content, end) of the DER element at an offset."""
    tag, first, at = der[at], der[at + 1], at + 2
    if first < 0x80:
        return tag, at, at + first
    size = first & 0x7F
    return tag, at + size, at + size + int.from_bytes(der[at:at + size], "big")


def tbs_of(der):
    """The octets that a certificate's signature is over."""
    _, start, _ = element(der)
    _, _, end = element(der, start)
    return der[start:end]


def spki_in(pem):
    """The SubjectPublicKeyInfo that a tool told in PEM; ValueError where it told none."""
    told, = PUBLIC_KEY.findall(pem)
    return base64.b64decode(told)


@functools.lru_cache(1024)  # The same certificates come by in every look at a device.
def facts(der):
    """(number, SubjectPublicKeyInfo) of a certificate."""
    said = run("openssl", "x509", "-inform", "der", "-noout", "-serial", "-pubkey", stdin=der)[1]
    serial = said.decode().partition("\n")[0].partition("=")[2]
    return bytes.fromhex(serial.zfill(32)), spki_in(said)


def public_key(der):
    return facts(der)[1]


def key_id(der):
    """SHA-256 of the SubjectPublicKeyInfo, as ik_id is."""
    return hashlib.sha256(public_key(der)).digest()


def number_of(der):
    return facts(der)[0]


def certificates_in(path):
    """Those that a file has in PEM, in their order; nothing of one that is cut off."""
    return [base64.b64decode(found) for found in CERTIFICATE.findall(path.read_bytes())]


def certificates_at(device, ca):
    """All in a device's folder, in their place or not yet, but the CA's own."""
    files = [path for path in device.rglob("*") if path.is_file()] if device else []
    own = set(certificates_in(ca / "ca.pem"))
    return {der for path in files for der in certificates_in(path)} - own


def first_in(path):
    """A file's first certificate in DER; None where there is none."""
    return next(iter(certificates_in(path)), None) if path.exists() else None


def installed_in(device):
    """The certificate that a device goes by."""
    return device and first_in(device / "certificate.pem")


def pem_of(der):
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n".encode()


@functools.lru_cache(1024)
def not_of(path, _octets, der):
    """None where a certificate is of the CA whose file that is, else why it is not."""
    status, _, said = run("openssl", "verify", "-CAfile", path, "-no_check_time", "/dev/stdin",
                          stdin=pem_of(der))
    return said if status != 0 else None
