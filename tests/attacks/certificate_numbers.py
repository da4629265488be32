"""Rows about random numbers: certificates' numbers, nonces and seeds, and what repeats them."""

import base64
import contextlib
import copy
import os
import shutil
import signal
import sqlite3
import time
from collections import Counter

from attacker import ticket
from attacker.wire import Ended
from catalogue import ACCEPTED, row
from genuine_test.process import BUILD, attempt
from in_process import further
from stage import Target
from tickets import expect, sent

NUMBER_SIZE, FREE_BITS = 16, 126
POINT_SIZE = 2 * (2 + 32)  # TPMS_ECC_POINT of P-256
# Exceeded once in a million runs: chi-square with 126 and with 255 degrees of freedom.
BITS_MAX, OCTETS_MAX = 215, 380
PROGRAMS = ["genuine-ca", *(f"genuine-ca-{role}" for role in (
    "front", "verifier", "authority", "store"))]


def numbers(target):
    path = target.folder / "store" / "genuine.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return [number for number, in database.execute("SELECT number FROM intent")]


@row(116, "certificates' numbers, those of this run and a million drawn: size, first octet, doubles,"
     " chi-square")
def drawn(stage, verdict):
    """The further ones are drawn in one process, by the authority's own function."""
    target = stage.target()
    evidences = [device.evidence() for device in stage.devices(1000 if stage.is_full else 10)]
    for _ in range(10):  # As many as the quota permits one device.
        answers = target.line.posts([("/v1/getCertificate", evidence.json(
            **target.ticket_members(evidence))) for evidence in evidences])
        saw = target.reasons(answer.reference for answer in answers if answer.reference)
        for answer in answers:  # Two tickets of one millisecond: the second is no later than the first.
            is_right = answer.status == 200 or saw.get(answer.reference) == "NO_LATER_CHANGE"
            verdict.note("a certificate", is_right, answer.status == 200, answer)
    found = [number for each in stage.targets.values() for number in numbers(each)]
    for number in found:
        verdict.hold("size, first octet", len(number) == NUMBER_SIZE and number[0] >> 6 == 1,
                     number.hex())
    if len(set(found)) != len(found):
        verdict.wrong.append("a number stands twice")
    count = len(found)
    if count < (10000 if stage.is_full else 50):
        verdict.wrong.append(f"{count} numbers only")
    ones = [sum(int.from_bytes(number, "big") >> bit & 1 for number in found)
            for bit in range(FREE_BITS)]
    bits = sum((2 * one - count) ** 2 / count for one in ones)
    verdict.hold("chi-square of the bits", bits < BITS_MAX, bits)
    octets = Counter(b"".join(number[1:] for number in found))
    mean = count * (NUMBER_SIZE - 1) / 256
    spread = sum((octets[value] - mean) ** 2 / mean for value in range(256))
    verdict.hold("chi-square of the octets", spread < OCTETS_MAX, spread)
    verdict.figures.append(f"{count} numbers of this run's certificates; chi-square of the bits"
                           f" {bits:.0f}, of the octets {spread:.0f}")
    further(stage, verdict, 116)


@row(115, "a generator that repeats itself: no two certificates with one number", is_slow=True)
def collision(stage, verdict):
    programs = stage.folder / "programs"
    (programs / "real").mkdir(parents=True)
    for program in PROGRAMS:
        shutil.copy(BUILD / program, programs)
    authority = programs / "genuine-ca-authority"
    authority.rename(programs / "real" / authority.name)
    library = BUILD / "tests" / "attacks" / "librepeating_numbers.so"
    authority.write_text(f'#!/bin/sh\nLD_PRELOAD={library} exec {programs}/real/{authority.name}'
                         ' "$@"\n')
    authority.chmod(0o755)
    folder = stage.folder / "repeating"
    folder.mkdir(mode=0o755)
    target = Target(folder / "ca")
    target.ca.program = programs / "genuine-ca"
    target.trusts(stage.root.certificate, stage.vendor.certificate)
    stage.targets["repeating"] = target.start()
    stage.callback(target.stop)
    first, second = stage.devices(2, target)
    expect(verdict, target, "the first", first.evidence(), ACCEPTED)
    told = []
    while ACCEPTED not in told and len(told) < 10:
        before = target.dump()
        answer, check = sent(target, second.evidence())
        told.append(check)
        if check != ACCEPTED:
            verdict.note("the same number", (answer.status, check) == (503, "STORE_WORKS")
                         and target.dump() == before, False, f"{answer} {check}")
        time.sleep(0.01)
    verdict.note("the second", told[-1] == ACCEPTED and len(told) >= 3, True, told)
    found = numbers(target)
    verdict.hold("another number in the end", b"U" * 16 in found
                 and len(set(found)) == len(found) == 2, found)


class Seen:
    """What must not come again, by what it is; each is noted with the challenge that brought it."""

    def __init__(self, verdict, device):
        self.verdict, self.device, self.counts = verdict, device, Counter()
        self.body = device.evidence().json()

    def add(self, what, octets):
        self.counts[what, octets] += 1

    def ask(self, line, rounds):
        for _ in range(rounds):
            answer = line.post("/v1/getChallenge", self.body)
            self.verdict.note("a challenge", answer.status == 200, True, answer)
            if answer.status == 200:
                self.take(base64.b64decode(answer.json["challenge"]),
                          base64.b64decode(answer.json["credential"]))

    def take(self, challenge, credential):
        """The seed comes from the ephemeral key, whose point is the encryptedSecret."""
        blob, rest = ticket.take(credential[8:])
        point, rest = ticket.take(rest)
        assert len(point) == POINT_SIZE and not rest
        integrity, identity = ticket.take(blob)
        for what, octets in (("nonce", challenge[29:45]), ("ephemeral point", point),
                             ("integrityHMAC", integrity), ("encIdentity", identity)):
            self.add(what, octets)

    def repeated(self):
        return [(what, octets.hex()) for (what, octets), count in self.counts.items() if count > 1]


def beside(stage, target):
    """The same CA once more: a copy of its folder, such as a snapshot of the whole machine is."""
    place = stage.folder / "beside"
    place.mkdir(mode=0o755)
    attempt("cp", "-a", target.folder, place / "ca")
    other = copy.copy(target)
    other.folder, other.line, other.ca = place / "ca", None, copy.copy(target.ca)
    other.ca.folder, other.ca.daemon = other.folder, None
    stage.callback(other.stop)
    return other


@row(131, "roles started again; a copy of the whole CA that runs beside it: nothing random comes"
     " again", is_slow=True)
def restarted(stage, verdict):
    target = stage.target("restarted")
    device = stage.device(target)
    seen = Seen(verdict, device)
    seen.ask(target.line, 5)
    for role in ("authority", "verifier", "front"):
        for pid in target.ca.roles()[role]:
            os.kill(pid, signal.SIGKILL)
        wait_until_served(target, seen.body)
        seen.ask(target.line, 5)
    target.stop()
    other = beside(stage, target)
    target.start()
    other.start()
    for _ in range(20):
        for each in (target, other):
            seen.ask(each.line, 1)
    for each in (target, other):
        expect(verdict, each, "a certificate", device.evidence(), ACCEPTED)
        seen.add("certificate's number", max(numbers_in(each.folder))[1])
    verdict.hold("nothing comes again", not seen.repeated(), seen.repeated())
    verdict.hold("as many points as challenges", sum(
        count for (what, _), count in seen.counts.items() if what == "ephemeral point") >= 60,
        seen.counts.total())


def wait_until_served(target, body):
    """A front that has ended has no connection."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        target.line.close()
        with contextlib.suppress(Ended, OSError):
            if target.line.post("/v1/getChallenge", body).status == 200:
                return
        time.sleep(0.1)


def numbers_in(folder):
    path = folder / "store" / "genuine.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return database.execute("SELECT id, number FROM intent").fetchall()
