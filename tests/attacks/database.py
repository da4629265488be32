"""Groups I and J: what is done to the database and its history, from outside the CA."""

import contextlib
import hashlib
import re
import shutil
import sqlite3
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "faults"))

from attacker.keys import EccKey  # noqa: E402
from catalogue import ACCEPTED, Try, row  # noqa: E402
from genuine_test.process import GENUINE_CA, attempt  # noqa: E402
from invariant_checks import field  # noqa: E402
from spoilt_database import OLDER, Spoilt, alter, database  # noqa: E402
from tickets import expect  # noqa: E402

OTHER_HISTORY = "the database has another history than the CA has answered for"
BROKEN = "the audit chain is broken: "


@row(111, "a genuine device that asks for the serial of another: listed, bound, suspended")
def masquerade(stage, verdict):
    target = stage.target()
    listed, bound, suspended = stage.devices(3)
    expect(verdict, target, "one that is bound", bound.evidence(), ACCEPTED)
    expect(verdict, target, "one that will be suspended", suspended.evidence(), ACCEPTED)
    target.ca.does("device", "suspend", suspended.serial)
    log = target.folder.parent / "genuine-ca.log"
    before, claims = len(log.read_bytes()), []
    for kind, check in (("listed", "SERIAL_BINDING"), ("bound", "SERIAL_BINDING")):
        attacker = stage.device()
        if kind == "bound":
            expect(verdict, target, "the attacker's own", attacker.evidence(), ACCEPTED)
            attacker = attacker.with_ik(EccKey())
        claims += [f"{attacker.ek_id}, which claims {other.serial}:" for other in (listed, bound)]
        verdict.evidence(target, [
            Try(f"{kind}, a serial that is {state}", attacker.evidence(serial=other.serial),
                ACCEPTED, suspension or check)
            for state, other, suspension in (("listed", listed, ""), ("bound", bound, ""),
                                             ("suspended", suspended, "NOT_SUSPENDED"))])
    alerts = re.findall("(?m)^store: alert: refused by SERIAL_BINDING: (.*? which claims .*?:)",
                        log.read_bytes()[before:].decode())
    verdict.hold("the log has an alert for each claim of a serial",
                 sorted(alerts) == sorted(claims), alerts)  # They are tried side by side.
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
            ("another CA's", (s.good / "other.db").read_bytes(), OTHER_HISTORY)):
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


def spoilt_chains(last):
    """{what: (statements, what audit verify says)}"""
    middle = last - 2
    changed = f"{BROKEN}entry {middle} was changed, or the ones before it were"
    forms = {f"{column} changed": (f"UPDATE audit SET {column} = {value} WHERE seq = {middle}", changed)
             for column, value in (("at_ms", "at_ms + 1"), ("actor", "'x'"), ("act", "'x'"),
                                   ("detail", "detail || ' '"), ("hash", "randomblob(32)"))}
    forms |= {f"entry {seq} deleted": (
        f"DELETE FROM audit WHERE seq = {seq}",
        f"{BROKEN}entry {seq} is missing: entry {seq + 1} follows entry {seq - 1}")
        for seq in (1, middle)}
    forms["the last entry deleted"] = f"DELETE FROM audit WHERE seq = {last}", OTHER_HISTORY
    forms["all deleted"] = "DELETE FROM audit", OTHER_HISTORY
    forms["the last two cut off, and the count"] = cut_off(middle), OLDER
    forms["two exchanged"] = (
        f"UPDATE audit SET seq = CASE seq WHEN {middle} THEN -{middle + 1} ELSE -{middle} END"
        f" WHERE seq IN ({middle}, {middle + 1}); UPDATE audit SET seq = -seq WHERE seq < 0", changed)
    forms["one added"] = (f"INSERT INTO audit SELECT seq + 1, at_ms, actor, act, detail, hash"
                          f" FROM audit WHERE seq = {last}",
                          f"{BROKEN}entry {last + 1} was changed, or the ones before it were")
    return forms


def cut_off(seq):
    return (f"DELETE FROM audit WHERE seq > {seq}; UPDATE state SET audit_count = {seq},"
            f" audit_head = (SELECT hash FROM audit WHERE seq = {seq})")


def rewrite_chain(target, seq):
    """Another detail in that entry, and every hash from there on as it must be then."""
    with contextlib.closing(sqlite3.connect(database(target))) as connection, connection:
        connection.execute("UPDATE audit SET detail = '{}' WHERE seq = ?", (seq,))
        head = bytes(32)
        for number, at_ms, *words in connection.execute(
                "SELECT seq, at_ms, actor, act, detail FROM audit ORDER BY seq").fetchall():
            head = hashlib.sha256(head + number.to_bytes(8, "big") + at_ms.to_bytes(8, "big")
                                  + b"".join(field(word.encode()) for word in words)).digest()
            connection.execute("UPDATE audit SET hash = ? WHERE seq = ?", (head, number))
        connection.execute("UPDATE state SET audit_head = ?", (head,))


class Chain:
    """The store of a CA that does not run, what its operator has noted of its audit chain, and a way
    back to it."""

    def __init__(self, target):
        self.target, self.store = target, target.folder / "store"
        self.copy = target.folder.parent / "whole"
        self.kept = target.ca.tells("audit", "verify")
        attempt("cp", "-a", self.store, self.copy)

    def verify(self, *kept):
        return self.target.ca.tries("audit", "verify", *kept)

    def verify_kept(self):
        return self.verify(str(self.kept["entries"]), self.kept["head"])

    def restore(self):
        shutil.rmtree(self.store)
        attempt("cp", "-a", self.copy, self.store)

    def forget(self):
        """The mark beside the database, which whoever writes the one can take away."""
        (self.store / "genuine.db.mark").unlink()


def is_found(verdict, what, result, sentence):
    is_right = result.status == 1 and f"\ngenuine-ca: {sentence}" in f"\n{result.errors}"
    verdict.note(what, is_right, False, f"{result}, not {sentence}")


@row(142, "audit entries changed, deleted, added, exchanged, cut off; the chain rewritten")
def chain(stage, verdict):
    target = stage.target("chain")
    for number in range(4):
        target.ca.does("ban", "add", "serial", f"CHAIN-{number}")
    target.stop()
    chain = Chain(target)
    last = chain.kept["entries"]
    for what, (statements, sentence) in spoilt_chains(last).items():
        alter(target, *statements.split(";"))
        is_found(verdict, what, chain.verify(), sentence)
        chain.restore()
    chain.forget()
    alter(target, f"DELETE FROM audit WHERE seq = {last}")
    is_found(verdict, "the last entry deleted, the mark too", chain.verify(),
             f"{BROKEN}there are {last - 1} entries, and there were {last}")
    chain.restore()
    for what, spoil, sentence in (
            ("the last two cut off", lambda: alter(target, *cut_off(last - 2).split(";")),
             f"there is no entry {last}, of which a hash was kept"),
            ("the chain rewritten", lambda: rewrite_chain(target, last - 2),
             f"entry {last} does not have the hash that was kept")):
        chain.forget()
        spoil()
        alone = chain.verify()
        verdict.hold(f"{what}, whole in itself", alone.status == 0, alone)
        is_found(verdict, f"{what}, by a kept seq and hash", chain.verify_kept(),
                 BROKEN + sentence)
        chain.restore()
    result = chain.verify_kept()
    verdict.note("as it was", result.status == 0, True, result)
