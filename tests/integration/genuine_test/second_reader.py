"""Certificates as a second implementation reads them: GnuTLS, which shares no code with OpenSSL."""

import base64
import contextlib
import hashlib
import re
import shutil
import sqlite3
import tempfile
from pathlib import Path

from .process import Failed, attempt, run

INFORMATION = "X.509 Certificate Information:"


def recorded(database):
    """The certificates (DER) in a CA's database, of which a copy is opened: it may be in use."""
    with tempfile.TemporaryDirectory(prefix="genuine-second-") as folder:
        for file in database.parent.glob(database.name + "*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, folder)
        with contextlib.closing(sqlite3.connect(Path(folder) / database.name)) as copy:
            return [der for der, in copy.execute("SELECT certificate FROM certificate")]


def pem(der):
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"


def read_all(database):
    """Has every certificate that a CA has recorded read, all at once; how many they are."""
    certificates = recorded(database)
    if not certificates:
        return 0
    result = attempt("certtool", "--certificate-info", stdin="".join(map(pem, certificates)))
    count = result.output.count(INFORMATION)
    if result.status != 0 or result.errors or count != len(certificates):
        raise Failed(f"GnuTLS reads {count} of {len(certificates)} certificates in {database}:"
                     f" {result.errors or result.status}")
    return count


def read(file):
    """{path of headings: [values]} of what certtool says, such as "Extensions/Key Usage (critical)"."""
    said, _, _ = run("certtool", "--certificate-info", "--infile", file).partition("-----BEGIN")
    found, headings = {}, []
    for line in said.splitlines():
        text = line.strip()
        if not text:
            continue
        depth = len(line) - len(line.lstrip("\t"))
        del headings[depth:]
        heading = re.fullmatch(r"([^:]+):(?: (.*))?", text)
        is_heading = heading is not None and not re.fullmatch(r"[0-9a-f]{2}(:[0-9a-f]{2})*", text)
        if is_heading and heading[2]:
            found.setdefault("/".join((*headings, heading[1])), []).append(heading[2])
        elif is_heading:
            headings += [heading[1]]
            found.setdefault("/".join(headings), [])
        else:
            found.setdefault("/".join(headings), []).append(text)
    return {path.partition("X.509 Certificate Information/")[2] or path: values
            for path, values in found.items()}


def _content(der):
    """The content of the first element of some DER, and what follows it."""
    size, start = der[1], 2
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(der[2:start], "big")
    return der[start:start + size], der[start + size:]


def key_identifier(file):
    """RFC 7093, 2, method 1: 160 bits of the SHA-256 of the certificate's subjectPublicKey."""
    pem = run("certtool", "--certificate-pubkey", "--infile", file)
    spki = base64.b64decode("".join(re.findall(r"(?m)^[A-Za-z0-9+/=]+$", pem)))
    _, after_algorithm = _content(_content(spki)[0])
    bits, rest = _content(after_algorithm)
    assert bits[0] == 0 and rest == b"", "whole octets, and nothing after them"
    return hashlib.sha256(bits[1:]).hexdigest()[:40]
