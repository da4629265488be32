"""Row 133: the power fails. What the store writes and syncs is recorded (strace), and the disk is put
together again as it may have been at each moment: with all that was written, with nothing but what
was synced, and with some of the rest."""

import contextlib
import copy
import random
import re
import shutil
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "faults"))

from attacker.keys import EccKey  # noqa: E402
from catalogue import ACCEPTED, row  # noqa: E402
from genuine_test.process import attempt  # noqa: E402
from inside import wait_until  # noqa: E402
from invariant_checks import RULES, Scene, broken, s7_nothing_unknown  # noqa: E402
from tickets import sent  # noqa: E402

NAMES = ("genuine.db", "genuine.db-wal", "genuine.db.mark")
CALL = re.compile(rb'(\w+)\(\d+<([^>]*)>(?:, (?:"([^"]*)", )?(\d+)(?:, (\d+))?)?\) += \d+')
SOME_OF_THE_REST = 2  # states with some of what was not synced, at each moment
RESTARTED_EVERY = 8
AT_ONCE = [rule for rule in RULES if rule is not s7_nothing_unknown]


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
        self.answered = []  # (how many events there were, the certificate that had left)

    def events(self):
        return list(events_of(self.log.read_bytes()))

    def note(self, certificate):
        time.sleep(0.05)  # strace writes a line when the call is over.
        self.answered.append((len(self.events()) - self.begin, certificate))

    def left(self, cut):
        """The certificates that had left by then."""
        return [certificate for at, certificate in self.answered if at <= cut]

    def stop(self):
        self.process.terminate()
        self.process.wait()
        return self.events()[self.begin:]


class After:
    """The CA after a power cut: a copy of its folder, with the database as it may have been left."""

    def __init__(self, stage, target):
        place = stage.folder / "after-power-cut"
        place.mkdir(mode=0o755)
        attempt("cp", "-a", target.folder, place / "ca")
        self.ca = copy.copy(target.ca)
        self.ca.folder, self.ca.daemon = place / "ca", None
        self.leases_end_ms = target.count("SELECT max(lease_until_ms) FROM intent")
        self.open_intents = 0  # that were met when the CA was started

    def put(self, files):
        store = self.ca.folder / "store"
        for name in (*NAMES, "genuine.db-shm"):
            (store / name).unlink(missing_ok=True)
        for name, octets in files.items():
            (store / name).write_bytes(octets)
            shutil.chown(store / name, store.stat().st_uid, store.stat().st_gid)

    def broken(self, files, left):
        """Of what holds without anybody's doing. left are the certificates that had left."""
        self.put(files)
        return broken(self.ca.folder, rules=AT_ONCE, held=left)

    def broken_when_restarted(self, files, left):
        """And of what holds once leases that have run out are closed, and their numbers listed."""
        self.put(files)
        verified = self.ca.tries("audit", "verify")
        if verified.status != 0:
            return verified
        with contextlib.closing(Scene(self.ca.folder)) as scene:
            self.open_intents += len(scene.rows("SELECT 1 FROM intent WHERE state = 1"))
        time.sleep(max(0, self.leases_end_ms / 1000 - time.time()))
        self.ca.start()
        try:
            wait_until(lambda: not broken(self.ca.folder, rules=(s7_nothing_unknown,)))
        finally:
            self.ca.stop()
        return broken(self.ca.folder, held=left)


def states_at(events, cut, generator):
    """What the disk may have at that moment, as events that came to it."""
    certain, rest = synced(events[:cut])
    yield certain
    yield events[:cut]
    for _ in range(SOME_OF_THE_REST if rest else 0):
        yield certain + [event for event in rest
                         if event.place is not None and generator.random() < 0.5]


@row(133, "a power cut at each write and sync of the store: with what was synced, and with some more",
     is_slow=True)
def power_cut(stage, verdict):
    target = stage.target("power")
    first, second = stage.devices(2, target)
    target.ca.does("ban", "add", "serial", "POWER")
    recorded = Recorded(stage, target)
    for number, device in enumerate((first, second, first, second.with_ik(EccKey())), 1):
        answer, saw = sent(target, device.evidence())
        verdict.note(f"certificate {number}", saw == ACCEPTED, True, f"{answer} {saw}")
        recorded.note(ssl.PEM_cert_to_DER_cert(answer.json["certificate"]))
        target.ca.does("ban", "add", "serial", f"POWER-{number}")
    events = recorded.stop()
    if sum(event.place is None for event in events) < 8:
        verdict.wrong.append(f"{len(events)} events only: is strace permitted?")
    after, generator = After(stage, target), random.Random(133)
    states_tried = 0
    for cut in range(len(events) + 1):
        found = [after.broken(applied(recorded.files, state), recorded.left(cut))
                 for state in states_at(events, cut, generator)]
        states_tried += len(found)
        verdict.note(f"cut after {cut} of {len(events)}", not any(found), False, found)
    restarted = range(0, len(events) + 1, RESTARTED_EVERY)
    for cut in restarted:
        found = after.broken_when_restarted(applied(recorded.files, synced(events[:cut])[0]),
                                            recorded.left(cut))
        verdict.hold(f"cut after {cut} of {len(events)}, restarted", not found, found)
    verdict.hold("intents were open when it was started", after.open_intents > 0)
    verdict.figures.append(f"{states_tried} states of the disk after {len(events) + 1} cuts, by S1 to"
                           f" S6 and S8; {len(restarted)} of them by S7 as well, once the CA was"
                           f" started, which found {after.open_intents} intents open")
