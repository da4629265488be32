"""Groups M and N: the device program, a CA that lies to it, and a TPM that lies to it.

One real device (swtpm, genuine-device) is provisioned honestly; then it renews while it is lied to.
Whatever it is told: it must not crash, must not install, must keep the certificate that it has, and
must leave nothing behind in its TPM.
"""

import contextlib
import json
import os
import re
import socket
import ssl
import threading
import time

from attacker import certificates, csr, der
from attacker.certificates import EPOCH, FOREVER, Authority, at
from attacker.keys import P256, EccKey, openssl
from attacker.lying_ca import LyingCa, Said
from attacker.lying_tpm import LyingTpm
from catalogue import row
from genuine_test.device import Device
from genuine_test.process import GENUINE_DEVICE, attempt
from genuine_test.tpm import EK_CERTIFICATE_H3, Tpm
from genuine_test.vendor import Vendor


DONE, NO_TPM, TPM_REFUSED, NOT_REACHED, CA_REFUSED = 0, 3, 4, 5, 6
CHALLENGE, CERTIFICATE = "/v1/getChallenge", "/v1/getCertificate"
ASKED_AT_MOST = {NOT_REACHED: 4}  # An answer that was lost is asked for again; no other is.
RSA_EK, P384_EK, IK = 0x81010001, 0x81010016, 0x81020002  # Where swtpm_setup and we put them.
SERIAL, RUN_TIMEOUT_S, PATIENCE_S = "SN-DEVICE", 150, 120
REQUEST_S = 30  # What one request may take, whatever comes of it.
TIMED_OUT = 124  # timeout(1)'s exit status
CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"


class Victim:
    """The device, its CA, and the two liars between."""

    def __init__(self, stage):
        self.target = stage.target("devices")
        self.vendor = vendor = Vendor(stage.folder / "swtpm-vendor")
        self.tpm = Tpm(stage.folder / "victim-tpm", vendor)
        stage.callback(self.tpm.stop)
        self.target.ca.trusts(vendor)
        self.target.reconnect()
        self.target.ca.lists(f"{SERIAL},{self.tpm.ek_id(EK_CERTIFICATE_H3)},,\n")
        self.bus = LyingTpm(self.tpm.port)
        stage.callback(self.bus.stop)
        self.device = Device(stage.folder / "victim", self.tpm, SERIAL)
        folder, self.anchors = self.target.folder, self.target.ca.certificate
        self.ca = self.liar(stage, folder / "tls.pem", folder / "secret" / "tls.key")
        done = self.device.provision(self.target.ca, "--ek", "ecc")
        assert done.status == 0, done
        self.certificate = self.device.certificate.read_bytes()
        self.files = {file.name: file.read_bytes() for file in self.device.folder.iterdir()
                      if file.is_file()}
        self.persistent = self.tpm.handles("persistent")

    def liar(self, stage, certificate, key, version=None):
        liar = LyingCa(self.target.line.address[1], self.target.ca.certificate, certificate, key,
                       version)
        stage.callback(liar.stop)
        return liar

    def provisions(self, ca, tcti=None):
        """genuine-device at that CA; how it ended, in how many seconds."""
        begin = time.monotonic()
        result = attempt(GENUINE_DEVICE, "provision", "--ca", ca.url, "--ca-cert", self.anchors,
                         "--tcti", tcti or self.tpm.tcti, "--dir", self.device.folder,
                         timeout=RUN_TIMEOUT_S)
        return result, time.monotonic() - begin

    def is_lied_to(self, verdict, what, result, seconds, statuses, words=""):
        """The device must fail with one of these statuses, in these words, and keep what it has."""
        is_kept = self.device.certificate.read_bytes() == self.certificate
        told = result.output + result.errors
        is_told = words in result.errors and all(c.isprintable() or c == "\n" for c in told)
        is_right = is_kept and is_told and seconds < PATIENCE_S and result.status in statuses
        verdict.note(what, is_right, False, f"kept {is_kept}, {seconds:.0f} s, {result}")
        if not is_kept:
            self.restore()

    def restore(self):
        for name, octets in self.files.items():
            (self.device.folder / name).write_bytes(octets)

    def runs(self, tcti=None):
        """One run at the liar, who has the certificate at hand: ten minutes have only ten of them
        (row 106), and there are more lies than that."""
        body = json.dumps({"certificate": self.certificate.decode(), "chain": ""}).encode()
        self.ca.own["/v1/getCertificate"] = Said(200, body)
        try:
            return self.provisions(self.ca, tcti)
        finally:
            self.ca.own.clear()

    def told(self, verdict, what, lie, status=CA_REFUSED, words="", asked=None):
        """A run that is told a lie by the CA: it must have asked for it, asked times where that is
        known, and must end with that status. What the TPM was asked is in the bus's seen."""
        self.ca.lie, self.ca.asked, self.ca.lied = lie, [], []
        self.bus.begin(self.bus.honest)
        result, seconds = self.runs(self.bus.tcti)
        self.ca.lie = self.ca.honest
        self.is_lied_to(verdict, what, result, seconds, [status], words)
        at_most = asked or ASKED_AT_MOST.get(status, 1)
        at_least = asked or 1
        verdict.hold(f"{what}: asked for it", at_least <= len(self.ca.lied) <= at_most and all(
            self.ca.asked.count(path) == len(self.ca.lied) for path in self.ca.lied),
            f"{self.ca.asked} {self.ca.lied}")

    def takes(self, verdict, what, lie):
        """A control: what is told in the lies' way and is true is installed."""
        self.ca.lie = lie
        result, _ = self.runs()
        self.ca.lie = self.ca.honest
        verdict.note(what, result.status == 0, True, result)
        self.certificate = self.device.certificate.read_bytes()
        self.files["certificate.pem"] = self.certificate

    def is_tidy(self, verdict):
        left, persistent = self.tpm.leftovers(), self.tpm.handles("persistent")
        verdict.hold("the TPM is tidy", not left and persistent == self.persistent,
                     f"{left} {persistent}")
        lockout = re.search(r"TPM2_PT_LOCKOUT_COUNTER: (\w+)", self.tpm.tool(
            "tpm2_getcap", "properties-variable"))
        verdict.hold("no failed authorisation", int(lockout[1], 16) == 0, lockout[0])

    def renews(self, verdict):
        """Told the truth again, it renews: the lies have broken nothing."""
        time.sleep(0.01)
        result, _ = self.provisions(self.ca)
        verdict.note("told the truth again", result.status == 0, True, result)
        self.certificate = self.device.certificate.read_bytes()
        self.files["certificate.pem"] = self.certificate


def victim(stage):
    if not hasattr(stage, "victim"):
        stage.victim = Victim(stage)
    return stage.victim


def only(path, lie):
    return lambda at_path, said: lie(said) if at_path == path else said


def challenged(lie):
    return only(CHALLENGE, lie)


def certified(lie):
    return only(CERTIFICATE, lie)


@row(152, "TLS of a stranger: another host, ended, self-signed, another CA, an older version",
     is_slow=True)
def tls(stage, verdict):
    v = victim(stage)
    folder = stage.folder / "tls"
    folder.mkdir()
    private = ca_key(v)
    root = issuer(v, private)
    stranger = Authority("Stranger")
    own = Authority("localhost", key=key_of(v.target.folder / "secret" / "tls.key"))
    localhost = certificates.extension(certificates.SUBJECT_ALTERNATIVE_NAME, der.sequence(
        der.context(2, b"localhost", constructed=False),
        der.context(7, b"\x7f\x00\x00\x01", constructed=False)))
    elsewhere = certificates.extension(certificates.SUBJECT_ALTERNATIVE_NAME, der.sequence(
        der.context(2, b"elsewhere.example", constructed=False)))
    purpose = certificates.extended_key_usage(certificates.SERVER_AUTH)
    key_file = v.target.folder / "secret" / "tls.key"
    spki = openssl("pkey", "-in", key_file, "-pubout", "-outform", "der")
    forms = {
        "another host": (root, [elsewhere, purpose], {}),
        "no name": (root, [purpose], {"subject": certificates.distinguished("localhost")}),
        "ended": (root, [localhost, purpose], {"validity": (EPOCH, at(-86400))}),
        "not yet valid": (root, [localhost, purpose], {"validity": (at(864000), FOREVER)}),
        "another CA": (stranger, [localhost, purpose], {}),
        "self-signed": (own, [localhost, purpose], {"subject": own.subject}),
        "a client's": (root, [localhost, certificates.extended_key_usage(CLIENT_AUTH)], {}),
    }
    for what, (signer, extensions, how) in forms.items():
        path = folder / f"{what}.pem"
        path.write_bytes(openssl("x509", "-inform", "der", stdin=signer.issue(
            spki, extensions, **how)))
        liar = v.liar(stage, path, key_file)
        v.is_lied_to(verdict, what, *v.provisions(liar), [NOT_REACHED])
        asked_nothing(verdict, what, liar)
    for version in (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2):
        liar = v.liar(stage, v.target.folder / "tls.pem", key_file, version)
        v.is_lied_to(verdict, version.name, *v.provisions(liar), [NOT_REACHED])
        asked_nothing(verdict, version.name, liar, ASKED_AT_MOST[NOT_REACHED])
    v.is_tidy(verdict)


def asked_nothing(verdict, what, liar, at_most=1):
    """It was reached, not more often than at_most, and said nothing to. Where a handshake breaks off
    the program comes again, as after any failure of the network; to a stranger it does not."""
    verdict.hold(f"{what}: asked nothing", 0 < liar.connections <= at_most and liar.asked == [],
                 f"{liar.connections} connections, {liar.asked}")


@row(153, "redirects to http, to another host, to a file, in a circle")
def redirects(stage, verdict):
    v = victim(stage)
    other = v.liar(stage, v.target.folder / "tls.pem", v.target.folder / "secret" / "tls.key")
    plain, file = Listener(stage), Pipe(stage)
    places = [f"http://127.0.0.1:{plain.port}/", f"{other.url}{CHALLENGE}", f"file://{file.path}",
              CHALLENGE, f"//127.0.0.1:{other.port}{CHALLENGE}"]
    for status in stage.some((301, 302, 303, 307, 308), 2):
        for place in places:
            v.told(verdict, f"{status} to {place}", lambda path, said: Said(
                status, b"", fields=(("Location", place),)), words=f"answered {status}", asked=1)
            verdict.hold(f"{status} to {place}: nothing else is asked", v.ca.asked == [CHALLENGE],
                         v.ca.asked)
    verdict.hold("nobody else was reached", not (other.connections or plain.connections
                 or file.is_opened()), f"{other.asked} {plain.connections}")
    v.is_tidy(verdict)


class Listener:
    """Counts who comes, and says nothing."""

    def __init__(self, stage):
        self.connections = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        stage.callback(self.socket.close)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                self.socket.accept()[0].close()
                self.connections += 1


class Pipe:
    """A file that shows whether anybody has opened it to read."""

    def __init__(self, stage):
        self.path = stage.folder / "pipe"
        os.mkfifo(self.path)
        self.has_reader = threading.Event()
        threading.Thread(target=self.wait, daemon=True).start()

    def wait(self):
        with open(self.path, "wb"):  # Opens when somebody opens the other end.
            self.has_reader.set()

    def is_opened(self):
        return self.has_reader.is_set()


def key_of(path):
    """A private key on P-256 out of PEM."""
    text = openssl("pkey", "-in", path, "-noout", "-text").decode()
    return EccKey(P256, int("".join(text.partition("priv:")[2].partition("pub:")[0].split())
                            .replace(":", ""), 16))


def ca_key(v):
    """The CA's own key, which a hostile CA has."""
    return key_of(v.target.folder / "secret" / "ca.key")


def issuer(v, key):
    """Signs in the CA's name."""
    found = object.__new__(Authority)
    certificate = openssl("x509", "-in", v.target.ca.certificate, "-outform", "der")
    fields = der.values(der.values(der.take(certificate)[1])[0][1])
    found.key, found.subject, found.issuer = key, der.tlv(*fields[5]), None
    found.certificate = certificate
    return found


@row(158, "certificates for another key, serial or purpose; a CA's; of another CA; ended; older")
def wrong_certificates(stage, verdict):
    v = victim(stage)
    private = ca_key(v)
    ca, stranger = issuer(v, private), Authority("Stranger")
    namesake = Authority("", subject=ca.subject)
    own = openssl("x509", "-outform", "der", stdin=v.certificate)
    fields = der.values(der.values(der.take(own)[1])[0][1])
    spki = der.tlv(*fields[6])
    name = der.tlv(*fields[5])
    other_name = csr.subject("SN-OTHER")
    begin = der.values(fields[4][1])[0][1].decode()  # What the CA issues later is not older.
    client = {"constraints": certificates.basic_constraints(),
              "usage": certificates.key_usage(0),
              "purpose": certificates.extended_key_usage(CLIENT_AUTH)}

    def made(by=ca, key=spki, subject=name, changes=None, **how):
        parts = {**client, **(changes or {})}
        how.setdefault("validity", (begin, at(86400 * 300)))
        return by.issue(key, [part for part in parts.values() if part], subject=subject, **how)

    def pem(octets):
        return openssl("x509", "-inform", "der", stdin=octets).decode()

    own_key, sound = TpmKey(v), made()
    self_signed = issuer(v, own_key)
    self_signed.subject = name
    path, name_of, serial = PATH, "its key is this device's", "its serialNumber is this device's"
    forms = {
        "another key": (made(key=EccKey().spki()), name_of),
        "another serial": (made(subject=other_name), serial),
        "no serial": (made(subject=certificates.distinguished("x")), serial),
        "two serials": (made(subject=der.name([(csr.SERIAL_NUMBER, csr.printable(SERIAL))], [
            (csr.SERIAL_NUMBER, csr.printable("SN-OTHER"))])), serial),
        "cA TRUE": (made(changes={"constraints": certificates.basic_constraints(True)}),
                    "it is not a CA's"),
        "serverAuth": (made(changes={"purpose": certificates.extended_key_usage(
            certificates.SERVER_AUTH)}), "extendedKeyUsage"),
        "no purpose": (made(changes={"purpose": None}), "extendedKeyUsage"),
        "keyCertSign": (made(changes={"usage": certificates.key_usage(5)}), "keyUsage"),
        "another CA": (made(by=stranger), path), "a namesake of the CA": (made(by=namesake), path),
        "self-signed": (made(by=self_signed), path),
        "ended": (made(validity=(EPOCH, at(-60))), "has not ended"),
        "begins in a week": (made(validity=(at(86400 * 7), at(86400 * 300))), "has begun"),
        "older than the one it has": (made(validity=("20200101000000Z"[2:], at(86400 * 300))),
                                      "it is not older"),
        "an unknown critical extension": (made(changes={"x": certificates.extension(
            "1.2.3.4", der.null(), True)}), path),
        "a signature one bit off": (sound[:-1] + bytes([sound[-1] ^ 1]), path),
    }
    texts = {what: (pem(octets), rule) for what, (octets, rule) in forms.items()}
    texts |= {what: (text, "are PEM") for what, text in {
        "no PEM": "x", "PEM of nothing": "-----BEGIN CERTIFICATE-----\nMAA=\n"
        "-----END CERTIFICATE-----\n", "empty": "", "two": v.certificate.decode() * 2,
        "a key": openssl("genpkey", "-algorithm", "ED25519").decode()}.items()}
    for what, (text, rule) in stage.some(texts.items(), 9):
        v.told(verdict, what, certified(lambda said: said.members(certificate=text)), words=rule,
               asked=1)
    paths(stage, verdict, v, ca, made, pem)
    v.takes(verdict, "a control: the same certificate", certified(lambda said: said.members(
        certificate=v.certificate.decode())))
    v.is_tidy(verdict)
    v.renews(verdict)


PATH, CHAIN = "it leads to the CA's certificate", "each certificate of its chain"


def paths(stage, verdict, v, ca, made, pem):
    """The certificate keeps every rule, or its chain would be right with another one."""
    # The CA's own certificate allows none between it and a device's: so below another anchor.
    root, stranger, below = Authority("Root"), Authority("Stranger"), Authority("Below", ca)
    v.anchors = stage.folder / "anchors.pem"
    v.anchors.write_text(v.target.ca.certificate.read_text() + pem(root.certificate))
    first = Authority("First", root)
    second = Authority("Second", first)
    good, deep = pem(made()), pem(made(by=second))
    one, two, other = (pem(each.certificate) for each in (first, second, stranger))
    forms = {
        "a good one with another CA's chain": (good, other, CHAIN),
        "the wrong order": (deep, one + two, CHAIN), "the first missing": (deep, one, CHAIN),
        "the last missing": (deep, two, PATH), "no chain": (deep, "", PATH),
        "another CA behind it": (deep, two + one + other, CHAIN),
        "another CA's, with its chain": (pem(made(by=stranger)), other, PATH),
        "longer than the CA may have it": (pem(made(by=below)), pem(below.certificate), PATH),
        "broken PEM": (good, one[:200], "are PEM"), "too long": (deep, (two + one) * 3, "are PEM"),
    }
    for what, (leaf, chain, rule) in stage.some(forms.items(), 4):
        v.told(verdict, f"path: {what}", certified(lambda said: said.members(
            certificate=leaf, chain=chain)), words=rule, asked=1)
    v.takes(verdict, "a control: the whole path", certified(lambda said: said.members(
        certificate=deep, chain=two + one)))
    v.anchors = v.target.ca.certificate
    v.takes(verdict, "a control: a good one alone", certified(lambda said: said.members(
        certificate=good, chain="")))


class TpmKey:
    """The identity key, which its TPM lets whoever is root on the device sign anything with."""

    def __init__(self, v):
        self.v = v

    def algorithm(self, digest="sha256"):
        return EccKey.algorithm(self, digest)

    def sign(self, octets, digest="sha256"):
        message, signature = self.v.tpm.folder / "message", self.v.tpm.folder / "signature"
        message.write_bytes(octets)
        self.v.tpm.tool("tpm2_sign", "-c", self.v.device.handle, "-g", digest, "-s", "ecdsa", "-f",
                        "plain", "-o", signature, message)
        return signature.read_bytes()


# Each with its exit status, its words, and how often it is asked.
REACTIONS = {400: (CA_REFUSED, "does not understand the request", 1),
             403: (CA_REFUSED, "the CA refused this device;", 1),  # Its reason is the operator's.
             409: (CA_REFUSED, "wanted it started again", 5),
             429: (NOT_REACHED, "has no time for this device now (429)", 4),
             503: (NOT_REACHED, "has no time for this device now (503)", 4)}
TOLD_WITH_DETAIL = (400, 429, 503)


def escaped(text):
    """As it may be printed; of JSON with a NUL, nothing is."""
    if "\0" in text:
        return ""
    return "".join(chr(c) if 0x20 <= c < 0x7F and c != 0x5C else f"\\x{c:02x}"
                   for c in text.encode())


@row(160, "escape codes and broken UTF-8 in an error's text: never printed raw", is_slow=True)
def escapes(stage, verdict):
    v = victim(stage)
    texts = ["\x1b]0;owned\x07", "\x1b[2J\x1b[31m", "a\r\nb", "\u202ereversed", "\x00", "%s%n%x"]
    for number, text in enumerate(texts):
        # The device waits before it asks again after the last three, some seconds each time.
        for status in (400, 403, *((409, 429, 503) if number == 0 else ())):
            body = json.dumps({"title": text, "status": status, "detail": text,
                               "reference": text}).encode()
            exit_status, words, asked = REACTIONS[status]
            if status in TOLD_WITH_DETAIL and escaped(text):
                words += f": {escaped(text)};"
            v.told(verdict, f"{status} {text!r}", challenged(
                lambda said: Said(status, body, "application/problem+json")), exit_status, words,
                asked)
    v.told(verdict, "broken UTF-8", challenged(lambda said: Said(
        400, b'{"title":"\xff\xfe\x1b","status":400}', "application/problem+json")),
        words="does not understand the request;")
    v.is_tidy(verdict)


@row(162, "a proxy in the environment, a name that is not known", is_slow=True)
def environments(stage, verdict):
    v = victim(stage)
    result = attempt(GENUINE_DEVICE, "provision", "--ca", v.ca.url, "--tcti", v.tpm.tcti, "--dir",
                     v.device.folder, env={"https_proxy": "http://127.0.0.1:1", "ALL_PROXY":
                                           "http://127.0.0.1:1", "HTTPS_PROXY": "x"})
    verdict.note("a proxy", result.status == 0, True, result)
    v.certificate = v.device.certificate.read_bytes()
    result, seconds = v.provisions(type("Nowhere", (), {"url": "https://nowhere.invalid:8443"}))
    v.is_lied_to(verdict, "no such name", result, seconds, [NOT_REACHED])
    v.is_tidy(verdict)


# ---- N ----
