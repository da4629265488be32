"""Rows about random numbers: certificates' numbers, nonces and seeds, and what repeats them."""

import base64
import contextlib
import os
import shutil
import signal
import sqlite3
import time
from collections import Counter

from catalogue import ACCEPTED, row
from genuine_test.process import BUILD, attempt
from stage import Target
from tickets import expect

NUMBER_SIZE, FREE_BITS = 16, 126
# Exceeded once in a million runs: chi-square with 126 and with 255 degrees of freedom.
BITS_MAX, OCTETS_MAX = 215, 380
PROGRAMS = ["genuine-ca", *(f"genuine-ca-{role}" for role in (
    "front", "verifier", "authority", "store"))]


def numbers(target):
    path = target.folder / "store" / "genuine.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return [number for number, in database.execute("SELECT number FROM intent")]


@row(116, "the numbers of all certificates of this run: size, first octet, doubles, chi-square")
def drawn(stage, verdict):
    target = stage.target()
    evidences = [device.evidence() for device in stage.devices(1000 if stage.is_full else 10)]
    for _ in range(10):  # As many as the quota permits one device.
        answers = target.line.posts([("/v1/getCertificate", evidence.json(
            **target.ticket_members(evidence))) for evidence in evidences])
        for answer in answers:
            if answer.status not in (200, 409):  # A clock that stood still is 409.
                verdict.wrong.append(str(answer))
    found = [number for each in stage.targets.values() for number in numbers(each)]
    for number in found:
        verdict.note("size, first octet", len(number) == NUMBER_SIZE and number[0] >> 6 == 1, True,
                     number.hex())
    if len(set(found)) != len(found):
        verdict.wrong.append("a number stands twice")
    count = len(found)
    if count < (10000 if stage.is_full else 50):
        verdict.wrong.append(f"{count} numbers only")
    ones = [sum(int.from_bytes(number, "big") >> bit & 1 for number in found)
            for bit in range(FREE_BITS)]
    bits = sum((2 * one - count) ** 2 / count for one in ones)
    verdict.note(f"chi-square of the bits: {bits:.0f}", bits < BITS_MAX, True, bits)
    octets = Counter(b"".join(number[1:] for number in found))
    mean = count * (NUMBER_SIZE - 1) / 256
    spread = sum((octets[value] - mean) ** 2 / mean for value in range(256))
    verdict.note(f"chi-square of the octets: {spread:.0f}", spread < OCTETS_MAX, True, spread)


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
    statuses = []
    while 200 not in statuses and len(statuses) < 10:
        evidence = second.evidence()
        before = target.dump()
        statuses.append(target.line.post("/v1/getCertificate", evidence.json(
            **target.ticket_members(evidence))).status)
        if statuses[-1] != 200:
            verdict.note("the same number", statuses[-1] == 503 and target.dump() == before, False,
                         statuses)
        time.sleep(0.01)
    if statuses[-1:] != [200] or len(statuses) < 3:
        verdict.wrong.append(f"the second: {statuses}")
    found = numbers(target)
    verdict.note("another number in the end", b"U" * 16 in found
                 and len(set(found)) == len(found) == 2, True, found)


@row(131, "roles started again, and one folder's copy started twice: no nonce or seed comes again",
     is_slow=True)
def restarted(stage, verdict):
    target = stage.target("restarted")
    device = stage.device(target)
    body, seen = device.evidence().json(), Counter()

    def ask(line, rounds):
        for _ in range(rounds):
            answer = line.post("/v1/getChallenge", body)
            if answer.status != 200:
                verdict.note("a challenge", answer.status == 503, False, answer)
                continue
            challenge = base64.b64decode(answer.json["challenge"])
            credential = base64.b64decode(answer.json["credential"])
            verdict.note("a challenge", True, True)
            seen[challenge[29:45]] += 1
            seen[credential[-130:]] += 1  # The ephemeral key, which the seed comes from.
    ask(target.line, 5)
    for role in ("authority", "verifier", "front"):
        for pid in target.ca.roles()[role]:
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, Exception):
                target.line.close()
                if target.line.post("/v1/getChallenge", body).status == 200:
                    break
            time.sleep(0.1)
        ask(target.line, 5)
    target.stop()
    snapshot = target.folder.parent / "snapshot"
    attempt("cp", "-a", target.folder, snapshot)
    for folder in (target.folder, snapshot, target.folder):
        target.ca.folder = folder
        target.start()
        ask(target.line, 5)
        expect(verdict, target, "a certificate", device.evidence(), ACCEPTED)
        seen[max(numbers_in(folder), key=lambda pair: pair[0])[1]] += 1
        target.stop()
    target.start()
    repeated = [octets.hex() for octets, count in seen.items() if count > 1]
    if repeated:
        verdict.wrong.append(f"came again: {repeated}")


def numbers_in(folder):
    path = folder / "store" / "genuine.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return database.execute("SELECT id, number FROM intent").fetchall()
