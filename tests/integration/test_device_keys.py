"""Which key a device goes on with, and that certificate, key and the files beside them fit."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from attacker.lying_tpm import (TPM_CC_GET_CAPABILITY, TPM_CC_LOAD, TPM_CC_READ_PUBLIC, LyingTpm,
                                response_code)
from genuine_test import tap
from genuine_test.device import CA_NOT_REACHED, CA_REFUSED, LOCAL_FILES, TPM_REFUSED, Device
from genuine_test.middle import Middle, spoken
from genuine_test.on_the_tpm import FIRST_HANDLE, SET, OnTheTpm
from genuine_test.process import attempt, run

# TPM2_GetCapability of persistent handles: the first octets of ours, and an answer that names none.
OURS = bytes.fromhex("8102")
EMPTY_LIST = bytes.fromhex("8001" "00000013" "00000000" "00" "00000001" "00000000")
INTEGRITY, HANDLE = 0x1DF, 0x18B  # TPM_RC_INTEGRITY of parameter 1, TPM_RC_HANDLE of handle 1


class DeviceKeys(OnTheTpm):
    def test_handle_of_another(self):
        """another's persistent key is never overwritten: the next free handle is taken"""
        device = self.device("SN-A1")
        before = self.occupy(device.tpm, FIRST_HANDLE)
        result = device.provision(self.ca)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(int(device.handle, 16), FIRST_HANDLE + 1)
        self.assertEqual(device.tpm.tool("tpm2_readpublic", "-c", hex(FIRST_HANDLE)), before)

    def test_handle_asked_for_is_taken(self):
        """a handle that was asked for and is another's: refused, and nothing is changed"""
        device = self.device("SN-B1")
        before = self.occupy(device.tpm, FIRST_HANDLE)
        persistent = device.tpm.handles("persistent")
        result = device.provision(self.ca, "--handle", hex(FIRST_HANDLE))
        self.assertNotEqual(result.status, 0, result)
        self.assertEqual(device.tpm.tool("tpm2_readpublic", "-c", hex(FIRST_HANDLE)), before)
        self.assertEqual(device.tpm.handles("persistent"), persistent)
        self.assertEqual(device.tpm.leftovers(), {})

    def test_renewal(self):
        """run again with nothing but its folder, it renews with the same key at the same handle"""
        device = self.device("SN-C1")
        self.assertEqual(device.provision(self.ca).status, 0)
        first, handle = device.certificate.read_text(), device.handle
        persistent = device.tpm.handles("persistent")
        result = device.renew()
        self.assertEqual(result.status, 0, result)
        self.assertNotEqual(device.certificate.read_text(), first)
        self.assertEqual(device.handle, handle)
        self.assertEqual(device.tpm.handles("persistent"), persistent)
        self.assertEqual(device.tpm.leftovers(), {})

    def test_new_key(self):
        """--new-key: the former key stays until the new one has its certificate, then it goes"""
        device = self.device("SN-R1")
        self.assertEqual(device.provision(self.ca).status, 0)
        first, former = device.certificate.read_text(), device.handle
        self.ca.stop()
        self.assertEqual(device.renew("--new-key").status, CA_NOT_REACHED)
        self.assertEqual(device.certificate.read_text(), first)
        self.assertEqual(device.state["former_handle"], former)
        kept = device.tpm.handles("persistent")
        self.assertIn(int(former, 16), kept)
        self.assertIn(int(device.handle, 16), kept)
        self.assertNotEqual(device.handle, former)
        self.ca.start()
        waiting = device.handle
        result = device.provision(self.ca, "--new-key")
        self.assertEqual(result.status, 0, result)
        self.assertEqual(device.handle, waiting, "the key that was made already")
        self.assertNotEqual(device.certificate.read_text(), first)
        self.assertNotIn("former_handle", device.state)
        kept.remove(int(former, 16))
        self.assertEqual(device.tpm.handles("persistent"), kept)
        self.assertNotIn("ERROR", result.errors, "nothing that the TSS complains of")
        self.assertEqual(device.renew().status, 0)
        self.assertEqual(device.tpm.leftovers(), {})

    def test_new_key_after_release(self):
        """released and imported --again, a device is refused with its old key, not with a new one"""
        device = self.device("SN-R2")
        self.assertEqual(device.provision(self.ca).status, 0)
        self.ca.does("device", "release", "SN-R2")
        self.ca.lists_both("SN-R2", device.tpm, "--again")
        result = device.renew()
        self.assertEqual(result.status, CA_REFUSED, result)
        self.assertEqual(self.ca.check_that_refused(result.errors), "IK_BINDING")
        persistent = device.tpm.handles("persistent")
        result = device.renew("--new-key", "--key", "p384")
        self.assertEqual(result.status, 0, result)
        self.assertEqual(len(device.tpm.handles("persistent")), len(persistent))
        self.assertNotEqual(device.tpm.handles("persistent"), persistent)
        self.assertIn("384", run("openssl", "x509", "-in", device.certificate, "-noout", "-text"))

    def test_new_key_spares_others(self):
        """--new-key removes no key but its own: not one that has come to the former handle since"""
        device = self.device("SN-R3")
        self.assertEqual(device.provision(self.ca).status, 0)
        former = int(device.handle, 16)
        self.ca.stop()
        self.assertEqual(device.renew("--new-key").status, CA_NOT_REACHED)
        device.tpm.tool("tpm2_evictcontrol", "-C", "owner", "-c", hex(former))
        other = self.occupy(device.tpm, former)
        self.ca.start()
        self.assertEqual(device.provision(self.ca).status, 0)
        self.assertEqual(device.tpm.tool("tpm2_readpublic", "-c", hex(former)), other)
        self.assertNotIn("former_handle", device.state)

    def test_no_room_for_a_set(self):
        """a folder that can take no set is found out before the CA gives a certificate"""
        device = self.device("SN-X1")
        (device.folder / "current").mkdir()
        (device.folder / "current" / "certificate.pem").write_text("whose?")
        result = device.provision(self.ca)
        self.assertEqual(result.status, LOCAL_FILES, result)
        self.assertIn("current", result.errors)
        self.assertEqual(self.ca.tells("certificate", "list", device.serial), [])

    def lie_about_the_key(self, bus):
        """The TPM has no keys, and does not know ours."""
        bus.begin(lambda code, count, response: EMPTY_LIST
                  if code == TPM_CC_GET_CAPABILITY and OURS in response else response)
        bus.deny = lambda code, count: response_code(INTEGRITY) if (
            code, count) == (TPM_CC_LOAD, 1) else None

    def test_lie_about_the_key(self):
        """a bus says that the TPM holds no keys and does not know ours: ours is not given up"""
        device = self.device("SN-W1")
        self.assertEqual(device.provision(self.ca).status, 0)
        before = {name: (device.folder / name).read_bytes() for name in SET}
        persistent = device.tpm.handles("persistent")
        bus = LyingTpm(device.tpm.port)
        self.addCleanup(bus.stop)
        lied_to = Device(device.folder, bus, device.serial)
        for options, status in (((), TPM_REFUSED), (("--handle", "0x81020050"), CA_NOT_REACHED)):
            self.ca.stop()
            self.lie_about_the_key(bus)
            result = lied_to.provision(self.ca, *options)
            self.assertEqual(result.status, status, result)
            self.assertIn("a new one is made", result.errors)
            self.assertEqual({name: (device.folder / name).read_bytes() for name in SET}, before)
            self.check_set(device)
            device.tpm.flush()
            self.ca.start()
            result = device.provision(self.ca)
            self.assertEqual(result.status, 0, result)
            self.assertIn("the one that was made in its place is removed", result.errors)
            self.assertEqual((device.folder / "key.pub").read_bytes(), before["key.pub"])
            self.assertEqual(device.tpm.handles("persistent"), persistent)
            self.assertFalse((device.folder / "key.made").exists())
            self.check_set(device)
            before = {name: (device.folder / name).read_bytes() for name in SET}

    def fill(self, tpm):
        """Keys of others, until the TPM keeps no more of them."""
        context = tpm.folder / "filler.ctx"
        tpm.tool("tpm2_createprimary", "-C", "owner", "-G", "ecc256", "-c", context)
        for handle in range(0x81008000, 0x81008000 + 100):
            tpm.flush()
            kept = attempt("tpm2_evictcontrol", "-C", "owner", "-c", context, hex(handle),
                           env={"TPM2TOOLS_TCTI": tpm.tcti})
            if kept.status != 0:
                break
        self.assertIn("insufficient space for NV", kept.errors)
        tpm.flush()

    def test_no_room_for_a_new_key(self):
        """--new-key in a TPM that keeps no further key: the installed one is renewed as before"""
        device = self.device("SN-Y1")
        self.assertEqual(device.provision(self.ca).status, 0)
        key, state = (device.folder / "key.pub").read_bytes(), device.state
        self.fill(device.tpm)
        result = device.renew("--new-key")
        self.assertEqual(result.status, TPM_REFUSED, result)
        result = device.renew()
        self.assertEqual(result.status, 0, result)
        self.assertEqual((device.folder / "key.pub").read_bytes(), key)
        self.assertEqual(device.state, state)
        self.check_set(device)

    def test_new_key_at_a_handle_that_is_taken(self):
        """--new-key with a handle that is another's: refused before anything is changed"""
        device = self.device("SN-Y2")
        self.assertEqual(device.provision(self.ca).status, 0)
        state = device.state
        self.occupy(device.tpm, FIRST_HANDLE + 7)
        persistent = device.tpm.handles("persistent")
        result = device.renew("--new-key", "--handle", hex(FIRST_HANDLE + 7))
        self.assertEqual(result.status, TPM_REFUSED, result)
        self.assertIn("is taken by another key", result.errors)
        self.assertEqual(device.state, state)
        self.assertFalse((device.folder / "key.made").exists())
        self.assertEqual(device.tpm.handles("persistent"), persistent)

    def test_keep_key(self):
        """--keep-key: the way back from a new key that the CA does not want, told with the refusal"""
        device = self.device("SN-Y3")
        self.assertEqual(device.provision(self.ca).status, 0)
        self.assertEqual(device.renew("--new-key").status, 0)
        persistent, key = device.tpm.handles("persistent"), (device.folder / "key.pub").read_bytes()
        result = device.renew("--new-key")  # The second time in a day: no rekey.
        self.assertEqual(result.status, CA_REFUSED, result)
        self.assertEqual(self.ca.check_that_refused(result.errors), "REKEY")
        self.assertIn("--keep-key", result.errors)
        self.assertEqual(device.renew().status, CA_REFUSED, "the CA may have certified it")
        self.ca.stop()
        self.assertEqual(device.renew("--keep-key").status, CA_NOT_REACHED)
        self.assertNotIn("former_handle", device.state)
        self.ca.start()
        result = device.provision(self.ca, "--keep-key")
        self.assertEqual(result.status, 0, result)
        self.assertEqual((device.folder / "key.pub").read_bytes(), key)
        self.assertEqual(device.tpm.handles("persistent"), persistent)
        self.assertFalse((device.folder / "key.made").exists())
        self.check_set(device)
        result = device.renew("--keep-key")
        self.assertEqual(result.status, 0, f"there is nothing to give up: {result}")
        self.assertEqual(device.tpm.leftovers(), {})

    def test_lie_and_lost_answer(self):
        """a key that a lie on the bus has had made, and that the CA has certified: it goes on"""
        for serial, answers in (("SN-Y5", ()), ("SN-Z3", (b"", spoken("", 403)))):
            with self.subTest(answers):
                device = self.device(serial)
                self.assertEqual(device.provision(self.ca).status, 0)
                persistent = device.tpm.handles("persistent")
                key = (device.folder / "key.pub").read_bytes()
                bus, middle = LyingTpm(device.tpm.port), Middle(self.ca)
                self.addCleanup(bus.stop)
                self.addCleanup(middle.stop)
                self.lie_about_the_key(bus)
                said = iter(answers)
                middle.lies["/v1/getCertificate"] = lambda _, said=said: next(said, b"")
                result = Device(device.folder, bus, device.serial).provision(
                    middle, "--handle", "0x81020050")
                self.assertEqual(result.status, CA_REFUSED if answers else CA_NOT_REACHED, result)
                self.assertIn("a new one is made", result.errors)
                self.check_set(device)
                result = device.provision(self.ca)
                self.assertEqual(result.status, 0, result)
                self.assertNotEqual((device.folder / "key.pub").read_bytes(), key)
                self.assertEqual(len(device.tpm.handles("persistent")), len(persistent))
                self.assertFalse((device.folder / "key.made").exists())
                self.check_set(device)

    def test_lie_and_refusal(self):
        """the same, but the CA has said no: the installed key goes on where the bus is honest"""
        device = self.device("SN-Y6")
        self.assertEqual(device.provision(self.ca).status, 0)
        self.assertEqual(device.renew("--new-key").status, 0)
        persistent, key = device.tpm.handles("persistent"), (device.folder / "key.pub").read_bytes()
        bus = LyingTpm(device.tpm.port)
        self.addCleanup(bus.stop)
        self.lie_about_the_key(bus)
        result = Device(device.folder, bus, device.serial).provision(
            self.ca, "--handle", "0x81020050")  # The second key in a day.
        self.assertEqual(result.status, CA_REFUSED, result)
        self.assertEqual(self.ca.check_that_refused(result.errors), "REKEY")
        result = device.provision(self.ca)
        self.assertEqual(result.status, 0, result)
        self.assertEqual((device.folder / "key.pub").read_bytes(), key)
        self.assertEqual(device.tpm.handles("persistent"), persistent)
        self.check_set(device)

    def test_another_tpm_for_once(self):
        """told another TPM, it is refused; told its own again, its key is as good as before"""
        device, other = self.device("SN-Y7"), self.device("SN-Y8")
        self.assertEqual(device.provision(self.ca).status, 0)
        key = (device.folder / "key.pub").read_bytes()
        result = Device(device.folder, other.tpm, device.serial).provision(self.ca)
        self.assertEqual(result.status, CA_REFUSED, result)
        result = device.provision(self.ca)
        self.assertEqual(result.status, 0, result)
        self.assertEqual((device.folder / "key.pub").read_bytes(), key)
        self.check_set(device)

    def test_another_tpm_and_a_lost_answer(self):
        """the same, and the CA's answer was lost: a key that this TPM does not take goes"""
        device, other, middle = self.device("SN-Z4"), self.device("SN-Z5"), Middle(self.ca)
        self.addCleanup(middle.stop)
        self.assertEqual(device.provision(self.ca).status, 0)
        self.assertEqual(device.renew("--new-key").status, 0)  # Another one today is refused.
        persistent, key = device.tpm.handles("persistent"), (device.folder / "key.pub").read_bytes()
        middle.lost.add("/v1/getCertificate")
        result = Device(device.folder, other.tpm, device.serial).provision(middle)
        self.assertEqual(result.status, CA_NOT_REACHED, result)
        result = device.provision(self.ca)
        self.assertEqual(result.status, 0, result)
        self.assertEqual((device.folder / "key.pub").read_bytes(), key)
        self.assertEqual(device.tpm.handles("persistent"), persistent)
        self.check_set(device)

    def test_another_tpm_and_a_busy_ca(self):
        """a CA that was busy before it was sent a ticket leaves nothing in doubt"""
        device, other, middle = self.device("SN-Z6"), self.device("SN-Z7"), Middle(self.ca)
        self.addCleanup(middle.stop)
        self.assertEqual(device.provision(self.ca).status, 0)
        busy = iter((spoken("", 503),))
        middle.lies["/v1/getChallenge"] = lambda answer: next(busy, None) or spoken(answer.body)
        result = Device(device.folder, other.tpm, device.serial).provision(middle)
        self.assertEqual(result.status, CA_REFUSED, result)
        self.assertNotIn("shown_ik_id", device.state)
        self.assertEqual(device.provision(self.ca).status, 0)

    def test_keep_key_that_was_evicted(self):
        """--keep-key where somebody has removed the installed key, and the TPM still takes it"""
        device = self.device("SN-Z8")
        self.assertEqual(device.provision(self.ca).status, 0)
        self.assertEqual(device.renew("--new-key").status, 0)
        persistent, key = device.tpm.handles("persistent"), (device.folder / "key.pub").read_bytes()
        former = device.handle
        self.assertEqual(device.renew("--new-key").status, CA_REFUSED)
        device.tpm.tool("tpm2_evictcontrol", "-C", "owner", "-c", former)
        result = device.renew("--keep-key")
        self.assertEqual(result.status, 0, result)
        self.assertEqual((device.folder / "key.pub").read_bytes(), key)
        self.assertEqual(len(device.tpm.handles("persistent")), len(persistent))
        self.check_set(device)

    def test_keep_key_after_a_clear(self):
        """--keep-key in a TPM that was cleared: there is none to keep, and none is made"""
        device = self.device("SN-Z9")
        self.assertEqual(device.provision(self.ca).status, 0)
        device.tpm.tool("tpm2_clear", "-c", "platform")
        result = device.renew("--keep-key")
        self.assertEqual(result.status, TPM_REFUSED, result)
        self.assertIn("does not have the installed key", result.errors)
        self.assertFalse((device.folder / "key.made").exists())
        self.ca.stop()
        result = device.renew()  # Makes one, and does not speak of the other.
        self.assertEqual(result.status, CA_NOT_REACHED, result)
        self.assertNotIn("--keep-key", result.errors)
        result = device.renew("--keep-key")
        self.assertEqual(result.status, TPM_REFUSED, result)
        self.ca.start()
        self.assertEqual(device.provision(self.ca).status, 0)

    def test_state_lost_with_an_answer(self):
        """state.json lost as well as the answer that certified a new key: the new key goes on"""
        device, middle = self.device("SN-Y9"), Middle(self.ca)
        self.addCleanup(middle.stop)
        self.assertEqual(device.provision(self.ca).status, 0)
        persistent, key = device.tpm.handles("persistent"), (device.folder / "key.pub").read_bytes()
        middle.lost.add("/v1/getCertificate")
        self.assertEqual(device.provision(middle, "--new-key").status, CA_NOT_REACHED)
        (device.folder / "state.json").unlink()
        result = device.provision(self.ca)
        self.assertEqual(result.status, 0, result)
        self.assertNotEqual((device.folder / "key.pub").read_bytes(), key)
        self.assertEqual(len(device.tpm.handles("persistent")), len(persistent))
        self.check_set(device)

    def test_denied_although_listed(self):
        """a key that one answer lists and another denies is not taken for gone"""
        device = self.device("SN-Z1")
        self.assertEqual(device.provision(self.ca).status, 0)
        self.ca.stop()
        self.assertEqual(device.renew("--new-key").status, CA_NOT_REACHED)
        self.ca.start()
        persistent, state = device.tpm.handles("persistent"), device.state
        bus = LyingTpm(device.tpm.port)
        self.addCleanup(bus.stop)
        for denied in (1, 3):  # Each key's area is read twice.
            bus.begin(bus.honest)
            bus.deny = lambda code, count, denied=denied: response_code(HANDLE) if (
                code, count) == (TPM_CC_READ_PUBLIC, denied) else None
            result = Device(device.folder, bus, device.serial).provision(self.ca)
            self.assertEqual(result.status, TPM_REFUSED, result)
            self.assertIn("did not know it", result.errors)
            self.assertEqual(device.state, state)
            self.assertTrue((device.folder / "key.made").exists())
            self.assertEqual(device.tpm.handles("persistent"), persistent)

    def test_first_key_waits(self):
        """a first key without certificate: there is none of before to go on with, and no word of it"""
        device = self.device("SN-Z2")
        self.ca.does("ban", "add", "serial", device.serial)
        for options in ((), ("--new-key",)):
            result = device.provision(self.ca, *options)
            self.assertEqual(result.status, CA_REFUSED, result)
            self.assertNotIn("--keep-key", result.errors)
        self.ca.does("ban", "remove", "serial", device.serial)
        persistent = len(device.tpm.handles("persistent"))
        self.assertEqual(device.provision(self.ca).status, 0)
        self.assertEqual(len(device.tpm.handles("persistent")), persistent - 1)

    def test_state_lost(self):
        """without state.json the key is found again, and key.pem names its parent"""
        device = self.device("SN-N1")
        self.assertEqual(device.provision(self.ca).status, 0)
        self.srk(device.tpm)
        for option in ((), ("--new-key",)):
            self.assertEqual(device.renew(*option).status, 0)
            (device.folder / "state.json").unlink()
            self.assertEqual(device.provision(self.ca).status, 0)
            self.check_key_pem(device)
            self.assertEqual(device.tpm.leftovers(), {})


if __name__ == "__main__":
    tap.main()
