"""Group I: who may be whom, races, and the operator's acts between."""

import contextlib
import json
import os
import sqlite3
import ssl
import threading
import time
from dataclasses import dataclass

from attacker import der
from attacker.evidence import SoftwareDevice
from attacker.keys import EccKey
from attacker.wire import Line
from catalogue import ACCEPTED, Try, row
from contest import contest
from inside import wait_until
from tickets import expect


@row(112, "binding = first: the first EK keeps the serial; a serial that is not expected")
def first(stage, verdict):
    expected = stage.folder / "expected"
    expected.write_text("FIRST-1\nFIRST-2\n")
    expected.chmod(0o644)
    target = stage.target("first", identity={"binding": "first", "expected": str(expected)},
                          endorsement={"trust": "vendor"})
    one, two = (SoftwareDevice("FIRST-1", stage.vendor) for _ in range(2))
    seal = {"verdict": (1, 3)}
    verdict.evidence(target, [Try("the first", one.evidence(**seal), ACCEPTED)])
    verdict.evidence(target, [
        Try("the second", two.evidence(**seal), ACCEPTED, "SERIAL_FREE"),
        Try("not expected", two.evidence(serial="FIRST-3", **seal), ACCEPTED, "SERIAL_EXPECTED"),
        Try("the first one's EK, another serial", one.with_ik(EccKey()).evidence(
            serial="FIRST-2", **seal), ACCEPTED, "EK_BINDING")])
    verdict.evidence(target, [Try("the second, another serial", two.evidence(
        serial="FIRST-2", **seal), ACCEPTED)])


@row(113, "binding = endorsement: any serial but the EK's own")
def endorsement(stage, verdict):
    target = stage.target("endorsement", identity={"binding": "endorsement"},
                          endorsement={"trust": "vendor"})
    device = SoftwareDevice("X", stage.vendor)
    own = device.ek_id[:40].upper()
    seal = {"verdict": (1, 2)}
    wrong = [own[:39], own + "0", own[:-1] + ("0" if own[-1] != "0" else "1"), "SN-0001",
             device.ek_id[24:].upper()]
    tries = [Try(text, device.evidence(serial=text, **seal), "SERIAL_IS_EK_ID") for text in wrong]
    tries.append(Try("lower case", device.evidence(serial="a" + own[1:], **seal), "SERIAL_FORM"))
    tries.append(Try("its own", device.evidence(serial=own, **seal), ACCEPTED))
    verdict.evidence(target, tries)


class Contestants:
    """Width devices with an identity key each. Who has not won is free for the next contest."""

    def __init__(self, stage, names, width):
        self.stage, self.names, self.width = stage, names, width
        self.devices = []

    def ready(self):
        while len(self.devices) < self.width:
            self.devices.append(SoftwareDevice("", self.stage.vendor))
        return self.devices

    def without(self, winners):
        self.devices = [d for n, d in enumerate(self.devices) if n not in winners]

    def one_serial(self):
        serial = self.names.pop()
        return [device.evidence(serial=serial, **FIRST) for device in self.ready()]

    def one_ek(self):
        shared = SoftwareDevice("", self.stage.vendor)
        return [shared.with_ik(device.ik).evidence(serial=self.names.pop(), **FIRST)
                for device in self.ready()]

    def one_ik(self):
        key = EccKey()
        return [device.with_ik(key).evidence(serial=self.names.pop(), **FIRST)
                for device in self.ready()]

    def one_device(self):
        """Each with a ticket of its own."""
        return [SoftwareDevice(self.names.pop(), self.stage.vendor).evidence(**FIRST)] * self.width


FIRST = {"verdict": (1, 3)}  # trust = vendor, binding = first
RACES_S, ROUNDS_MAX = 180, 200
# What the losers of a contest are told once it is over; while it goes on, also that they are to wait.
LOSERS = {"one_serial": "SERIAL_FREE", "one_ek": "EK_BINDING", "one_ik": "IK_BINDING",
          "one_device": "NO_LATER_CHANGE"}
MEANWHILE = {"NO_OPEN_INTENT", "BACK_END"}
# By the act, and by another ticket of the same device. 429 is the eleventh certificate.
WHILE_ACTED = MEANWHILE | {"NO_LATER_CHANGE", "INTENT_OURS"}


def compete(target, verdict, what, all_of_them):
    """One contest: who has won. Losers ask once more when it is over, with the same tickets."""
    requests = [e.json(**target.ticket_members(e)) for e in all_of_them]
    answers = contest(target, requests)
    winners = [n for n, answer in enumerate(answers) if answer.status == 200]
    losers = [n for n in range(len(answers)) if n not in winners]
    again = target.line.posts([("/v1/getCertificate", requests[n]) for n in losers])
    saw = target.reasons(a.reference for a in (*answers, *again) if a.reference)
    for answer in answers:
        check = saw.get(answer.reference)
        verdict.note(what, answer.status == 200 or check in MEANWHILE | {LOSERS[what]},
                     answer.status == 200, f"{answer} {check}")
    for answer in again:
        check = saw.get(answer.reference)
        verdict.note(f"{what}, a loser again", check == LOSERS[what], answer.status == 200,
                     f"{answer} {check}")
    verdict.hold(f"{what}, {len(answers)} contestants", len(winners) == 1, f"{len(winners)} winners")
    return winners, sum(saw.get(answer.reference) == LOSERS[what] for answer in answers)


@row(114, "at once: one serial, many EKs; one EK, many serials; one IK, many devices; one device, many"
     " tickets")
def races(stage, verdict):
    """In full as many rounds as there is time for, or ROUNDS of the environment."""
    width = 64 if stage.is_full else 8
    asked_for = int(os.environ.get("ROUNDS", "0"))
    rounds_max = asked_for or (ROUNDS_MAX if stage.is_full else 1)
    expected = stage.folder / "race-expected"
    expected.write_text("".join(f"RACE-{n}\n" for n in range(rounds_max * (2 * width + 2))))
    expected.chmod(0o644)
    target = stage.target("race", identity={"binding": "first", "expected": str(expected)},
                          endorsement={"trust": "vendor"})
    names = expected.read_text().split()
    contestants = Contestants(stage, names, width)
    deadline, rounds, decided = time.monotonic() + RACES_S, 0, 0
    while rounds < rounds_max and (asked_for or time.monotonic() < deadline):
        rounds += 1
        for what in LOSERS:
            winners, lost = compete(target, verdict, what, getattr(contestants, what)())
            decided += lost
            if what != "one_device":
                contestants.without(winners)
    verdict.figures.append(
        f"{rounds} rounds of {len(LOSERS)} contests, {width} at a time; {decided} of the losers were"
        " told the rule at once, the others to wait")


ASKS_EVERY_S, CONNECTIONS = 0.001, 4


class Asking(threading.Thread):
    """Asks for one certificate after the other until it is refused."""

    def __init__(self, target, evidence, has_one):
        super().__init__(daemon=True)
        self.target, self.evidence, self.has_one, self.answers = target, evidence, has_one, []
        self.line = Line(target.line.address[1], target.ca.certificate)
        self.deadline = time.monotonic() + 60

    def run(self):
        while time.monotonic() < self.deadline:
            answer = self.line.post("/v1/getCertificate", self.evidence.json(
                **self.target.ticket_members(self.evidence)))
            self.answers.append(answer)
            if answer.status == 200:
                self.has_one.set()
            if answer.status == 403:
                break
            time.sleep(ASKS_EVERY_S)
        self.line.close()


@dataclass(frozen=True)
class Act:
    name: str    # of the operator's command, and in the audit chain
    check: str   # by which whoever comes after it is refused
    revokes: bool = False

    def command(self, device):
        whom = ("ek", device.ek_id) if self.name == "ban add" else (device.serial,)
        return (*self.name.split(), *whom)


ACTS = (Act("ban add", "NOT_BANNED"), Act("device suspend", "NOT_SUSPENDED"),
        Act("device release", "NOT_RELEASED", revokes=True),
        Act("certificate revoke", "NOT_SUSPENDED", revokes=True))


def audited(target, device, act):
    """(seqs of the device's certificates, by number; seq of the operator's act)."""
    path = target.folder / "store" / "genuine.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        entries = [(seq, what, json.loads(detail)) for seq, what, detail in database.execute(
            "SELECT seq, act, detail FROM audit ORDER BY seq")]
    certificates = {detail["number"]: seq for seq, what, detail in entries
                    if what in ("bind", "renew", "rekey") and detail.get("serial") == device.serial}
    [seq] = [seq for seq, what, detail in entries if what == act.name
             and {device.serial, device.ek_id} & set(map(str, detail.values()))]
    return certificates, seq


def is_listed(target, numbers):
    """Whether each of them is on the revocation list that is served."""
    octets = target.ca.client.get("/v1/crl").body
    return all(bytes.fromhex(number) in octets for number in numbers)


def hold_revoked(target, verdict, act, certificates):
    """All of the device's, and they come to be listed; or none."""
    revoked = {number for number in certificates if target.count(
        f"SELECT count(*) FROM revocation WHERE number = x'{number}'")}
    right = set(certificates) if act.revokes else set()
    verdict.hold(f"{act.name}: what is revoked", revoked == right, (revoked, right))
    verdict.hold(f"{act.name}: the list", wait_until(lambda: is_listed(target, right)), right)


def act_meanwhile(target, verdict, device, act):
    """(how many certificates were recorded before the act, how many behind it)"""
    what, evidence, has_one = act.name, device.evidence(), threading.Event()
    asking = [Asking(target, evidence, has_one) for _ in range(CONNECTIONS)]
    for one in asking:
        one.start()
    has_one.wait(30)
    target.ca.does(*act.command(device))
    for one in asking:
        one.join()
    answers = [answer for one in asking for answer in one.answers]
    saw = target.reasons(answer.reference for answer in answers if answer.reference)
    for answer in answers:
        check = saw.get(answer.reference)
        is_right = answer.status in (200, 429) or check in WHILE_ACTED | {act.check}
        verdict.note(f"{what} meanwhile", is_right, answer.status == 200, f"{answer} {check}")
    certificates, acted = audited(target, device, act)
    late = [number for number, seq in certificates.items() if seq > acted]
    verdict.hold(f"{what}: no certificate is recorded behind it", not late, (late, acted))
    left = {serial_number(answer) for answer in answers if answer.status == 200}
    verdict.hold(f"{what}: those that left were recorded", left <= set(certificates),
                 left - set(certificates))
    last = [saw.get(one.answers[-1].reference) for one in asking]
    verdict.hold(f"{what}: some before it, all of them after it", left and set(last) == {act.check},
                 last)
    expect(verdict, target, f"after {what}", evidence, act.check)
    hold_revoked(target, verdict, act, certificates)
    return len(certificates) - len(late), len(late)


@row(121, "an operator's ban, suspension, release or revocation while requests run: before it or after"
     " it, nothing between")
def between(stage, verdict):
    """What is before and what is after is told by the audit chain."""
    target, rounds = stage.target(), 8 if stage.is_full else 2
    for act in ACTS:
        counts = [act_meanwhile(target, verdict, stage.device(), act) for _ in range(rounds)]
        before, behind = map(sum, zip(*counts))
        verdict.figures.append(f"{act.name}: {before} certificates before its entry"
                               f" in the audit chain, {behind} behind; {rounds * CONNECTIONS}"
                               " connections asked until they were told")


def serial_number(answer):
    """Of the certificate in an answer, as the audit chain has it."""
    certificate = ssl.PEM_cert_to_DER_cert(answer.json["certificate"])
    fields = der.values(der.values(der.take(certificate)[1])[0][1])
    return fields[1][1].hex()


@row(122, "another IK: once, again within a day, with the operator's leave; the same IK: renewed")
def rekey(stage, verdict):
    target, device = stage.target(), stage.device()
    second, third = device.with_ik(EccKey()), device.with_ik(EccKey())
    expect(verdict, target, "the first", device.evidence(), ACCEPTED)
    time.sleep(0.003)
    expect(verdict, target, "the same again", device.evidence(), ACCEPTED)
    time.sleep(0.003)
    expect(verdict, target, "another", second.evidence(), ACCEPTED)
    time.sleep(0.003)
    expect(verdict, target, "a third within a day", third.evidence(), "REKEY")
    expect(verdict, target, "back to the first within a day", device.evidence(), "REKEY")
    target.ca.does("device", "rekey", device.serial)
    time.sleep(0.003)
    expect(verdict, target, "the third, with leave", third.evidence(), ACCEPTED)
    strict = stage.target("operator", identity={"rekey": "operator"})
    device = stage.device(strict)
    expect(verdict, strict, "rekey = operator: the first", device.evidence(), ACCEPTED)
    time.sleep(0.003)
    expect(verdict, strict, "rekey = operator: another", device.with_ik(
        EccKey()).evidence(), "REKEY")


@row(73, "a profile that the manifest row does not name; one that nobody has")
def profiles(stage, verdict):
    target = stage.target("profiles")
    conf = target.folder / "genuine.conf"
    if "[profile service]" not in conf.read_text():
        conf.write_text(conf.read_text() + "\n[profile service]\nvalidity_days = 30\n")
        target.ca.does("reload")
        target.reconnect()
    plain, allowed = stage.devices(2, target)
    other = SoftwareDevice(stage.serial(), stage.vendor)
    target.ca.lists(f"{other.serial},{other.ek_id},device;service,\n")
    verdict.evidence(target, [
        Try("one that nobody has", plain.evidence(profile="nobody"), "PROFILE_KNOWN"),
        Try("another case", plain.evidence(profile="Service"), "PROFILE_KNOWN"),
        Try("not named in the row", plain.evidence(profile="service"), ACCEPTED,
            "PROFILE_ALLOWED")])
    verdict.evidence(target, [Try("named", other.evidence(profile="service"), ACCEPTED)])


@row(37, "an EK's or IK's template that the configuration does not accept")
def accepted_templates(stage, verdict):
    target = stage.target("narrow", **{"endorsement": {"accept": "L-2"},
                                       "identity-key": {"accept": "p256"}})
    good = stage.device(target)
    tries = [Try(f"EK {template}", stage.device(target, template=template).evidence(),
                 "EK_ACCEPTED") for template in ("L-1", "H-2", "H-3")]
    tries += [Try(f"IK {kind}", stage.device(target, ik=kind).evidence(), "IK_ACCEPTED")
              for kind in (2048, "p384")]
    tries.append(Try("L-2 and p256", good.evidence(), ACCEPTED))
    verdict.evidence(target, tries)
