"""Who is refused, by which check, and that the answer tells an impostor nothing."""

import base64
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from attacker.forge import (FORGED_TPM, HONEST_SOFTWARE, Accomplice, SoftwareKey, endorsement,
                            evidence)
from genuine_test import tap
from genuine_test.by_hand import ByHand
from genuine_test.device import CA_REFUSED, Device
from genuine_test.one_vendor import OneVendor
from genuine_test.process import Failed
from genuine_test.tpm import EK_CERTIFICATE_L1, Tpm
from genuine_test.vendor import Vendor


class Refusals(OneVendor):
    """Each test has a TPM, a serial and a row of its own, so that none leans on another."""

    def tpm(self, name, vendor=None):
        tpm = Tpm(self.folder / f"tpm-{name}", vendor or self.vendor)
        self.addCleanup(tpm.stop)
        return tpm

    def device(self, serial, *, is_listed=True):
        tpm = self.tpm(serial)
        if is_listed:
            self.ca.lists(f"{serial},{tpm.ek_id(EK_CERTIFICATE_L1)},,\n")
        return Device(self.folder / serial, tpm, serial)

    def provision(self, device, **how):
        return device.provision(self.ca, "--ek", "rsa", **how)

    def check_refused(self, result, check, tpm=None):
        """genuine-device says that the CA refused, where, and leaves nothing in the TPM."""
        self.assertEqual(result.status, CA_REFUSED, result)
        self.assertEqual(self.ca.check_that_refused(result.errors), check)
        if tpm:
            self.assertEqual(tpm.leftovers(), {})

    def check_answer(self, answer, check):
        """A 403 whose body says nothing but its reference."""
        self.assertEqual(answer.status, 403, answer)
        self.assertEqual(self.ca.check_that_refused(answer.text), check)

    def test_serial_of_another(self):
        """a genuine device that asks for another's serial is refused, at getCertificate"""
        device, other = self.device("SN-A1"), self.device("SN-A2")
        self.check_refused(self.provision(device, serial=other.serial), "SERIAL_BINDING",
                           device.tpm)
        self.assertEqual(self.provision(other).status, 0, "the other one suffers no harm")

    def test_not_listed(self):
        """a genuine device that is in no manifest is refused"""
        device = self.device("SN-B1", is_listed=False)
        self.check_refused(self.provision(device), "EK_LISTED", device.tpm)

    def test_unknown_vendor(self):
        """a TPM whose vendor nobody imported is refused, at getChallenge"""
        tpm = self.tpm("stranger", Vendor(self.folder / "stranger"))
        self.ca.lists(f"SN-C1,{tpm.ek_id(EK_CERTIFICATE_L1)},,\n")
        device = Device(self.folder / "SN-C1", tpm, "SN-C1")
        self.check_refused(self.provision(device), "EK_CERTIFICATE_CHAIN", tpm)

    def test_suspended(self):
        """a suspended device is refused until it is restored"""
        device = self.device("SN-D1")
        self.assertEqual(self.provision(device).status, 0)
        self.ca.does("device", "suspend", "SN-D1")
        self.check_refused(self.provision(device), "NOT_SUSPENDED", device.tpm)
        self.ca.does("device", "restore", "SN-D1")
        self.assertEqual(self.provision(device).status, 0)

    def test_banned(self):
        """a banned serial and a banned EK are refused until the ban is lifted"""
        device = self.device("SN-E1")
        for ban in (("serial", "SN-E1"), ("ek", device.tpm.ek_id(EK_CERTIFICATE_L1))):
            with self.subTest(ban[0]):
                self.ca.does("ban", "add", *ban)
                self.check_refused(self.provision(device), "NOT_BANNED", device.tpm)
                self.ca.does("ban", "remove", *ban)
        self.assertEqual(self.provision(device).status, 0)

    def test_revoked(self):
        """a revoked device is suspended: refused, and its certificate is on the list"""
        device = self.device("SN-F1")
        self.assertEqual(self.provision(device).status, 0)
        self.ca.does("certificate", "revoke", "SN-F1", "--reason", "keyCompromise")
        self.check_refused(self.provision(device), "NOT_SUSPENDED", device.tpm)

    def test_released(self):
        """a released device comes back only by an import with --again, and with another key"""
        device = self.device("SN-G1")
        row = f"SN-G1,{device.tpm.ek_id(EK_CERTIFICATE_L1)},,\n"
        self.assertEqual(self.provision(device).status, 0)
        self.ca.does("device", "release", "SN-G1")
        self.check_refused(self.provision(device), "NOT_RELEASED", device.tpm)
        self.ca.lists(row, "--again")
        self.check_refused(self.provision(device), "IK_BINDING", device.tpm)
        with_another_key = Device(self.folder / "SN-G1-again", device.tpm, "SN-G1")
        self.assertEqual(self.provision(with_another_key).status, 0)

    def test_second_identity_key(self):
        """another identity key is taken once a day, then only when the operator says so"""
        device = self.device("SN-H1")
        for attempt in range(2):
            again = Device(self.folder / f"SN-H1-{attempt}", device.tpm, "SN-H1")
            self.assertEqual(self.provision(again).status, 0)
        third = Device(self.folder / "SN-H1-3", device.tpm, "SN-H1")
        self.check_refused(self.provision(third), "REKEY", device.tpm)
        self.ca.does("device", "rekey", "SN-H1")
        self.assertEqual(self.provision(third).status, 0)

    def test_honest_software_key(self):
        """a software key that says what it is fails the check of the attributes"""
        tpm = self.tpm("honest")
        for kind in ("p256", "rsa2048"):
            with self.subTest(kind):
                key = SoftwareKey(self.folder, kind)
                answer = self.ca.client.get_challenge(evidence(
                    key.csr("SN-I1"), key.public(HONEST_SOFTWARE), *endorsement(tpm)))
                self.check_answer(answer, "IK_ATTRIBUTES")

    def test_forged_software_key(self):
        """a software key that claims a TPM's attributes gets a challenge that no TPM opens"""
        tpm = self.tpm("forged")
        self.ca.lists(f"SN-J1,{tpm.ek_id(EK_CERTIFICATE_L1)},,\n")
        for kind in ("p256", "rsa2048"):
            with self.subTest(kind):
                key = SoftwareKey(self.folder, kind)
                sent = evidence(key.csr("SN-J1"), key.public(FORGED_TPM), *endorsement(tpm))
                answer = self.ca.client.get_challenge(sent)
                self.assertEqual(answer.status, 200, answer)
                helper = Accomplice(tpm, self.folder)
                self.assertIn("attributes", helper.load_private(key))
                self.assertIn("authValue or authPolicy", helper.activate_public(
                    key.public(FORGED_TPM), base64.b64decode(answer.json["credential"])))
                guess = base64.b64encode(os.urandom(32)).decode()
                answer = self.ca.client.get_certificate(
                    {**sent, "challenge": answer.json["challenge"], "ticket": guess})
                self.check_answer(answer, "TICKET")

    def test_identity_key_of_another_tpm(self):
        """with another TPM's identity key and request, its own EK opens the challenge in no way"""
        theirs = ByHand(self.folder / "theirs", self.tpm("theirs"), "0x81020002")
        tpm = self.tpm("thief")
        self.ca.lists(f"SN-O1,{tpm.ek_id(EK_CERTIFICATE_L1)},,\n")
        thief, helper = ByHand(self.folder / "thief", tpm, "0x81020002"), Accomplice(tpm, self.folder)
        area = theirs.folder / "ik.pub"
        sent = evidence(theirs.csr("SN-O1"), area.read_bytes(), *endorsement(tpm))
        answer = self.ca.client.get_challenge(sent)
        self.assertEqual(answer.status, 200, answer)
        for hand, refusal in ((thief, "integrity check failed"),
                              (theirs, "commands not being accepted")):
            with self.assertRaisesRegex(Failed, refusal):
                hand.open(answer)
            hand.tpm.flush()
        self.assertIn("integrity check failed", helper.load_wrapped(
            thief.folder / "srk.ctx", area, theirs.folder / "ik.priv"))
        self.assertIsNone(Accomplice(theirs.tpm, theirs.folder).load_wrapped(
            theirs.folder / "srk.ctx", area, theirs.folder / "ik.priv"), "a control: in its own TPM")
        self.assertIn("authValue or authPolicy", helper.activate_public(
            area.read_bytes(), base64.b64decode(answer.json["credential"])))
        ticket = base64.b64encode(os.urandom(32)).decode()
        self.check_answer(self.ca.client.get_certificate(
            {**sent, "challenge": answer.json["challenge"], "ticket": ticket}), "TICKET")
        request = thief.request(self.ca.client, "SN-O1")
        self.assertEqual(self.ca.client.get_certificate(request).status, 200, "a control: its own key")

    def test_certificate_of_another_endorsement_key(self):
        """an EK certificate beside an EK that is not its own is refused"""
        tpm, other = self.tpm("mixed-1"), self.tpm("mixed-2")
        hand = ByHand(self.folder / "mixed", tpm, "0x81020002")
        sent = hand.evidence("SN-K1")
        sent["ekCertificate"] = base64.b64encode(endorsement(other)[1]).decode()
        self.check_answer(self.ca.client.get_challenge(sent), "EK_CERTIFICATE_KEY")

    def test_request_signed_by_another_key(self):
        """a request for a key in software beside the public area of a key in a TPM is refused"""
        hand = ByHand(self.folder / "other-csr", self.tpm("other-csr"), "0x81020002")
        sent = hand.evidence("SN-L1")
        sent["csr"] = base64.b64encode(SoftwareKey(self.folder).csr("SN-L1")).decode()
        self.check_answer(self.ca.client.get_challenge(sent), "CSR_KEY")

    def test_ticket_of_other_evidence(self):
        """a ticket serves the evidence for which it was made and no other"""
        hand = ByHand(self.folder / "swapped", self.tpm("swapped"), "0x81020002")
        request = hand.request(self.ca.client, "SN-M1")
        request["csr"] = hand.evidence("SN-M2")["csr"]
        self.check_answer(self.ca.client.get_certificate(request), "TICKET")

    def test_refusals_are_uniform(self):
        """the bodies of 403 differ in nothing but the reference, at either endpoint"""
        tpm = self.tpm("uniform")
        hand = ByHand(self.folder / "uniform", tpm, "0x81020002")
        software = SoftwareKey(self.folder)
        honest = hand.evidence("SN-N1")
        answers = [
            self.ca.client.get_challenge({**honest, "csr": base64.b64encode(
                software.csr("SN-N1")).decode()}),
            self.ca.client.get_challenge(evidence(
                software.csr("SN-N1"), software.public(HONEST_SOFTWARE), *endorsement(tpm))),
            self.ca.client.get_certificate(hand.request(self.ca.client, "SN-N1")),
            self.ca.client.get_certificate(
                {**hand.request(self.ca.client, "SN-N1"),
                 "ticket": base64.b64encode(bytes(32)).decode()}),
        ]
        self.assertEqual([answer.status for answer in answers], [403] * 4)
        bodies = [answer.json for answer in answers]
        references = {body.pop("reference") for body in bodies}
        self.assertEqual(len(references), 4)
        self.assertTrue(all(body == bodies[0] for body in bodies), bodies)
        lengths = {len(answer.body) for answer in answers}
        self.assertEqual(len(lengths), 1, "the lengths tell nothing either")


if __name__ == "__main__":
    tap.main()
