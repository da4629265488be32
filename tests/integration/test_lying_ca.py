"""A CA that lies: it has the true one's TLS key, and every answer of it may be anything."""

import base64
import json
import re
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from attacker.lying_tpm import TPM_CC_READ_PUBLIC, LyingTpm
from genuine_test import tap
from genuine_test.device import CA_NOT_REACHED, CA_REFUSED, QUICKLY, TPM_REFUSED, Device
from genuine_test.middle import Middle, spoken
from genuine_test.one_vendor import OneVendor
from genuine_test.process import GENUINE_DEVICE, PROVISION_SH, attempt, run
from genuine_test.tpm import Tpm

CHALLENGE, CERTIFICATE = "/v1/getChallenge", "/v1/getCertificate"
HEAD = 8  # octets of a credential file before its first TPM2B
PEM_MAX = 16384  # octets of a certificate that the device takes
ID_OBJECT = 70  # octets of the first TPM2B

GOOD_EXTENSIONS = """\
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
"""


def changed(answer, **members):
    """A true answer in which members are others; a function is given the true one."""
    found = answer.json
    for name, value in members.items():
        found[name] = value(found[name]) if callable(value) else value
    return spoken(json.dumps(found))


def on_octets(change):
    """A change of octets, as one of their base64."""
    return lambda text: base64.b64encode(change(base64.b64decode(text))).decode()


class LyingCa(OneVendor):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ours, cls.other = cls.device("SN-1"), cls.device("SN-2")
        for device in (cls.ours, cls.other):
            result = device.provision(cls.ca)
            assert result.status == 0, result
        cls.middle = cls.on_stage(Middle(cls.ca))

    @classmethod
    def device(cls, serial):
        tpm = cls.on_stage(Tpm(cls.folder / f"tpm-{serial}", cls.vendor))
        cls.ca.lists_both(serial, tpm)
        return Device(cls.folder / serial, tpm, serial)

    def told(self, path, lie, status):
        """Tells our device a lie; it must end with that status and as it was. What it said."""
        before = self.ours.certificate.read_bytes()
        self.middle.lies = {path: lie}
        result = self.ours.provision(self.middle)
        self.assertEqual(result.status, status, result)
        self.assertEqual(self.ours.certificate.read_bytes(), before)
        self.assertEqual(self.ours.tpm.leftovers(), {})
        self.assertIn("the certificate of before stays", result.errors)
        return result.errors

    def test_bodies(self):
        """answers that are none: redirects, HTML, nothing, too much, other members"""
        for octets in (spoken("", 301, "Location: http://127.0.0.1:1/\r\n"),
                       spoken("", 307, "Location: file:///etc/passwd\r\n"), spoken("", 204), spoken(""),
                       spoken("<html>"), spoken("[" * 60000), spoken("x" * 65537), spoken('{"error":"x"}'),
                       b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n" + bytes(70000)):
            with self.subTest(octets[:60]):
                self.told(CHALLENGE, lambda _, octets=octets: octets, CA_REFUSED)
        self.told(CHALLENGE, lambda answer: changed(answer, more="x"), CA_REFUSED)
        self.told(CHALLENGE, lambda answer: changed(answer, challenge=7), CA_REFUSED)

    def test_endless_head(self):
        """fields without end, before the body, after it or of interim answers, are too much"""
        fields = b"".join(b"X-%d: x\r\n" % i for i in range(20000))
        chunked = spoken("", fields="Transfer-Encoding: chunked\r\n").replace(
            b"Content-Length: 0\r\n", b"")
        for octets in (chunked[:-2] + fields, chunked + b"2\r\n{}\r\n0\r\n" + fields,
                       b"HTTP/1.1 102 Processing\r\n\r\n" * 4000):
            said = self.told(CHALLENGE, lambda _, octets=octets: octets, CA_REFUSED)
            self.assertIn("larger than 64 KiB", said)

    def test_endless(self):
        """a CA that always wants a wait or a new start more has ten minutes of the device's"""
        asked = []

        def more(_):
            asked.append(CHALLENGE)
            if len(asked) % 4 == 0:
                return spoken("{}", 409)
            return spoken("{}", 503, "Retry-After: 60\r\n")

        before = self.ours.certificate.read_bytes()
        self.middle.lies = {CHALLENGE: more}
        result = attempt(GENUINE_DEVICE, "provision", "--ca", self.middle.url, "--tcti",
                         self.ours.tpm.tcti, "--dir", self.ours.folder, env=QUICKLY)
        self.assertEqual(result.status, CA_NOT_REACHED, result)
        self.assertIn("the CA had 10 minutes for this device", result.errors)
        waited = sum(map(int, re.findall(r"trying again in (\d+) s", result.errors)))
        self.assertLess(waited, 600, result)
        self.assertGreater(waited, 300, result)
        self.assertLess(len(asked), 20, "as many as it has starts and attempts")
        self.assertEqual(self.ours.certificate.read_bytes(), before)
        self.assertEqual(self.ours.tpm.leftovers(), {})

    def test_much_later(self):
        """a wait that is longer than a run has for its CA is told, and not begun"""
        for status, wait_s, sentence in (
                (429, 72000, "no time for this device for the next 1201 minutes"),
                (503, 601, "no time for this device for the next 11 minutes"),
                (503, 600, "the CA had 10 minutes for this device")):
            with self.subTest(wait_s):
                asked = []

                def later(_, status=status, wait_s=wait_s, asked=asked):
                    asked.append(CHALLENGE)
                    return spoken("{}", status, f"Retry-After: {wait_s}\r\n")

                said = self.told(CHALLENGE, later, CA_NOT_REACHED)
                self.assertIn(sentence, said)
                self.assertEqual(len(asked), 1)

    def test_slow_tpm(self):
        """what the TPM took before the CA was asked is not taken from the CA's ten minutes"""
        later, asked = self.folder / "later", []

        def busy_once(answer):
            asked.append(CHALLENGE)
            return spoken("{}", 503) if len(asked) == 1 else spoken(answer.body)

        def slow(code, count, response):
            if code == TPM_CC_READ_PUBLIC:
                later.touch()
            return response

        bus = LyingTpm(self.ours.tpm.port)
        self.addCleanup(bus.stop)
        bus.begin(slow)
        self.middle.lies = {CHALLENGE: busy_once}
        result = attempt(GENUINE_DEVICE, "provision", "--ca", self.middle.url, "--tcti",
                         bus.tcti, "--dir", self.ours.folder,
                         env={**QUICKLY, "QUICK_CLOCK_LATER": later})
        self.assertTrue(later.exists(), "the TPM was slow")
        self.assertEqual(result.status, 0, result)
        self.assertEqual(len(asked), 2)

    def test_words(self):
        """what it says reaches neither terminal nor shell as a command"""
        for reference in ("$(reboot)", "0; reboot", "\x1b[2J"):
            said = self.told(CHALLENGE, lambda _, words=reference: spoken(
                json.dumps({"detail": "\x1b[31m", "reference": words}), 403), CA_REFUSED)
            self.assertNotIn("reboot", said)
            self.assertNotIn("\x1b", said)
        said = self.told(CHALLENGE, lambda _: spoken(
            json.dumps({"detail": "\x1b]0;title\x07\n"}), 400), CA_REFUSED)
        self.assertNotIn("\x1b", said)

    def test_no_credential(self):
        """what is no credential never reaches the TPM"""
        for change in (lambda octets: b"", lambda octets: octets[:-1], lambda octets: octets + b"\0",
                       lambda octets: octets[:HEAD] + b"\xff\xff" + octets[HEAD + 2:],
                       lambda octets: bytes(4) + octets[4:], lambda octets: bytes(1100),
                       lambda octets: octets[:HEAD] + b"\0\0" + octets[HEAD + ID_OBJECT:],
                       lambda octets: octets[:HEAD + ID_OBJECT] + b"\0\0"):
            said = self.told(CHALLENGE, lambda answer, change=change: changed(
                answer, credential=on_octets(change)), CA_REFUSED)
            self.assertRegex(said, "the CA's credential is none|the answer of .* is not a CA's")

    def test_credential_for_others(self):
        """what the TPM does not open is told as what it is, whatever code the TPM has for it"""
        stolen = []
        self.middle.lies = {CHALLENGE: lambda answer: stolen.append(answer.json) or spoken(answer.body)}
        self.assertEqual(self.other.provision(self.middle).status, 0)
        for lie in (lambda answer: spoken(json.dumps(stolen[0])),
                    lambda answer: changed(answer, credential=stolen[0]["credential"]),
                    lambda answer: changed(answer, credential=on_octets(
                        lambda octets: octets[:-1] + bytes([octets[-1] ^ 1]))),
                    lambda answer: changed(answer, credential=on_octets(
                        lambda octets: octets[:20] + bytes([octets[20] ^ 1]) + octets[21:]))):
            said = self.told(CHALLENGE, lie, TPM_REFUSED)
            self.assertIn("it was not sealed for these two keys", said)

    def issue(self, device, subject, extensions=GOOD_EXTENSIONS):
        """A certificate of the CA's own making, whatever it would not make: PEM."""
        at = self.folder
        (at / "extensions").write_text(extensions)
        key = run("openssl", "x509", "-in", device.certificate, "-noout", "-pubkey")
        (at / "key.pub").write_text(key)
        run("openssl", "x509", "-new", "-force_pubkey", at / "key.pub", "-subj", subject, "-CA",
            self.ca.certificate, "-CAkey", self.ca.folder / "secret" / "ca.key", "-days", "9",
            "-extfile", at / "extensions", "-out", at / "issued.pem")
        return (at / "issued.pem").read_text()

    def test_certificates(self):
        """certificates that break a rule are not installed; the message names the rule"""
        subject = "/serialNumber=SN-1"
        good = self.issue(self.ours, subject)
        stranger = self.issue(self.other, "/serialNumber=SN-2")
        is_ca = GOOD_EXTENSIONS.replace("CA:FALSE", "CA:TRUE")
        for certificate, chain, rule in (
                (self.issue(self.other, subject), "", "its key is this device's"),
                (self.issue(self.ours, "/serialNumber=SN-2"), "", "its serialNumber"),
                (self.issue(self.ours, subject, is_ca), "", "not a CA's"),
                (good, stranger, "each certificate of its chain"),
                (good + good, "", "PEM"), ("", "", "PEM"), (good, good * 5, "PEM")):
            said = self.told(CERTIFICATE, lambda _, pair=(certificate, chain): spoken(
                json.dumps({"certificate": pair[0], "chain": pair[1]})), CA_REFUSED)
            self.assertIn(rule, said)

    def test_wide_certificate(self):
        """one that grows as it is written, in lines, is what is installed, and is read again"""
        comment = f"nsComment = {'n' * 11700}\n"
        wide = self.issue(self.ours, "/serialNumber=SN-1", GOOD_EXTENSIONS + comment)
        begin, *lines, end = wide.split("\n")[:-1]
        one_line = "\n".join((begin, "".join(lines), end))
        self.assertLess(len(one_line), PEM_MAX)
        self.assertGreater(len(wide), PEM_MAX)
        self.middle.lies = {CERTIFICATE: lambda _: spoken(
            json.dumps({"certificate": one_line, "chain": ""}))}
        result = self.ours.provision(self.middle)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(self.ours.certificate.read_text(), wide)
        said = attempt(GENUINE_DEVICE, "status", "--tcti", self.ours.tpm.tcti, "--dir",
                       self.ours.folder)
        self.assertEqual(said.status, 0, said)

    def by_hand(self, middle, **env):
        """The independent client, with a handle and a folder of its own."""
        return attempt(PROVISION_SH, "--ca", middle.url, "--ca-cert", self.ca.certificate, "--serial",
                       "SN-2", "--tcti", self.other.tpm.tcti, "--dir", self.folder / "by-hand",
                       "--handle", "0x81020010", env=env)

    def test_provision_sh(self):
        """provision.sh installs what the given CA has issued for this serial, and nothing else"""
        at = self.folder
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-noenc", "-keyout", at / "system.key", "-out", at / "system.pem", "-subj", "/CN=System",
            "-days", "9")
        # A CA that the whole system trusts.
        system = at / "system"
        system.mkdir()
        digest = run("openssl", "x509", "-in", at / "system.pem", "-noout", "-hash").strip()
        shutil.copy(at / "system.pem", system / f"{digest}.0")

        def issue(answer, ca, key, serial):
            (at / "certificate").write_text(answer.json["certificate"])
            own = run("openssl", "x509", "-in", at / "certificate", "-noout", "-pubkey")
            (at / "own.pub").write_text(own)
            (at / "extensions").write_text(GOOD_EXTENSIONS)
            made = run("openssl", "x509", "-new", "-force_pubkey", at / "own.pub", "-subj",
                       f"/serialNumber={serial}", "-CA", ca, "-CAkey", key, "-days", "9", "-extfile",
                       at / "extensions")
            return changed(answer, certificate=made)

        ours = self.ca.certificate, self.ca.folder / "secret" / "ca.key"
        for ca, key, serial in ((at / "system.pem", at / "system.key", "SN-2"), (*ours, "SN-1")):
            self.middle.lies = {CERTIFICATE: lambda answer, made=(ca, key, serial): issue(answer, *made)}
            result = self.by_hand(self.middle, SSL_CERT_DIR=system)
            self.assertNotEqual(result.status, 0, result)
            self.assertFalse((at / "by-hand" / "certificate.pem").exists(), result)
        self.middle.lies = {CERTIFICATE: lambda answer: issue(answer, *ours, "SN-2")}
        result = self.by_hand(self.middle, https_proxy="http://127.0.0.1:1")
        self.assertEqual(result.status, 0, result)

    def test_another_name(self):
        """a server that the CA has certified for another name is not the CA"""
        at = self.folder
        (at / "server").write_text("subjectAltName = DNS:other.example\n")
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
            at / "server.key")
        run("sh", "-c", f"openssl pkey -in {at}/server.key -pubout >{at}/server.pub")
        run("openssl", "x509", "-new", "-force_pubkey", at / "server.pub", "-subj", "/CN=other",
            "-CA", self.ca.certificate, "-CAkey", self.ca.folder / "secret" / "ca.key", "-days", "9",
            "-extfile", at / "server", "-out", at / "server.pem")
        middle = Middle(self.ca, (at / "server.pem", at / "server.key"))
        self.addCleanup(middle.stop)
        result = self.ours.provision(middle)
        self.assertEqual(result.status, CA_NOT_REACHED, result)
        self.assertIn("its certificate is for another name", result.errors)
        self.assertEqual(middle.seen, [])


if __name__ == "__main__":
    tap.main()
