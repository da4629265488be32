"""Groups I and J: what is done to the database and its history, from outside the CA."""

import contextlib
import os
import re
import shutil
import sqlite3
import threading
import time

from attacker.evidence import SoftwareDevice
from attacker.keys import EccKey
from catalogue import ACCEPTED, Try, row
from genuine_test.process import GENUINE_CA, Failed, attempt
from tickets import expect

TABLES = ("state", "change", "manifest_row", "binding", "binding_ek", "binding_ik", "rekey", "ban",
          "intent", "certificate", "revocation", "crl", "audit")
FIRST = {"verdict": (1, 3)}
LOCKED_S = 8


def database(target):
    return target.folder / "store" / "genuine.db"


def alter(target, *statements):
    """Changes the database of a CA that does not run; whether anything was changed."""
    with contextlib.closing(sqlite3.connect(database(target))) as connection, connection:
        changed = sum(connection.execute(one).rowcount for one in statements)
    return changed != 0


@row(111, "a genuine device that asks for the serial of another: listed, bound, suspended")
def masquerade(stage, verdict):
    target = stage.target()
    listed, bound, suspended = stage.devices(3)
    expect(verdict, target, "one that is bound", bound.evidence(), ACCEPTED)
    expect(verdict, target, "one that will be suspended", suspended.evidence(), ACCEPTED)
    target.ca.does("device", "suspend", suspended.serial)
    log = target.folder.parent / "genuine-ca.log"
    before = len(log.read_bytes())
    for kind, check in (("listed", "SERIAL_BINDING"), ("bound", "SERIAL_BINDING")):
        attacker = stage.device()
        if kind == "bound":
            expect(verdict, target, "the attacker's own", attacker.evidence(), ACCEPTED)
            attacker = attacker.with_ik(EccKey())
        verdict.evidence(target, [
            Try(f"{kind}, a serial that is {state}", attacker.evidence(serial=other.serial),
                ACCEPTED, suspension or check)
            for state, other, suspension in (("listed", listed, ""), ("bound", bound, ""),
                                             ("suspended", suspended, "NOT_SUSPENDED"))])
    verdict.hold("the log has an alert", b"alert:" in log.read_bytes()[before:],
                 log.read_bytes()[before:][-500:])
    expect(verdict, target, "the other suffers no harm", bound.with_ik(bound.ik).evidence(),
           ACCEPTED)


class Spoilt:
    """A CA with binding = first and one bound serial: who finds no binding gives it to the next."""

    def __init__(self, stage, name):
        expected = stage.folder / f"{name}-expected"
        expected.write_text(f"{name.upper()}-1\n{name.upper()}-2\n")
        expected.chmod(0o644)
        self.target = stage.target(
            name, identity={"binding": "first", "expected": str(expected)},
            endorsement={"trust": "vendor"})
        self.victim, self.attacker = (SoftwareDevice(f"{name.upper()}-1", stage.vendor)
                                      for _ in range(2))
        self.store = self.target.folder / "store"
        self.good = self.target.folder.parent / "good"

    def asks(self, device):
        evidence = device.evidence(**FIRST)
        return self.target.line.post("/v1/getCertificate", evidence.json(
            **self.target.ticket_members(evidence)))

    def keep(self):
        self.target.stop()
        attempt("cp", "-a", self.store, self.good)

    def restore(self):
        if self.target.ca.daemon:
            self.target.ca.daemon.stop()
            self.target.ca.daemon = None
        shutil.rmtree(self.store)
        attempt("cp", "-a", self.good, self.store)

    def tries(self, verdict, what, is_started=None):
        """Starts it as it is now: it may refuse to, or to answer; the serial stays whose it is."""
        try:
            self.target.start()
        except Failed as failed:
            daemon, self.target.ca.daemon = self.target.ca.daemon, None
            if daemon:  # Its store may go on trying; none of the roles outlives it.
                daemon.kill()
            verdict.note(what, not is_started, False, failed)
            return
        answer = self.asks(self.attacker)
        verdict.note(what, answer.status in (403, 503) and is_started is not False, False, answer)


@row(118, "a table missing, a row corrupt, locked, of a later version, another program's, no file",
     is_slow=True)
def spoilt(stage, verdict):
    s = Spoilt(stage, "spoilt")
    verdict.note("the first", s.asks(s.victim).status == 200, True)
    verdict.note("the second", s.asks(s.attacker).status == 403)
    locked(verdict, s)
    s.keep()
    for table in TABLES:
        alter(s.target, "PRAGMA foreign_keys = OFF", f"DROP TABLE {table}")
        s.tries(verdict, f"no table {table}")
        s.restore()
    for statement in ("PRAGMA user_version = 2", "PRAGMA user_version = 0",
                      "PRAGMA application_id = 1", "UPDATE state SET audit_head = zeroblob(32)",
                      "DELETE FROM state", "DELETE FROM audit",
                      "DROP INDEX binding_serial"):
        alter(s.target, statement)
        s.tries(verdict, statement)
        s.restore()
    octets = database(s.target).read_bytes()
    half = len(octets) // 2 // 4096 * 4096
    for what, changed in {
            "empty": b"", "text": b"x" * 5000, "half of it": octets[:half],
            "another magic": b"x" + octets[1:],
            "a page of ones": octets[:4096] + b"\xff" * 4096 + octets[8192:],
            "every second page gone": b"".join(
                octets[at:at + 4096] if at // 4096 % 2 == 0 else bytes(4096)
                for at in range(0, len(octets), 4096))}.items():
        database(s.target).write_bytes(changed)
        s.tries(verdict, what)
        s.restore()
    database(s.target).unlink()
    s.tries(verdict, "no file")
    s.restore()
    s.tries(verdict, "as it was", is_started=True)
    verdict.note("the first again", s.asks(s.victim).status == 200, True)


def locked(verdict, s):
    """While another program holds the database: 503, and then all is as before."""
    connection = sqlite3.connect(database(s.target), check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    free = threading.Timer(LOCKED_S, connection.rollback)
    free.start()
    for device in (s.attacker, s.victim):
        answer = s.asks(device)
        verdict.note("locked", answer.status in (403, 503), False, answer)
    free.join()
    connection.close()
    told = s.target.ca.daemon.told()
    verdict.hold("no role ended of it", "was ended" not in told, told[-500:])
    deadline = time.monotonic() + 20
    while (answer := s.asks(s.victim)).status == 503 and time.monotonic() < deadline:
        time.sleep(0.5)
    verdict.note("free again", answer.status == 200, True, answer)


@row(119, "a second server on the same folder, and on the same database with another policy",
     is_slow=True)
def second_server(stage, verdict):
    s = Spoilt(stage, "two")
    verdict.note("the first", s.asks(s.victim).status == 200, True)
    result = s.target.ca.tries("serve", "--listen", "127.0.0.1:0")
    verdict.note("on the same folder", result.status == 1, False, result)
    other = s.target.folder.parent / "other"
    takes_the_store(s, other)
    try:
        for command in (("serve", "--listen", "127.0.0.1:0"), ("device", "list")):
            result = attempt("timeout", "20", GENUINE_CA, "-C", other, *command)
            verdict.note(f"another folder, another policy, the same database: {command[0]}",
                         result.status == 1 and "store is in use by the genuine-ca of another folder"
                         in result.errors, False, result)
        verdict.note("the first goes on", s.asks(s.victim).status == 200, True)
        verdict.note("the second is refused", s.asks(s.attacker).status == 403)
        s.target.ca.daemon.stop()
        s.target.ca.daemon = None
        result = attempt("timeout", "20", GENUINE_CA, "-C", other, "device", "list")
        verdict.hold("the other folder is sound, and opens it once it is free",
                     result.status == 0 and s.victim.serial in result.output, result)
    finally:
        (other / "store").rename(s.store)
    s.target.start()


def takes_the_store(s, other):
    """A second folder of the same CA, whose policy is another, and whose store is the first one's: the
    very directory, which the first one's server has opened and goes on with."""
    attempt("cp", "-a", s.target.folder, other)
    for left in ("lock", "control"):
        (other / left).unlink(missing_ok=True)
    shutil.rmtree(other / "store")
    s.store.rename(other / "store")
    conf = other / "genuine.conf"
    text = re.sub(r"(?m)^rekey = .*\n", "", conf.read_text())
    conf.write_text(text.replace("[identity]\n", "[identity]\nrekey = operator\n"))


@row(120, "an older backup, or another CA's database, in the place of the one that there was",
     is_slow=True)
def rolled_back(stage, verdict):
    s = Spoilt(stage, "backup")
    s.keep()  # Before anybody was bound.
    s.target.start()
    verdict.note("the first", s.asks(s.victim).status == 200, True)
    s.target.stop()
    current = database(s.target).read_bytes()
    old = (s.good / "genuine.db").read_bytes()
    other = stage.target("first")
    with contextlib.closing(sqlite3.connect(database(other))) as source, contextlib.closing(
            sqlite3.connect(s.good / "other.db")) as copy:
        source.backup(copy)
    for what, octets in (("a backup from before it", old),
                         ("another CA's", (s.good / "other.db").read_bytes())):
        database(s.target).write_bytes(octets)
        s.tries(verdict, what, is_started=False)
        result = s.target.ca.tries("device", "list")
        verdict.hold(f"{what}: device list", result.status != 0, result)
    database(s.target).write_bytes(current)
    s.tries(verdict, "the current one", is_started=True)


def audit_rows(target):
    return target.ca.tells("audit", "list")


@row(142, "audit entries changed, deleted, added, exchanged, cut off; the chain rewritten")
def chain(stage, verdict):
    target = stage.target("chain")
    for number in range(4):
        target.ca.does("ban", "add", "serial", f"CHAIN-{number}")
    target.stop()
    kept = target.ca.tells("audit", "verify")
    copy = target.folder.parent / "whole.db"
    shutil.copy2(database(target), copy)
    owner = database(target).stat().st_uid, database(target).stat().st_gid
    last = kept["entries"]
    middle = last - 2
    forms = {f"{column} changed": f"UPDATE audit SET {column} = {value} WHERE seq = {middle}"
             for column, value in (("at_ms", "at_ms + 1"), ("actor", "'x'"), ("act", "'x'"),
                                   ("detail", "detail || ' '"), ("hash", "randomblob(32)"))}
    forms |= {f"entry {seq} deleted": f"DELETE FROM audit WHERE seq = {seq}"
              for seq in (1, middle, last)}
    forms["two exchanged"] = (
        f"UPDATE audit SET seq = CASE seq WHEN {middle} THEN -{middle + 1} ELSE -{middle} END"
        f" WHERE seq IN ({middle}, {middle + 1}); UPDATE audit SET seq = -seq WHERE seq < 0")
    forms["one added"] = (f"INSERT INTO audit SELECT seq + 1, at_ms, actor, act, detail, hash"
                          f" FROM audit WHERE seq = {last}")
    forms["all deleted"] = "DELETE FROM audit"
    forms["the last two cut off, and the count"] = (
        f"DELETE FROM audit WHERE seq > {middle}; UPDATE state SET audit_count = {middle},"
        f" audit_head = (SELECT hash FROM audit WHERE seq = {middle})")
    for what, statements in forms.items():
        alter(target, *statements.split(";"))
        result = target.ca.tries("audit", "verify")
        if "cut off" in what:  # Whole in itself: what the operator keeps elsewhere shows it.
            result = target.ca.tries("audit", "verify", str(last), kept["head"])
        verdict.note(what, result.status == 1, False, result)
        shutil.copy2(copy, database(target))
        os.chown(database(target), *owner)
    result = target.ca.tries("audit", "verify", str(last), kept["head"])
    verdict.note("as it was", result.status == 0, True, result)
