"""The real genuine-ca-front between a supervisor and a verifier that are this program."""

import os
import resource
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

BUILD = Path(os.environ.get("GENUINE_BUILD", Path(__file__).resolve().parents[3] / "build"))
FRONT = Path(os.environ.get("GENUINE_FRONT", BUILD / "src" / "front" / "genuine-ca-front"))

EVIDENCE, ANSWER, CRL = 1, 3, 16
LOAD, LOAD_END, LOADED, LOAD_REFUSED, COMMIT, ABANDON, STOP = 32, 33, 34, 35, 36, 37, 39
COMMITTED = 40
CONFIGURATION, CA_CERTIFICATE, TLS_CERTIFICATE, TLS_KEY, REFUSALS, LISTEN = 1, 4, 9, 10, 12, 13
ACT_CHALLENGE, ACT_CERTIFICATE = 1, 2

CONFIG = """[ca]
name = Test Works
[front]
{front}
[profile device]
organization = Test Works
"""


def frame(kind, request=0, body=b""):
    return struct.pack(">HQ", kind, request) + body


def sized(octets):
    return struct.pack(">I", len(octets)) + octets


def refusal(check, saw="saw", serial="", retry_after=0):
    """An answer that refuses (ipc/message.h)."""
    return b"\x03" + struct.pack(">HI", check, retry_after) + sized(saw.encode()) + \
        sized(serial.encode()) + b"\x00" + bytes(32)


def challenge(credential=b"\xba\xdc\xc0\xde" + bytes(60), header=bytes(53)):
    return b"\x01" + sized(credential) + sized(header)


def certificate(own=b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", chain=b""):
    return b"\x02" + sized(own) + sized(chain)


class Fields:
    """Takes fields off the front of a frame's body."""

    def __init__(self, octets):
        self.rest = octets

    def take(self, count):
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def sized(self):
        return self.take(struct.unpack(">I", self.take(4))[0])


def evidence(body):
    """The members of MESSAGE_EVIDENCE, by name."""
    fields = Fields(body)
    found = {"act": fields.take(1)[0]}
    for name in ("csr", "ikPublic", "ekPublic"):
        found[name] = fields.sized()
    found["has"] = fields.take(1)[0]
    found["ekCertificate"] = fields.sized()
    found["ekChain"] = [fields.sized() for _ in range(fields.take(1)[0])]
    for name in ("profile", "challenge", "ticket"):
        found[name] = fields.sized()
    assert fields.rest == b"", "octets are left over in MESSAGE_EVIDENCE"
    return found


def make_certificate(folder, name):
    """A self-signed P-256 certificate for localhost; returns the two paths."""
    own, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", key, "-out", own, "-days", "2", "-subj", f"/CN={name}",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True)
    return own, key


def dup_to(numbers):
    """Run in the child: the descriptors come to stand at 3 and 4."""
    high = [os.dup2(number, 100 + i, inheritable=True) for i, number in enumerate(numbers)]
    for i, number in enumerate(high):
        os.dup2(number, 3 + i, inheritable=True)
        os.close(number)


class Front:
    """One front, started and, unless told otherwise, in force."""

    def __init__(self, config="", commit=True, descriptors=None, uid=0):
        self.folder_owner = tempfile.TemporaryDirectory(prefix="genuine-front-")
        self.folder = Path(self.folder_owner.name)
        self.control, control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.upstream, upstream = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        control.setblocking(False)
        upstream.setblocking(False)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.log_path = self.folder / "log"
        self.ring = open(self.folder / "refusals", "w+b")
        self.received = []
        self.reply = self.default_reply
        ends = [control.fileno(), upstream.fileno()]

        def in_child():
            dup_to(ends)
            if descriptors is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [FRONT, str(uid), "0"], env={}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=in_child, close_fds=False)
        control.close()
        upstream.close()
        self.tls, self.key = make_certificate(self.folder, "front")
        self.verifier = threading.Thread(target=self.verify, daemon=True)
        self.verifier.start()
        self.load(config, at_start=True)
        if commit:
            answer = self.end_load()
            assert answer[0] == LOADED, answer
            self.commit()
            self.get("/healthz")

    # -- the supervisor --

    def item(self, kind, octets=b"", descriptor=None):
        message = frame(LOAD, 0, bytes([kind]) + octets)
        if descriptor is None:
            self.control.send(message)
        else:
            socket.send_fds(self.control, [message], [descriptor])

    def file_item(self, kind, path):
        with open(path, "rb") as file:
            file.seek(3)  # Its offset is shared with other fronts, and must not matter.
            self.item(kind, descriptor=file.fileno())

    def load(self, config="", at_start=False):
        self.item(CONFIGURATION, CONFIG.format(front=config).encode())
        self.item(CA_CERTIFICATE, bytes(range(100)))
        self.file_item(TLS_CERTIFICATE, self.tls)
        self.file_item(TLS_KEY, self.key)
        if at_start:
            self.item(REFUSALS, descriptor=self.ring.fileno())
            self.item(LISTEN, descriptor=self.listener.fileno())

    def end_load(self):
        self.control.send(frame(LOAD_END, 7))
        self.control.settimeout(5)
        answer = self.control.recv(65536)
        kind, request = struct.unpack(">HQ", answer[:10])
        assert request == 7
        return kind, answer[10:].decode()

    def commit(self):
        """What was prepared comes into force, and the front says so."""
        self.control.send(frame(COMMIT))
        self.control.settimeout(5)
        assert struct.unpack(">H", self.control.recv(65536)[:2]) == (COMMITTED,)

    def reload(self, config=""):
        self.load(config)
        answer = self.end_load()
        assert answer[0] == LOADED, answer
        self.commit()

    def send_crl(self, octets, size=None):
        with tempfile.TemporaryFile() as file:
            file.write(octets)
            file.flush()
            notice = struct.pack(">QQQI", 1, 2, 3, len(octets) if size is None else size)
            socket.send_fds(self.control, [frame(CRL, 0, notice)], [file.fileno()])

    # -- the verifier --

    def default_reply(self, request, found):
        body = challenge() if found["act"] == ACT_CHALLENGE else certificate()
        return [frame(ANSWER, request, body)]

    def verify(self):
        while True:
            try:
                message = self.upstream.recv(65536)
            except OSError:
                return
            if not message:
                return
            kind, request = struct.unpack(">HQ", message[:10])
            assert kind == EVIDENCE
            found = evidence(message[10:])
            found["request"] = request
            self.received.append(found)
            for answer in self.reply(request, found):
                self.upstream.send(answer)

    # -- clients --

    def context(self):
        context = ssl.create_default_context(cafile=str(self.tls))
        return context

    def connect(self, context=None, plain=None):
        plain = plain or socket.create_connection(("127.0.0.1", self.port), timeout=15)
        return (context or self.context()).wrap_socket(plain, server_hostname="localhost")

    def get(self, path, **how):
        return self.exchange(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(), **how)

    def post(self, path, body, fields="Content-Type: application/json\r\n", **how):
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: {len(body)}\r\n\r\n"
        return self.exchange(head.encode() + body, **how)

    def exchange(self, octets, connection=None):
        """Sends a request; reads one answer."""
        if connection is not None:
            connection.sendall(octets)
            return Answer(connection)
        with self.connect() as connection:
            connection.sendall(octets)
            return Answer(connection)

    # -- the end --

    def log(self):
        return self.log_path.read_text()

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for end in (self.control, self.upstream):
            end.close()
        self.listener.close()
        self.ring.close()
        self.folder_owner.cleanup()

    def has_ended(self, within_s=5):
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            return None


class Answer:
    """One HTTP answer, read off a connection to its last octet and no further."""

    def __init__(self, connection, has_body=True):
        octets = b""
        while b"\r\n\r\n" not in octets:
            more = connection.recv(1)
            assert more, f"the connection ended inside a head: {octets!r}"
            octets += more
        lines = octets[:-4].decode("ascii").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.fields = dict(line.lower().split(": ", 1) for line in lines[1:])
        self.body = b""
        length = int(self.fields["content-length"])
        while has_body and len(self.body) < length:
            more = connection.recv(min(65536, length - len(self.body)))
            assert more, "the connection ended inside a body"
            self.body += more
        self.is_last = self.fields["connection"] == "close"


def is_closed(connection, within_s=12):
    """Whether the peer ends the connection; how long that took."""
    begin = time.monotonic()
    connection.settimeout(within_s)
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        return None
    except OSError:
        pass
    return time.monotonic() - begin
