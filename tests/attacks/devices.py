"""Groups M and N: the device program, a CA that lies to it, and a TPM that lies to it.

One real device (swtpm, genuine-device) is provisioned honestly; then it renews while it is lied to.
Whatever it is told: it must not crash, must not install, must keep the certificate that it has, and
must leave nothing behind in its TPM.
"""

import base64
import gzip
import json
import re
import ssl
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


NOT_REACHED, TPM_REFUSED, NO_TPM = 5, 4, 3
SERIAL, RUN_TIMEOUT_S = "SN-DEVICE", 60
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
        folder = self.target.folder
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
        result = attempt(GENUINE_DEVICE, "provision", "--ca", ca.url, "--tcti",
                         tcti or self.tpm.tcti, "--dir", self.device.folder,
                         timeout=RUN_TIMEOUT_S)
        return result, time.monotonic() - begin

    def is_lied_to(self, verdict, what, result, seconds, statuses=None):
        """The device must fail in words, and keep what it has."""
        is_kept = self.device.certificate.read_bytes() == self.certificate
        is_told = "\x1b" not in result.output + result.errors
        is_right = is_kept and is_told and seconds < 45 and (
            result.status in statuses if statuses else 0 < result.status < 126)
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

    def told(self, verdict, what, lie, statuses=None):
        self.ca.lie = lie
        result, seconds = self.runs()
        self.ca.lie = self.ca.honest
        self.is_lied_to(verdict, what, result, seconds, statuses)

    def is_tidy(self, verdict):
        left, persistent = self.tpm.leftovers(), self.tpm.handles("persistent")
        verdict.note("the TPM is tidy", not left and persistent == self.persistent, False,
                     f"{left} {persistent}")
        lockout = re.search(r"TPM2_PT_LOCKOUT_COUNTER: (\w+)", self.tpm.tool(
            "tpm2_getcap", "properties-variable"))
        verdict.note("no failed authorisation", int(lockout[1], 16) == 0, False, lockout[0])

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
    return only("/v1/getChallenge", lie)


def certified(lie):
    return only("/v1/getCertificate", lie)


@row(152, "TLS of a stranger: another host, ended, self-signed, another CA, an older version",
     is_slow=True)
def tls(stage, verdict):
    v = victim(stage)
    folder = stage.folder / "tls"
    folder.mkdir()
    private = ca_key(v)
    root = issuer(v, private)
    stranger = Authority("Stranger")
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
        "a client's": (root, [localhost, certificates.extended_key_usage(CLIENT_AUTH)], {}),
    }
    for what, (signer, extensions, how) in forms.items():
        path = folder / f"{what}.pem"
        path.write_bytes(openssl("x509", "-inform", "der", stdin=signer.issue(
            spki, extensions, **how)))
        liar = v.liar(stage, path, key_file)
        v.is_lied_to(verdict, what, *v.provisions(liar), [NOT_REACHED])
        verdict.note(f"{what}: asked nothing", liar.asked == [], False, liar.asked)
    for version in (ssl.TLSVersion.TLSv1_1,):
        liar = v.liar(stage, v.target.folder / "tls.pem", key_file, version)
        v.is_lied_to(verdict, version.name, *v.provisions(liar), [NOT_REACHED])
    v.is_tidy(verdict)


@row(153, "redirects to http, to another host, to a file, in a circle")
def redirects(stage, verdict):
    v = victim(stage)
    other = v.liar(stage, v.target.folder / "tls.pem", v.target.folder / "secret" / "tls.key")
    places = ["http://127.0.0.1:1/", f"{other.url}/v1/getChallenge", "file:///etc/passwd",
              "/v1/getChallenge", "//localhost/x"]
    for status in stage.some((301, 302, 303, 307, 308), 2):
        for place in stage.some(places, 2):
            v.told(verdict, f"{status} to {place}", lambda path, said: Said(
                status, b"", fields=(("Location", place),)))
    verdict.note("nobody was asked", other.asked == [], False, other.asked)
    v.is_tidy(verdict)


@row(154, "answers of another length, type or form; with other members", is_slow=True)
def bodies(stage, verdict):
    v = victim(stage)
    big = b"{" + b" " * 70000 + b"}"
    forms = {
        "nothing": lambda s: s.but(body=b""), "HTML": lambda s: s.but(
            body=b"<html>", content_type="text/html"),
        "text/plain": lambda s: s.but(content_type="text/plain"),
        "204": lambda s: Said(204, b""), "a list": lambda s: s.but(body=b"[]"),
        "200 and a problem": lambda s: Said(200, b'{"title":"x","status":403}'),
        "70 KB": lambda s: s.but(body=big), "gzip": lambda s: s.but(
            body=gzip.compress(s.body), fields=(("Content-Encoding", "gzip"),)),
        "a member more": lambda s: s.members(extra="x"),
        "a member twice": lambda s: s.but(body=s.body[:-1] + b',"challenge":"AAAA"}'),
        "challenge missing": lambda s: s.members(challenge=None),
        "credential missing": lambda s: s.members(credential=None),
        "a number": lambda s: s.members(credential=7), "an octet behind": lambda s: s.but(
            body=s.body + b"x"), "cut": lambda s: s.but(body=s.body[:-1]),
        "a length too large": lambda s: s.but(fields=(("Content-Length", str(
            len(s.body) + 10)),)),
        "no HTTP": lambda s: s.but(raw=b"hello\r\n\r\n"), "closed": lambda s: s.but(raw=b""),
        "100 000 fields": lambda s: s.but(raw=b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100000),
        "chunks without end": lambda s: s.but(raw=b"HTTP/1.1 200 OK\r\nContent-Type: application/"
                                              b"json\r\nTransfer-Encoding: chunked\r\n\r\n"
                                              + b"400\r\n" + b" " * 0x400 + b"\r\n"),
    }
    for what, lie in stage.some(forms.items(), 6):
        v.told(verdict, f"challenge: {what}", challenged(lie))
    for what in stage.some(("nothing", "HTML", "a list", "200 and a problem", "70 KB", "cut",
                            "closed", "no HTTP"), 3):
        v.told(verdict, f"certificate: {what}", certified(forms[what]))
    v.is_tidy(verdict)
    v.renews(verdict)


def with_credential(change):
    """Changes the credential's octets."""
    def lie(said):
        octets = base64.b64decode(json.loads(said.body)["credential"])
        return said.members(credential=base64.b64encode(change(octets)).decode())
    return challenged(lie)


@row(155, "credentials with wrong sizes, octets left over, other base64")
def credentials(stage, verdict):
    v = victim(stage)
    forms = {
        "empty": lambda c: b"", "another magic": lambda c: b"\x00" + c[1:],
        "another version": lambda c: c[:7] + b"\x02" + c[8:],
        "an octet behind": lambda c: c + b"\x00", "cut": lambda c: c[:-1],
        "half": lambda c: c[:len(c) // 2], "the head alone": lambda c: c[:8],
        "blob of 0": lambda c: c[:8] + b"\x00\x00" + c[10:],
        "blob of ffff": lambda c: c[:8] + b"\xff\xff" + c[10:],
        "blob one larger": lambda c: c[:8] + (int.from_bytes(c[8:10], "big") + 1).to_bytes(
            2, "big") + c[10:],
        "blob of 1000": lambda c: c[:8] + b"\x03\xe8" + bytes(1000) + c[8:][-98:],
        "secret of 0": lambda c: c[:10 + int.from_bytes(c[8:10], "big")] + b"\x00\x00",
        "secret of 4096": lambda c: c[:10 + int.from_bytes(c[8:10], "big")] + b"\x10\x00"
        + bytes(4096),
    }
    for what, change in stage.some(forms.items(), 4):
        v.bus.begin(v.bus.honest)
        v.told(verdict, what, with_credential(change))
    spelt = {"a line end": lambda t: t[:4] + "\n" + t[4:], "URL alphabet": lambda t: "-_" + t[2:],
             "no padding": lambda t: t + "=" if len(t) % 4 else t[:-1]}
    for what, change in stage.some(spelt.items(), 2):
        v.told(verdict, what, challenged(lambda said: said.members(
            credential=change(json.loads(said.body)["credential"]))))
    v.is_tidy(verdict)


@row(156, "credentials for another Name, another EK, with flipped bits: the TPM refuses, once")
def wrong_credentials(stage, verdict):
    v = victim(stage)
    stranger = stage.device(v.target, template="H-3")
    answer = v.target.line.post("/v1/getChallenge", stranger.evidence().json())
    v.told(verdict, "for another device", challenged(lambda said: Said(200, answer.body)),
           [TPM_REFUSED])
    for place in stage.some(range(12, 180, 8), 3):
        asked = len(v.ca.asked)
        v.told(verdict, f"bit {place * 8}", with_credential(
            lambda c: c[:place] + bytes([c[place] ^ 1]) + c[place + 1:]))
        verdict.note("not retried blindly", len(v.ca.asked) - asked <= 2, False, v.ca.asked)
    v.is_tidy(verdict)


def ca_key(v):
    """The CA's own key, which a hostile CA has."""
    text = openssl("pkey", "-in", v.target.folder / "secret" / "ca.key", "-noout", "-text").decode()
    return EccKey(P256, int("".join(text.partition("priv:")[2].partition("pub:")[0].split())
                            .replace(":", ""), 16))


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
    client = {"constraints": certificates.basic_constraints(),
              "usage": certificates.key_usage(0),
              "purpose": certificates.extended_key_usage(CLIENT_AUTH)}

    def made(by=ca, key=spki, subject=name, changes=None, **how):
        parts = {**client, **(changes or {})}
        how.setdefault("validity", (at(-60), at(86400 * 300)))
        return by.issue(key, [part for part in parts.values() if part], subject=subject, **how)

    def pem(octets):
        return openssl("x509", "-inform", "der", stdin=octets).decode()

    forms = {
        "another key": made(key=EccKey().spki()), "another serial": made(subject=other_name),
        "no serial": made(subject=certificates.distinguished("x")),
        "two serials": made(subject=der.name([(csr.SERIAL_NUMBER, csr.printable(SERIAL))], [
            (csr.SERIAL_NUMBER, csr.printable("SN-OTHER"))])),
        "cA TRUE": made(changes={"constraints": certificates.basic_constraints(True)}),
        "serverAuth": made(changes={"purpose": certificates.extended_key_usage(
            certificates.SERVER_AUTH)}),
        "no purpose": made(changes={"purpose": None}),
        "keyCertSign": made(changes={"usage": certificates.key_usage(5)}),
        "another CA": made(by=stranger), "a namesake of the CA": made(by=namesake),
        "self-signed": made(by=namesake, key=EccKey().spki()),
        "ended": made(validity=(EPOCH, at(-60))),
        "begins in a week": made(validity=(at(86400 * 7), at(86400 * 300))),
        "older than the one it has": made(validity=("20200101000000Z"[2:], at(86400 * 300))),
        "an unknown critical extension": made(changes={"x": certificates.extension(
            "1.2.3.4", der.null(), True)}),
        "a signature one bit off": made()[:-1] + b"\x00",
    }
    texts = {what: pem(octets) for what, octets in forms.items()}
    texts |= {"no PEM": "x", "PEM of nothing": "-----BEGIN CERTIFICATE-----\nMAA=\n"
              "-----END CERTIFICATE-----\n", "empty": "",
              "two": v.certificate.decode() * 2, "a key": openssl(
                  "genpkey", "-algorithm", "ED25519").decode()}
    for what, text in stage.some(texts.items(), 9):
        v.told(verdict, what, certified(lambda said: said.members(certificate=text)))
    chains = {"another CA's chain": pem(stranger.certificate), "no PEM": "x", "too long": pem(
        stranger.certificate) * 20}
    for what, text in stage.some(chains.items(), 2):
        v.told(verdict, f"{what}, with a certificate of another CA", certified(
            lambda said: said.members(certificate=texts["another CA"], chain=text)))
    v.is_tidy(verdict)
    v.renews(verdict)


@row(160, "escape codes and broken UTF-8 in an error's text: never printed raw", is_slow=True)
def escapes(stage, verdict):
    v = victim(stage)
    texts = ["\x1b]0;owned\x07", "\x1b[2J\x1b[31m", "a\r\nb", "\u202ereversed", "\x00", "%s%n%x"]
    for number, text in enumerate(texts):
        # The device waits before it asks again after the last three, some seconds each time.
        for status in (400, 403, *((409, 429, 503) if number == 0 else ())):
            body = json.dumps({"title": text, "status": status, "detail": text,
                               "reference": text}).encode()
            v.told(verdict, f"{status} {text!r}", challenged(
                lambda said: Said(status, body, "application/problem+json")))
    v.told(verdict, "broken UTF-8", challenged(lambda said: Said(
        403, b'{"title":"\xff\xfe\x1b","status":403}', "application/problem+json")))
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
