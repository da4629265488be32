"""The CA's processes as they run: what they are linked with, what they gave up, what stops them."""

import contextlib
import itertools
import os
import re
import subprocess
import time
import unittest
from pathlib import Path

from genuine_test import tap
from genuine_test.ca import Ca
from genuine_test.process import BUILD, SOURCE, TCP_LISTEN, attempt, run

ROLES = ["front", "verifier", "authority", "store"]
PROGRAMS = ["genuine-ca", "genuine-device", *(f"genuine-ca-{role}" for role in ROLES)]
DEVICE_SIZE_MAX = 300 * 1024
PROBE = BUILD / "tests" / "integration" / "probe"
# What builds that are never shipped have: see tests/mutants and tests/instruments.
INSTRUMENTS = [b"mutant_", b"__asan_", b"__ubsan_", b"__llvm_prof", b"IS NOT CONFINED"]
SKIPPED = 77
# Calls that no role has any use for; mmap is of memory that is writable and executable.
FURTHER_CALLS = ["setuid", "ptrace", "mmap", "io_uring_setup", "userfaultfd", "bpf"]
GRANTED_BY_SOME = ["io_uring_setup", "userfaultfd", "bpf"]  # EPERM or ENOSYS on other kernels.


def needed(program):
    """The libraries that the linker wrote into a program."""
    dynamic = run("readelf", "--dynamic", "--wide", BUILD / program)
    return re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic)


class Linked(tap.Case):
    """What a role cannot do is decided by the linker first."""

    def test_needed(self):
        """each program needs the libraries that docs/needed.txt says, and no other"""
        listed = {}
        for line in (SOURCE / "docs" / "needed.txt").read_text().splitlines():
            if line and not line.startswith("#"):
                program, libraries = line.split(":")
                listed[program] = sorted(libraries.split())
        self.assertEqual({program: sorted(needed(program)) for program in PROGRAMS}, listed)

    def test_no_instruments(self):
        """no program has a trace of mutants, sanitizers, coverage or the sandbox that is none"""
        for program in PROGRAMS:
            octets = (BUILD / program).read_bytes()
            for trace in INSTRUMENTS:
                self.assertNotIn(trace, octets, f"{program}: {trace}")

    def test_device_is_small(self):
        """genuine-device is under 300 KiB stripped"""
        stripped = self.folder / "genuine-device"
        run("strip", "-o", stripped, BUILD / "genuine-device")
        self.assertLess(stripped.stat().st_size, DEVICE_SIZE_MAX)

    def test_hardening(self):
        """each program is position-independent, bound at start, without an executable stack"""
        for program in PROGRAMS:
            with self.subTest(program):
                header = run("readelf", "--headers", "--dynamic", "--wide", BUILD / program)
                self.assertIn("DYN (Position-Independent Executable file)", header)
                self.assertIn("BIND_NOW", header)
                self.assertRegex(header, r"GNU_STACK.* RW ")
                self.assertIn("GNU_RELRO", header)


class Running(tap.Case):
    """What each role gave up, read from /proc, and tried from inside."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ca = Ca(cls.folder / "ca")
        cls.on_stage(cls.ca.start())

    def each(self):
        return [(role, pid) for role, pids in self.ca.roles().items() for pid in pids]

    def status(self, pid):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return {name: value.strip() for name, value in (line.split(":", 1) for line in lines)}

    def test_every_role_runs(self):
        """fronts and verifiers are as many as there are cores; authority and store are one each"""
        counts = {role: len(pids) for role, pids in self.ca.roles().items()}
        self.assertEqual(counts["front"], counts["verifier"])
        self.assertGreaterEqual(counts["front"], 1)
        self.assertEqual((counts["authority"], counts["store"]), (1, 1))

    def test_given_up(self):
        """each role has a seccomp filter, no new privileges, no capabilities"""
        for role, pid in self.each():
            with self.subTest(role):
                status = self.status(pid)
                self.assertEqual(status["Seccomp"], "2", "a filter")
                self.assertEqual(status["NoNewPrivs"], "1")
                for capabilities in ("CapEff", "CapPrm", "CapInh"):
                    self.assertEqual(int(status[capabilities], 16), 0)

    @unittest.skipUnless(os.geteuid() == 0, "roles change their user only where root starts them")
    def test_users(self):
        """started by root, each role is a user of its own, without groups, in a root of its own"""
        seen = {}
        for role, pid in self.each():
            with self.subTest(role):
                status = self.status(pid)
                uids = set(status["Uid"].split())
                self.assertEqual(len(uids), 1)
                self.assertNotIn("0", uids)
                self.assertNotIn("0", status["Gid"].split())
                self.assertEqual(status["Groups"], "")
                self.assertNotEqual(os.readlink(f"/proc/{pid}/root"), "/")
                seen.setdefault(role, set()).update(uids)
        self.assertEqual(len(set().union(*seen.values())), len(ROLES), seen)

    def test_not_dumpable(self):
        """no role can be dumped, nor looked into by its own user: /proc's files are root's"""
        for role, pid in self.each():
            with self.subTest(role):
                self.assertEqual(os.stat(f"/proc/{pid}/environ").st_uid, 0)
                limits = Path(f"/proc/{pid}/limits").read_text()
                self.assertRegex(limits, r"Max core file size +0 +0 ")
                self.assertRegex(limits, r"Max processes +0 +0 ")

    def test_descriptors(self):
        """no role has a file open but its own: the store its database, a front its refusals"""
        own = {"store": "/store", "front": "/refusals."}
        for role, pid in self.each():
            with self.subTest(role):
                targets = [os.readlink(f"/proc/{pid}/fd/{fd}")
                           for fd in os.listdir(f"/proc/{pid}/fd")]
                inherited = {"/dev/null", str(self.ca.daemon.log), str(self.ca.daemon.said)}
                files = [target for target in targets
                         if target.startswith("/") and target not in inherited
                         and not target.startswith("/memfd:")]
                others = [file for file in files if role not in own
                          or not file.startswith(str(self.ca.folder) + own[role])]
                self.assertEqual(others, [])

    @unittest.skipUnless(os.geteuid() == 0, "only root looks into a process that is not dumpable")
    def test_probes(self):
        """made to open a file, a socket, a program and more, each role is killed or refused"""
        other = self.sleeper().pid
        for calls in (["open", "socket", "execve", "fork"], FURTHER_CALLS[:3], FURTHER_CALLS[3:]):
            self.ca.restart()  # A role that ends often is started again later each time.
            for role, call in itertools.product(ROLES, calls):
                with self.subTest(f"{role} {call}"):
                    self.wait_for_all()
                    result = self.probed(self.ca.roles()[role][0], call, other)
                    self.assertEqual(result.status, 0, result)
                    if call in FURTHER_CALLS:
                        self.assertEqual(result.output, "killed by SYS\n", result)
            self.wait_for_all()
        self.assertTrue(self.ca.daemon.is_running(), "the supervisor itself is well")

    @unittest.skipUnless(os.geteuid() == 0, "only root looks into a process that is not dumpable")
    def test_probe_of_listening_socket(self):
        """made to spoil the socket that all fronts listen on, a front is killed, and they are served"""
        for call in ("shutdown", "setsockopt"):
            with self.subTest(call):
                self.wait_for_all()
                pid = self.ca.roles()["front"][0]
                result = attempt(PROBE, pid, call, self.listening(pid))
                if result.status == SKIPPED:
                    self.skipTest(result.errors)
                self.assertEqual((result.status, result.output), (0, "killed by SYS\n"), result)
        self.wait_for_all()

    def listening(self, pid):
        """The descriptor of the process on which it listens."""
        inodes = {fields[9] for fields in map(str.split, Path("/proc/net/tcp").read_text()
                  .splitlines()[1:]) if fields[3] == TCP_LISTEN}
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            found = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{descriptor}"))
            if found and found[1] in inodes:
                return descriptor
        self.fail("the front does not listen")

    def test_probe_itself(self):
        """the probe's control: a process without a sandbox is granted what roles are refused"""
        if os.geteuid() != 0:
            self.skipTest("only root can look into another process")
        other = self.sleeper().pid
        for call in ("open", "socket", *FURTHER_CALLS):
            with self.subTest(call):
                result = self.probed(self.sleeper().pid, call, other)
                if call in GRANTED_BY_SOME and result.output in ("returned -1\n", "returned -38\n"):
                    self.skipTest(f"this kernel grants {call} to nobody")
                self.assertEqual(result.status, 1, result)

    def sleeper(self):
        process = subprocess.Popen(["sleep", "60"])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        time.sleep(0.1)
        return process

    def probed(self, pid, call, other):
        """What became of the call; other is whom ptrace is to trace."""
        result = attempt(PROBE, pid, call, *([other] if call == "ptrace" else []))
        if result.status == SKIPPED:
            self.skipTest(result.errors)
        return result

    def wait_for_all(self):
        """Waits until whoever was killed is replaced and in its sandbox, and the CA answers."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if sorted(self.ca.roles()) == sorted(ROLES) and self.is_well() and all(
                        self.status(pid)["Seccomp"] == "2" for _, pid in self.each()):
                    return
            time.sleep(0.05)
        self.fail("the supervisor did not replace a role that was killed\n" + self.ca.daemon.told())

    def is_well(self):
        return self.ca.client.get("/healthz").status == 200


if __name__ == "__main__":
    tap.main()
