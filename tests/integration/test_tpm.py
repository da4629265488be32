"""What the device's program does to its TPM, and what who listens on the bus learns from it."""

import base64
import json
import re
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from attacker.lying_tpm import (TPM_CC_ACTIVATE_CREDENTIAL, TPM_CC_FLUSH_CONTEXT,
                                TPM_CC_GET_CAPABILITY, TPM_CC_LOAD, LyingTpm, response_code)
from genuine_test import tap
from genuine_test.ca import Ca
from genuine_test.device import Device
from genuine_test.middle import Middle
from genuine_test.process import GENUINE_DEVICE, attempt, run
from genuine_test.recorder import Recorder
from genuine_test.tpm import EK_CERTIFICATE_H3, EK_CERTIFICATE_L1, Tpm
from genuine_test.vendor import Vendor

NO_TPM, TPM_REFUSED, CA_NOT_REACHED, CA_REFUSED = 3, 4, 5, 6  # genuine-device's exit statuses
FIRST_HANDLE = 0x81020002
SET = ("certificate.pem", "chain.pem", "ca.pem", "key.pem", "key.pub", "key.priv", "openssl.cnf",
       "how-to-use.txt")  # what belongs together in a device's folder
CERTIFICATES, MANY = 8, 60  # of one device in ten minutes, safely; more renames than any run makes
# TPM2_GetCapability of persistent handles: the first octets of ours, and an answer that names none.
OURS = bytes.fromhex("8102")
EMPTY_LIST = bytes.fromhex("8001" "00000013" "00000000" "00" "00000001" "00000000")
INTEGRITY = 0x1DF
RSA_2048 = 256  # octets of the encrypted seed at the end of a credential for an RSA-2048 EK


def spoilt(response):
    """The last octets of a response with sessions are its HMAC (Part 1, 18.10)."""
    return response[:-1] + bytes([response[-1] ^ 1])


class OnTheTpm(tap.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = Vendor(cls.folder / "vendor")
        Tpm(cls.folder / "first-tpm", cls.vendor).stop()
        cls.ca = Ca(cls.folder / "ca")
        cls.ca.trusts(cls.vendor)
        cls.on_stage(cls.ca.start())

    def device(self, serial):
        """A device whose RSA and ECC EKs are both listed."""
        tpm = Tpm(self.folder / f"tpm-{serial}", self.vendor)
        self.addCleanup(tpm.stop)
        self.ca.lists("".join(f"{serial},{tpm.ek_id(index)},,\n"
                              for index in (EK_CERTIFICATE_L1, EK_CERTIFICATE_H3)))
        return Device(self.folder / serial, tpm, serial)

    def occupy(self, tpm, handle):
        """Somebody else's key at a persistent handle; its public area."""
        context = tpm.folder / "other.ctx"
        tpm.tool("tpm2_createprimary", "-C", "owner", "-G", "ecc256", "-c", context)
        tpm.tool("tpm2_evictcontrol", "-C", "owner", "-c", context, hex(handle))
        tpm.flush()
        return tpm.tool("tpm2_readpublic", "-c", hex(handle))

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
        self.ca.lists("".join(f"SN-R2,{device.tpm.ek_id(index)},,\n"
                              for index in (EK_CERTIFICATE_L1, EK_CERTIFICATE_H3)), "--again")
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

    def cut_short(self, device, n, *options, ca=()):
        """A run that is killed as it puts the n-th file or link into its place; how it ended."""
        result = attempt("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=renameat", "-e",
                         f"inject=renameat:signal=KILL:when={n}", GENUINE_DEVICE, "provision",
                         "--tcti", device.tpm.tcti, "--dir", device.folder, *ca, *options)
        device.tpm.flush()
        return result

    def check_key_pem(self, device):
        """The TPM loads key.pem, and it is the certificate's key."""
        provider = ("-provider", "tpm2", "-provider", "default")
        key = device.tpm.tool("openssl", "pkey", *provider, "-in", device.folder / "key.pem",
                              "-pubout")
        self.assertEqual(
            key, run("openssl", "x509", "-in", device.certificate, "-noout", "-pubkey"))

    def check_set(self, device):
        """What other programs were told of belongs together, and `status` says so."""
        self.check_key_pem(device)
        own = device.certificate.read_text()
        self.assertTrue((device.folder / "chain.pem").read_text().startswith(own))
        area = device.tpm.folder / "area"
        (handle,) = set(re.findall(r"handle:(0x[0-9a-f]{8})",
                                   (device.folder / "how-to-use.txt").read_text()))
        device.tpm.tool("tpm2_readpublic", "-c", handle, "-o", area)
        self.assertEqual((device.folder / "key.pub").read_bytes(), area.read_bytes())
        status = attempt(GENUINE_DEVICE, "status", "--dir", device.folder, "--tcti",
                         device.tpm.tcti)
        self.assertEqual(status.status, 0, status)

    def devices_of(self, name, each):
        """A device for each try: the CA has ten certificates for one in ten minutes, a try takes
        each of them."""
        for number in range(MANY):
            if number * each % CERTIFICATES < each:
                device = self.device(f"SN-{name}{number}")
                self.assertEqual(device.provision(self.ca).status, 0)
            yield number + 1, device

    def test_new_key_cut_short(self):
        """--new-key, ended at any file: certificate and key fit, and once more brings a new key"""
        for n, device in self.devices_of("R4", 2):
            with self.subTest(n):
                persistent = len(device.tpm.handles("persistent"))
                first = (device.folder / "key.pub").read_bytes()
                self.ca.does("device", "rekey", device.serial)
                cut = self.cut_short(device, n, "--new-key")
                self.check_set(device)
                if cut.status == 0:
                    break
                result = device.renew("--new-key")
                self.assertEqual(result.status, 0, result)
                self.assertNotEqual((device.folder / "key.pub").read_bytes(), first)
                self.check_set(device)
                self.assertEqual(len(device.tpm.handles("persistent")), persistent)
        self.assertGreater(n, 1 + len(SET), "every file of the set, and the link to it")
        self.assertEqual(cut.status, 0, "and all of them were tried")

    def test_new_key_given_up(self):
        """the same, and then run without it: either key goes on, and it is whole"""
        for n, device in self.devices_of("R5", 2):
            with self.subTest(n):
                if not (device.folder / "with-srk").exists():
                    self.srk(device.tpm)  # which is not the first key's parent
                    (device.folder / "with-srk").touch()
                self.ca.does("device", "rekey", device.serial)
                cut = self.cut_short(device, n, "--new-key")
                self.check_set(device)
                if cut.status == 0:
                    break
                result = device.renew()
                self.assertEqual(result.status, 0, result)
                self.check_set(device)
                self.assertFalse((device.folder / "key.made").exists())
                self.assertEqual(device.tpm.leftovers(), {})
        self.assertEqual(cut.status, 0, "all files were tried")

    def flatten(self, folder):
        """The folder as a copy that followed the links has it: plain files."""
        contents = {name: (folder / name).read_bytes() for name in SET}
        self.take_away(folder)
        for name, octets in contents.items():
            (folder / name).write_bytes(octets)

    def take_away(self, folder):
        for name in SET:
            (folder / name).unlink(missing_ok=True)
        (folder / "current").unlink(missing_ok=True)
        for former in folder.glob("set-*"):
            shutil.rmtree(former)

    def test_plain_files_cut_short(self):
        """a folder of plain files, as a copy by cp -L has them: ended anywhere, they fit"""
        for n, device in self.devices_of("T", 1):
            with self.subTest(n):
                self.flatten(device.folder)
                self.check_set(device)
                self.ca.does("device", "rekey", device.serial)
                cut = self.cut_short(device, n, "--new-key")
                self.check_set(device)
                if cut.status == 0:
                    break
        self.assertGreater(n, 3 + 2 * len(SET), "every link, then every file")
        self.assertEqual(cut.status, 0, "and all of them were tried")
        self.assertTrue((device.folder / "key.pem").is_symlink())

    def test_first_time_cut_short(self):
        """the first installation, ended anywhere: all of the files are there, or none"""
        ca = ("--ca", self.ca.url, "--ca-cert", self.ca.certificate, "--serial")
        for n, device in self.devices_of("V", 1):
            with self.subTest(n):
                self.take_away(device.folder)
                cut = self.cut_short(device, n, ca=(*ca, device.serial))
                there = [name for name in SET if (device.folder / name).exists()]
                if there:
                    self.check_set(device)
                self.assertIn(there, ([], list(SET)))
                if cut.status == 0:
                    break
        self.assertEqual(cut.status, 0, "all files were tried")

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
            bus.begin(lambda code, count, response: EMPTY_LIST
                      if code == TPM_CC_GET_CAPABILITY and OURS in response else response)
            bus.deny = lambda code, count: response_code(INTEGRITY) if (
                code, count) == (TPM_CC_LOAD, 1) else None
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

    def srk(self, tpm):
        """Gives a TPM a persistent SRK, as others do."""
        context = tpm.folder / "srk.ctx"
        tpm.tool("tpm2_createprimary", "-C", "owner", "-G", "rsa", "-c", context, "-a", "restricted|"
                 "decrypt|fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda")
        tpm.tool("tpm2_evictcontrol", "-C", "owner", "-c", context, "0x81000001")
        tpm.flush()

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
