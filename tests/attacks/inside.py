"""What no device can bring about alone: a role in the attacker's hands, a disk without room, a
clock that is wrong, a signature that is none, a process that ends at the worst moment. The checks
that stand behind all others are reached in no other way.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from errno import ENOSPC
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "faults"))

from attacker import taken_verifier  # noqa: E402
from attacker.ticket import DAY_MS  # noqa: E402
from catalogue import ACCEPTED, row  # noqa: E402
from genuine_test.process import BUILD, programs_but  # noqa: E402
from rig import Page  # noqa: E402
from stage import CHECKS, Target  # noqa: E402

RIG = BUILD / "tests" / "faults"
ROLES = ("front", "verifier", "authority", "store")
EVIDENCE_CHECKS = {name: number for name, (number, _) in CHECKS.items() if number < 64}
EVERY_CHECK = sum(1 << number for number in EVIDENCE_CHECKS.values())
SETTLE_S = 10
CA_DAYS, CERTIFICATE_DAYS = 10957, 365
PATIENCE = 5


def taken_programs(stage):
    """The shipped programs, but the verifier is the attacker's."""
    return programs_but(stage.folder / "taken-programs", "verifier", taken_verifier.__file__)


class Rigged(Target):
    """A CA whose roles run with the rig of tests/faults, which spoils what they are given."""

    def __init__(self, stage, name, clock_ms=0):
        place = stage.folder / name
        place.mkdir(mode=0o755)
        programs = place / "programs"
        (programs / "real").mkdir(parents=True)
        self.pages = {}
        shutil.copy2(BUILD / "genuine-ca", programs)
        shutil.copy2(RIG / "librig.so", programs)
        for role in ROLES:
            shutil.copy2(BUILD / f"genuine-ca-{role}", programs / "real")
            shutil.copy2(RIG / "rigged_role", programs / f"genuine-ca-{role}")
            self.pages[role] = Page(programs / f"genuine-ca-{role}.page")
        self.set_clock(clock_ms)
        super().__init__(place / "ca", program=programs / "genuine-ca")
        self.trusts(stage.root.certificate, stage.vendor.certificate)
        self.start()
        stage.callback(self.stop)

    def set_clock(self, ms):
        self.clock_ms = ms
        for page in self.pages.values():
            page.set(clock_ms=ms)

    def header_now(self):
        """A header of the CA's own time."""
        now = int(time.time() * 1000) + self.clock_ms
        return self.header(issued_at=now, epoch=now // DAY_MS)


def asked(target, evidence, header=None, endpoint="getCertificate"):
    """(answer, name of the check that refused or ACCEPTED)."""
    members = {} if endpoint == "getChallenge" else target.ticket_members(evidence, header)
    answer = target.line.post(f"/v1/{endpoint}", evidence.json(**members))
    if answer.status == 200:
        return answer, ACCEPTED
    return answer, target.reasons([answer.reference]).get(answer.reference)


def expect(verdict, target, what, evidence, check, header=None, endpoint="getCertificate"):
    """A 503 is an answer here, and not asked again. A refusal changes nothing."""
    def attempt():
        answer, saw = asked(target, evidence, header, endpoint)
        verdict.note(what, saw == check, saw == ACCEPTED, f"{answer.status} {saw}, not {check}")
    verdict.attempted(target, what, check, attempt)


def expect_served(verdict, target, what, evidence):
    """Until it is accepted, as a device would."""
    for _ in range(PATIENCE):
        answer, saw = asked(target, evidence, target.header())
        if answer.status != 503:
            break
        time.sleep(1)
    verdict.note(what, saw == ACCEPTED, saw == ACCEPTED, f"{answer.status} {saw}, not {ACCEPTED}")


def wait_until(condition):
    deadline = time.monotonic() + SETTLE_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


@row(187, "a verifier that says facts without one of the checks, of another policy, of more checks")
def masks(stage, verdict):
    target = stage.target("taken", program=taken_programs(stage))
    device = stage.device(target)

    def said(mask, fingerprint=None):
        more = b"" if fingerprint is None else taken_verifier.FINGERPRINT + fingerprint
        return device.evidence(csr=taken_verifier.MASK + mask.to_bytes(8, "big") + more
                               + taken_verifier.MARK + device.serial.encode())

    wait_until(lambda: asked(target, said(EVERY_CHECK), endpoint="getChallenge")[0].status == 200)
    forms = {f"without {name}": said(EVERY_CHECK & ~(1 << number))
             for name, number in EVIDENCE_CHECKS.items()}
    forms |= {f"and bit {bit}": said(EVERY_CHECK | 1 << bit)
              for bit in stage.some(range(len(EVIDENCE_CHECKS), 64), 4)}
    forms |= {"none": said(0), "all others": said((1 << 64) - 1 & ~EVERY_CHECK),
              "another policy": said(EVERY_CHECK, bytes(32)),
              "a policy that begins like it": said(
                  EVERY_CHECK, target.fingerprint[:31] + bytes([target.fingerprint[31] ^ 1]))}

    def all_of_them():
        for what, evidence in forms.items():
            for endpoint in ("getChallenge", "getCertificate"):
                expect(verdict, target, f"{what}, {endpoint}", evidence, "EVIDENCE_MASK",
                       endpoint=endpoint)
    verdict.unchanged(target, all_of_them)
    expect(verdict, target, "every check", said(EVERY_CHECK), ACCEPTED, endpoint="getChallenge")


@row(188, "a serial with which the certificate would not be exactly its profile")
def profile(stage, verdict):
    target = stage.target("lint")
    conf = target.folder / "genuine.conf"
    conf.write_text(conf.read_text() + "\n[profile named]\ndns = device-{serial}.example\n")
    target.ca.does("reload")
    target.reconnect()
    for count, check in ((56, ACCEPTED), (57, "CERTIFICATE_LINT"), (63, "CERTIFICATE_LINT")):
        device = stage.device()
        device.serial = "S" * count
        target.ca.lists(f"{device.serial},{device.ek_id},named,\n")
        expect(verdict, target, f"a label of {7 + count} octets", device.evidence(profile="named"),
               check)


@row(189, "a signature of the CA's that does not verify: a broken library, a faulty processor",
     is_rigged=True)
def signature(stage, verdict):
    target = Rigged(stage, "signature")
    devices = stage.devices(4, target)

    def all_of_them():
        for number, device in enumerate(devices):
            expect(verdict, target, f"signature {number}", device.evidence(), "CERTIFICATE_SIGNATURE")
    target.pages["authority"].set(flips_signature=1)
    # What may have been signed stays an open intent, whose number is revoked when its lease is over.
    verdict.unchanged(target, all_of_them, but=("intent",))
    target.pages["authority"].set(flips_signature=0)
    expect_served(verdict, target, "another device, the library mended",
                  stage.device(target).evidence())


@row(190, "a clock from before the program was made", is_rigged=True)
def clock(stage, verdict):
    target = Rigged(stage, "clock", clock_ms=-2 * 365 * DAY_MS)
    device = stage.device(target)
    expect(verdict, target, "two years back", device.evidence(), "CLOCK", target.header_now())


@row(191, "certificates that would outlive the CA's own", is_rigged=True)
def outlived(stage, verdict):
    target = Rigged(stage, "outlived")
    device = stage.device(target)
    expect(verdict, target, "years before", device.evidence(), ACCEPTED, target.header_now())
    target.set_clock((CA_DAYS - CERTIFICATE_DAYS + 1) * DAY_MS)
    # The authority's time is the store's, which the next answer of it tells.
    wait_until(lambda: asked(target, stage.device(target).evidence(), target.header_now())[1]
               != "HEADER_LIFE")
    expect(verdict, target, "less than its life before the end", stage.device(target).evidence(),
           "CA_VALIDITY", target.header_now())


class OpenIntent:
    """A signature for one device that is under way: the store has taken the intent, and the
    authority has not heard of it, for it is stopped."""

    def __init__(self, target, device):
        self.target, self.device = target, device
        self.authority, self.store = (target.ca.roles()[role][0] for role in ("authority", "store"))
        evidence = device.evidence()
        self.connection = target.line.connection()
        body = evidence.json(**target.ticket_members(evidence))
        os.kill(self.store, signal.SIGSTOP)
        try:
            self.connection.send(b"POST /v1/getCertificate HTTP/1.1\r\nHost: localhost\r\n"
                                 b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                                 % (len(body), body))
            time.sleep(0.2)  # Until the authority has asked; then it is not to hear the answer.
            os.kill(self.authority, signal.SIGSTOP)
        finally:
            os.kill(self.store, signal.SIGCONT)
        self.is_open = wait_until(lambda: target.count(
            f"SELECT count(*) FROM intent WHERE serial = '{device.serial}' AND state = 1") == 1)

    def goes_on(self):
        """What the device is told in the end."""
        os.kill(self.authority, signal.SIGCONT)
        answer = self.connection.answer()
        self.connection.close()
        return answer

    def ends(self):
        """The authority dies without having signed."""
        os.kill(self.authority, signal.SIGKILL)
        self.connection.close()


@row(192, "an authority killed between intent and signature: its ticket, another, another IK")
def open_intent(stage, verdict):
    target = stage.target("intent")
    device = stage.device(target)
    before = OpenIntent(target, device)
    verdict.note("an intent is open", before.is_open, False, "none")
    before.ends()

    def says():
        with contextlib.suppress(Exception):  # Its front may have been started again as well.
            target.line.close()
            return asked(target, stage.device(target).evidence(), target.header())[0].status
    wait_until(lambda: says() == 200)
    expect(verdict, target, "another ticket", device.evidence(), "NO_OPEN_INTENT")
    expect(verdict, target, "another serial with its IK", stage.device(target).with_ik(
        device.ik).evidence(), "NO_OPEN_INTENT")
    verdict.note("no certificate", target.count(
        f"SELECT count(*) FROM certificate WHERE serial = '{device.serial}'") == 0, False, "one")


@row(193, "an operator's act between intent and record: that certificate is not recorded")
def not_ours(stage, verdict):
    """Not the policy: a reload waits for every role, and the authority is the one that is held."""
    target = stage.target("acts")
    acts = {"suspended": lambda d: ("device", "suspend", d.serial),
            "revoked": lambda d: ("certificate", "revoke", d.serial),
            "released": lambda d: ("device", "release", d.serial),
            "banned by its EK": lambda d: ("ban", "add", "ek", d.ek_id),
            "banned by its IK": lambda d: ("ban", "add", "ik", d.ik_id),
            "banned by its serial": lambda d: ("ban", "add", "serial", d.serial)}
    for what, act in acts.items():
        device = stage.device(target)
        expect(verdict, target, f"before it is {what}", device.evidence(), ACCEPTED, target.header())
        time.sleep(0.005)
        renewal = OpenIntent(target, device)
        target.ca.does(*act(device))
        before = target.dump()
        answer = renewal.goes_on()
        saw = target.reasons([answer.reference]).get(answer.reference) if answer.reference else "-"
        verdict.note(f"{what} between", renewal.is_open and saw == "INTENT_OURS",
                     answer.status == 200, f"{answer.status} {saw}")
        verdict.hold(f"{what}: the record", target.dump() == before, "has changed")


@row(194, "a disk without room at each write of intent and record", is_rigged=True)
def no_room(stage, verdict):
    target = Rigged(stage, "no-room")
    page = target.pages["store"]
    for n in stage.some(range(1, 25), 12):
        device = stage.device(target)
        evidence = device.evidence()
        page.spoil("pwrite", n, ENOSPC, 0)
        spoilt_before = page.spoilt
        answer, saw = asked(target, evidence, target.header())
        page.set(spoil_in=0)
        has_met = page.spoilt > spoilt_before
        is_recorded = target.count("SELECT count(*) FROM certificate WHERE serial = "
                                   f"'{device.serial}'") == 1
        is_right = is_recorded == (answer.status == 200) and (
            not has_met or answer.status == 200 or saw == "STORE_WORKS")
        verdict.note(f"write {n}", is_right, answer.status == 200,
                     f"{answer.status} {saw}, recorded: {is_recorded}")
        if answer.status == 503:
            expect_served(verdict, target, "the next device", stage.device(target).evidence())
