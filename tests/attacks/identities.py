"""Group I: who may be whom, races, and the operator's acts between."""

import os
import signal
import threading
import time

from attacker.evidence import SoftwareDevice
from attacker.keys import EccKey
from catalogue import ACCEPTED, Try, row
from contest import contest
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


FIRST = {"verdict": (1, 3)}  # trust = vendor, binding = first
RACES_S, ROUNDS_MAX = 180, 200


@row(114, "at once: one serial and many EKs, one EK and many serials, one IK and many devices")
def races(stage, verdict):
    """In full as many rounds as there is time for, or ROUNDS of the environment."""
    width = 64 if stage.is_full else 8
    asked_for = int(os.environ.get("ROUNDS", "0"))
    rounds_max = asked_for or (ROUNDS_MAX if stage.is_full else 1)
    expected = stage.folder / "race-expected"
    expected.write_text("".join(f"RACE-{n}\n" for n in range(rounds_max * (2 * width + 1))))
    expected.chmod(0o644)
    target = stage.target("race", identity={"binding": "first", "expected": str(expected)},
                          endorsement={"trust": "vendor"})
    names = expected.read_text().split()
    contestants = Contestants(stage, names, width)
    deadline, rounds = time.monotonic() + RACES_S, 0
    while rounds < rounds_max and (asked_for or time.monotonic() < deadline):
        rounds += 1
        for what in ("one_serial", "one_ek", "one_ik"):
            all_of_them = getattr(contestants, what)()
            answers = contest(target, [e.json(**target.ticket_members(e)) for e in all_of_them])
            winners = [n for n, answer in enumerate(answers) if answer.status == 200]
            for answer in answers:
                verdict.note(what, answer.status in (200, 403, 409, 503), answer.status == 200,
                             answer)
            if len(winners) != 1:
                verdict.wrong.append(f"{what}, {width} contestants: {len(winners)} winners")
            contestants.without(winners)
    verdict.figures.append(f"{rounds} rounds of 3 contests, {width} at a time: one winner in each")


@row(121, "an operator's ban while requests run: before it or after it, nothing between")
def between(stage, verdict):
    target = stage.target()
    for _ in range(8 if stage.is_full else 2):
        device = stage.device()
        evidence = device.evidence()
        requests = []
        for _ in range(8):
            requests.append(evidence.json(**target.ticket_members(evidence)))
            time.sleep(0.002)
        ban = threading.Thread(target=target.ca.does, args=("ban", "add", "ek", device.ek_id))
        ban.start()
        answers = contest(target, requests)
        ban.join()
        for answer in answers:
            verdict.note("while it is banned", answer.status in (200, 403, 409, 503),
                         answer.status == 200, answer)
        expect(verdict, target, "after it", evidence, "NOT_BANNED")


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


@row(141, "roles killed: that request is 503, the next ones are served", is_slow=True)
def killed(stage, verdict):
    target = stage.target("killed")
    device = stage.device(target)
    for role in ("verifier", "front", "authority", "store"):
        for pid in target.ca.roles()[role][:1]:
            os.kill(pid, signal.SIGKILL)
        deadline, is_served = time.monotonic() + 15, False
        while time.monotonic() < deadline and not is_served:
            try:
                target.line.close()
                evidence = device.evidence()
                answer = target.line.post("/v1/getChallenge", evidence.json())
                is_served = answer.status == 200
                if answer.status not in (200, 503):
                    verdict.wrong.append(f"after {role}: {answer}")
            except Exception:  # noqa: BLE001
                pass  # The front that was killed had this connection.
            time.sleep(0.1)
        verdict.note(f"{role} killed", is_served, False, "not served again within 15 s")
