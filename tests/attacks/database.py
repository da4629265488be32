"""Groups I and J: what is done to the database and its history, from outside the CA."""

import contextlib
import os
import re
import shutil
import sqlite3

from attacker.keys import EccKey
from catalogue import ACCEPTED, Try, row
from genuine_test.process import GENUINE_CA, attempt
from spoilt_database import OLDER, Spoilt, alter, database
from tickets import expect


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


@row(119, "a second server on the same folder, and on the same database with another policy",
     is_slow=True)
def second_server(stage, verdict):
    s = Spoilt(stage, "two")
    verdict.note("the first", s.asks(s.victim).status == 200, True)
    result = s.target.ca.tries("serve", "--listen", "127.0.0.1:0")
    verdict.note("on the same folder", result.status == 1
                 and "is in use by another genuine-ca" in result.errors, False, result)
    other = s.target.folder.parent / "other"
    takes_the_store(s, other)
    try:
        for command in (("serve", "--listen", "127.0.0.1:0"), ("device", "list")):
            result = attempt("timeout", "20", GENUINE_CA, "-C", other, *command)
            verdict.note(f"another folder, another policy, the same database: {command[0]}",
                         result.status == 1 and "store is in use by the genuine-ca of another folder"
                         in result.errors, False, result)
        verdict.note("the first goes on", s.asks(s.victim).status == 200, True)
        verdict.note("the second is refused", s.saw(s.asks(s.attacker)) == "SERIAL_FREE")
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
    for number in range(12):  # More history than the first one's.
        other.ca.does("ban", "add", "serial", f"OTHER-{number}")
    with contextlib.closing(sqlite3.connect(database(other))) as source, contextlib.closing(
            sqlite3.connect(s.good / "other.db")) as copy:
        source.backup(copy)
    for what, octets, sentence in (
            ("a backup from before it", old, OLDER),
            ("another CA's", (s.good / "other.db").read_bytes(),
             "the database has another history than the CA has answered for")):
        database(s.target).write_bytes(octets)
        said = s.starts()
        verdict.note(what, said is not None and said.startswith(f"genuine-ca: {sentence}"),
                     said is None, said)
        result = s.target.ca.tries("device", "list")
        verdict.hold(f"{what}: device list", result.status == 1 and sentence in result.errors, result)
    database(s.target).write_bytes(current)
    said = s.starts()
    verdict.note("the current one", said is None, True, said)
    verdict.note("the second", s.saw(s.asks(s.attacker)) == "SERIAL_FREE")


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
