"""A verifier that is wholly in the attacker's hands, and what it sends that no honest one sends."""

import base64
import json
import os
import secrets
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from attacker import taken_verifier
from attacker.certificates import Authority
from attacker.evidence import SoftwareDevice, b64
from attacker.taken_front import EVIDENCE, evidence_frame
from attacker.taken_verifier import (ANSWER, AUTHORITY, BURST, FACTS, FLOOD, FRONT, HEADER, MARK, MASK,
                                     REFUSED, TELL, frame, order, sized)
from attacker.ticket import activate, name_of
from attacker.wire import Ended, Line
from genuine_test import tap
from genuine_test.ca import Ca
from genuine_test.process import programs_but, resident_kb

CHALLENGE, CERTIFICATE = 1, 2  # the acts, and kinds of an answer
HEADER_FORM, EVIDENCE_MASK, TICKET, EK_LISTED = (f"check {n}" for n in (96, 101, 102, 130))
FRAMES, GROWTH_KB_MAX = 100_000, 8192
SERVED, WAIT_S = 5, 240
MANY, SETTLE_S = 1000, 0.5
TOO_LATE = "in time|within"  # what a machine with much to do says; never that there is no place


class Behind(Line):
    """A way to the CA through one of its fronts, and so to the verifier behind it."""

    def __init__(self, ca, front):
        super().__init__(int(ca.url.rpartition(":")[2]), ca.certificate)
        self.others = [pid for pid in ca.roles()["front"] if pid != front]

    def connection(self):
        for pid in self.others:
            os.kill(pid, signal.SIGSTOP)
        try:
            return super().connection()
        finally:
            for pid in self.others:
                os.kill(pid, signal.SIGCONT)


class TakenVerifier(tap.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program = programs_but(cls.folder / "programs", "verifier", taken_verifier.__file__)

    def setUp(self):
        folder = self.folder / self.id().rpartition(".")[2]
        folder.mkdir(mode=0o755)
        self.ca = Ca(folder / "ca")
        self.ca.program = self.program
        configuration = self.ca.folder / "genuine.conf"
        configuration.write_text(configuration.read_text().replace(
            "[front]\n", "[front]\nworkers = 2\nrate_per_prefix = 100000\nrate_all = 100000\n"))
        vendor = Authority("Test TPM Vendor")
        self.stranger, self.device, *self.others = (
            SoftwareDevice(f"SN-{number:04}", vendor) for number in range(2 + SERVED))
        self.ca.lists("".join(device.row for device in (self.device, *self.others)))
        self.addCleanup(self.ca.stop)
        self.ca.start()
        self.fingerprint = bytes.fromhex(self.ca.tells("status")["fingerprint"])
        self.taken, self.other = (Behind(self.ca, front) for front in self.ca.roles()["front"])
        self.addCleanup(self.taken.close)
        self.addCleanup(self.other.close)

    def ask(self, line, act, evidence, **members):
        """The answer; asked again, as a device does, while a verifier is started or there is no
        time. Behind the other verifier nothing else may be short."""
        end = time.monotonic() + WAIT_S
        while True:
            try:
                answer = line.post(f"/v1/{act}", evidence.json(**members))
                if answer.status != 503 or time.monotonic() > end:
                    return answer
                if line is self.other:
                    saw = self.ca.tells("explain", answer.reference)["saw"]
                    self.assertRegex(saw, TOO_LATE, "it is the taken one's fault")
            except (Ended, OSError):
                self.assertLess(time.monotonic(), end)
            time.sleep(0.2)

    def says(self, csr):
        """What the taken verifier reports, to an order or a question."""
        answer = self.ask(self.taken, "getChallenge", self.stranger.evidence(csr=csr))
        self.assertEqual(answer.status, 200, answer)
        return json.loads(base64.b64decode(answer.json["credential"]))

    def tells(self, *frames, times=1, to=AUTHORITY):
        """Has at most BURST frames sent, and waits until they are answered: {answer: how often}."""
        self.says(order(to, times, *frames))
        end = time.monotonic() + WAIT_S
        while (report := self.says(TELL))["sent"] != sum(report["answers"].values()):
            self.assertLess(time.monotonic(), end, report)
            time.sleep(0.05)
        return report["answers"]

    def evidence(self, device, mask=b""):
        return device.evidence(csr=mask + MARK + device.serial.encode())

    def facts(self, act, evidence, challenge=b"", ticket=b"", request=1):
        """A frame that reads, as no honest verifier but this one would send it."""
        body = evidence_frame(0, act, evidence, challenge, ticket)[10:]
        return frame(FACTS, request.to_bytes(8, "big"),
                     taken_verifier.facts(body, self.fingerprint))

    def challenge(self, device, line):
        """A challenge's header, and the ticket for it."""
        answer = self.ask(line, "getChallenge", self.evidence(device))
        self.assertEqual(answer.status, 200, answer)
        ticket = activate(base64.b64decode(answer.json["credential"]), device.ek, device.ek_area,
                          name_of(device.ik_area))
        return base64.b64decode(answer.json["challenge"]), ticket

    def provision(self, device, line):
        challenge, ticket = self.challenge(device, line)
        answer = self.ask(line, "getCertificate", self.evidence(device), challenge=b64(challenge),
                          ticket=b64(ticket))
        self.assertEqual(answer.status, 200, answer)
        return challenge, ticket

    def issued(self):
        return sorted(row["serial"] for row in self.ca.tells("certificate", "list"))

    def test_frames_that_do_not_read(self):
        """row 140: it is ended and started again; authority, store and the other verifier go on"""
        sound = self.facts(CHALLENGE, self.evidence(self.device))
        for what in (b"JUNK", b"", sound[:-1], sound + b"\0", frame(ANSWER, body=sound[10:]),
                     frame(EVIDENCE, body=sound[10:])):
            pid = self.says(TELL)["pid"]
            children = self.ca.children()
            self.says(order(AUTHORITY, 1 if what else FRAMES, what))
            end = time.monotonic() + WAIT_S
            while pid in self.ca.children():
                self.assertLess(time.monotonic(), end, f"{what}, and it is not ended")
                time.sleep(0.01)
            self.assertEqual(children - self.ca.children(), {pid}, what)
        self.provision(self.device, self.taken)
        self.assertEqual(self.issued(), [self.device.serial])

    def test_replay_and_order(self):
        """row 140: what it repeats, or says before its time, is issued once, and by the ticket"""
        children, evidence = self.ca.children(), self.evidence(self.device)
        never = self.facts(CERTIFICATE, evidence, bytes(HEADER), secrets.token_bytes(32))
        self.assertEqual(self.tells(never), {HEADER_FORM: 1})
        another, _ = self.challenge(self.stranger, self.other)
        early = [self.facts(CERTIFICATE, evidence, another, secrets.token_bytes(32), request)
                 for request in (5, 5, 0, 2 ** 64 - 1)]
        self.assertEqual(self.tells(*early, times=10), {TICKET: 40})
        self.assertEqual(self.issued(), [])
        challenge, ticket = self.provision(self.device, self.taken)
        again = [self.facts(CERTIFICATE, evidence, challenge, ticket, request)
                 for request in (*range(6), 2 ** 64 - 1)]
        answers = self.tells(*again, times=8)  # Together less than it may have in hand.
        self.assertEqual(list(answers.values()), [56], "the same, however often it is asked for")
        self.assertNotIn("check", str(answers))
        asked = [self.facts(CHALLENGE, evidence, request=request) for request in (1, 2, 3)]
        self.assertEqual(self.tells(*asked, times=10), {"challenge": 30})
        self.assertEqual(self.issued(), [self.device.serial])
        self.assertEqual(self.ca.children(), children)

    def flood(self, *frames, to=AUTHORITY):
        """While they are sent, others are served behind the other verifier; then nobody has grown.
        What the authority has answered."""
        self.provision(self.device, self.other)
        self.tells(*frames, times=BURST // len(frames) if to == AUTHORITY else 0, to=to)
        children = self.ca.children()
        before = {pid: resident_kb(pid) for pid in children}
        self.says(order(to, FRAMES // len(frames), *frames, does=FLOOD))
        for device in self.others:
            self.provision(device, self.other)
        report = self.says(TELL)
        self.assertGreaterEqual(report["sent"], FRAMES)
        self.assertEqual(self.ca.children(), children)
        for pid, kb in before.items():
            self.assertLess(resident_kb(pid), kb + GROWTH_KB_MAX)
        self.assertEqual(self.issued(),
                         [device.serial for device in (self.device, *self.others)])
        return set(report["answers"])

    def test_flood_of_facts(self):
        """row 140: 100,000 frames without one of the checks: others are served, nobody grows"""
        evidence = self.evidence(self.stranger, MASK + bytes(8))
        self.assertEqual(self.flood(self.facts(CHALLENGE, evidence)), {EVIDENCE_MASK})

    def test_flood_of_challenges(self):
        """row 140: 100,000 that the authority makes a challenge for"""
        evidence = self.evidence(self.stranger)
        self.assertEqual(self.flood(self.facts(CHALLENGE, evidence)), {"challenge"})

    def test_flood_of_tickets(self):
        """row 140: 100,000 with a good ticket, which wait for the store"""
        challenge, ticket = self.challenge(self.stranger, self.taken)
        frames = [self.facts(CERTIFICATE, self.evidence(self.stranger), challenge, ticket, number)
                  for number in range(8)]
        self.assertIn(EK_LISTED, self.flood(*frames))

    def test_places(self):
        """row 140: with as many acts as it can have before a slow store: others are served after"""
        challenge, ticket = self.challenge(self.stranger, self.taken)
        act = self.facts(CERTIFICATE, self.evidence(self.stranger), challenge, ticket)
        [device, *_], [store] = self.others, self.ca.roles()["store"]
        own_challenge, own_ticket = self.challenge(device, self.other)
        with ThreadPoolExecutor() as threads:
            os.kill(store, signal.SIGSTOP)
            try:
                self.says(order(AUTHORITY, MANY, act))
                self.assertEqual(self.says(TELL)["sent"], MANY)
                asked = threads.submit(
                    self.ask, self.other, "getCertificate", self.evidence(device),
                    challenge=b64(own_challenge), ticket=b64(own_ticket))
                time.sleep(SETTLE_S)  # Until the authority has taken it.
            finally:
                os.kill(store, signal.SIGCONT)
            self.assertEqual(asked.result().status, 200)
        self.assertEqual(self.issued(), [device.serial])

    def test_flood_of_answers(self):
        """row 140: 100,000 answers to its front, for which nobody waits"""
        refused = frame(ANSWER, bytes(8), bytes([REFUSED]) + (102).to_bytes(2, "big") + bytes(4)
                        + sized(b"") + sized(b"") + bytes(33))
        challenge = frame(ANSWER, bytes(7) + b"\1", bytes([CHALLENGE]) + sized(b"credential")
                          + sized(bytes(HEADER)))
        certificate = frame(ANSWER, b"\xff" * 8, bytes([CERTIFICATE]) + sized(b"PEM") + sized(b""))
        self.flood(refused, challenge, certificate, certificate, to=FRONT)


if __name__ == "__main__":
    tap.main()
