"""A verifier that is wholly in the attacker's hands, and what it cannot give away."""

import base64
import hashlib
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from attacker import taken_verifier
from attacker.areas import IK_ATTRIBUTES_NODA, endorsement_area, identity_area
from attacker.evidence import b64
from attacker.forge import HONEST_SOFTWARE
from attacker.keys import CURVES, EccKey
from attacker.ticket import activate, name_of
from genuine_test import tap
from genuine_test.ca import Ca
from genuine_test.process import programs_but


class Attacker:
    """An EK and an IK in software. attributes is what the IK's area honestly says."""

    def __init__(self, attributes=IK_ATTRIBUTES_NODA):
        self.ek, self.ik = EccKey(CURVES["p256"]), EccKey(CURVES["p256"])
        self.ek_area = endorsement_area(self.ek)
        self.ik_area = identity_area(self.ik, attributes)

    @property
    def ek_id(self):
        return hashlib.sha256(self.ek.spki()).hexdigest()

    def evidence(self, serial):
        return {"csr": b64(taken_verifier.MARK + serial.encode()),
                "ikPublic": b64(self.ik_area.tpm2b()), "ekPublic": b64(self.ek_area.tpm2b())}

    def secret(self, answer):
        """What the attacker, or a TPM of the attacker's, finds in the credential."""
        return activate(base64.b64decode(answer.json["credential"]), self.ek, self.ek_area,
                        name_of(self.ik_area))


class Taken(tap.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program = programs_but(cls.folder / "programs", "verifier", taken_verifier.__file__)
        cls.victim = Attacker()  # only its public part is used

    def ca(self, trust, binding):
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        folder.chmod(0o755)
        ca = Ca(folder / "ca")
        ca.program = self.program
        configuration = ca.folder / "genuine.conf"
        text = configuration.read_text().replace("trust = both", f"trust = {trust}")
        configuration.write_text(text.replace("binding = manifest", f"binding = {binding}"))
        if binding == "manifest":
            ca.lists(f"SN-VICTIM,{self.victim.ek_id},,\n")
        self.addCleanup(ca.stop)
        return ca.start()

    def claim(self, ca, attacker, serial):
        """All the way as far as it goes; the last answer."""
        evidence = attacker.evidence(serial)
        answer = ca.client.get_challenge(evidence)
        self.assertEqual(answer.status, 200, "the verifier vouches for everything")
        ticket = attacker.secret(answer)
        self.assertIsNotNone(ticket)
        return ca.client.get_certificate({**evidence, "challenge": answer.json["challenge"],
                                          "ticket": b64(ticket)})

    def check_refused(self, ca, answer, check):
        self.assertEqual(answer.status, 403, answer)
        self.assertEqual(ca.check_that_refused(answer.text), check)

    def test_with_a_manifest(self):
        """row 140: with a manifest a verifier that finds everything sound has nothing issued"""
        for trust in ("manifest", "both"):
            ca = self.ca(trust, "manifest")
            self.check_refused(ca, self.claim(ca, Attacker(), "SN-OWN"), "EK_LISTED")
            self.check_refused(ca, self.claim(ca, Attacker(), "SN-VICTIM"), "EK_LISTED")
            self.assertEqual([row["state"] for row in ca.tells("device", "list")], ["listed"])

    def test_endorsement_key_of_another(self):
        """row 140: with a listed EK that is another's, the credential opens for nobody"""
        ca = self.ca("both", "manifest")
        attacker = Attacker()
        own_area, attacker.ek_area = attacker.ek_area, self.victim.ek_area
        answer = ca.client.get_challenge(attacker.evidence("SN-VICTIM"))
        self.assertEqual(answer.status, 200)
        attacker.ek_area = own_area
        self.assertIsNone(attacker.secret(answer))

    def test_key_that_can_leave_its_tpm(self):
        """row 140: without a manifest, too, each credential is for a key that says fixedTPM"""
        ca = self.ca("vendor", "endorsement")
        attacker = Attacker(HONEST_SOFTWARE)
        serial = attacker.ek_id[:40].upper()
        answer = ca.client.get_challenge(attacker.evidence(serial))
        self.assertEqual(answer.status, 200)
        self.assertIsNone(attacker.secret(answer), "another Name: no TPM has this object")
        self.check_refused(ca, self.claim(ca, Attacker(), serial), "SERIAL_BINDING")

    def test_what_is_left(self):
        """row 140: the control: trust = vendor is what is left, an EK that is in no TPM"""
        ca = self.ca("vendor", "endorsement")
        attacker = Attacker()
        answer = self.claim(ca, attacker, attacker.ek_id[:40].upper())
        self.assertEqual(answer.status, 200, answer)


if __name__ == "__main__":
    tap.main()
