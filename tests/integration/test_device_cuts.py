"""A device's run that is ended at any file: what it leaves fits, and the next run goes on."""

import shutil

from genuine_test import tap
from genuine_test.device import CA_NOT_REACHED
from genuine_test.middle import Middle, spoken
from genuine_test.on_the_tpm import SET, OnTheTpm
from genuine_test.process import GENUINE_DEVICE, attempt

CERTIFICATES, MANY = 8, 60  # of one device in ten minutes, safely; more renames than any run makes


class DeviceCuts(OnTheTpm):
    def cut_short(self, device, n, *options, ca=(), call="renameat"):
        """A run that is killed as it puts the n-th file or link into its place; how it ended."""
        result = attempt("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                         f"inject={call}:signal=KILL:when={n}", GENUINE_DEVICE, "provision",
                         "--tcti", device.tpm.tcti, "--dir", device.folder, *ca, *options)
        device.tpm.flush()
        return result

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

    def stop_after(self, answer):
        """The CA ends before it is asked the next time."""
        self.ca.stop()
        return spoken(answer.body)

    def test_keep_key_cut_short(self):
        """--keep-key, ended anywhere: once it has begun, any later run keeps the installed key"""
        for call in ("renameat", "fsync"):
            for n, device in self.devices_of(f"K{call[0].upper()}", 2):
                with self.subTest((call, n)):
                    persistent = device.tpm.handles("persistent")
                    key = (device.folder / "key.pub").read_bytes()
                    self.show_another(device)
                    cut = self.cut_short(device, n, "--keep-key", call=call, ca=(
                        "--ca", self.ca.url, "--ca-cert", self.ca.certificate))
                    has_begun = ("shown_ik_id" not in device.state
                                 or device.tpm.handles("persistent") == persistent)
                    result = device.provision(self.ca)
                    self.assertEqual(result.status, 0, result)
                    self.check_set(device)
                    if has_begun:
                        self.assertEqual((device.folder / "key.pub").read_bytes(), key)
                        self.assertEqual(device.tpm.handles("persistent"), persistent)
                    if cut.status == 0:
                        break
            self.assertTrue(has_begun)
            self.assertEqual(cut.status, 0, "all files were tried")

    def show_another(self, device):
        """--new-key, and the CA is gone when it is sent the ticket."""
        middle = Middle(self.ca)
        middle.lies["/v1/getChallenge"] = self.stop_after
        self.ca.does("device", "rekey", device.serial)
        self.assertEqual(device.provision(middle, "--new-key").status, CA_NOT_REACHED)
        middle.stop()
        self.ca.start()
        self.assertIn("shown_ik_id", device.state)

    def flatten(self, folder):
        """A copy that followed the links, in the folder's place."""
        copy = folder.with_name(f"{folder.name}-copy")
        shutil.copytree(folder, copy)
        shutil.rmtree(folder)
        copy.rename(folder)

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

    def test_own_anchors_cut_short(self):
        """another ca.pem, put in the link's place: ended anywhere, it is the one that counts"""
        for n, device in self.devices_of("U", 1):
            with self.subTest(n):
                mine = (device.folder / "ca.pem").read_bytes() + b"\n"
                (device.folder / "mine").write_bytes(mine)
                (device.folder / "mine").rename(device.folder / "ca.pem")
                cut = self.cut_short(device, n)
                self.assertEqual((device.folder / "ca.pem").read_bytes(), mine)
                self.check_set(device)
                if cut.status == 0:
                    break
        self.assertGreater(n, 2 + len(SET), "its own link, then every file")

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


if __name__ == "__main__":
    tap.main()
