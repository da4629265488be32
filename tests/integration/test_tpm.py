"""What the device's program does to its TPM, and what who listens on the bus learns from it."""

import base64
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from attacker.interposer import flipped
from attacker.lying_tpm import (TPM_CC_ACTIVATE_CREDENTIAL, TPM_CC_CREATE, TPM_CC_CREATE_PRIMARY,
                                TPM_CC_FLUSH_CONTEXT, TPM_CC_SIGN, LyingTpm)
from genuine_test import tap
from genuine_test.device import CA_NOT_REACHED, CA_REFUSED, NO_TPM, TPM_REFUSED, Device
from genuine_test.middle import Middle
from genuine_test.on_the_tpm import SET, OnTheTpm
from genuine_test.recorder import Recorder

# type and nameAlg of a public area: TPM_ALG_ECC with SHA-256 or SHA-384, and a type that none has.
ECC_AREA, AREA_OF_NO_TYPE = re.compile(rb"\x00\x23(\x00[\x0b\x0c])"), b"\0\0\\1"
RSA_2048 = 256  # octets of the encrypted seed at the end of a credential for an RSA-2048 EK


def spoilt(response):
    """The last octets of a response with sessions are its HMAC (Part 1, 18.10)."""
    return response[:-1] + bytes([response[-1] ^ 1])


class OnTheBus(OnTheTpm):
    def test_after_power_cycles(self):
        """the key survives a power cycle; so does the way to renew with it"""
        device = self.device("SN-D1")
        self.assertEqual(device.provision(self.ca).status, 0)
        device.tpm.power_cycle()
        result = device.provision(self.ca)
        self.assertEqual(result.status, 0, result)

    def test_nothing_is_left_behind_when_refused(self):
        """refused, it leaves no object, no session and no half-made persistent key"""
        device = self.device("SN-E1")
        persistent = device.tpm.handles("persistent")
        self.ca.does("ban", "add", "serial", "SN-E1")
        result = device.provision(self.ca)
        self.assertEqual(result.status, CA_REFUSED, result)
        self.assertEqual(device.tpm.leftovers(), {})
        new = set(device.tpm.handles("persistent")) - set(persistent)
        kept = {int(device.handle, 16)} if (device.folder / "state.json").exists() else set()
        self.assertLessEqual(new, kept, "a key that stays is one that state.json names")
        self.ca.does("ban", "remove", "serial", "SN-E1")
        result = device.provision(self.ca)
        self.assertEqual(result.status, 0, f"running it again continues: {result}")
        self.assertLessEqual(len(set(device.tpm.handles("persistent")) - set(persistent)), 1)

    def test_nothing_is_left_behind_by_a_lie(self):
        """a response whose HMAC an interposer spoils: told, and no session or object is left"""
        device = self.device("SN-E2")
        bus = LyingTpm(device.tpm.port)
        self.addCleanup(bus.stop)
        lied_to = Device(device.folder, bus, "SN-E2")
        for key in ("rsa", "ecc"):
            bus.begin(lambda code, count, response: spoilt(response)
                      if code == TPM_CC_ACTIVATE_CREDENTIAL else response)
            result = lied_to.provision(self.ca, "--ek", key)
            after = bus.order[bus.order.index(TPM_CC_ACTIVATE_CREDENTIAL) + 1:]
            self.assertEqual(set(after), {TPM_CC_FLUSH_CONTEXT}, after)
            self.assertEqual(result.status, NO_TPM, result)
            self.assertEqual(device.tpm.leftovers(), {}, result)
        bus.begin(bus.honest)
        result = lied_to.provision(self.ca)
        self.assertEqual(result.status, 0, result)

    def test_signature_that_does_not_verify(self):
        """a signature one bit off, the request's or the last one's: told, and nothing installed"""
        device = self.device("SN-E3")
        bus = LyingTpm(device.tpm.port)
        self.addCleanup(bus.stop)
        lied_to = Device(device.folder, bus, "SN-E3")
        for number in (1, 2):
            bus.begin(lambda code, count, response: flipped("s")(code, response)
                      if (code, count) == (TPM_CC_SIGN, number) else response)
            result = lied_to.provision(self.ca, "--ek", "ecc")
            self.assertEqual((result.status, bus.lies), (TPM_REFUSED, 1), result)
            self.assertIn("signature does not verify with the identity key", result.errors)
            self.assertFalse(device.certificate.exists(), result)
            self.assertEqual(device.tpm.leftovers(), {}, result)

    def test_ca_not_reached(self):
        """where the CA is not there: its own exit status, a plain sentence, a tidy TPM"""
        device = self.device("SN-F1")
        nowhere = Nowhere(self.ca.certificate)
        result = device.provision(nowhere)
        self.assertEqual(result.status, CA_NOT_REACHED, result)
        self.assertEqual(device.tpm.leftovers(), {})
        self.assertFalse(device.certificate.exists())

    def test_no_tpm(self):
        """where there is no TPM: its own exit status and a plain sentence"""
        device = self.device("SN-G1")
        device.tpm.stop()
        result = device.provision(self.ca)
        self.assertEqual(result.status, NO_TPM, result)
        device.tpm.start()

    def lockout_counter(self, tpm):
        """How many wrong passwords the TPM has counted."""
        told = tpm.tool("tpm2_getcap", "properties-variable")
        return int(re.search(r"TPM2_PT_LOCKOUT_COUNTER: (\w+)", told)[1], 16)

    def test_passwords_are_not_guessed(self):
        """others' passwords on an index of the chain and on the SRK: the lockout comes no nearer"""
        device = self.device("SN-M1")
        tpm, context = device.tpm, device.tpm.folder / "srk.ctx"
        tpm.tool("tpm2_nvdefine", "0x01c00150", "-C", "owner", "-s", "4", "-p", "secret", "-a",
                 "authread|authwrite|ownerwrite")
        tpm.tool("tpm2_nvwrite", "0x01c00150", "-C", "owner", "-i-", stdin="text")
        tpm.tool("tpm2_createprimary", "-C", "owner", "-G", "ecc256", "-p", "secret", "-c", context,
                 "-a", "restricted|decrypt|fixedtpm|fixedparent|sensitivedataorigin|userwithauth")
        tpm.tool("tpm2_evictcontrol", "-C", "owner", "-c", context, "0x81000001")
        tpm.flush()
        result = device.provision(self.ca)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(self.lockout_counter(tpm), 0)

    def test_without_ecc(self):
        """a chip that knows RSA alone (TPM_RC_TYPE) is told what to do, and then works"""
        device = self.device("SN-N1")
        for handle in device.tpm.handles("persistent"):
            device.tpm.tool("tpm2_evictcontrol", "-C", "owner", "-c", hex(handle))
        bus = LyingTpm(device.tpm.port)
        self.addCleanup(bus.stop)
        bus.rewrite = lambda code, command: ECC_AREA.sub(AREA_OF_NO_TYPE, command) \
            if code in (TPM_CC_CREATE, TPM_CC_CREATE_PRIMARY) else command
        without_ecc = Device(device.folder, bus, "SN-N1")
        result = without_ecc.provision(self.ca, "--key", "rsa2048")
        self.assertEqual(result.status, TPM_REFUSED, result)
        advice = re.search(r"(tpm2_createprimary [^;]*); (tpm2_evictcontrol [-\w. ]* 0x\w+)",
                           result.errors)
        self.assertIsNotNone(advice, result)
        for command in advice.groups():
            device.tpm.tool("sh", "-c", f"cd {device.tpm.folder} && {command}")
        device.tpm.flush()
        result = without_ecc.provision(self.ca)
        self.assertEqual(result.status, TPM_REFUSED, result)
        self.assertIn("choose another --key", result.errors)
        result = without_ecc.provision(self.ca, "--key", "rsa2048")
        self.assertEqual(result.status, 0, result)
        self.assertEqual(device.tpm.leftovers(), {})

    def test_three_slots(self):
        """one of the three transient slots taken by another, it still finds its way"""
        device = self.device("SN-H1")
        device.tpm.tool("tpm2_createprimary", "-C", "owner", "-G", "ecc256",
                        "-c", device.tpm.folder / "busy.ctx")
        before = device.tpm.handles("transient")
        self.assertEqual(len(before), 1)
        result = device.provision(self.ca)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(device.tpm.handles("transient"), before, "another's object stays")

    def test_files(self):
        """its folder holds what the manual says, the private part readable by its owner alone"""
        device = self.device("SN-I1")
        self.assertEqual(device.provision(self.ca).status, 0)
        names = {file.name for file in device.folder.iterdir()}
        self.assertEqual({*SET, "state.json", "current"}, names - {"set-1", "set-2"})
        for name in SET:
            mode = (device.folder / name).stat().st_mode & 0o777
            self.assertEqual(mode, 0o600 if name in ("key.priv", "key.pem") else 0o644, name)

    def record(self, serial, provision):
        """Lets a device be provisioned under a recorder; (its bus's traffic, blob, ticket)."""
        device, middle = self.device(serial), Middle(self.ca)
        device.tpm = recorder = Recorder(device.tpm)
        self.addCleanup(middle.stop)
        self.addCleanup(recorder.stop)
        result = provision(device, middle)
        self.assertEqual(result.status, 0, result)
        (_, challenged), = middle.of("/v1/getChallenge")
        (request, _), = middle.of("/v1/getCertificate")
        return (bytes(recorder.traffic), base64.b64decode(challenged.json["credential"]),
                base64.b64decode(json.loads(request)["ticket"]))

    def check_hidden(self, traffic, credential, ticket):
        self.assertIn(credential[-RSA_2048:], traffic, "the challenge went by")
        self.assertEqual(len(ticket), 32)
        self.assertNotIn(ticket, traffic)

    def test_traffic_of_genuine_device(self):
        """who records the TPM's traffic does not find the ticket in it"""
        self.check_hidden(*self.record("SN-J1", lambda device, ca: device.provision(
            ca, "--ek", "rsa")))

    def test_traffic_of_provision_sh(self):
        """nor in the independent client's; without encryption it is there to be found"""
        self.check_hidden(*self.record("SN-K1", lambda device, ca: device.provision_by_hand(
            ca, "--ek", "rsa")))
        traffic, _, ticket = self.record("SN-K2", lambda device, ca: device.provision_by_hand(
            ca, "--ek", "rsa", "--no-encryption"))
        self.assertIn(ticket, traffic)

    def test_lost_answer(self):
        """where the last answer is lost, running it again brings the certificate"""
        device, middle = self.device("SN-L1"), Middle(self.ca)
        self.addCleanup(middle.stop)
        middle.lost.add("/v1/getCertificate")
        result = device.provision(middle)
        self.assertEqual(result.status, CA_NOT_REACHED, result)
        self.assertFalse(device.certificate.exists())
        self.assertEqual(device.tpm.leftovers(), {})
        middle.lost.clear()
        result = device.provision(middle)
        self.assertEqual(result.status, 0, result)


class Nowhere:
    """A CA that is not there."""

    url = "https://127.0.0.1:1"

    def __init__(self, certificate):
        self.certificate = certificate


if __name__ == "__main__":
    tap.main()
