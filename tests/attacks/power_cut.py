"""Row 133: the power fails. What the store writes and syncs is recorded (strace), and the disk is put
together again as it may have been at each moment: with all that was written, with nothing but what
was synced, and with some of the rest."""

import contextlib
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "faults"))

from attacker.keys import EccKey  # noqa: E402
from catalogue import ACCEPTED, row  # noqa: E402
from genuine_test.process import GENUINE_CA, attempt  # noqa: E402
from invariant_checks import broken, s8_audit  # noqa: E402
from tickets import expect  # noqa: E402

NAMES = ("genuine.db", "genuine.db-wal", "genuine.db.mark")
CALL = re.compile(rb'(\w+)\(\d+<([^>]*)>(?:, (?:"([^"]*)", )?(\d+)(?:, (\d+))?)?\) += \d+')
SOME_OF_THE_REST = 2  # states with some of what was not synced, at each moment


@dataclass
class Event:
    """A write (octets at a place), a new length (octets None), or a sync (place None)."""

    file: str
    place: int | None = None
    octets: bytes | None = None


def text_of(digits):
    """What strace -xx has written in digits."""
    return bytes.fromhex(digits.decode().replace("\\x", ""))


def events_of(log):
    for line in log.split(b"\n"):
        found = CALL.match(line)
        name = found and text_of(found[2]).decode().rpartition("/")[2]
        if not found or name not in NAMES:
            continue
        if found[1] == b"pwrite64":
            yield Event(name, int(found[5]), text_of(found[3]))
        elif found[1] == b"ftruncate":
            yield Event(name, int(found[4]))
        else:
            yield Event(name)


def applied(files, events):
    """The files after these events."""
    files = {name: bytearray(octets) for name, octets in files.items()}
    for event in events:
        octets = files[event.file]
        if event.octets is None and event.place is not None:
            del octets[event.place:]
        elif event.octets is not None:
            octets.extend(bytes(max(0, event.place - len(octets))))
            octets[event.place:event.place + len(event.octets)] = event.octets
    return files


def synced(events):
    """(what is on the disk for certain, what may be): in order."""
    last = {name: max((at for at, event in enumerate(events) if event.file == name
                       and event.place is None), default=-1) for name in NAMES}
    certain = [event for at, event in enumerate(events) if at < last[event.file]]
    return certain, [event for at, event in enumerate(events) if at > last[event.file]]


class Recorded:
    """What a store did to its disk while attempts() ran."""

    def __init__(self, stage, target):
        self.target, self.log = target, stage.folder / "strace.log"
        [store] = target.ca.roles()["store"]
        self.process = subprocess.Popen(
            ["strace", "-p", str(store), "-y", "-xx", "-s", "1000000", "-o", self.log, "-e",
             "trace=pwrite64,ftruncate,fsync,fdatasync"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1.5)
        self.begin = len(self.events())
        folder = target.folder / "store"
        self.files = {name: (folder / name).read_bytes() if (folder / name).exists() else b""
                      for name in NAMES}
        self.answered = []  # (how many events there were, how many certificates had left)

    def events(self):
        return list(events_of(self.log.read_bytes()))

    def note(self, count):
        time.sleep(0.05)  # strace writes a line when the call is over.
        self.answered.append((len(self.events()) - self.begin, count))

    def stop(self):
        self.process.terminate()
        self.process.wait()
        return self.events()[self.begin:]


@row(133, "a power cut at each write and sync of the store: with what was synced, and with some more",
     is_slow=True)
def power_cut(stage, verdict):
    target = stage.target("power")
    first, second = stage.devices(2, target)
    target.ca.does("ban", "add", "serial", "POWER")
    recorded = Recorded(stage, target)
    before = target.count("SELECT count(*) FROM certificate")
    for number, device in enumerate((first, second, first, second.with_ik(EccKey())), 1):
        expect(verdict, target, f"certificate {number}", device.evidence(), ACCEPTED)
        recorded.note(before + number)
        target.ca.does("ban", "add", "serial", f"POWER-{number}")
    events = recorded.stop()
    if sum(event.place is None for event in events) < 8:
        verdict.wrong.append(f"{len(events)} events only: is strace permitted?")
    generator = random.Random(133)
    copy = stage.folder / "after-power-cut"
    attempt("cp", "-a", target.folder, copy)
    states_tried = 0
    for cut in range(len(events) + 1):
        certain, rest = synced(events[:cut])
        states = [certain, events[:cut]]
        for _ in range(SOME_OF_THE_REST if rest else 0):
            chosen = [event for event in rest if event.place is not None and generator.random() < 0.5]
            states.append(certain + chosen)
        had_left = max((count for at, count in recorded.answered if at <= cut), default=before)
        found = [is_sound(copy, applied(recorded.files, state), had_left,
                          asks_ca=number == 0 and cut % 8 == 0)
                 for number, state in enumerate(states)]
        states_tried += len(states)
        verdict.note(f"cut after {cut} of {len(events)}", all(is_right for is_right, _ in found),
                     False, [saw for is_right, saw in found if not is_right])
    verdict.figures.append(f"{states_tried} states of the disk after {len(events) + 1} cuts; the audit"
                           " chain of each is reckoned again")


def is_sound(copy, files, had_left, asks_ca):
    """The database is whole, its audit chain too, and every certificate that had left is in it."""
    store = copy / "store"
    for name in (*NAMES, "genuine.db-shm"):
        (store / name).unlink(missing_ok=True)
    for name, octets in files.items():
        (store / name).write_bytes(octets)
        shutil.chown(store / name, store.stat().st_uid, store.stat().st_gid)
    if asks_ca:
        result = attempt(GENUINE_CA, "-C", copy, "audit", "verify")
        if result.status != 0:
            return False, result
    with contextlib.closing(sqlite3.connect(store / "genuine.db")) as database:
        whole = database.execute("PRAGMA integrity_check").fetchall()
        strays = database.execute("PRAGMA foreign_key_check").fetchall()
        count, = database.execute("SELECT count(*) FROM certificate").fetchone()
    unchained = broken(copy, rules=(s8_audit,))
    is_right = whole == [("ok",)] and not strays and count >= had_left and not unchained
    return is_right, (whole, strays, count, had_left, unchained)
