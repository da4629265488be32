"""Secrets stay where they belong: canaries looked for in whatever a CA writes, says or leaves."""

import base64
import os
import re
import resource
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path

from genuine_test import canary, tap
from genuine_test.by_hand import ByHand, b64
from genuine_test.ca import Ca
from genuine_test.device import Device
from genuine_test.process import GENUINE_CA, Daemon, run
from genuine_test.tpm import EK_CERTIFICATE_L1, Tpm
from genuine_test.vendor import Vendor

NOBODY = 65534
STOP_S = 20
LOCKED_SHARE = 0.9  # 0.93 to 1.0 were seen
IS_ROOT = os.geteuid() == 0
MAY_LOCK = IS_ROOT or resource.getrlimit(resource.RLIMIT_MEMLOCK)[1] == resource.RLIM_INFINITY


def private_number(pem):
    """The octets of an EC key's private number, as OpenSSL prints them."""
    text = run("openssl", "pkey", "-in", pem, "-noout", "-text")
    digits = re.search(r"priv:\s*((?:[0-9a-f]{2}[:\s]+)+)", text)[1]
    return bytes.fromhex(re.sub(r"[:\s]", "", digits)).lstrip(b"\0")


def ticket_masters(ca):
    """{name: (ca_id, master)} of the file that the tickets' keys are in."""
    found = {}
    for line in (ca.folder / "secret" / "ticket.keys").read_text().splitlines():
        name, ca_id, master, *_ = line.split()
        found[name] = (bytes.fromhex(ca_id), bytes.fromhex(master))
    return found


class Canaries(tap.Case):
    """A CA that did all that a CA does, under a limit that permits core files of any size."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        vendor = Vendor(cls.folder / "vendor")
        cls.tpm = cls.on_stage(Tpm(cls.folder / "tpm", vendor))
        (cls.folder / "ca").mkdir()
        cls.ca = Ca(cls.folder / "ca" / "folder")
        cls.ca.trusts(vendor)
        cls.ca.lists(f"SN-0001,{cls.tpm.ek_id(EK_CERTIFICATE_L1)},,\n")
        cls.start()
        cls.secrets = {"CA's key": private_number(cls.ca.folder / "secret" / "ca.key"),
                       "TLS key": private_number(cls.ca.tls_key)}
        cls.said = [*cls.provision(), *cls.operate()]

    @classmethod
    def start(cls):
        """serve, in a working directory of its own where any core file would lie."""
        cls.cores = cls.folder / "cores"
        cls.cores.mkdir(mode=0o777)
        cls.cores.chmod(0o777)
        daemon = Daemon(cls.folder / "ca", "sh", "-c", 'ulimit -c unlimited; cd "$0" && exec "$@"',
                        cls.cores, GENUINE_CA, "-C", cls.ca.folder, "serve",
                        "--listen", "127.0.0.1:0")
        cls.ca.daemon = cls.on_stage(daemon)
        port = daemon.wait_for_output(r".*127\.0\.0\.1:([1-9][0-9]*)")[1]
        cls.ca.url = f"https://127.0.0.1:{port}"

    @classmethod
    def provision(cls):
        """One refused for its ticket, one that passes, its repetition; then by genuine-device."""
        hand = ByHand(cls.folder / "hand", cls.tpm, "0x81020002")
        request = hand.request(cls.ca.client, "SN-0001")
        ca_id, master = ticket_masters(cls.ca)["current"]
        epoch = int.from_bytes(base64.b64decode(request["challenge"])[17:21], "big")
        cls.secrets |= {"ticket": base64.b64decode(request["ticket"]), "master": master,
                        "ticket key": canary.ticket_key(master, ca_id, epoch)}
        wrong = {**request, "ticket": b64(bytes(32))}
        answers = [cls.ca.client.get_certificate(one) for one in (wrong, request, request)]
        assert [answer.status for answer in answers] == [403, 200, 200], answers
        cls.ca.does("device", "rekey", "SN-0001")
        device = Device(cls.folder / "device", cls.tpm, "SN-0001").provision(cls.ca, "--ek", "rsa")
        assert device.status == 0, device
        return [*(answer.body for answer in answers), str(device).encode(),
                cls.ca.does("explain", cls.ca.reference(answers[0].text)).encode()]

    @classmethod
    def operate(cls):
        """All that the operator is told, after a rotation and a reload."""
        cls.ca.does("rotate")
        cls.secrets["master after rotation"] = ticket_masters(cls.ca)["current"][1]
        cls.ca.does("reload")
        number = cls.ca.tells("certificate", "list")[0]["number"]
        return [cls.ca.does(*command).encode() for command in (
            ("status",), ("--json", "audit", "list"), ("audit", "verify"), ("device", "list"),
            ("device", "show", "SN-0001"), ("--json", "certificate", "show", number),
            ("trust", "list"), ("crl",))]

    def check_clean(self, octets, where):
        self.assertEqual(canary.leaks(self.secrets, octets), [], where)

    def processes(self):
        supervisor = self.ca.daemon.process.pid
        return [("supervisor", supervisor), *((role, pid) for role, pids in self.ca.roles().items()
                                              for pid in pids)]

    def test_search_finds(self):
        """the search's control: it finds each secret in the file where it belongs, and encoded"""
        for name in ("ca.key", "tls.key", "ticket.keys"):
            octets = (self.ca.folder / "secret" / name).read_bytes()
            self.assertNotEqual(canary.leaks(self.secrets, octets), [], name)
        for name, secret in self.secrets.items():
            self.assertGreaterEqual(len(secret), 2 * canary.WINDOW - 2, name)
            for prefix in range(3):
                octets = bytes(prefix) + secret + b"after"
                for text in (octets, octets.hex().encode(), octets.hex(":").encode(),
                             base64.encodebytes(octets), base64.urlsafe_b64encode(octets)):
                    self.assertIn(name, str(canary.leaks({name: secret}, b"before" + text)))

    def test_files(self):
        """no log, database, refusal or other file of the CA or the device has a secret in it"""
        inspected = set()
        for folder in (self.folder / "ca", self.folder / "device", self.cores):
            for file in folder.rglob("*"):
                if file.is_file() and file.parent.name != "secret":
                    self.check_clean(file.read_bytes(), file)
                    inspected.add(re.sub(r"\d+$", "N", file.name))
        self.assertLessEqual({"sh.log", "sh.out", "genuine.db", "genuine.db-wal", "refusals.N",
                              "genuine.conf", "state.json"}, inspected)

    def test_outputs(self):
        """no answer, explanation, listing or audit entry has a secret in it"""
        for said in self.said:
            self.check_clean(said, said[:60])
        self.assertIn(b"rotate", b"".join(self.said))

    def test_processes(self):
        """no process of the CA has a secret in its command line or environment"""
        for role, pid in self.processes():
            for name in ("cmdline", "environ"):
                try:
                    octets = Path(f"/proc/{pid}/{name}").read_bytes()
                except PermissionError:
                    self.assertFalse(IS_ROOT, "root may look")
                    continue
                self.check_clean(octets, f"{role} {name}")

    @unittest.skipUnless(IS_ROOT, "takes root, to become the others who try")
    def test_memory(self):
        """nobody else can read the authority's memory, its own user included"""
        [authority] = self.ca.roles()["authority"]
        status = Path(f"/proc/{authority}/status").read_text()
        self.assertEqual(os.stat(f"/proc/{authority}/mem").st_uid, 0, "not dumpable")
        for uid in (NOBODY, int(re.search(r"Uid:\s+(\d+)", status)[1])):
            self.assertFalse(self.may_read(authority, uid), uid)
            sleeper = subprocess.Popen(["sleep", "60"], user=uid, group=uid, extra_groups=[])
            self.addCleanup(sleeper.wait)
            self.addCleanup(sleeper.kill)
            self.assertTrue(self.may_read(sleeper.pid, uid), "the control: a process of his own")

    @staticmethod
    def may_read(pid, uid):
        """Whether a user may open another process's memory."""
        tried = subprocess.run(["dd", f"if=/proc/{pid}/mem", "of=/dev/null", "count=0"],
                               user=uid, group=uid, extra_groups=[], capture_output=True,
                               check=False)
        return tried.returncode == 0

    def check_locked(self, pid, who):
        status = Path(f"/proc/{pid}/status").read_text()
        locked, whole = (int(re.search(rf"{name}:\s+(\d+) kB", status)[1])
                         for name in ("VmLck", "VmRSS"))
        # Not all of it: the kernel's own pages never are, and where the limit cannot be raised what
        # the heap has grown by since is not.
        self.assertGreaterEqual(locked, LOCKED_SHARE * whole, who)
        self.assertGreater(locked, 1000, who)

    @unittest.skipUnless(MAY_LOCK, "this user may not lock as much")
    def test_locked_memory(self):
        """the memory of the supervisor, the authority and the fronts is locked and reaches no swap"""
        for role, pid in self.processes():
            if role in ("supervisor", "authority", "front"):
                self.check_locked(pid, role)

    @unittest.skipUnless(MAY_LOCK, "this user may not lock as much")
    def test_commands(self):
        """nor does that of commands that make keys themselves, which leave no core file either"""
        cores, folder = self.folder / "cores-of-commands", self.folder / "another"
        cores.mkdir()
        for command in (("init", "--name", "Another", "--host", "localhost"), ("rotate",)):
            log = self.folder / f"strace.{command[0]}"
            # Stopped where it first writes one of the keys that it has made.
            held = subprocess.Popen(
                ["sh", "-c", 'ulimit -c unlimited; cd "$0" && exec "$@"', cores, "strace", "-D",
                 "-qq", "-o", log, "-e", "trace=fsync,fdatasync", "-e",
                 "inject=fsync,fdatasync:signal=SIGSTOP:when=1", GENUINE_CA, "-C", folder, *command],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.wait_until_stopped(held, log)
            self.check_locked(held.pid, command[0])
            os.kill(held.pid, signal.SIGABRT)
            os.kill(held.pid, signal.SIGCONT)
            self.assertEqual(held.wait(20), -signal.SIGABRT, command[0])
            self.assertEqual(list(cores.iterdir()), [], command[0])
            if command[0] == "init":
                shutil.rmtree(folder)
                run(GENUINE_CA, "-C", folder, *command)

    def wait_until_stopped(self, process, log):
        """By what strace says: its own stops, one at each system call, look the same from outside."""
        deadline = time.monotonic() + STOP_S
        while not (log.exists() and "stopped by SIGSTOP" in log.read_text()):
            self.assertIsNone(process.poll(), "it ended and was not stopped")
            self.assertLess(time.monotonic(), deadline, "it is not stopped")
            time.sleep(0.01)

    def test_zz_core(self):
        """aborted where core files of any size are permitted, no process of the CA leaves one"""
        pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
        if "/" not in pattern and "|" not in pattern:
            subprocess.run(["sh", "-c", "ulimit -c unlimited; kill -ABRT $$"], cwd=self.cores,
                           check=False)
            control = [file for file in self.cores.iterdir() if file.name.startswith("core")]
            self.assertNotEqual(control, [], "the control: another process leaves a core file")
            for file in control:
                file.unlink()
        for role, pid in reversed(self.processes()):
            os.kill(pid, signal.SIGABRT)
            if role != "supervisor":
                said = f"{role} 0 ended by signal {int(signal.SIGABRT)}"
                self.ca.daemon.wait_for(lambda pid=pid: not Path(f"/proc/{pid}").exists(), said)
        self.assertEqual(self.ca.daemon.process.wait(20), -signal.SIGABRT)
        for folder in (self.cores, self.folder / "ca"):
            self.assertEqual([file for file in folder.rglob("*core*") if file != self.cores], [])
        self.check_clean(self.ca.daemon.told().encode(), "the log of the ends")


if __name__ == "__main__":
    tap.main()
