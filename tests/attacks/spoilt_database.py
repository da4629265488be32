"""Row 118: a database that is not what the CA left. Whoever finds nothing in it must not be taken for
the first."""

import contextlib
import os
import shutil
import sqlite3
import time
from dataclasses import dataclass

from attacker.evidence import SoftwareDevice
from attacker.keys import EccKey
from catalogue import ACCEPTED, row
from genuine_test.process import Failed, attempt
from identities import serial_number
from inside import wait_until
from stage import CHECKS

FIRST = {"verdict": (1, 3)}
LOCKED_S, LOCKED_SAMPLE_S, FREE_S = 30, 8, 20
QUOTA = 10
NOT_NOW = "STORE_WORKS"


def database(target):
    return target.folder / "store" / "genuine.db"


def alter(target, *statements):
    """Changes the database, which a store may have open, or not."""
    with contextlib.closing(sqlite3.connect(database(target))) as connection, connection:
        for one in statements:
            connection.execute(one)


class Spoilt:
    """A CA with binding = first, one bound serial and one more that is expected: who finds no binding
    gives it to the next."""

    def __init__(self, stage, name, expected=2):
        self.stage, self.name, self.number = stage, name.upper(), 0
        serials = stage.folder / f"{name}-expected"
        serials.write_text("".join(f"{self.name}-{n + 1}\n" for n in range(expected)))
        serials.chmod(0o644)
        self.target = stage.target(
            name, identity={"binding": "first", "expected": str(serials)},
            endorsement={"trust": "vendor"})
        self.victim = self.device()
        self.attacker = SoftwareDevice(self.victim.serial, stage.vendor)
        self.store = self.target.folder / "store"
        self.good = self.target.folder.parent / "good"

    def device(self):
        """With the next of the expected serials."""
        self.number += 1
        return SoftwareDevice(f"{self.name}-{self.number}", self.stage.vendor)

    def request(self, device):
        evidence = device.evidence(**FIRST)
        return evidence.json(**self.target.ticket_members(evidence))

    def asks(self, device):
        return self.target.line.post("/v1/getCertificate", self.request(device))

    def saw(self, answer):
        if answer.status == 200:
            return ACCEPTED
        return self.target.reasons([answer.reference]).get(answer.reference, "-")

    def keep(self):
        self.target.stop()
        attempt("cp", "-a", self.store, self.good)

    def restore(self, has_certificates=True):
        """What was issued since then is lost with the store, and is read before."""
        if has_certificates:
            self.target.stop()
        elif self.target.ca.daemon:
            self.target.ca.daemon.stop()
            self.target.ca.daemon = None
        shutil.rmtree(self.store)
        attempt("cp", "-a", self.good, self.store)

    def starts(self):
        """None, or what it said where it does not start."""
        log = self.target.folder.parent / "genuine-ca.log"
        before = log.stat().st_size
        try:
            self.target.start()
        except Failed:
            daemon, self.target.ca.daemon = self.target.ca.daemon, None
            if daemon:  # Its store may go on trying; none of the roles outlives it.
                daemon.kill()
            return log.read_bytes()[before:].decode()
        return None


# ---- what the tables are for ----

@dataclass
class Question:
    """A request for a certificate, and the check that refuses it of a whole database (or ACCEPTED)."""

    what: str
    body: object  # makes it
    check: str


class History:
    """What has happened at a CA, so that each table has something by which somebody is refused."""

    def __init__(self, spoilt, verdict):
        self.spoilt, self.target, self.verdict = spoilt, spoilt.target, verdict
        self.questions = []
        self.happens()

    def bound(self, device):
        answer = self.spoilt.asks(device)
        self.verdict.note(f"{device.serial} is bound", answer.status == 200, True, answer)
        time.sleep(0.004)  # An older ticket than the binding's is none for it.
        return device

    def asks(self, what, check, device):
        self.questions.append(Question(what, lambda: self.spoilt.request(device), check))

    def keeps(self, what, check, body):
        self.questions.append(Question(what, lambda: body, check))

    def happens(self):
        spoilt, does = self.spoilt, self.target.ca.does
        victim = self.bound(spoilt.victim)
        self.asks("another EK for a bound serial", "SERIAL_FREE", spoilt.attacker)
        self.asks("a bound EK for another serial", "EK_BINDING",
                  spoilt.device().with_ek(victim.ek, victim.template))
        self.asks("another binding's IK", "IK_BINDING", spoilt.device().with_ik(victim.ik))
        for what, act, check in (("suspended", "suspend", "NOT_SUSPENDED"),
                                 ("released", "release", "NOT_RELEASED")):
            device = self.bound(spoilt.device())
            does("device", act, device.serial)
            self.asks(what, check, device)
        banned = self.bound(spoilt.device())
        does("ban", "add", "ek", banned.ek_id)
        self.asks("banned", "NOT_BANNED", banned)
        device = self.bound(spoilt.device())
        self.bound(device.with_ik(EccKey()))
        self.asks("another IK for the second time in a day", "REKEY", device.with_ik(EccKey()))
        spent = spoilt.device()
        for _ in range(QUOTA):
            self.bound(spent)
        self.asks("an eleventh certificate", "QUOTA", spent)
        self.earlier_tickets()
        self.asks("a device that is bound", ACCEPTED, victim)

    def earlier_tickets(self):
        """One whose certificate was revoked, and one that is older than an operator's act."""
        spoilt, does = self.spoilt, self.target.ca.does
        device = spoilt.device()
        body = spoilt.request(device)
        answer = self.target.line.post("/v1/getCertificate", body)
        self.revoked = bytes.fromhex(serial_number(answer))
        does("certificate", "revoke", device.serial)
        does("device", "restore", device.serial)
        self.keeps("the ticket of a revoked certificate", "TICKET_REVOKED", body)
        device = self.bound(spoilt.device())
        body = spoilt.request(device)
        time.sleep(0.004)
        for act in ("suspend", "restore"):
            does("device", act, device.serial)
        self.keeps("a ticket from before an operator's act", "NO_LATER_CHANGE", body)

    def has_list(self):
        """Whether the revocation list is served, with what was revoked; None where none is served."""
        answer = self.target.ca.client.get("/v1/crl")
        return None if answer.status == 503 else answer.status == 200 and self.revoked in answer.body

    def judge(self, what, missed, check, has_list=True):
        """Those whose answer needs what is gone are told check, the others what they always were."""
        for question in self.questions:
            expected = check if question.what in missed else question.check
            answer = self.target.line.post("/v1/getCertificate", question.body())
            saw = self.spoilt.saw(answer)
            status = CHECKS[saw][1] if saw in CHECKS else 200
            self.verdict.note(f"{what}: {question.what}", saw == expected and answer.status == status,
                              saw == ACCEPTED, f"{answer.status} {saw}, not {expected}")
        found = self.has_list() if has_list is None else wait_until(self.has_list)
        self.verdict.hold(f"{what}: the revocation list", found == has_list, found)

    @property
    def all(self):
        return {question.what for question in self.questions}


# By a ticket that is later than all changes, or would be.
IN_TIME = {"another IK for the second time in a day", "an eleventh certificate",
           "a ticket from before an operator's act", "a device that is bound"}
# {table: (whose answers need it, what they are told)}; None: everybody's.
WITHOUT = {
    "change": (IN_TIME, NOT_NOW), "rekey": ({"another IK for the second time in a day"}, NOT_NOW),
    "certificate": (IN_TIME | {"the ticket of a revoked certificate"}, NOT_NOW),
    "manifest_row": (None, NOT_NOW), "binding": (None, NOT_NOW), "binding_ek": (None, NOT_NOW),
    "binding_ik": (None, NOT_NOW), "ban": (None, NOT_NOW),
    # The authority learns the time from a store that has closed what has run out and looked whether a
    # list is due: without these it never does, and takes nothing in hand.
    "intent": (None, "EVIDENCE_MASK"), "revocation": (None, "EVIDENCE_MASK"),
    "crl": (None, "EVIDENCE_MASK")}
STARTS_S = 1.5  # In this time an authority that can begin has begun.
OLDER = "the database is older than the CA has answered for"
NOT_STARTED = {
    "DROP TABLE state": "no such table: state", "DROP TABLE audit": "no such table: audit",
    "PRAGMA user_version = 2": "the database has schema version 2, of a later genuine-ca",
    "PRAGMA user_version = 0": "the file is not a genuine-ca database",
    "PRAGMA application_id = 1": "the file is not a genuine-ca database",
    "DELETE FROM state": "the database has lost its state row",
    "DELETE FROM audit": "the database has another history than the CA has answered for"}


def is_not_started(verdict, spoilt, what, sentence):
    """It ends, and this is what it says: one line."""
    said = spoilt.starts()
    verdict.note(what, said is not None and said.startswith(f"genuine-ca: {sentence}")
                 and said.count("\n") == 1, said is None, said)
    spoilt.restore()


def without_tables(verdict, spoilt, history):
    for table, (missed, check) in WITHOUT.items():
        alter(spoilt.target, "PRAGMA foreign_keys = OFF", f"DROP TABLE {table}")
        said = spoilt.starts()
        verdict.hold(f"without {table} it starts", said is None, said)
        if said is None:
            is_idle = check != NOT_NOW
            time.sleep(STARTS_S if is_idle else 0)
            history.judge(f"without {table}", history.all if missed is None else missed, check,
                          has_list=None if is_idle else True)
        spoilt.restore(has_certificates=table != "certificate")


def altered(verdict, spoilt, history):
    for statement, sentence in NOT_STARTED.items():
        alter(spoilt.target, "PRAGMA foreign_keys = OFF", statement)
        is_not_started(verdict, spoilt, statement, sentence)
    own = {"a device that is bound", "another EK for a bound serial"}
    victim = f"serial = '{spoilt.victim.serial}'"
    for statement, missed, is_chained in (
            ("DROP INDEX binding_serial", set(), True),
            (f"UPDATE binding SET ik_id = x'00' WHERE {victim}", own, True),
            ("UPDATE state SET audit_head = zeroblob(32)", set(), False)):
        alter(spoilt.target, "PRAGMA ignore_check_constraints = ON", statement)
        said = spoilt.starts()
        verdict.hold(f"{statement}: it starts", said is None, said)
        history.judge(statement, missed, NOT_NOW)
        result = spoilt.target.ca.tries("audit", "verify")
        verdict.hold(f"{statement}: audit verify", (result.status == 0) == is_chained, result)
        spoilt.restore()


def other_files(verdict, spoilt):
    path = database(spoilt.target)
    octets = path.read_bytes()
    page = 4096
    for what, changed, sentence in (
            ("empty", b"", OLDER), ("text", b"x" * 5000, "file is not a database"),
            ("half of it", octets[:len(octets) // 2 // page * page],
             "database disk image is malformed"),
            ("another magic", b"x" + octets[1:], "file is not a database"),
            ("a page of ones", octets[:page] + b"\xff" * page + octets[2 * page:],
             "database disk image is malformed"),
            ("every second page gone", b"".join(
                octets[at:at + page] if at // page % 2 == 0 else bytes(page)
                for at in range(0, len(octets), page)), "database disk image is malformed")):
        path.write_bytes(changed)
        is_not_started(verdict, spoilt, what, sentence)
    path.unlink()
    is_not_started(verdict, spoilt, "no file", OLDER)


def not_to_be_written(verdict, spoilt):
    """By the store's user, who is nobody else."""
    path, read_only = database(spoilt.target), "attempt to write a readonly database"
    unrecorded = f"server start was not recorded: nothing was done, the database failed: {read_only}"
    path.chmod(0o400)
    is_not_started(verdict, spoilt, "a file of mode 0400", unrecorded)
    spoilt.store.chmod(0o500)
    is_not_started(verdict, spoilt, "a folder of mode 0500", read_only)
    if os.geteuid() == 0:
        for mode, sentence in ((0o444, unrecorded), (0o600, "unable to open database file")):
            os.chown(path, 0, 0)
            path.chmod(mode)
            is_not_started(verdict, spoilt, f"another's file of mode {mode:o}", sentence)


# ---- statements that fail ----

INTENT = ("INSERT ON intent", "INSERT ON audit", "UPDATE ON state")
RECORD = ("INSERT ON binding", "INSERT ON binding_ek", "INSERT ON binding_ik", "UPDATE ON binding",
          "INSERT ON certificate", "UPDATE ON intent", "INSERT ON change",
          "INSERT ON audit WHEN NEW.act = 'bind'")


@contextlib.contextmanager
def failing(target, statement, how):
    """Meanwhile that statement fails, and takes with it nothing, what it did, or the transaction."""
    event, _, when = statement.partition(" WHEN ")
    alter(target, f"CREATE TRIGGER broken BEFORE {event} {'WHEN ' + when if when else ''}"
                  f" BEGIN SELECT RAISE({how}, 'by the test'); END")
    try:
        yield
    finally:
        alter(target, "DROP TRIGGER broken")


def is_told(verdict, spoilt, what, device, check):
    answer = spoilt.asks(device)
    saw = spoilt.saw(answer)
    verdict.note(what, saw == check, saw == ACCEPTED, f"{answer} {saw}, not {check}")


def failing_statements(verdict, spoilt):
    """What was begun is not half done. A record that failed leaves its intent open."""
    target = spoilt.target
    for statement in INTENT + RECORD:
        for how in ("ABORT", "FAIL", "ROLLBACK"):
            what, device = f"{statement}: {how}", spoilt.device()
            with failing(target, statement, how):
                is_told(verdict, spoilt, what, device, NOT_NOW)
            found = [target.count(f"SELECT count(*) FROM {table} WHERE serial = '{device.serial}'")
                     for table in ("binding", "certificate", "intent")]
            verdict.hold(f"{what}: recorded", found == [0, 0, statement in RECORD], found)
            is_told(verdict, spoilt, f"{what}, then", device,
                    "NO_OPEN_INTENT" if statement in RECORD else ACCEPTED)
    is_told(verdict, spoilt, "another device", spoilt.device(), ACCEPTED)
    result = target.ca.tries("audit", "verify")
    verdict.hold("the audit chain", result.status == 0, result)


def locked(verdict, spoilt):
    """While another program holds the database: 503, and then all is as before."""
    begin, held_s = time.monotonic(), LOCKED_S if spoilt.stage.is_full else LOCKED_SAMPLE_S
    with contextlib.closing(sqlite3.connect(database(spoilt.target))) as connection:
        connection.execute("BEGIN IMMEDIATE")
        while time.monotonic() - begin < held_s:
            for device in (spoilt.attacker, spoilt.victim):
                is_told(verdict, spoilt, f"{device.serial} while it is locked", device, NOT_NOW)
    told = spoilt.target.ca.daemon.told()
    verdict.hold("no role ended of it", "was ended" not in told and "exited with" not in told,
                 told[-500:])
    deadline = time.monotonic() + FREE_S
    while (answer := spoilt.asks(spoilt.victim)).status == 503 and time.monotonic() < deadline:
        time.sleep(0.5)
    verdict.note("free again", answer.status == 200, True, answer)


@row(118, "a table missing, a row corrupt, locked, read-only, of a later version, another program's, no"
     " file, a statement that fails", is_slow=True)
def spoilt(stage, verdict):
    s = Spoilt(stage, "spoilt", expected=100)
    history = History(s, verdict)
    locked(verdict, s)
    history.judge("as it is", set(), NOT_NOW)
    s.keep()
    without_tables(verdict, s, history)
    altered(verdict, s, history)
    other_files(verdict, s)
    not_to_be_written(verdict, s)
    said = s.starts()
    verdict.hold("as it was, it starts", said is None, said)
    history.judge("as it was", set(), NOT_NOW)
    failing_statements(verdict, s)
