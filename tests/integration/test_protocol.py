"""The two endpoints, seen from the wire (docs/PROTOCOL.md)."""

import base64
import json
import time

from genuine_test import tap
from genuine_test.by_hand import ByHand, b64
from genuine_test.ca import Ca
from genuine_test.process import run
from genuine_test.tpm import EK_CERTIFICATE_L1, Tpm
from genuine_test.vendor import Vendor

CRL_TIMEOUT_S = 5  # until a list with what was just revoked is signed and served


class Protocol(tap.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        vendor = Vendor(cls.folder / "vendor")
        cls.tpm = cls.on_stage(Tpm(cls.folder / "tpm", vendor))
        cls.ca = Ca(cls.folder / "ca")
        cls.ca.trusts(vendor)
        cls.ca.lists(f"SN-0001,{cls.tpm.ek_id(EK_CERTIFICATE_L1)},,\n")
        cls.on_stage(cls.ca.start())
        cls.client = cls.ca.client
        cls.hand = ByHand(cls.folder / "hand", cls.tpm, "0x81020002")
        cls.evidence = cls.hand.evidence("SN-0001")

    def test_challenges_differ(self):
        """two challenges for the same evidence share nothing that could be predicted"""
        first, second = (self.client.get_challenge(self.evidence) for _ in range(2))
        self.assertEqual((first.status, second.status), (200, 200), first)
        self.assertEqual(sorted(first.json), ["challenge", "credential"])
        headers = [base64.b64decode(answer.json["challenge"], validate=True)
                   for answer in (first, second)]
        self.assertEqual([len(header) for header in headers], [53, 53])
        self.assertNotEqual(headers[0][29:45], headers[1][29:45], "nonce")
        blobs = [base64.b64decode(answer.json["credential"], validate=True)
                 for answer in (first, second)]
        for blob in blobs:
            self.assertEqual(blob[:8].hex(), "badcc0de00000001")
            self.assertEqual(len(blob), 8 + 2 + 68 + 2 + 256)
        self.assertNotEqual(blobs[0][12:44], blobs[1][12:44], "outerHMAC")
        self.assertNotEqual(blobs[0][-256:], blobs[1][-256:], "encrypted seed")

    def test_same_ticket_twice(self):
        """the same ticket gives the same octets again, and one certificate only is issued"""
        request = self.hand.request(self.client, "SN-0001")
        issued = len(self.ca.tells("certificate", "list"))
        first, second = (self.client.get_certificate(request) for _ in range(2))
        self.assertEqual(first.status, 200, first)
        self.assertEqual(sorted(first.json), ["certificate", "chain"])
        self.assertEqual(first.body, second.body)
        self.assertEqual(len(self.ca.tells("certificate", "list")), issued + 1)

    def test_ticket_outlives_a_restart(self):
        """a ticket made before a restart of the CA is good after it: nothing is kept between"""
        request = self.hand.request(self.client, "SN-0001")
        self.ca.restart()
        type(self).client = self.ca.client
        first = self.client.get_certificate(request)
        self.assertEqual(first.status, 200, first)
        self.ca.restart()
        type(self).client = self.ca.client
        self.assertEqual(self.client.get_certificate(request).body, first.body)

    def test_header_of_another_life(self):
        """a challenge of another CA, another day or another policy: 409, start again"""
        request = self.hand.request(self.client, "SN-0001")
        header = bytearray(base64.b64decode(request["challenge"]))
        for place, what in ((1, "ca_id"), (20, "epoch"), (22, "issued_at"), (52, "fingerprint")):
            with self.subTest(what):
                changed = header.copy()
                changed[place] ^= 1
                answer = self.client.get_certificate({**request, "challenge": b64(changed)})
                self.assertEqual(answer.status, 409, answer)
                self.assertIn("start-again", answer.text)

    def test_nonce_is_covered(self):
        """a challenge with another nonce is a wrong ticket: 403"""
        request = self.hand.request(self.client, "SN-0001")
        header = bytearray(base64.b64decode(request["challenge"]))
        header[30] ^= 1
        answer = self.client.get_certificate({**request, "challenge": b64(header)})
        self.assertEqual(answer.status, 403, answer)

    def check_malformed(self, members, name):
        answer = self.client.get_challenge(members)
        self.assertEqual(answer.status, 400, (name, answer))
        self.assertTrue(answer.headers["content-type"].startswith("application/problem+json"))
        self.assertIn(name, answer.json["detail"])

    def test_malformed_members_are_named(self):
        """400 says which member and what is wrong with it"""
        good = self.evidence
        not_canonical = good["ikPublic"].rstrip("=")
        wrong = {
            "base64 without padding": ("ikPublic", not_canonical + "A"),
            "white space": ("csr", good["csr"][:8] + "\n" + good["csr"][8:]),
            "URL alphabet": ("csr", "-_" + good["csr"][2:]),
            "not text": ("ekPublic", 7),
            "empty": ("ekCertificate", ""),
            "cut short": ("csr", b64(base64.b64decode(good["csr"])[:-1])),
            "left over": ("csr", b64(base64.b64decode(good["csr"]) + b"\0")),
            "area cut short": ("ikPublic", b64(base64.b64decode(good["ikPublic"])[:-1])),
            "area left over": ("ikPublic", b64(base64.b64decode(good["ikPublic"]) + b"\0")),
            "EK left over": ("ekPublic", b64(base64.b64decode(good["ekPublic"]) + b"\0")),
            "no certificate": ("ekCertificate", b64(b"\x30\x03\x02\x01\x00")),
            "chain left over": ("ekChain", [b64(b"\x30\x00\x00")]),
        }
        for what, (member, value) in wrong.items():
            with self.subTest(what):
                self.check_malformed({**good, member: value}, member)

    def test_members_missing_and_unknown(self):
        """400 names a member that is missing, and one that nobody asked for"""
        for member in ("csr", "ikPublic", "ekPublic"):
            with self.subTest(member):
                self.check_malformed({k: v for k, v in self.evidence.items() if k != member},
                                     member)
        self.check_malformed({**self.evidence, "serial": "SN-0002"}, "serial")
        self.check_malformed({**self.evidence, "ticket": b64(bytes(32))}, "ticket")

    def test_duplicate_member(self):
        """a member that stands twice is refused, whichever comes first"""
        text = json.dumps(self.evidence)
        doubled = text[:-1] + ', "csr": ' + json.dumps(self.evidence["csr"]) + "}"
        self.assertEqual(self.client.post("/v1/getChallenge", doubled).status, 400)

    def test_not_json(self):
        """what is not one JSON object is 400"""
        for body in ("", "{", "[]", "null", '"text"', "{} {}", "\xff"):
            with self.subTest(body):
                answer = self.client.post("/v1/getChallenge", body.encode("latin-1"))
                self.assertEqual(answer.status, 400, answer)

    def test_limits_and_routes(self):
        """too large is 413; another type, method and path are told apart"""
        self.assertEqual(self.client.post("/v1/getChallenge", b" " * 65537).status, 413)
        self.assertEqual(self.client.ask("POST", "/v1/getChallenge", "{}",
                                         {"Content-Type": "text/plain"}).status, 415)
        self.assertEqual(self.client.get("/v1/getChallenge").status, 405)
        self.assertEqual(self.client.get("/nothing").status, 404)

    def test_ca_and_health(self):
        """GET /v1/ca gives the CA's certificate, GET /healthz says that it is well"""
        answer = self.client.get("/v1/ca")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.body, self.ca.certificate.read_bytes())
        self.assertEqual(self.client.get("/healthz").status, 200)

    def test_revocation_list(self):
        """GET /v1/crl gives a list that our CA signed, with what was revoked"""
        request = self.hand.request(self.client, "SN-0001")
        answer = self.client.get_certificate(request)
        self.assertEqual(answer.status, 200, answer)
        number = run("openssl", "x509", "-noout", "-serial",
                     stdin=answer.json["certificate"]).strip().partition("=")[2]
        self.assertNotIn(number, self.crl())
        self.ca.does("certificate", "revoke", "SN-0001")
        self.addCleanup(self.ca.does, "device", "restore", "SN-0001")
        self.assertEqual(self.client.get_certificate(request).status, 403,
                         "a suspended device does not get its certificate again")
        deadline = time.monotonic() + CRL_TIMEOUT_S
        while number not in self.crl():
            self.assertLess(time.monotonic(), deadline, "the list that is served is a new one")
            time.sleep(0.1)

    def crl(self):
        """The list that the CA serves, as text, its signature checked."""
        answer = self.client.get("/v1/crl")
        self.assertEqual(answer.status, 200, answer)
        file = self.folder / "crl.der"
        file.write_bytes(answer.body)
        return run("openssl", "crl", "-inform", "der", "-in", file, "-CAfile",
                   self.ca.certificate, "-noout", "-text")


if __name__ == "__main__":
    tap.main()
