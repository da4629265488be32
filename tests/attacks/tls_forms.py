"""Row 102: what is not TLS 1.3's one full handshake. What OpenSSL's client can be made to offer, it
offers; other ClientHellos are written here (RFC 8446, 4.1.2)."""

import contextlib
import os
import re
import socket
import ssl
import subprocess
import threading

from attacker.keys import openssl
from catalogue import row
from inside import wait_until

ALERT, HANDSHAKE, DATA = 21, 22, 23  # of a record
CLIENT_HELLO, SERVER_HELLO, CERTIFICATE = 1, 2, 11  # of a handshake message
UNEXPECTED_MESSAGE, RECORD_OVERFLOW, HANDSHAKE_FAILURE = 10, 22, 40
ILLEGAL_PARAMETER, PROTOCOL_VERSION = 47, 70
PRE_SHARED_KEY, SUPPORTED_VERSIONS, KEY_SHARE = 41, 43, 51
RECORD_MAX = 16384
WAIT_S, CLIENT_S = 12, 20
HEALTH = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
EARLY = "GET /v1/ca HTTP/1.1\r\nHost: localhost\r\n\r\n"


# ---- by hand ----

def sized(size, octets):
    return len(octets).to_bytes(size, "big") + octets


def extension(kind, octets=b""):
    return kind.to_bytes(2, "big") + sized(2, octets)


def client_hello(*extensions, compression=b"\x00"):
    body = b"\x03\x03" + os.urandom(32) + sized(1, b"") + sized(2, b"\x13\x01\x13\x02\xc0\x2b\xc0\x2f")
    return bytes([CLIENT_HELLO]) + sized(3, body + sized(1, compression)
                                         + sized(2, b"".join(extensions)))


def records(octets, kind=HANDSHAKE):
    return b"".join(bytes([kind]) + b"\x03\x01" + sized(2, octets[at:at + RECORD_MAX])
                    for at in range(0, len(octets), RECORD_MAX))


def tls12():
    """What a ClientHello of TLS 1.2 needs: X25519, ECDSA and RSA-PSS with SHA-256."""
    return [extension(10, sized(2, b"\x00\x1d")), extension(13, sized(2, b"\x04\x03\x08\x04"))]


def tls13():
    return [*tls12(), extension(SUPPORTED_VERSIONS, sized(1, b"\x03\x04")), extension(
        KEY_SHARE, sized(2, b"\x00\x1d" + sized(2, os.urandom(32))))]


def made_up_key():
    """A pre-shared key that nobody knows, in psk_dhe_ke mode, and early data below it."""
    identity = sized(2, os.urandom(128)) + bytes(4)
    return [extension(42), extension(45, sized(1, b"\x01")), extension(
        PRE_SHARED_KEY, sized(2, identity) + sized(2, sized(1, os.urandom(32))))]


def large_certificates():
    """A Certificate message of 64 KiB (RFC 8446, 4.4.2)."""
    entries = b"".join(sized(3, os.urandom(16300)) + sized(2, b"") for _ in range(4))
    return bytes([CERTIFICATE]) + sized(3, sized(1, b"") + sized(3, entries))


def exchange(address, octets):
    """(the records that came, [(kind, octets)], whether the server ended the connection). It is left
    when a ServerHello has come with all that follows it."""
    received, has_ended = b"", False
    with socket.create_connection(address, timeout=WAIT_S) as plain:
        with contextlib.suppress(ConnectionError):  # It has read enough.
            plain.sendall(octets)
        try:
            while more := plain.recv(65536):
                received += more
                if received[0] == HANDSHAKE:
                    plain.settimeout(0.3)
            has_ended = True
        except ConnectionError:
            has_ended = True
        except TimeoutError:
            pass
    return list(split(received)), has_ended


def split(octets):
    while octets:
        end = 5 + int.from_bytes(octets[3:5], "big")
        yield octets[0], octets[5:end]
        octets = octets[end:]


def extensions_of(server_hello):
    """Their kinds."""
    at = 4 + 2 + 32
    at += 1 + server_hello[at] + 2 + 1
    rest, found = server_hello[at + 2:], set()
    while rest:
        found.add(int.from_bytes(rest[:2], "big"))
        rest = rest[4 + int.from_bytes(rest[2:4], "big"):]
    return found


def refused(verdict, address, what, octets, alert):
    """By that alert (None: without a word) and the connection's end. Where more is on its way than was
    read, the kernel's reset may overtake the alert."""
    found, has_ended = exchange(address, octets)
    expected = [] if alert is None else [(ALERT, bytes([2, alert]))]
    is_right = has_ended and (found == expected or not found and len(octets) > RECORD_MAX)
    verdict.note(what, is_right, bool(found) and found[0][0] == HANDSHAKE, f"{found} {has_ended}")


def full_handshake(verdict, address, what, octets, is_offer=True):
    """Answered by a ServerHello that takes nothing of what was offered."""
    found, _ = exchange(address, octets)
    is_hello = found and found[0][0] == HANDSHAKE and found[0][1][0] == SERVER_HELLO
    verdict.note(what, is_hello and extensions_of(found[0][1]) == {SUPPORTED_VERSIONS, KEY_SHARE},
                 not is_offer, found)


def by_hand(verdict, address):
    renegotiating = extension(0xFF01, sized(1, os.urandom(12)))
    early = records(EARLY.encode(), DATA)
    for what, octets, alert in (
            ("a ClientHello of TLS 1.2", records(client_hello(*tls12())), PROTOCOL_VERSION),
            ("one that renegotiates", records(client_hello(*tls12(), renegotiating)),
             PROTOCOL_VERSION),
            ("TLS 1.3 with compression", records(client_hello(*tls13(), compression=b"\x01\x00")),
             ILLEGAL_PARAMETER),
            ("a certificate message of 64 KiB", records(large_certificates()), UNEXPECTED_MESSAGE),
            ("a ClientHello of 16 MiB, a megabyte of which is sent",
             records(bytes([CLIENT_HELLO]) + b"\xff\xff\xff" + bytes(1 << 20)), ILLEGAL_PARAMETER),
            ("a record of 65535", b"\x16\x03\x01\xff\xff" + bytes(1000), RECORD_OVERFLOW),
            ("HTTP without TLS", HEALTH.encode(), None), ("octets", bytes(range(256)), None)):
        refused(verdict, address, what, octets, alert)
    full_handshake(verdict, address, "a made-up key with early data",
                   records(client_hello(*tls13(), *made_up_key())) + early)
    full_handshake(verdict, address, "a ClientHello of 60,000 octets",
                   records(client_hello(*tls13(), extension(21, bytes(60000)))), is_offer=False)
    found, has_ended = exchange(address, records(client_hello(*tls13())) + records(
        large_certificates()))
    verdict.note("a certificate message of 64 KiB behind a ClientHello", has_ended
                 and all(kind != DATA or len(octets) < 1000 for kind, octets in found), False, found)


# ---- by OpenSSL's client ----

@contextlib.contextmanager
def s_client(address, *words):
    """A process that shows each message of the handshakes, and is ended where it goes on too long."""
    process = subprocess.Popen(
        ["openssl", "s_client", "-connect", "%s:%d" % address, "-msg", *map(str, words)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    timer = threading.Timer(CLIENT_S, process.kill)
    timer.start()
    try:
        yield process
    finally:
        timer.cancel()
        process.kill()
        process.communicate()


def typed(text, address, *words):
    """All that the client tells until it ends of itself. What is typed it takes after the handshake."""
    with s_client(address, *words) as process:
        process.stdin.write(text.encode())
        process.stdin.flush()
        return process.stdout.read().decode(errors="replace")


def is_healthy(told):
    """Whether there was one answer, to what was typed."""
    return re.findall(r"HTTP/1\.1 (\d{3})", told) == ["200"] and '{"status":"ok"}' in told


@contextlib.contextmanager
def another_server(folder):
    """Its address; it gives tickets, and takes early data below them."""
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=another", "-keyout",
            folder / "another.key", "-out", folder / "another.pem")
    process = subprocess.Popen(
        ["openssl", "s_server", "-accept", "0", "-cert", folder / "another.pem", "-key",
         folder / "another.key", "-early_data", "-max_early_data", "16384"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        for line in process.stdout:
            if found := re.match(rb"ACCEPT .*:(\d+)$", line.strip()):
                break
        yield "127.0.0.1", int(found[1])
    finally:
        process.kill()
        process.communicate()


def sessions(folder):
    """Files with a session of TLS 1.2 and one of 1.3 that another server has given."""
    files = []
    with another_server(folder) as address:
        for version in ("tls1_2", "tls1_3"):
            files.append(folder / version)
            with s_client(address, f"-{version}", "-sess_out", files[-1]):
                assert wait_until(lambda: files[-1].exists() and b"END SSL" in files[-1].read_bytes())
    return files


def by_client(verdict, folder, address, older):
    """older: the address of a front that permits TLS 1.2 as well."""
    session12, session13 = sessions(folder)
    (folder / "early").write_text(EARLY)
    told = typed(HEALTH, address, "-sess_in", session13, "-early_data", folder / "early", "-ign_eof")
    verdict.note("another server's ticket, with early data", "New, TLSv1.3" in told
                 and "Early data was rejected" in told and is_healthy(told), False, told[-900:])
    told = typed(HEALTH, older, "-tls1_2", "-sess_in", session12, "-ign_eof")
    verdict.note("tls = 1.2: another server's ticket", "New, TLSv1.2" in told
                 and "Compression: NONE" in told and is_healthy(told), False, told[-900:])
    told = typed("R\n", older, "-tls1_2")
    verdict.note("tls = 1.2: renegotiation", told.count(", ClientHello") == 2
                 and told.count(", ServerHello\n") == 1 and "warning no_renegotiation" in told,
                 False, told[-900:])


def asks_for_no_certificate(verdict, older):
    """So a client cannot send one, however large."""
    for version in ("-tls1_2", "-tls1_3"):
        told = typed(HEALTH, older, version, "-ign_eof")
        verdict.hold(f"{version}: no certificate is asked for", "CertificateRequest" not in told
                     and ", ServerHello\n" in told and is_healthy(told), told[-900:])


# ---- by Python's ----

def connects(target, context):
    try:
        with socket.create_connection(target.line.address, timeout=5) as plain, \
                context.wrap_socket(plain, server_hostname="localhost") as secure:
            return secure.version(), secure.session_reused, secure.compression()
    except OSError as error:
        return error


def versions(verdict, target):
    old = ssl.create_default_context(cafile=str(target.ca.certificate))
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, version
        old.set_ciphers("DEFAULT:@SECLEVEL=0")
        answer = connects(target, old)
        verdict.note(version.name, getattr(answer, "reason", None) == "TLSV1_ALERT_PROTOCOL_VERSION",
                     not isinstance(answer, OSError), repr(answer))
    answer = connects(target, target.line.context)
    verdict.note("TLS 1.3", answer == ("TLSv1.3", False, None), True, answer)


def gives_no_ticket(verdict, target):
    line = target.line.connection()
    line.send(HEALTH.encode())
    line.answer()
    session = line.socket.session
    line.close()
    verdict.hold("no ticket is given", session is None or not session.has_ticket, session)


@row(102, "older TLS, renegotiation, foreign and made-up tickets, early data, no TLS at all")
def tls(stage, verdict):
    target = stage.target()
    older = stage.target("tls12", front={"tls": "1.2"})
    versions(verdict, target)
    gives_no_ticket(verdict, target)
    by_hand(verdict, target.line.address)
    refused(verdict, older.line.address, "tls = 1.2: a ClientHello that renegotiates", records(
        client_hello(*tls12(), extension(0xFF01, sized(1, os.urandom(12))))), HANDSHAKE_FAILURE)
    folder = stage.folder / "tls-forms"
    folder.mkdir()
    by_client(verdict, folder, target.line.address, older.line.address)
    asks_for_no_certificate(verdict, older.line.address)
