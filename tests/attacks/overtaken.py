"""Group F: what happens between a ticket and its use."""

import time

from attacker.evidence import SoftwareDevice
from attacker.keys import EccKey
from catalogue import ACCEPTED, Try, row
from tickets import expect


class Overtaken:
    """A device that is provisioned and holds a good ticket more, from before what happens next."""

    def __init__(self, stage, target, verdict):
        self.target, self.verdict = target, verdict
        self.device = stage.device(target)
        self.serial, self.evidence = self.device.serial, self.device.evidence()
        # Another IK, for which a ticket was made as well: after a release the first one is spent.
        self.other = self.device.with_ik(EccKey()).evidence()
        self.first = target.ticket_members(self.evidence)
        self.expects("provisioned", ACCEPTED, self.evidence, **self.first)
        time.sleep(0.005)
        self.old, self.old_other = map(target.ticket_members, (self.evidence, self.other))
        time.sleep(0.005)

    def does(self, *command):
        self.target.ca.does(*command)

    def expects(self, what, check, evidence=None, **members):
        expect(self.verdict, self.target, what, evidence or self.evidence, check, **members)


@row(84, "a good ticket, and then: suspended, released, restored, struck, revoked, stricter policy,"
     " its profile removed")
def overtaken(stage, verdict):
    target = stage.target("overtaken")
    suspended_or_released(stage, target, verdict)
    struck(stage, target, verdict)
    revoked(stage, target, verdict)
    stricter(stage, target, verdict)
    released_without_manifest(stage, verdict)
    profile_removed(stage, verdict)


def suspended_or_released(stage, target, verdict):
    one = Overtaken(stage, target, verdict)
    one.does("device", "suspend", one.serial)
    one.expects("suspended", "NOT_SUSPENDED", **one.old)
    one.expects("suspended, a fresh ticket", "NOT_SUSPENDED")
    one.does("device", "restore", one.serial)
    one.expects("restored, the ticket from before", "NO_LATER_CHANGE", **one.old)
    one.expects("restored, a fresh ticket", ACCEPTED)
    one = Overtaken(stage, target, verdict)
    one.does("device", "release", one.serial)
    one.expects("released", "NOT_RELEASED", **one.old)
    one.expects("released, another IK", "NOT_RELEASED", one.other, **one.old_other)
    target.lists(one.device, options=["--again"])
    one.expects("taken back, the ticket from before", "NO_LATER_CHANGE", one.other, **one.old_other)
    one.expects("taken back, the former IK", "IK_BINDING", **one.old)
    one.expects("taken back, a fresh ticket", ACCEPTED, one.other)


def struck(stage, target, verdict):
    """After a release the manifest gives the EK another serial, or the serial another EK."""
    one, moved_to = Overtaken(stage, target, verdict), stage.serial()
    one.does("device", "release", one.serial)
    target.ca.lists(f"{moved_to},{one.device.ek_id},,\n", "--replace", "--again")
    one.expects("struck: the EK has another serial", "SERIAL_BINDING", one.other, **one.old_other)
    one.expects("struck, a fresh ticket", "SERIAL_BINDING", one.other)
    one.expects("the serial that it has", ACCEPTED, one.device.with_ik(EccKey()).evidence(
        serial=moved_to))
    one = Overtaken(stage, target, verdict)
    one.does("device", "release", one.serial)
    heir = SoftwareDevice(one.serial, stage.vendor)
    early = heir.evidence()
    before = target.ticket_members(early)
    time.sleep(0.005)
    target.lists(heir, options=["--replace"])
    one.expects("the serial is another's", "NOT_RELEASED", one.other, **one.old_other)
    one.expects("the other's ticket from before", "NO_LATER_CHANGE", early, **before)
    one.expects("the other", ACCEPTED, early)
    one.expects("the serial is bound to another", "NOT_RELEASED", one.other, **one.old_other)


def revoked(stage, target, verdict):
    one = Overtaken(stage, target, verdict)
    one.does("certificate", "revoke", one.serial)
    one.expects("revoked", "NOT_SUSPENDED", **one.old)
    one.does("device", "restore", one.serial)
    one.expects("restored after it", "NO_LATER_CHANGE", **one.old)
    one.expects("the ticket of a certificate that is revoked", "TICKET_REVOKED", **one.first)


def stricter(stage, target, verdict):
    """What the new policy refuses is refused at once; what it does not, with --now alone."""
    one, two = (Overtaken(stage, target, verdict) for _ in range(2))
    target.configure({"identity-key": {"accept": "p384"}})
    target.ca.does("reload")
    target.reconnect()
    one.expects("a policy that refuses its IK", "IK_ACCEPTED", **one.old)
    target.configure({"identity-key": {"accept": "p256"}, "identity": {"rekey": "operator"}})
    target.ca.does("reload")
    target.reconnect()
    one.expects("two policies ago", "HEADER_FINGERPRINT", **one.old)
    one.expects("rekey = operator, another IK", "REKEY", one.other)
    two.old = target.ticket_members(two.evidence)
    target.configure({"endorsement": {"expiry": "enforce"}})
    target.ca.does("reload", "--now")
    target.reconnect()
    two.expects("a stricter policy with --now", "HEADER_FINGERPRINT", **two.old)
    two.expects("a stricter policy, a fresh ticket", ACCEPTED)


def released_without_manifest(stage, verdict):
    """Where no manifest is asked, no row that is struck refuses it as well."""
    device = SoftwareDevice("RELEASED-1", stage.vendor)
    expected = stage.folder / "released-expected"
    expected.write_text(f"{device.serial}\n")
    expected.chmod(0o644)
    target = stage.target("released", identity={"binding": "first", "expected": str(expected)},
                          endorsement={"trust": "vendor"})
    evidence = device.evidence(verdict=(1, 3))
    expect(verdict, target, "trust = vendor, provisioned", evidence, ACCEPTED)
    target.ca.does("device", "release", device.serial)
    expect(verdict, target, "trust = vendor, released", evidence, "NOT_RELEASED")


def profile_removed(stage, verdict):
    """A former fingerprint excuses the header alone, and with --now not even that."""
    target, device = stage.target("removed"), SoftwareDevice(stage.serial(), stage.vendor)
    target.ca.lists(f"{device.serial},{device.ek_id},device;service,\n")
    evidence = device.evidence(profile="service")
    conf = target.folder / "genuine.conf"
    without = conf.read_text()

    def becomes(text, *options):
        conf.write_text(text)
        target.ca.does("reload", *options)
        target.reconnect()

    for options, check in (((), "PROFILE_KNOWN"), (("--now",), "HEADER_FINGERPRINT")):
        how = " ".join(("the profile removed, reload", *options))
        becomes(without + "\n[profile service]\nvalidity_days = 30\n")
        first = target.ticket_members(evidence)
        expect(verdict, target, "with its profile", evidence, ACCEPTED, **first)
        time.sleep(0.005)
        old = target.ticket_members(evidence)
        becomes(without, *options)
        expect(verdict, target, f"{how}: the ticket from before", evidence, check, **old)
        expect(verdict, target, f"{how}: one that has its certificate", evidence, check, **first)
        verdict.evidence(target, [Try(f"{how}: again", evidence, "PROFILE_KNOWN")])
    expect(verdict, target, "the profile that is left", device.evidence(), ACCEPTED)
