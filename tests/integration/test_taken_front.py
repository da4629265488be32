"""A front that is wholly in the attacker's hands: no quota, no JSON, whatever frames it likes."""

import os
import secrets
import socket
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from attacker import taken_front
from attacker.certificates import Authority
from attacker.evidence import SoftwareDevice
from attacker.taken_front import evidence_frame, frame, sized
from attacker.ticket import activate, name_of
from genuine_test import tap
from genuine_test.ca import Ca
from genuine_test.process import programs_but, resident_kb

CHALLENGE, CERTIFICATE, REFUSED = 1, 2, 3  # kinds of an answer, and the acts
FLOOD, GROWTH_KB_MAX = 100_000, 8192
WAIT_S = 60


class Wire:
    """To the taken front. Frames of the verifier are collected as they come."""

    def __init__(self, ca):
        self.connection = socket.create_connection(("127.0.0.1", int(ca.url.rpartition(":")[2])))
        self.frames = []
        threading.Thread(target=self.collect, daemon=True).start()

    def collect(self):
        while len(head := self.connection.recv(4, socket.MSG_WAITALL)) == 4:
            self.frames.append(self.connection.recv(int.from_bytes(head, "big"),
                                                    socket.MSG_WAITALL))

    def send(self, *frames):
        self.connection.sendall(b"".join(map(sized, frames)))

    def answers(self, count):
        """The bodies of the next so many answers."""
        end = time.monotonic() + WAIT_S
        while len(self.frames) < count and time.monotonic() < end:
            time.sleep(0.01)
        taken, self.frames = self.frames[:count], self.frames[count:]
        return [octets[10:] for octets in taken]

    def asks(self, octets):
        """The answer to one request; asked again while the verifier is being started."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            self.frames.clear()
            self.send(octets)
            time.sleep(0.2)
            if self.frames and self.frames[0][10] != REFUSED:
                return self.frames.pop(0)[10:]
        return b""

    def close(self):
        self.connection.close()


class TakenFront(tap.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program = programs_but(cls.folder / "programs", "front", taken_front.__file__)

    def setUp(self):
        folder = self.folder / self.id().rpartition(".")[2]
        folder.mkdir(mode=0o755)
        self.ca = Ca(folder / "ca")
        self.ca.program = self.program
        vendor = Authority("Test TPM Vendor")
        (folder / "vendor.der").write_bytes(vendor.certificate)
        self.ca.does("trust", "import", folder / "vendor.der")
        self.device = SoftwareDevice("SN-0001", vendor)
        self.ca.lists(self.device.row)
        self.addCleanup(self.ca.stop)
        self.ca.start()
        self.evidence = self.device.evidence()
        self.wire = Wire(self.ca)
        self.addCleanup(self.wire.close)

    def challenge(self):
        """Credential and challenge, as an honest front would be told them."""
        body = self.wire.asks(evidence_frame(1, CHALLENGE, self.evidence))
        self.assertEqual(body[0], CHALLENGE, body)
        credential_len = int.from_bytes(body[1:5], "big")
        credential, rest = body[5:5 + credential_len], body[5 + credential_len:]
        return credential, rest[4:4 + int.from_bytes(rest[:4], "big")]

    def issued(self):
        return len(self.ca.tells("certificate", "list"))

    def test_frames_that_do_not_read(self):
        """row 140: its own verifier ends and is started again; authority and store go on"""
        sound = evidence_frame(7, CHALLENGE, self.evidence)
        for junk in (b"", os.urandom(100), frame(2, 7, sound[10:]), sound[:-1], sound + b"\0"):
            roles = self.ca.roles()
            self.wire.send(junk)
            self.challenge()
            now = self.ca.roles()
            self.assertEqual((now["authority"], now["store"]), (roles["authority"], roles["store"]))
            self.assertEqual(len(set(roles["verifier"]) - set(now["verifier"])), 1, junk)

    def test_replay_and_order(self):
        """row 140: what it repeats, or sends before its time, is issued once, and by the ticket"""
        credential, challenge = self.challenge()
        early = [evidence_frame(n, CERTIFICATE, self.evidence, challenge, secrets.token_bytes(32))
                 for n in (5, 5, 0, 2 ** 64 - 1)] * 10
        early += [evidence_frame(9, CHALLENGE, self.evidence)] * 20
        self.wire.send(*early)
        kinds = [body[0] for body in self.wire.answers(len(early))]
        self.assertEqual(sorted(kinds), [CHALLENGE] * 20 + [REFUSED] * 40)
        self.assertEqual(self.issued(), 0)
        ticket = activate(credential, self.device.ek, self.device.ek_area,
                          name_of(self.device.ik_area))
        right = [evidence_frame(3, CERTIFICATE, self.evidence, challenge, ticket)] * 20
        self.wire.send(*right)
        issued = {body for body in self.wire.answers(20) if body[0] == CERTIFICATE}
        self.assertEqual(len(issued), 1, "one certificate, however often it is asked for")
        self.assertEqual(self.issued(), 1)

    def test_flood(self):
        """row 140: 100,000 frames as fast as they are taken; nobody grows, the next is answered"""
        self.challenge()
        roles = {role: pids for role, pids in self.ca.roles().items() if role != "front"}
        before = {pid: resident_kb(pid) for pids in roles.values() for pid in pids}
        bad = evidence_frame(11, CHALLENGE, self.evidence.but(csr=b"x"))
        for _ in range(FLOOD // 1000):
            self.wire.send(*[bad] * 1000)
            self.assertEqual({body[0] for body in self.wire.answers(1000)}, {REFUSED})
        self.assertEqual({role: pids for role, pids in self.ca.roles().items()
                          if role != "front"}, roles)
        for pid, kb in before.items():
            self.assertLess(resident_kb(pid), kb + GROWTH_KB_MAX)
        self.challenge()
        self.assertEqual(self.issued(), 0)


if __name__ == "__main__":
    tap.main()
